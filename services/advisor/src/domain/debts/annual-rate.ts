import { multiplyByRatio, safeMinor } from '@orrery/money';

/** Interest of a year as an exact share of the balance: `numerator / denominator`. */
export interface AnnualRate {
  numerator: number;
  denominator: number;
}

const MONTHS = 12;
/** Percentages are taken with four decimals. */
const PER_PERCENT = 10_000;
/** No lender charges more; a larger entry is a slip of the finger. */
export const MAX_PERCENT = 10_000;

/**
 * The rate of a percentage a year.
 * @param percent 0 to 10,000
 */
export const rateOfPercent = (percent: number): AnnualRate => ({
  numerator: Math.round(percent * PER_PERCENT),
  denominator: 100 * PER_PERCENT,
});

/**
 * The rate that a debt really has: what the user entered, else twelve months of its interest over its balance.
 * @param debt minor units; `enteredPercent` null when nothing was entered
 */
export const rateOfDebt = (debt: {
  balanceMinor: number;
  interestMinor: number;
  enteredPercent: number | null;
}): AnnualRate => {
  const { balanceMinor, interestMinor, enteredPercent } = debt;
  if (enteredPercent !== null && enteredPercent >= 0 && enteredPercent <= MAX_PERCENT) {
    return rateOfPercent(enteredPercent);
  }
  if (balanceMinor <= 0 || interestMinor <= 0) {
    return { numerator: 0, denominator: 1 };
  }
  return { numerator: interestMinor * MONTHS, denominator: balanceMinor };
};

/**
 * The rate in percent a year, two decimals.
 * @param rate the rate
 */
export const percentOfRate = ({ numerator, denominator }: AnnualRate): number =>
  multiplyByRatio(numerator, PER_PERCENT, denominator) / 100;

/**
 * Interest of one month, rounded half up to the minor unit.
 * @param balanceMinor what is owed, 0 or more
 * @param rate a year's rate
 */
export const monthlyInterest = (balanceMinor: number, { numerator, denominator }: AnnualRate): number => {
  const divisor = denominator * MONTHS;
  const doubled = balanceMinor * numerator * 2 + divisor;
  if (doubled > Number.MAX_SAFE_INTEGER || divisor > Number.MAX_SAFE_INTEGER / 2) {
    return multiplyByRatio(balanceMinor, numerator, divisor);
  }
  // Both terms are exact integers, so the remainder is exact and the division comes out even.
  return safeMinor((doubled - (doubled % (2 * divisor))) / (2 * divisor));
};

/**
 * Order of two rates, the greater one first.
 * @param left a rate
 * @param right a rate
 */
export const byRateDescending = (left: AnnualRate, right: AnnualRate): number => {
  const difference =
    BigInt(right.numerator) * BigInt(left.denominator) - BigInt(left.numerator) * BigInt(right.denominator);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
};
