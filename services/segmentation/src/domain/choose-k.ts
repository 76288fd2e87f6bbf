import type { KmeansFit } from './kmeans/engine.ts';
import { createFitter } from './kmeans/fit-kmeans.ts';
import type { Fitter } from './kmeans/fit-kmeans.ts';
import { takeRows } from './kmeans/points.ts';
import type { Points } from './kmeans/points.ts';
import { adjustedRand } from './quality/adjusted-rand.ts';
import { silhouettes } from './quality/silhouette.ts';
import { seededRandom, shuffled } from './seeded-random.ts';

/** How one number of clusters fared. */
export interface CurvePoint {
  k: number;
  inertia: number;
  /** Mean silhouette width, of a sample when there are many rows. */
  silhouette: number;
  /** Mean adjusted Rand index between the fit and fits on samples of four fifths of the rows. */
  stability: number;
  /** Rows of the smallest cluster over all rows. */
  smallestShare: number;
}

/** Whether clusters stand apart, or K-Means has cut a cloud in pieces. */
export type Structure = 'clear' | 'weak';

export interface KChoice {
  k: number;
  structure: Structure;
  /** Why this one, in plain English. */
  reason: string;
}

/** Below them a partition says more about chance than about people (measured on data with and without groups). */
const LEAST_STABILITY = 0.75;
const LEAST_SILHOUETTE = 0.25;
/** Silhouettes this near are equal for all we know; the smaller number of clusters is easier to live with. */
const TIE = 0.02;
/** Its standard error is then below 0.005, a quarter of a tie; time grows with the square. */
const SILHOUETTE_ROWS = 3_000;
const STABILITY_FITS = 10;
const STABILITY_STARTS = 3;
const SAMPLE_SHARE = 0.8;
const STABILITY_ROWS = 8_000;
const SMALL_DATA = 1_500;
const MAX_K = 10;

/**
 * The smallest cluster that is worth a name: 2 % of the rows and 30 of them, or 5 % of a small data set.
 * @param rows rows in all
 */
export const leastClusterSize = (rows: number): number =>
  rows < SMALL_DATA ? Math.ceil(rows * 0.05) : Math.max(30, rows * 0.02);

/** Whether a partition is stable, without tiny clusters and well apart. */
const structureOf = (point: CurvePoint | undefined, rows: number): Structure =>
  point !== undefined &&
  point.silhouette >= LEAST_SILHOUETTE &&
  point.stability >= LEAST_STABILITY &&
  point.smallestShare * rows >= leastClusterSize(rows)
    ? 'clear'
    : 'weak';

/** Points whose silhouette is the best or as good as that. */
const nearBest = (curve: readonly CurvePoint[]): CurvePoint[] => {
  const best = Math.max(...curve.map(({ silhouette }) => silhouette));
  return curve.filter(({ silhouette }) => silhouette >= best - TIE);
};

/**
 * Numbers of clusters to try: 2 to the root of half the rows, at most 10; 1 when there are too few rows to divide.
 * @param rows rows in all, at least one
 */
export const candidateKs = (rows: number): number[] => {
  if (rows < 3) {
    return [1];
  }
  const most = Math.min(MAX_K, rows - 1, Math.max(2, Math.floor(Math.sqrt(rows / 2))));
  return Array.from({ length: most - 1 }, (_unused, index) => index + 2);
};

/**
 * Chooses among measured numbers of clusters. Where partitions are stable, without tiny clusters and well apart, the one
 * with the best silhouette, or the smallest number about as good. Where there is none, the structure is weak, and of the
 * best silhouettes the most stable one is the least arbitrary.
 * @param curve one point for each number of clusters, ascending
 * @param rows rows in all
 */
export const chooseK = (curve: readonly CurvePoint[], rows: number): KChoice => {
  const [first] = curve;
  if (first === undefined || curve.length === 1) {
    return {
      k: first?.k ?? 1,
      structure: structureOf(first, rows),
      reason: 'there is nothing to choose from',
    };
  }
  const clear = curve.filter((point) => structureOf(point, rows) === 'clear');
  if (clear.length > 0) {
    const [smallest = first] = nearBest(clear);
    return {
      k: smallest.k,
      structure: 'clear',
      reason: 'the best silhouette among stable partitions without tiny clusters',
    };
  }
  const large = curve.filter(({ smallestShare }) => smallestShare * rows >= leastClusterSize(rows));
  const near = nearBest(large.length > 0 ? large : curve);
  const most = near.reduce(
    (best, point) => (point.stability > best.stability ? point : best),
    near[0] ?? first,
  );
  return {
    k: most.k,
    structure: 'weak',
    reason: 'no partition is both stable and well apart; the most stable of the best silhouettes',
  };
};

/** Mean agreement of a fit with fits on samples of four fifths of the rows. */
const stabilityOf = (points: Points, fitter: Fitter, fits: readonly KmeansFit[], seed: number): number[] => {
  const random = seededRandom(seed);
  const sums = fits.map(() => 0);
  for (let round = 0; round < STABILITY_FITS; round += 1) {
    const size = Math.min(STABILITY_ROWS, Math.max(1, Math.floor(points.rows * SAMPLE_SHARE)));
    const rows = shuffled(points.rows, random).subarray(0, size);
    fitter.load(takeRows(points, rows));
    for (const [index, { k, labels }] of fits.entries()) {
      const sampled = fitter.fit(Math.min(k, size), random, STABILITY_STARTS);
      const before = Int32Array.from(rows, (row) => labels[row] ?? 0);
      sums[index] = (sums[index] ?? 0) + adjustedRand(before, sampled.labels);
    }
  }
  return sums.map((sum) => sum / STABILITY_FITS);
};

const sampleOf = (rows: number, most: number, seed: number): Int32Array =>
  rows <= most
    ? Int32Array.from({ length: rows }, (_unused, index) => index)
    : shuffled(rows, seededRandom(seed)).slice(0, most);

/**
 * Fits and measures each number of clusters.
 * @param points comparable rows
 * @param ks numbers of clusters
 * @param seed decides every start and sample
 * @returns the curve and the fits, in the order of `ks`
 */
export const measureKs = (
  points: Points,
  ks: readonly number[],
  seed: number,
): { curve: CurvePoint[]; fits: KmeansFit[] } => {
  const fitter = createFitter(points.columns);
  fitter.load(points);
  const fits = ks.map((k) => fitter.fit(k, seededRandom(seed + k)));
  const rows = sampleOf(points.rows, SILHOUETTE_ROWS, seed);
  const widths = silhouettes(
    takeRows(points, rows),
    fits.map(({ k, labels }) => ({ k, labels: Int32Array.from(rows, (row) => labels[row] ?? 0) })),
  );
  const stabilities = stabilityOf(points, fitter, fits, seed);
  const curve = fits.map(({ k, inertia, counts }, index) => ({
    k,
    inertia,
    silhouette: widths[index] ?? 0,
    stability: stabilities[index] ?? 0,
    smallestShare: Math.min(...counts) / points.rows,
  }));
  return { curve, fits };
};
