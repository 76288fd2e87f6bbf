import { AmountOverflowError } from './money.ts';

/**
 * Splits an amount by weights so that the parts add up to it exactly (largest remainder method; equal remainders
 * favour the earlier part).
 * @param amountMinor minor units, any sign
 * @param weights non-negative safe integers, not all 0
 * @returns one part per weight, in order
 * @throws RangeError for unusable weights; AmountOverflowError when the amount is no safe integer
 */
export const allocate = (amountMinor: number, weights: readonly number[]): number[] => {
  if (!Number.isSafeInteger(amountMinor)) {
    throw new AmountOverflowError();
  }
  if (weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0)) {
    throw new RangeError('weights must be non-negative integers');
  }
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  if (total === 0n) {
    throw new RangeError('at least one weight must be above zero');
  }
  const size = BigInt(Math.abs(amountMinor));
  const shares = weights.map((weight, index) => {
    const product = size * BigInt(weight);
    return { index, part: product / total, remainder: product % total };
  });
  const parts = shares.map((share) => share.part);
  const missing = Number(size - parts.reduce((sum, part) => sum + part, 0n));
  const byRemainder = [...shares].sort((left, right) => {
    if (left.remainder === right.remainder) {
      return left.index - right.index;
    }
    return left.remainder > right.remainder ? -1 : 1;
  });
  for (const share of byRemainder.slice(0, missing)) {
    parts[share.index] = share.part + 1n;
  }
  return parts.map((part) => (amountMinor < 0 && part !== 0n ? -Number(part) : Number(part)));
};
