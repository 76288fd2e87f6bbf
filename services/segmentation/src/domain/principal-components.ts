import type { Points } from './kmeans/points.ts';

const ROUNDS = 200;

const meansOf = ({ rows, columns, values }: Points): Float64Array => {
  const means = new Float64Array(columns);
  for (let index = 0; index < values.length; index += 1) {
    const column = index % columns;
    means[column] = (means[column] ?? 0) + (values[index] ?? 0) / rows;
  }
  return means;
};

const covarianceOf = ({ rows, columns, values }: Points, means: Float64Array): Float64Array[] => {
  const table = Array.from({ length: columns }, () => new Float64Array(columns));
  for (let row = 0; row < rows; row += 1) {
    for (let left = 0; left < columns; left += 1) {
      const line = table[left] ?? new Float64Array();
      const a = (values[row * columns + left] ?? 0) - (means[left] ?? 0);
      for (let right = 0; right < columns; right += 1) {
        const b = (values[row * columns + right] ?? 0) - (means[right] ?? 0);
        line[right] = (line[right] ?? 0) + (a * b) / rows;
      }
    }
  }
  return table;
};

const times = (table: readonly Float64Array[], vector: Float64Array): Float64Array =>
  Float64Array.from(table, (line) =>
    line.reduce((sum, value, index) => sum + value * (vector[index] ?? 0), 0),
  );

const lengthOf = (vector: Float64Array): number =>
  Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** The leading eigenvector by power iteration, its sign fixed so that pictures do not flip. */
const leading = (table: readonly Float64Array[]): { vector: Float64Array; value: number } => {
  let vector = Float64Array.from(table, (_line, index) => 1 + index / 7);
  let value = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = times(table, vector);
    value = lengthOf(next);
    if (value < 1e-12) {
      return { vector: new Float64Array(table.length), value: 0 };
    }
    vector = next.map((entry) => entry / value);
  }
  const heaviest = vector.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
  return { vector: heaviest < 0 ? vector.map((entry) => -entry) : vector, value };
};

/** The plane in which rows differ most. */
export interface Plane {
  /** Share of the variance along each axis, 0 to 1. */
  explained: [number, number];
  /** Coordinates of a row in the plane. */
  project(row: ArrayLike<number>): [number, number];
}

/**
 * The first two principal components.
 * @param points rows with at least one column
 */
export const principalPlane = (points: Points): Plane => {
  const means = meansOf(points);
  const table = covarianceOf(points, means);
  const total = table.reduce((sum, line, index) => sum + (line[index] ?? 0), 0);
  const first = leading(table);
  const deflated = table.map((line, left) =>
    line.map((value, right) => value - first.value * (first.vector[left] ?? 0) * (first.vector[right] ?? 0)),
  );
  const second = leading(deflated);
  const along = (row: ArrayLike<number>, axis: Float64Array): number =>
    axis.reduce((sum, weight, index) => sum + weight * ((row[index] ?? 0) - (means[index] ?? 0)), 0);
  return {
    explained: total > 0 ? [first.value / total, second.value / total] : [0, 0],
    project: (row) => [along(row, first.vector), along(row, second.vector)],
  };
};
