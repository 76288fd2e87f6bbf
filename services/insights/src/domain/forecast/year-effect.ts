import { theta } from './members.ts';

/** Weeks after which a year of weekly values comes round. */
const LAG = 52;

/** Years that are averaged; older ones tell little of the present one. */
const MAX_YEARS = 3;

/** One-sided 95 % quantile of the normal distribution, over the root of the number of pairs: chance alone. */
const CHANCE = 1.645;

/** A share below it cannot be told from chance in a long series but would not be worth its noise either. */
const MIN_SHARE = 0.1;

/** What comes back from earlier years. */
export interface YearEffect {
  /** Share of each step that repeats after a year, 0 to 1; 0 when the series does not. */
  share: number;
  /** What to add to each step of a forecast that knows no year. */
  effect: number[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/**
 * Correlation of the steps of a series with those a lag before. Steps are used instead of values, because a trend makes
 * any values alike, and near 0 in series that do not repeat.
 * @param values the series
 * @param lag distance
 */
export const stepCorrelation = (values: readonly number[], lag: number): number => {
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? 0));
  const centre = mean(steps);
  const variance = mean(steps.map((step) => (step - centre) ** 2));
  const products = steps.slice(lag).map((step, index) => (step - centre) * ((steps[index] ?? 0) - centre));
  return variance === 0 ? 0 : mean(products) / variance;
};

/**
 * What the year does to weekly values: how far a forecast without it missed at the same place of earlier years, smoothed
 * over three weeks because days move through the weeks, times the share of steps that repeats. Nothing is fitted to more
 * than this one correlation. A series whose steps do not repeat after 52 values gets no effect.
 * @param values series without a shorter season; two years and a value at least for an effect
 * @param horizon steps to forecast
 */
export const yearEffect = (values: readonly number[], horizon: number): YearEffect => {
  const n = values.length;
  const none = { share: 0, effect: Array.from({ length: horizon }, () => 0) };
  if (n < 2 * LAG + 1) {
    return none;
  }
  const share = Math.min(1, stepCorrelation(values, LAG));
  if (share <= Math.max(MIN_SHARE, CHANCE / Math.sqrt(n - LAG - 1))) {
    return none;
  }
  const misses: number[][] = [];
  for (let year = 1; year <= MAX_YEARS && n - year * LAG >= LAG / 2; year += 1) {
    const origin = n - year * LAG;
    const projected = theta(values.slice(0, origin))(horizon + 1);
    misses.push(projected.map((value, index) => (values[origin + index] ?? value) - value));
  }
  const usual = Array.from({ length: horizon + 1 }, (_unused, index) =>
    mean(misses.map((years) => years[index] ?? 0)),
  );
  return {
    share,
    effect: none.effect.map((_zero, index) => share * mean(usual.slice(Math.max(0, index - 1), index + 2))),
  };
};
