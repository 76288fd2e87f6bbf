import type { Language } from '@orrery/contracts';
import type { CurvePoint, Structure } from './choose-k.ts';
import type { FeatureBins } from './drift.ts';
import type { FittedFeature } from './transform.ts';

/** The three named models of the engine. */
export type ModelName = 'spending' | 'shopping-personas' | 'customers';

/** Names of the models, in the order of lists. */
export const MODEL_NAMES: readonly ModelName[] = ['customers', 'shopping-personas', 'spending'];

/** A text in each language of the product. */
export type Texts = Readonly<Record<Language, string>>;

/** What a cluster's rows are like, beside all rows. Lists are in the order of the features. */
export interface ClusterSummary {
  size: number;
  /** Rows of the cluster over all rows. */
  share: number;
  /** Mean of each raw feature. */
  averages: readonly number[];
  /**
   * Distance of the cluster's mean from that of all rows, in standard deviations of all rows; of logarithms for amounts.
   */
  z: readonly number[];
}

/** All training rows; lists are in the order of the features. */
export interface PopulationSummary {
  rows: number;
  averages: readonly number[];
  medians: readonly number[];
}

/** A cluster with a name. */
export interface Persona extends ClusterSummary {
  /** Stays while the cluster means the same people, also across trainings; never used again for others. */
  id: string;
  /** 0 to k - 1, what the legacy routes call the cluster. Kept across trainings while it fits in. */
  number: number;
  names: Texts;
  descriptions: Texts;
  /** Centre in comparable units. */
  centroid: readonly number[];
}

/** How good a model was on its own training rows. */
export interface ModelMetrics {
  inertia: number;
  silhouette: number;
  stability: number;
  structure: Structure;
  /** Why this number of clusters. */
  reason: string;
  /** Share of rows that kept the persona which the version before gave them; null for a first version. */
  retention: number | null;
}

/** Two principal components of the comparable rows, with a sample of them for pictures. */
export interface Projection {
  /** Share of the variance along each axis. */
  explained: readonly [number, number];
  /** `[first, second, persona number]` of sampled rows. */
  points: readonly (readonly [number, number, number])[];
}

/** A trained model: everything that is needed to place a row, and to say how and why. */
export interface SegmentModel {
  name: ModelName;
  seed: number;
  features: readonly FittedFeature[];
  population: PopulationSummary;
  /** In the order of their numbers. */
  personas: readonly Persona[];
  /** Centroids of fits on bootstrap samples, each in the order of the personas; their agreement is the confidence. */
  bootstraps: readonly (readonly (readonly number[])[])[];
  metrics: ModelMetrics;
  curve: readonly CurvePoint[];
  bins: readonly FeatureBins[];
  projection: Projection;
  /** Number for the id of the next new persona. */
  nextPersona: number;
}
