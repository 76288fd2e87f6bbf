import { meanVariance } from './engine.ts';
import type { KmeansEngine, KmeansFit } from './engine.ts';
import { rowOf } from './points.ts';
import type { Points } from './points.ts';
import { kernelBytes } from './wasm-kernel.ts';
import type { KernelExports } from './wasm-kernel.ts';
import { webAssembly } from './web-assembly.ts';

const PAGE = 65_536;
/** Coordinate of the centroid that fills the last pair of an odd k: its square is finite and farther than any row. */
const FAR = 1e150;
const MAX_CLUSTERS = 64;

const evenUp = (count: number): number => count + (count % 2);

/** Places in the engine's memory, in bytes. */
interface Layout {
  centroids: number;
  sums: number;
  counts: number;
  labels: number;
  closest: number;
  narrowed: number;
  points: number;
  end: number;
}

const layoutFor = (rows: number, stride: number): Layout => {
  const lengths = {
    centroids: MAX_CLUSTERS * stride,
    sums: MAX_CLUSTERS * stride,
    counts: MAX_CLUSTERS * 8,
    labels: Math.ceil(rows / 4) * 16,
    closest: evenUp(rows) * 8,
    narrowed: evenUp(rows) * 8,
    points: rows * stride,
  };
  let end = 0;
  const place = (length: number): number => {
    const start = end;
    end += length;
    return start;
  };
  return {
    centroids: place(lengths.centroids),
    sums: place(lengths.sums),
    counts: place(lengths.counts),
    labels: place(lengths.labels),
    closest: place(lengths.closest),
    narrowed: place(lengths.narrowed),
    points: place(lengths.points),
    end,
  };
};

/** The largest number of candidates tried per centroid, as in scikit-learn: 2 + ln k. */
const trialsFor = (k: number): number => 2 + Math.floor(Math.log(k));

const rowWithin = (distances: Float64Array, target: number): number => {
  let sum = 0;
  for (let row = 0; row < distances.length; row += 1) {
    sum += distances[row] ?? 0;
    if (sum > target) {
      return row;
    }
  }
  return distances.length - 1;
};

/**
 * An engine on the WebAssembly kernel. It keeps one memory, which grows to the largest points it was given.
 * @param columns columns of all points that it will be given
 */
