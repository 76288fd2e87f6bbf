import type { Points } from '../src/domain/kmeans/points.ts';
import { seededRandom } from '../src/domain/seeded-random.ts';

const GROUPS = 6;

/**
 * Rows in six overlapping groups, the case that K-Means is used for.
 * @param rows how many
 * @param columns how many
 */
export const benchPoints = (rows: number, columns: number): Points => {
  const random = seededRandom(1);
  const centres = Array.from({ length: GROUPS * columns }, () => random.normal() * 1.5);
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      values[row * columns + column] = (centres[(row % GROUPS) * columns + column] ?? 0) + random.normal();
    }
  }
  return { rows, columns, values };
};
