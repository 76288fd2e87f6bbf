import type { SeededRandom } from '../seeded-random.ts';
import type { Points } from './points.ts';

/** A partition of rows into k clusters. */
export interface KmeansFit {
  k: number;
  columns: number;
  /** `k * columns` values, centroid by centroid. */
  centroids: Float64Array;
  /** Cluster of each row. */
  labels: Int32Array;
  /** Rows of each cluster. */
  counts: Int32Array;
  /** Sum of squared distances of the rows to their centroids. */
  inertia: number;
  iterations: number;
}

export interface RefineLimits {
  /** Most rounds of assigning and averaging. */
  maxIterations: number;
  /** Ends when the centroids move, in all, by no more than this share of the mean variance of a column. */
  tolerance: number;
}

/** What finds clusters among the points it was given last. */
export interface KmeansEngine {
  /** Takes the points; earlier ones are forgotten. */
  load(points: Points): void;
  /**
   * Chooses k rows as starting centroids: far from each other, by chance (k-means++).
   * @returns `k * columns` values
   */
  seed(k: number, random: SeededRandom): Float64Array;
  /**
   * Moves centroids to the means of their rows until they rest (Lloyd). A cluster that loses all rows restarts at the
   * row that is farthest from its own centroid.
   */
  refine(start: Float64Array, limits: RefineLimits): KmeansFit;
}

/**
 * Mean over the columns of their variance; the scale that tolerances refer to.
 * @param points the points
 */
export const meanVariance = ({ rows, columns, values }: Points): number => {
  let total = 0;
  for (let column = 0; column < columns; column += 1) {
    let sum = 0;
    for (let index = column; index < values.length; index += columns) {
      sum += values[index] ?? 0;
    }
    const mean = sum / rows;
    for (let index = column; index < values.length; index += columns) {
      total += ((values[index] ?? 0) - mean) ** 2;
    }
  }
  return total / (rows * columns);
};
