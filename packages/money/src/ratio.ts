import { safeMinor } from './money.ts';

/** What happens to exactly one half: away from zero as shops do, or to the even neighbour as statisticians do. */
export type Rounding = 'half-away' | 'half-even';

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/**
 * Integer nearest to `numerator / denominator`, computed exactly.
 * @param numerator any integer
 * @param denominator any integer but 0
 * @param rounding how one half is rounded
 * @throws RangeError when the denominator is 0
 */
export const divideRounded = (
  numerator: bigint,
  denominator: bigint,
  rounding: Rounding = 'half-away',
): bigint => {
  if (denominator === 0n) {
    throw new RangeError('division by zero');
  }
  const isNegative = numerator < 0n !== denominator < 0n;
  const size = absolute(numerator);
  const divisor = absolute(denominator);
  const floor = size / divisor;
  const twiceRest = (size % divisor) * 2n;
  const roundsUp =
    twiceRest > divisor || (twiceRest === divisor && (rounding === 'half-away' || floor % 2n === 1n));
  const magnitude = roundsUp ? floor + 1n : floor;
  return isNegative ? -magnitude : magnitude;
};

/**
 * `amountMinor * numerator / denominator` in minor units, without a float in between; for shares, rates and taxes.
 * @param amountMinor minor units
 * @param numerator safe integer
 * @param denominator safe integer but 0
 * @param rounding how one half is rounded
 * @throws RangeError when the denominator is 0 or an argument is no integer; AmountOverflowError beyond the safe range
 */
export const multiplyByRatio = (
  amountMinor: number,
  numerator: number,
  denominator: number,
  rounding: Rounding = 'half-away',
): number =>
  safeMinor(Number(divideRounded(BigInt(amountMinor) * BigInt(numerator), BigInt(denominator), rounding)));
