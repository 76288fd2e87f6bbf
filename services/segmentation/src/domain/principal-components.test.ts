import { describe, expect, it } from '@jest/globals';
import { pointsOf } from './kmeans/points.ts';
import { principalPlane } from './principal-components.ts';
import { seededRandom } from './seeded-random.ts';

describe('the principal plane', () => {
  it('lies along the directions in which rows differ most', () => {
    const random = seededRandom(4);
    const rows = Array.from({ length: 4_000 }, () => {
      const [a, b, c] = [random.normal() * 3, random.normal(), random.normal() * 0.1];
      // The long axis turned by 45 degrees in the first two columns.
      return [(a - b) / Math.SQRT2, (a + b) / Math.SQRT2, c];
    });
    const plane = principalPlane(pointsOf(rows));
    const [along] = plane.project([3 / Math.SQRT2, 3 / Math.SQRT2, 0]);

    expect(plane.explained[0]).toBeCloseTo(9 / 10.01, 1);
    expect(plane.explained[1]).toBeCloseTo(1 / 10.01, 1);
    expect(Math.abs(along)).toBeCloseTo(3, 0);
  });

  it('is a point for rows that are all alike', () => {
    const plane = principalPlane(
      pointsOf([
        [1, 2],
        [1, 2],
      ]),
    );

    expect(plane.explained).toEqual([0, 0]);
    expect(plane.project([1, 2])).toEqual([0, 0]);
  });
});
