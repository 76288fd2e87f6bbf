import { candidateKs, chooseK, measureKs } from './choose-k.ts';
import type { CurvePoint, KChoice } from './choose-k.ts';
import { makeBins } from './drift.ts';
import { bestPairing } from './hungarian.ts';
import type { KmeansFit } from './kmeans/engine.ts';
import { createFitter } from './kmeans/fit-kmeans.ts';
import { rowOf, squaredDistance, takeRows } from './kmeans/points.ts';
import type { Points } from './kmeans/points.ts';
import { matchPersonas, numberPersonas } from './personas/match-personas.ts';
import { principalPlane } from './principal-components.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import type {
  ClusterSummary,
  ModelName,
  Persona,
  PopulationSummary,
  SegmentModel,
  Texts,
} from './segment-model.ts';
import { fitTransform, quantileOf, transformPoints } from './transform.ts';
import type { FeatureSpec, FittedFeature } from './transform.ts';

/** Gives clusters their names; a number only where the contract fixes it. */
export type NamePersonas = (
  clusters: readonly ClusterSummary[],
  population: PopulationSummary,
  features: readonly string[],
) => { number?: number; names: Texts; descriptions: Texts }[];

/** What to train. */
export interface TrainingOrder {
  name: ModelName;
  specs: readonly FeatureSpec[];
  /** Raw rows, at least one. */
  raw: Points;
  seed: number;
  /** Number of clusters where the contract fixes it. */
  fixedK?: number;
  /** The version before; its personas keep their ids where they are the same people. */
  previous?: SegmentModel;
  /** The same rows with the features of the version before, when they differ. */
  previousRaw?: Points;
}

const BOOTSTRAPS = 50;
const BOOTSTRAP_STARTS = 2;
const BOOTSTRAP_ROWS = 3_000;
const PICTURE_ROWS = 800;

/** The centroid that a comparable row is nearest to. */
const nearestOf = (row: ArrayLike<number>, centroids: readonly ArrayLike<number>[]): number => {
  let best = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const [index, centroid] of centroids.entries()) {
    const distance = squaredDistance(row, centroid);
    if (distance < smallest) {
      smallest = distance;
      best = index;
    }
  }
  return best;
};

/**
 * Index into the personas of a model for each raw row.
 * @param model the model
 * @param raw rows with the features of the model
 */
export const labelRows = (model: Pick<SegmentModel, 'features' | 'personas'>, raw: Points): Int32Array => {
  const points = transformPoints(model.features, raw);
  const centroids = model.personas.map(({ centroid }) => centroid);
  return Int32Array.from({ length: raw.rows }, (_unused, row) => nearestOf(rowOf(points, row), centroids));
};

const centroidsOf = ({ k, columns, centroids }: KmeansFit): number[][] =>
  Array.from({ length: k }, (_unused, cluster) => [
    ...centroids.subarray(cluster * columns, (cluster + 1) * columns),
  ]);

const summarise = (
  features: readonly FittedFeature[],
  raw: Points,
  fit: KmeansFit,
): { clusters: ClusterSummary[]; population: PopulationSummary } => {
  const { rows, columns } = raw;
  const valueOf = (row: number, column: number): number => raw.values[row * columns + column] ?? 0;
  const scaledOf = (row: number, column: number): number =>
    features[column]?.log === true ? Math.log1p(valueOf(row, column)) : valueOf(row, column);
  const averages = Array.from({ length: fit.k }, () => new Array<number>(columns).fill(0));
  const scaled = Array.from({ length: fit.k }, () => new Array<number>(columns).fill(0));
  const overall = new Array<number>(columns).fill(0);
  const means = new Array<number>(columns).fill(0);
  const squares = new Array<number>(columns).fill(0);
  for (let row = 0; row < rows; row += 1) {
    const label = fit.labels[row] ?? 0;
    const size = Math.max(1, fit.counts[label] ?? 0);
    for (let column = 0; column < columns; column += 1) {
      const value = valueOf(row, column);
      const level = scaledOf(row, column);
      const own = averages[label] ?? [];
      own[column] = (own[column] ?? 0) + value / size;
      const ownScaled = scaled[label] ?? [];
      ownScaled[column] = (ownScaled[column] ?? 0) + level / size;
      overall[column] = (overall[column] ?? 0) + value / rows;
      means[column] = (means[column] ?? 0) + level / rows;
    }
  }
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      squares[column] = (squares[column] ?? 0) + (scaledOf(row, column) - (means[column] ?? 0)) ** 2 / rows;
    }
  }
  const deviations = squares.map((square) => (square > 1e-24 ? Math.sqrt(square) : 1));
  return {
    population: {
      rows,
      averages: overall,
      medians: Array.from({ length: columns }, (_unused, column) =>
        quantileOf(Float64Array.from({ length: rows }, (_none, row) => valueOf(row, column)).sort(), 0.5),
      ),
    },
    clusters: Array.from({ length: fit.k }, (_unused, cluster) => ({
      size: fit.counts[cluster] ?? 0,
      share: (fit.counts[cluster] ?? 0) / rows,
      averages: averages[cluster] ?? [],
      z: (scaled[cluster] ?? []).map(
        (value, column) => (value - (means[column] ?? 0)) / (deviations[column] ?? 1),
      ),
    })),
  };
};

