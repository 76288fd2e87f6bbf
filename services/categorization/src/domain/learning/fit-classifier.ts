import { CLASS_COUNT } from '../text-classifier.ts';
import type { TextModel } from '../text-classifier.ts';
import { FEATURE_BUCKETS } from '../text-features.ts';
import { seededRandom } from './seeded-random.ts';
import type { TrainingRow } from './training-set.ts';

/** Settings of the optimiser. */
export interface FitSettings {
  epochs: number;
  /** AdaGrad step size. */
  step: number;
  /** L2 penalty, applied when a weight is touched. */
  penalty: number;
  seed: number;
}

/** Weights in floating point, before they are rounded to bytes. */
export interface FloatModel {
  weights: Float32Array;
  bias: Float32Array;
}

/**
 * An order of positions drawn row by row, so that rows added at the end leave the order of the others as it was: a few
 * more rows then change a model by what they say and not by chance.
 */
const shuffled = (count: number, seed: number): Int32Array => {
  const random = seededRandom(seed);
  const places = Float64Array.from({ length: count }, random);
  return Int32Array.from({ length: count }, (_unused, index) => index).sort(
    (a, b) => (places[a] ?? 0) - (places[b] ?? 0),
  );
};

/**
 * Multinomial logistic regression by AdaGrad (Duchi, Hazan and Singer 2011) over hashed features of unit length.
 * @param rows training rows
 * @param settings step, penalty, epochs and the seed of the shuffling
 */
export const fit = (rows: readonly TrainingRow[], settings: FitSettings): FloatModel => {
  const weights = new Float32Array(FEATURE_BUCKETS * CLASS_COUNT);
  const squares = new Float32Array(FEATURE_BUCKETS * CLASS_COUNT).fill(1e-6);
  const bias = new Float32Array(CLASS_COUNT);
  const logits = new Float64Array(CLASS_COUNT);
  for (let epoch = 0; epoch < settings.epochs; epoch += 1) {
    const order = shuffled(rows.length, settings.seed + epoch);
    for (const position of order) {
      const row = rows[position];
      if (row === undefined) {
        continue;
      }
      const { features, label, weight } = row;
      const unit = 1 / Math.sqrt(features.length);
      logits.set(bias);
      for (const feature of features) {
        const base = feature * CLASS_COUNT;
        for (let k = 0; k < CLASS_COUNT; k += 1) {
          logits[k] = (logits[k] ?? 0) + (weights[base + k] ?? 0) * unit;
        }
      }
      const highest = Math.max(...logits);
      let sum = 0;
      for (let k = 0; k < CLASS_COUNT; k += 1) {
        logits[k] = Math.exp((logits[k] ?? 0) - highest);
        sum += logits[k] ?? 0;
      }
      for (let k = 0; k < CLASS_COUNT; k += 1) {
        const error = ((logits[k] ?? 0) / sum - (k === label ? 1 : 0)) * weight;
        logits[k] = error * unit;
        bias[k] = (bias[k] ?? 0) - 0.002 * error;
      }
      for (const feature of features) {
        const base = feature * CLASS_COUNT;
        for (let k = 0; k < CLASS_COUNT; k += 1) {
          const at = base + k;
          const gradient = (logits[k] ?? 0) + settings.penalty * (weights[at] ?? 0);
          const square = (squares[at] ?? 0) + gradient * gradient;
          squares[at] = square;
          weights[at] = (weights[at] ?? 0) - (settings.step * gradient) / Math.sqrt(square + 1e-4);
        }
      }
    }
  }
  return { weights, bias };
};

/** Steps on each side of zero: fewer than a byte holds, because the file packs smaller and no measure suffers. */
const LEVELS = 48;

/**
 * Rounds weights to signed bytes with one scale per class and drops the faintest, so that the file packs small.
 * @param model trained weights
 * @param version name of the artifact
 * @param faint weights nearer to zero than this many steps become zero
 */
export const quantise = (model: FloatModel, version: string, faint: number): TextModel => {
  const scales = new Float32Array(CLASS_COUNT);
  for (let index = 0; index < model.weights.length; index += 1) {
    const k = index % CLASS_COUNT;
    scales[k] = Math.max(scales[k] ?? 0, Math.abs(model.weights[index] ?? 0));
  }
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    scales[k] = Math.max(scales[k] ?? 0, 1e-6) / LEVELS;
  }
  const weights = new Int8Array(model.weights.length);
  for (let index = 0; index < model.weights.length; index += 1) {
    const value = Math.round((model.weights[index] ?? 0) / (scales[index % CLASS_COUNT] ?? 1));
    weights[index] = Math.abs(value) < faint ? 0 : value;
  }
  return { version, weights, scales, bias: model.bias };
};
