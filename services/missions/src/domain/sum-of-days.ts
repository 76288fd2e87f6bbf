/** The distribution of a sum over several days. */
export interface SumOfDays {
  mean: number;
  deviation: number;
  /** Third standardised moment; positive when a few days are far dearer than the others. */
  skewness: number;
}

/** Where 55 % of a standard normal distribution lie below, the aim of `BAND`. */
const AIM_QUANTILE = 0.1257;

/** Mean excess over that point, in deviations: density minus point times the share above, 0.3958 - 0.1257 * 0.45. */
export const MEAN_EXCESS = 0.3392;

/** A sum that strays less than this from its mean, as a share of it, is always about the same. */
const STEADY_SHARE = 0.04;

/**
 * Whether a sum is about the same every time, so that every limit would be either free or out of reach.
 * @param sum distribution of the sum
 */
export const isSteady = ({ mean, deviation }: SumOfDays): boolean => deviation <= STEADY_SHARE * mean;

/**
 * The sum over some days to come of which a user's past days are a sample. The mean is uncertain itself, which widens
 * the sum by days squared over past days.
 * @param values one per past day, at least two
 * @param days how many are added up
 */
export const sumOfDays = (values: readonly number[], days: number): SumOfDays => {
  const past = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / past;
  const moment = (power: number): number =>
    values.reduce((sum, value) => sum + (value - mean) ** power, 0) / (past - 1);
  const variance = moment(2);
  return {
    mean: mean * days,
    deviation: Math.sqrt(variance * (days + days ** 2 / past)),
    skewness: variance === 0 ? 0 : moment(3) / variance ** 1.5 / Math.sqrt(days),
  };
};

// Cornish-Fisher, first term: how far a skewed distribution's quantile lies from that of a normal one.
const shiftOf = (skewness: number): number => ((1 - AIM_QUANTILE ** 2) * skewness) / 6;

/**
 * The point with the aimed share below it.
 * @param sum distribution of the sum
 */
export const quantileNearMiddle = ({ mean, deviation, skewness }: SumOfDays): number =>
  mean + deviation * (AIM_QUANTILE - shiftOf(skewness));

/**
 * Share of a sum at or below a limit near its middle, in thousandths.
 * Source of the normal integral: Abramowitz and Stegun, 7.1.26; its error is below 0.0000002.
 * @param limit where to look
 * @param sum distribution; without a deviation everything lies at the mean
 */
export const shareBelow = (limit: number, { mean, deviation, skewness }: SumOfDays): number => {
  if (deviation === 0) {
    return limit >= mean ? 1000 : 0;
  }
  const z = ((limit - mean) / deviation + shiftOf(skewness)) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * Math.abs(z));
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-z * z);
  return Math.round(1000 * (z >= 0 ? 1 - tail / 2 : tail / 2));
};
