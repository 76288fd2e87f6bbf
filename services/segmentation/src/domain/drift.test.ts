import { describe, expect, it } from '@jest/globals';
import { binOf, countBins, driftOf, makeBins, overallDrift } from './drift.ts';
import { pointsOf } from './kmeans/points.ts';
import { seededRandom } from './seeded-random.ts';

const normal = (count: number, mean: number, seed: number) => {
  const random = seededRandom(seed);
  return pointsOf(Array.from({ length: count }, () => [mean + random.normal()]));
};

const driftBetween = (training: ReturnType<typeof normal>, recent: ReturnType<typeof normal>) => {
  const [bins] = makeBins(['x'], training);
  const [counts] = countBins(bins === undefined ? [] : [bins], recent);
  return bins === undefined ? undefined : driftOf(bins, counts ?? [], training.rows);
};

describe('drift', () => {
  it('cuts the training rows into tenths', () => {
    const [bins] = makeBins(['x'], pointsOf(Array.from({ length: 1_000 }, (_unused, index) => [index])));

    expect(bins?.edges).toHaveLength(9);
    bins?.shares.forEach((share) => expect(share).toBeCloseTo(0.1, 2));
  });

  it('gives columns of few values as many bins as there are values', () => {
    const [bins] = makeBins(
      ['flag'],
      pointsOf(Array.from({ length: 100 }, (_unused, index) => [index % 4 === 0 ? 1 : 0])),
    );

    expect(bins).toEqual({ feature: 'flag', edges: [1], shares: [0.75, 0.25] });
    expect(binOf({ edges: [1] }, 0.5)).toBe(0);
    expect(binOf({ edges: [1] }, 1)).toBe(1);
  });

  it('is stable for other rows of the same kind, grows with the distance, and needs a hundred rows', () => {
    const training = normal(5_000, 0, 1);

    expect(driftBetween(training, normal(2_000, 0, 2))).toMatchObject({ state: 'stable' });
    expect(driftBetween(training, normal(2_000, 0.4, 3))).toMatchObject({ state: 'watch' });
    expect(driftBetween(training, normal(2_000, 1, 4))).toMatchObject({ state: 'retrain' });
    expect(driftBetween(training, normal(99, 5, 5))).toMatchObject({ state: 'not-enough-data' });
  });

  it('does not take chance in small samples for drift', () => {
    const states = Array.from(
      { length: 20 },
      (_unused, seed) => driftBetween(normal(200, 0, 100 + seed), normal(200, 0, 200 + seed))?.state,
    );

    expect(states).not.toContain('retrain');
  });

  it('is the index of the textbook for two bins', () => {
    // (0.3 - 0.5) ln(0.3 / 0.5) + (0.7 - 0.5) ln(0.7 / 0.5)
    const { psi } = driftOf({ feature: 'x', edges: [0], shares: [0.5, 0.5] }, [300, 700], 1_000);

    expect(psi).toBeCloseTo(-0.2 * Math.log(0.6) + 0.2 * Math.log(1.4), 12);
  });

  it('of a model is that of its worst feature', () => {
    const feature = 'x';
    expect(
      overallDrift([
        { feature, psi: 0, state: 'stable' },
        { feature, psi: 0.2, state: 'watch' },
      ]),
    ).toBe('watch');
    expect(overallDrift([])).toBe('not-enough-data');
  });
});
