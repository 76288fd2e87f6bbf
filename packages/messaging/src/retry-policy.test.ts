import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backOffMs, decideRetry, isLastAttempt } from './retry-policy.ts';

describe('retry policy', () => {
  it('repeats the last step for as long as an outage lasts', () => {
    const delays = [10, 20];

    expect([1, 2, 3, 9].map((attempt) => decideRetry(attempt, delays, { endless: true }))).toEqual([
      { kind: 'retry', step: 0, delayMs: 10 },
      { kind: 'retry', step: 1, delayMs: 20 },
      { kind: 'retry', step: 1, delayMs: 20 },
      { kind: 'retry', step: 1, delayMs: 20 },
    ]);
  });

  it('pauses as told and parks after one attempt more than there are pauses', () => {
    const delays = [5, 60, 600];

    expect([1, 2, 3, 4, 5].map((attempt) => decideRetry(attempt, delays))).toEqual([
      { kind: 'retry', step: 0, delayMs: 5 },
      { kind: 'retry', step: 1, delayMs: 60 },
      { kind: 'retry', step: 2, delayMs: 600 },
      { kind: 'park' },
      { kind: 'park' },
    ]);
  });

  it('calls an attempt the last exactly when a failure of it would be parked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (attempt, delays) => {
          expect(isLastAttempt(attempt, delays)).toBe(decideRetry(attempt, delays).kind === 'park');
        },
      ),
    );
  });

  it('backs off within its bounds whatever the number of failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const pause = backOffMs(failures, { firstMs: 100, maxMs: 5_000 }, () => random);

          expect(pause).toBeGreaterThanOrEqual(10);
          expect(pause).toBeLessThanOrEqual(5_000);
        },
      ),
    );
  });
});