/** Fits on samples with repetition, their clusters put in the order of the model's. */
const bootstrapCentroids = (points: Points, centroids: readonly number[][], seed: number): number[][][] => {
  const random = seededRandom(seed + 7_919);
  const fitter = createFitter(points.columns);
  const size = Math.min(points.rows, BOOTSTRAP_ROWS);
  return Array.from({ length: BOOTSTRAPS }, () => {
    const rows = Int32Array.from({ length: size }, () => random.integer(points.rows));
    fitter.load(takeRows(points, rows));
    const found = centroidsOf(fitter.fit(centroids.length, random, BOOTSTRAP_STARTS));
    const paired = bestPairing(
      centroids.map((centroid) => found.map((other) => -squaredDistance(centroid, other))),
    );
    return paired.map((other) => found[other] ?? []);
  });
};

const identify = (
  order: TrainingOrder,
  fit: KmeansFit,
  named: readonly { number?: number }[],
): { ids: string[]; numbers: number[]; next: number; retention: number | null } => {
  const { name, raw, previous, previousRaw = raw } = order;
  const known = previous?.personas ?? [];
  const earlier = previous === undefined ? new Int32Array() : labelRows(previous, previousRaw);
  const fixed = named.flatMap(({ number }) => (number === undefined ? [] : [number]));
  const identified =
    fixed.length === fit.k
      ? { ids: fixed.map((number) => `${name}-${String(number)}`), numbers: fixed, next: fit.k }
      : numberPersonas(
          previous === undefined
            ? Array.from({ length: fit.k }, () => undefined)
            : matchPersonas(fit.labels, fit.k, earlier, known),
          name,
          previous?.nextPersona ?? 0,
        );
  if (previous === undefined) {
    return { ...identified, retention: null };
  }
  let kept = 0;
  for (let row = 0; row < raw.rows; row += 1) {
    kept += identified.ids[fit.labels[row] ?? 0] === known[earlier[row] ?? 0]?.id ? 1 : 0;
  }
  return { ...identified, retention: kept / raw.rows };
};

const pictureOf = (
  points: Points,
  fit: KmeansFit,
  numbers: readonly number[],
  seed: number,
): SegmentModel['projection'] => {
  const plane = principalPlane(points);
  const rows = shuffled(points.rows, seededRandom(seed)).subarray(0, PICTURE_ROWS);
  return {
    explained: plane.explained,
    points: [...rows].map((row): [number, number, number] => {
      const [first, second] = plane.project(rowOf(points, row));
      return [first, second, numbers[fit.labels[row] ?? 0] ?? 0];
    }),
  };
};

/**
 * Trains a model: makes rows comparable, chooses the number of clusters, fits, names the clusters, and keeps ids where
 * the clusters are the same people as before. The same order gives the same model.
 * @param order what to train
 * @param namePersonas the names of this model's clusters
 */
export const trainModel = (order: TrainingOrder, namePersonas: NamePersonas): SegmentModel => {
  const { name, specs, raw, seed, fixedK } = order;
  const features = fitTransform(specs, raw);
  const points = transformPoints(features, raw);
  const ks = fixedK === undefined ? candidateKs(raw.rows) : [Math.min(fixedK, raw.rows)];
  const { curve, fits } = measureKs(points, ks, seed);
  const choice: KChoice =
    fixedK === undefined
      ? chooseK(curve, raw.rows)
      : { ...chooseK(curve, raw.rows), reason: 'the contract fixes the number of clusters' };
  const at = curve.findIndex(({ k }) => k === choice.k);
  const fit = fits[at];
  const point: CurvePoint | undefined = curve[at];
  if (fit === undefined || point === undefined) {
    throw new RangeError('no number of clusters was measured');
  }
  const { clusters, population } = summarise(features, raw, fit);
  const featureNames = specs.map((spec) => spec.name);
  const named = namePersonas(clusters, population, featureNames);
  const { ids, numbers, next, retention } = identify(order, fit, named);
  const centroids = centroidsOf(fit);
  const personas = clusters.map((cluster, index): Persona => ({
    ...cluster,
    id: ids[index] ?? '',
    number: numbers[index] ?? 0,
    names: named[index]?.names ?? { en: '', fr: '', ko: '' },
    descriptions: named[index]?.descriptions ?? { en: '', fr: '', ko: '' },
    centroid: centroids[index] ?? [],
  }));
  const byNumber = personas
    .map((_unused, index) => index)
    .sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
  const bootstraps = bootstrapCentroids(points, centroids, seed);
  const { inertia, silhouette, stability } = point;
  return {
    name,
    seed,
    features,
    population,
    personas: byNumber.flatMap((index) => personas[index] ?? []),
    bootstraps: bootstraps.map((one) => byNumber.map((index) => one[index] ?? [])),
    metrics: {
      inertia,
      silhouette,
      stability,
      structure: choice.structure,
      reason: choice.reason,
      retention,
    },
    curve,
    bins: makeBins(featureNames, raw),
    projection: pictureOf(points, fit, numbers, seed),
    nextPersona: next,
  };
};