export const createWasmEngine = (columns: number): KmeansEngine => {
  const padded = evenUp(columns);
  const stride = padded * 8;
  const memory = new webAssembly.Memory({ initial: 1 });
  const module = new webAssembly.Module(kernelBytes(padded));
  const instance = new webAssembly.Instance(module, { env: { memory } });
  // The module was assembled with exactly these two functions.
  const kernel = instance.exports as KernelExports;
  let layout = layoutFor(0, stride);
  let loaded: Points = { rows: 0, columns, values: new Float64Array() };
  let variance = 0;

  const doubles = (start: number, length: number): Float64Array =>
    new Float64Array(memory.buffer, start, length);
  const integers = (start: number, length: number): Int32Array =>
    new Int32Array(memory.buffer, start, length);

  const putVector = (start: number, values: ArrayLike<number>): void => {
    const target = doubles(start, padded);
    target.fill(0);
    target.set(values);
  };

  const putCentroids = (centroids: Float64Array, k: number): void => {
    for (let cluster = 0; cluster < k; cluster += 1) {
      putVector(
        layout.centroids + cluster * stride,
        centroids.subarray(cluster * columns, (cluster + 1) * columns),
      );
    }
    if (k % 2 === 1) {
      doubles(layout.centroids + k * stride, padded).fill(FAR);
    }
  };

  const assign = (centroids: Float64Array, k: number): number => {
    putCentroids(centroids, k);
    doubles(layout.sums, k * padded).fill(0);
    integers(layout.counts, k).fill(0);
    return kernel.assign(
      loaded.rows,
      evenUp(k) / 2,
      layout.points,
      layout.centroids,
      layout.labels,
      layout.sums,
      layout.counts,
    );
  };

  /** Rows in the order of their distance to their centroid, farthest first; only as many as are asked for. */
  const farthestRows = (centroids: Float64Array, wanted: number): number[] => {
    const labels = integers(layout.labels, loaded.rows);
    const chosen: { row: number; distance: number }[] = [];
    for (let row = 0; row < loaded.rows; row += 1) {
      const label = labels[row] ?? 0;
      let distance = 0;
      for (let column = 0; column < columns; column += 1) {
        const difference =
          (loaded.values[row * columns + column] ?? 0) - (centroids[label * columns + column] ?? 0);
        distance += difference * difference;
      }
      if (chosen.length < wanted || distance > (chosen.at(-1)?.distance ?? 0)) {
        chosen.push({ row, distance });
        chosen.sort((left, right) => right.distance - left.distance);
        chosen.length = Math.min(chosen.length, wanted);
      }
    }
    return chosen.map(({ row }) => row);
  };

  /** Means of the clusters after an assignment. */
  const nextCentroids = (centroids: Float64Array, k: number): Float64Array<ArrayBuffer> => {
    const sums = doubles(layout.sums, k * padded);
    const counts = integers(layout.counts, k);
    const next = new Float64Array(k * columns);
    const empty: number[] = [];
    for (let cluster = 0; cluster < k; cluster += 1) {
      const count = counts[cluster] ?? 0;
      if (count === 0) {
        empty.push(cluster);
      }
      for (let column = 0; column < columns; column += 1) {
        next[cluster * columns + column] = (sums[cluster * padded + column] ?? 0) / Math.max(1, count);
      }
    }
    const rows = empty.length === 0 ? [] : farthestRows(centroids, empty.length);
    for (const [index, cluster] of empty.entries()) {
      next.set(rowOf(loaded, rows[index] ?? 0), cluster * columns);
    }
    return next;
  };

  const movement = (left: Float64Array, right: Float64Array): number => {
    let sum = 0;
    for (let index = 0; index < left.length; index += 1) {
      sum += ((left[index] ?? 0) - (right[index] ?? 0)) ** 2;
    }
    return sum;
  };

  return {
    load(points) {
      if (points.columns !== columns || points.rows === 0) {
        throw new RangeError(`the engine takes rows of ${String(columns)} columns, and at least one`);
      }
      layout = layoutFor(points.rows, stride);
      const missing = layout.end - memory.buffer.byteLength;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / PAGE));
      }
      if (padded === columns) {
        doubles(layout.points, points.values.length).set(points.values);
      } else {
        for (let row = 0; row < points.rows; row += 1) {
          putVector(layout.points + row * stride, rowOf(points, row));
        }
      }
      loaded = points;
      variance = meanVariance(points);
    },

    seed(k, random) {
      const chosen = new Float64Array(k * columns);
      const closest = doubles(layout.closest, loaded.rows);
      const narrowed = doubles(layout.narrowed, loaded.rows);
      const measure = (row: number): number => {
        putVector(layout.centroids, rowOf(loaded, row));
        return kernel.narrow(loaded.rows, layout.points, layout.centroids, layout.closest, layout.narrowed);
      };
      closest.fill(Number.POSITIVE_INFINITY);
      let row = random.integer(loaded.rows);
      let potential = measure(row);
      closest.set(narrowed);
      chosen.set(rowOf(loaded, row), 0);
      for (let cluster = 1; cluster < k; cluster += 1) {
        let best = { row: -1, potential: Number.POSITIVE_INFINITY };
        for (let trial = 0; trial < trialsFor(k); trial += 1) {
          const candidate = rowWithin(closest, random.next() * potential);
          const reached = measure(candidate);
          if (reached < best.potential) {
            best = { row: candidate, potential: reached };
          }
        }
        row = best.row;
        potential = measure(row);
        closest.set(narrowed);
        chosen.set(rowOf(loaded, row), cluster * columns);
      }
      return chosen;
    },

    refine(start, { maxIterations, tolerance }) {
      const k = start.length / columns;
      if (k > MAX_CLUSTERS) {
        throw new RangeError(`at most ${String(MAX_CLUSTERS)} clusters`);
      }
      let centroids = Float64Array.from(start);
      let iterations = 0;
      while (iterations < maxIterations) {
        iterations += 1;
        assign(centroids, k);
        const next = nextCentroids(centroids, k);
        const moved = movement(centroids, next);
        centroids = next;
        if (moved <= tolerance * variance) {
          break;
        }
      }
      const inertia = assign(centroids, k);
      const fit: KmeansFit = {
        k,
        columns,
        centroids,
        labels: integers(layout.labels, loaded.rows).slice(),
        counts: integers(layout.counts, k).slice(),
        inertia,
        iterations,
      };
      return fit;
    },
  };
};
