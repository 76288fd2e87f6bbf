import { PFC_PRIMARIES } from '@orrery/contracts';
import { MAX_FEATURES, writeFeatures } from './text-features.ts';
import type { MerchantName } from './types.ts';

export const CLASS_COUNT = PFC_PRIMARIES.length;

/** A trained multinomial logistic regression over hashed features, one signed byte a weight. */
export interface TextModel {
  version: string;
  /** Bucket-major weights: `weights[bucket * CLASS_COUNT + class]`. */
  weights: Int8Array;
  /** What one unit of a byte is worth, per class. */
  scales: Float32Array;
  bias: Float32Array;
}

const buffer = new Int32Array(MAX_FEATURES);

/**
 * Log-probabilities of the sixteen primaries for a name.
 * @param model trained weights
 * @param name result of the normaliser
 * @param into array of CLASS_COUNT that receives natural logarithms
 */
export const scoreText = (
  model: TextModel,
  name: Pick<MerchantName, 'tokens' | 'hangul'>,
  into: Float64Array,
): void => {
  const count = writeFeatures(name, buffer);
  into.fill(0);
  const { weights, scales, bias } = model;
  for (let index = 0; index < count; index += 1) {
    const row = (buffer[index] ?? 0) * CLASS_COUNT;
    for (let k = 0; k < CLASS_COUNT; k += 1) {
      into[k] = (into[k] ?? 0) + (weights[row + k] ?? 0);
    }
  }
  const norm = count === 0 ? 0 : 1 / Math.sqrt(count);
  let highest = -Infinity;
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    const logit = (into[k] ?? 0) * norm * (scales[k] ?? 0) + (bias[k] ?? 0);
    into[k] = logit;
    highest = Math.max(highest, logit);
  }
  let sum = 0;
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    sum += Math.exp((into[k] ?? 0) - highest);
  }
  const log = highest + Math.log(sum);
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    into[k] = (into[k] ?? 0) - log;
  }
};

/**
 * The pieces of a name that spoke most for a class, longest first among equals.
 * @param model trained weights
 * @param name result of the normaliser
 * @param classIndex index into PFC_PRIMARIES
 * @param limit how many to return
 */
export const strongestPieces = (
  model: TextModel,
  name: Pick<MerchantName, 'tokens' | 'hangul'>,
  classIndex: number,
  limit: number,
): string[] => {
  const scored = new Map<string, number>();
  writeFeatures(name, buffer, (bucket, text) => {
    let mean = 0;
    for (let k = 0; k < CLASS_COUNT; k += 1) {
      mean += (model.weights[bucket * CLASS_COUNT + k] ?? 0) / CLASS_COUNT;
    }
    const value = (model.weights[bucket * CLASS_COUNT + classIndex] ?? 0) - mean;
    scored.set(text, (scored.get(text) ?? 0) + value);
  });
  const chosen: string[] = [];
  const ranked = [...scored]
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1] || b[0].length - a[0].length);
  for (const [text] of ranked) {
    if (!chosen.some((kept) => kept.includes(text) || text.includes(kept))) {
      chosen.push(text);
    }
    if (chosen.length === limit) {
      break;
    }
  }
  return chosen;
};
