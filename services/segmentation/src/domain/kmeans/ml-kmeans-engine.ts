import { kmeans } from 'ml-kmeans';
import { meanVariance } from './engine.ts';
import type { KmeansEngine, KmeansFit, RefineLimits } from './engine.ts';
import { rowOf, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

const SEEDS = 2 ** 31;

const listOf = (points: Points): number[][] =>
  Array.from({ length: points.rows }, (_unused, row) => [...rowOf(points, row)]);

const splitRows = (values: Float64Array, columns: number): number[][] =>
  listOf({ rows: values.length / columns, columns, values });

/**
 * An engine on the ml-kmeans package, for processors without WebAssembly SIMD; also what the tests compare with.
 * The package keeps the old centre of a cluster that lost its rows, so that is repaired here.
 */
export const createMlKmeansEngine = (): KmeansEngine => {
  let points: Points = { rows: 0, columns: 0, values: new Float64Array() };
  let list: number[][] = [];
  let variance = 0;

  const assign = (
    centroids: Float64Array,
    k: number,
  ): KmeansFit & { farthest: { row: number; distance: number } } => {
    const { columns } = points;
    const labels = new Int32Array(points.rows);
    const counts = new Int32Array(k);
    let inertia = 0;
    let farthest = { row: 0, distance: -1 };
    for (let row = 0; row < points.rows; row += 1) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < k; cluster += 1) {
        const distance = squaredDistance(
          rowOf(points, row),
          centroids.subarray(cluster * columns, (cluster + 1) * columns),
        );
        if (distance < nearest) {
          nearest = distance;
          labels[row] = cluster;
        }
      }
      const label = labels[row] ?? 0;
      counts[label] = (counts[label] ?? 0) + 1;
      inertia += nearest;
      if (nearest > farthest.distance) {
        farthest = { row, distance: nearest };
      }
    }
    return { k, columns, centroids, labels, counts, inertia, iterations: 0, farthest };
  };

  const refineFrom = (start: Float64Array, k: number, limits: RefineLimits): KmeansFit => {
    const result = kmeans(list, k, {
      initialization: splitRows(start, points.columns),
      maxIterations: limits.maxIterations,
      // The package's tolerance is for the squared movement of each centre; ours for all of them.
      tolerance: (limits.tolerance * variance) / k,
    });
    const { farthest, ...fit } = assign(Float64Array.from(result.centroids.flat()), k);
    const empty = fit.counts.indexOf(0);
    const left = limits.maxIterations - result.iterations;
    if (empty === -1 || farthest.distance === 0 || left <= 0) {
      return { ...fit, iterations: result.iterations };
    }
    fit.centroids.set(rowOf(points, farthest.row), empty * points.columns);
    return refineFrom(fit.centroids, k, { ...limits, maxIterations: left });
  };

  return {
    load(next) {
      points = next;
      list = listOf(next);
      variance = meanVariance(next);
    },
    seed(k, random) {
      // The package refuses as many clusters as rows; then every row is a centre.
      if (k >= points.rows) {
        return Float64Array.from({ length: k * points.columns }, (_unused, at) => points.values[at] ?? 0);
      }
      const { centroids } = kmeans(list, k, {
        initialization: 'kmeans++',
        seed: random.integer(SEEDS),
        maxIterations: 1,
      });
      return Float64Array.from(centroids.flat());
    },
    refine(start, limits) {
      const k = start.length / points.columns;
      if (k >= points.rows) {
        const { farthest: _farthest, ...fit } = assign(start.slice(), k);
        return fit;
      }
      return refineFrom(start, k, limits);
    },
  };
};
