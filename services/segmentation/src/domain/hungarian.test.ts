import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bestPairing } from './hungarian.ts';

const permutations = (items: readonly number[]): number[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item) =>
        permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
      );

describe('pairing', () => {
  it('finds the best of all pairings of any square table', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain((size) =>
          fc.array(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: size, maxLength: size }), {
            minLength: size,
            maxLength: size,
          }),
        ),
        (weights) => {
          const total = (pairing: readonly number[]): number =>
            pairing.reduce((sum, column, row) => sum + (weights[row]?.[column] ?? 0), 0);
          const best = Math.max(...permutations(weights.map((_row, index) => index)).map(total));
          const found = bestPairing(weights);

          expect([...found].sort()).toEqual(weights.map((_row, index) => index));
          expect(total(found)).toBe(best);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves the worst row over when there are more rows than columns', () => {
    expect(bestPairing([[0.9], [0.2], [0.5]])).toEqual([0, -1, -1]);
    expect(bestPairing([[0.1, 0.8, 0.3]])).toEqual([1]);
  });
});
