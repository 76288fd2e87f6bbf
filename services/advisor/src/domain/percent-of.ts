import { divideRounded } from '@orrery/money';

/**
 * `part` as a percentage of `whole`, two decimals, or null when `whole` is not above 0.
 * @param part minor units
 * @param whole minor units
 */
export const percentOf = (part: number, whole: number): number | null =>
  whole <= 0 ? null : Number(divideRounded(BigInt(part) * 10_000n, BigInt(whole))) / 100;
