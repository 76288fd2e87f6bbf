import { squaredDistance } from './kmeans/points.ts';
import type { Persona, SegmentModel } from './segment-model.ts';
import { transformRow } from './transform.ts';

/** How much one feature speaks for the persona and against the next one. */
export interface FeaturePull {
  feature: string;
  value: number;
  /** Mean of the feature in the persona. */
  personaAverage: number;
  /** Share of the difference between the two squared distances, in sum 1; negative where it speaks for the other. */
  weight: number;
}

/** Where a row belongs. */
export interface Placement {
  persona: Persona;
  /** Distance to the persona's centre in comparable units. */
  distance: number;
  /** 0 on the border to the next persona, 1 at the centre. */
  margin: number;
}

/** A placement with how sure it is and why. */
export interface ExplainedPlacement extends Placement {
  /** Share of fits on bootstrap samples that place the row in the same persona. */
  confidence: number;
  /** The persona that is second nearest; null when there is only one. */
  second: Persona | null;
  pulls: FeaturePull[];
}

interface Nearest {
  first: number;
  second: number;
  firstSquared: number;
  secondSquared: number;
}

const nearestTwo = (row: readonly number[], centroids: readonly (readonly number[])[]): Nearest => {
  const found: Nearest = { first: 0, second: -1, firstSquared: Infinity, secondSquared: Infinity };
  for (const [index, centroid] of centroids.entries()) {
    const squared = squaredDistance(row, centroid);
    if (squared < found.firstSquared) {
      found.second = found.firstSquared === Infinity ? -1 : found.first;
      found.secondSquared = found.firstSquared;
      found.first = index;
      found.firstSquared = squared;
    } else if (squared < found.secondSquared) {
      found.second = index;
      found.secondSquared = squared;
    }
  }
  return found;
};

const marginOf = ({ firstSquared, secondSquared }: Nearest): number => {
  if (secondSquared === Infinity) {
    return 1;
  }
  return secondSquared === 0 ? 0 : 1 - Math.sqrt(firstSquared) / Math.sqrt(secondSquared);
};

const personaAt = ({ personas }: SegmentModel, index: number): Persona => {
  const persona = personas[index];
  if (persona === undefined) {
    throw new RangeError('the model has no personas');
  }
  return persona;
};

const requireFit = (model: SegmentModel, row: ArrayLike<number>): void => {
  if (row.length !== model.features.length) {
    throw new RangeError(
      `the ${model.name} model takes ${String(model.features.length)} features, not ${String(row.length)}`,
    );
  }
};

/**
 * The persona of a raw row; fast, for whole populations.
 * @param model the model
 * @param row raw values of the model's features
 * @throws RangeError when the row has another number of features than the model
 */
export const placeRow = (model: SegmentModel, row: ArrayLike<number>): Placement => {
  requireFit(model, row);
  const nearest = nearestTwo(
    transformRow(model.features, row),
    model.personas.map(({ centroid }) => centroid),
  );
  return {
    persona: personaAt(model, nearest.first),
    distance: Math.sqrt(nearest.firstSquared),
    margin: marginOf(nearest),
  };
};

/**
 * The persona of a raw row, how sure that is, and which features pulled.
 * @param model the model
 * @param row raw values of the model's features
 * @throws RangeError when the row has another number of features than the model
 */
export const explainRow = (model: SegmentModel, row: ArrayLike<number>): ExplainedPlacement => {
  requireFit(model, row);
  const comparable = transformRow(model.features, row);
  const nearest = nearestTwo(
    comparable,
    model.personas.map(({ centroid }) => centroid),
  );
  const persona = personaAt(model, nearest.first);
  const second = nearest.second === -1 ? null : personaAt(model, nearest.second);
  const agreeing = model.bootstraps.filter(
    (centroids) => nearestTwo(comparable, centroids).first === nearest.first,
  );
  const difference = nearest.secondSquared - nearest.firstSquared;
  const pulls = model.features.map(({ name }, index): FeaturePull => {
    const value = comparable[index] ?? 0;
    const toOther = second === null ? 0 : (value - (second.centroid[index] ?? 0)) ** 2;
    const toOwn = (value - (persona.centroid[index] ?? 0)) ** 2;
    return {
      feature: name,
      value: row[index] ?? 0,
      personaAverage: persona.averages[index] ?? 0,
      weight: second === null || difference <= 0 ? 0 : (toOther - toOwn) / difference,
    };
  });
  return {
    persona,
    distance: Math.sqrt(nearest.firstSquared),
    margin: marginOf(nearest),
    confidence: model.bootstraps.length === 0 ? 0 : agreeing.length / model.bootstraps.length,
    second,
    pulls: pulls.sort((left, right) => Math.abs(right.weight) - Math.abs(left.weight)),
  };
};
