import { InvalidDecimalError, roundDecimal } from './decimal-text.ts';

/**
 * Minor units of a float from outside, such as the pound amounts of the main back end.
 * The shortest decimal that names the float is rounded, one half away from zero: 1.005 gives 101 pence although the
 * stored double is a little below 1.005, because 1.005 is what the writer meant.
 * @param amount finite number in major units
 * @param currency ISO 4217 code
 * @throws InvalidDecimalError when the number is not finite; AmountOverflowError
 */
export const fromFloat = (amount: number, currency: string): number => {
  if (!Number.isFinite(amount)) {
    throw new InvalidDecimalError('must be a finite number');
  }
  return roundDecimal(String(amount), currency);
};
