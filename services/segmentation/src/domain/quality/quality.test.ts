import { describe, expect, it } from '@jest/globals';
import { pointsOf } from '../kmeans/points.ts';
import { adjustedRand } from './adjusted-rand.ts';
import { silhouettes } from './silhouette.ts';

describe('the adjusted Rand index', () => {
  it('is 1 for the same groups under other names and near 0 for chance', () => {
    expect(adjustedRand([0, 0, 1, 1, 2], [5, 5, 9, 9, 1])).toBe(1);
    const left = Array.from({ length: 1_000 }, (_unused, index) => index % 3);
    const right = Array.from({ length: 1_000 }, (_unused, index) => Math.floor(index / 7) % 2);
    expect(Math.abs(adjustedRand(left, right))).toBeLessThan(0.02);
  });

  it('is the published value for a worked example', () => {
    // Contingency table [[1,1,0],[1,2,1],[0,0,4]] of Yeung and Ruzzo (2001): 0.313.
    const left = [0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
    const right = [0, 1, 0, 1, 1, 2, 2, 2, 2, 2];
    expect(adjustedRand(left, right)).toBeCloseTo(0.313, 3);
  });
});

describe('the silhouette', () => {
  it('is the mean of (b - a) / max(a, b), by hand on four rows', () => {
    const points = pointsOf([[0], [1], [10], [11]]);
    // Row 0: a 1, b 10.5; row 1: a 1, b 9.5; rows 2 and 3 mirror them.
    const expected = ((10.5 - 1) / 10.5 + (9.5 - 1) / 9.5) / 2;

    const [good, bad] = silhouettes(points, [
      { k: 2, labels: Int32Array.from([0, 0, 1, 1]) },
      { k: 2, labels: Int32Array.from([0, 1, 0, 1]) },
    ]);

    expect(good).toBeCloseTo(expected, 12);
    expect(bad).toBeLessThan(0);
  });

  it('counts a row alone in its cluster as 0', () => {
    expect(silhouettes(pointsOf([[0], [5]]), [{ k: 2, labels: Int32Array.from([0, 1]) }])).toEqual([0]);
  });
});
