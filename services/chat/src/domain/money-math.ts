import type { MoneyText } from '@orrery/contracts';
import { divideRounded, formatDecimal, parseDecimal, safeMinor } from '@orrery/money';

/** Sums over amounts as the services write them; everything is added in integer minor units. */

/**
 * Minor units of an amount.
 * @param money exact decimal text
 * @throws InvalidDecimalError
 */
export const minorOf = ({ amount, currency }: MoneyText): number => parseDecimal(amount, currency);

/**
 * The amount as the services write it.
 * @param amountMinor minor units
 * @param currency ISO 4217 code
 */
export const moneyOf = (amountMinor: number, currency: string): MoneyText => ({
  amount: formatDecimal(amountMinor, currency),
  currency,
});

/**
 * The amount with the other sign.
 * @param money any amount
 */
export const negated = (money: MoneyText): MoneyText => moneyOf(safeMinor(-minorOf(money)), money.currency);

/**
 * `left - right` in the currency of both.
 * @param left from this
 * @param right take this away
 */
export const minus = (left: MoneyText, right: MoneyText): MoneyText =>
  moneyOf(safeMinor(minorOf(left) - minorOf(right)), left.currency);

/**
 * Change against an earlier amount in percent with one decimal; null when there was nothing to compare with.
 * @param laterMinor the amount now
 * @param earlierMinor the amount before
 */
export const percentChange = (laterMinor: number, earlierMinor: number): number | null =>
  earlierMinor === 0
    ? null
    : Number(divideRounded(BigInt(laterMinor - earlierMinor) * 1000n, BigInt(Math.abs(earlierMinor)))) / 10;

/**
 * Shares in percent with one decimal; 0 when the whole is not above zero.
 * @param partMinor the part
 * @param wholeMinor the whole
 */
export const percentOf = (partMinor: number, wholeMinor: number): number =>
  wholeMinor <= 0 ? 0 : Number(divideRounded(BigInt(partMinor) * 1000n, BigInt(wholeMinor))) / 10;

/** How often a payment of each rhythm falls due in a year. */
const PER_YEAR: Readonly<Record<string, number>> = {
  weekly: 52,
  biweekly: 26,
  'four-weekly': 13,
  semimonthly: 24,
  monthly: 12,
  quarterly: 4,
  annual: 1,
};

/**
 * What a regular payment comes to in a month, rounded to minor units.
 * @param amountMinor one payment
 * @param period its rhythm; an unknown one counts as monthly
 */
export const monthlyOf = (amountMinor: number, period: string): number =>
  Number(divideRounded(BigInt(amountMinor) * BigInt(PER_YEAR[period] ?? 12), 12n));
