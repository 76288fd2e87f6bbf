import { candidateKs, chooseK, measureKs } from '../domain/choose-k.ts';
import type { CurvePoint, KChoice } from '../domain/choose-k.ts';
import { dataHashOf } from '../domain/data-hash.ts';
import { countBins, driftOf } from '../domain/drift.ts';
import type { FeatureDrift } from '../domain/drift.ts';
import { MODEL_PLANS } from '../domain/model-plans.ts';
import { trainModel } from '../domain/train-model.ts';
import type { TrainingOrder } from '../domain/train-model.ts';
import { fitTransform, transformPoints } from '../domain/transform.ts';
import type { SegmentModel } from '../domain/segment-model.ts';
import { readTable } from '../parsing/read-table.ts';

/** Curves of a data set that no model was trained on. */
export interface MeasuredCurve {
  curve: CurvePoint[];
  choice: KChoice;
}

/** A trained model with what the decision about it needs. */
export interface TrainedModel {
  model: SegmentModel;
  dataHash: string;
  /** The rows against those of the version before; empty for a first version. */
  drift: FeatureDrift[];
}

const train = (order: TrainingOrder): TrainedModel => {
  const { previous, previousRaw = order.raw } = order;
  return {
    model: trainModel(order, MODEL_PLANS[order.name].namePersonas),
    dataHash: dataHashOf(order),
    drift:
      previous === undefined
        ? []
        : countBins(previous.bins, previousRaw).flatMap((counts, feature) => {
            const bins = previous.bins[feature];
            return bins === undefined ? [] : [driftOf(bins, counts, previous.population.rows)];
          }),
  };
};

const measure = ({ specs, raw, seed }: Pick<TrainingOrder, 'specs' | 'raw' | 'seed'>): MeasuredCurve => {
  const points = transformPoints(fitTransform(specs, raw), raw);
  const { curve } = measureKs(points, candidateKs(raw.rows), seed);
  return { curve, choice: chooseK(curve, raw.rows) };
};

/** Work that would hold up other requests, by name. */
export const TRAINING_TASKS = { train, measure, readTable } as const;
