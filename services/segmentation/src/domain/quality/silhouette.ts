import type { Points } from '../kmeans/points.ts';

interface Labelling {
  k: number;
  /** Cluster of each row. */
  labels: Int32Array;
}

const sizesOf = ({ k, labels }: Labelling): Float64Array => {
  const sizes = new Float64Array(k);
  for (const label of labels) {
    sizes[label] = (sizes[label] ?? 0) + 1;
  }
  return sizes;
};

const widthOf = (sums: Float64Array, sizes: Float64Array, own: number): number => {
  const ownSize = sizes[own] ?? 0;
  // A row alone in its cluster has width 0 by definition.
  if (ownSize <= 1) {
    return 0;
  }
  let nearest = Number.POSITIVE_INFINITY;
  for (let cluster = 0; cluster < sizes.length; cluster += 1) {
    const size = sizes[cluster] ?? 0;
    if (cluster !== own && size > 0) {
      nearest = Math.min(nearest, (sums[cluster] ?? 0) / size);
    }
  }
  const inside = (sums[own] ?? 0) / (ownSize - 1);
  const larger = Math.max(inside, nearest);
  return Number.isFinite(nearest) && larger > 0 ? (nearest - inside) / larger : 0;
};

/**
 * Mean silhouette width (Rousseeuw 1987) of several labellings of the same rows: -1 to 1, high when rows are nearer to
 * their own cluster than to any other. Distances are computed once for all labellings; time grows with the square of
 * the rows, so callers take a sample.
 * @param points the rows
 * @param labellings clusters of each row
 * @returns one mean width for each labelling
 */
export const silhouettes = (points: Points, labellings: readonly Labelling[]): number[] => {
  const { rows, columns, values } = points;
  const sizes = labellings.map(sizesOf);
  const sums = labellings.map(({ k }) => new Float64Array(k));
  const totals = labellings.map(() => 0);
  const distances = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    for (let other = 0; other < rows; other += 1) {
      let squared = 0;
      for (let column = 0; column < columns; column += 1) {
        const difference = (values[row * columns + column] ?? 0) - (values[other * columns + column] ?? 0);
        squared += difference * difference;
      }
      distances[other] = Math.sqrt(squared);
    }
    for (const [index, { labels }] of labellings.entries()) {
      const own = sums[index] ?? new Float64Array();
      own.fill(0);
      for (let other = 0; other < rows; other += 1) {
        const label = labels[other] ?? 0;
        own[label] = (own[label] ?? 0) + (distances[other] ?? 0);
      }
      totals[index] =
        (totals[index] ?? 0) + widthOf(own, sizes[index] ?? new Float64Array(), labels[row] ?? 0);
    }
  }
  return totals.map((total) => total / rows);
};
