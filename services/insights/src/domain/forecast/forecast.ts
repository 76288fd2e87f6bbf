import { dailyCourse } from './daily-course.ts';
import { fitMembers, theta } from './members.ts';
import { deseasonalise, reseasonalise } from './seasonality.ts';
import type { Seasonality } from './seasonality.ts';
import { yearEffect } from './year-effect.ts';

export interface ForecastOptions {
  /** Values per season: 12 for months, 7 for days of a week, 1 when nothing repeats within a year (also weeks). */
  period: number;
  /** Steps to forecast. */
  horizon: number;
  /** Share of futures that the interval shall hold, between 0 and 1; default 0.8. */
  level?: number;
}

/** One value per step. `lower` and `upper` bound the share of futures that was asked for. */
export interface Forecast {
  mean: number[];
  lower: number[];
  upper: number[];
  /** What made it, for people. */
  method: string;
}

/** Values further back no longer change a fit but cost time. */
const MAX_FITTED_VALUES = 1500;

/** Period of daily values that repeat by week. */
const DAYS_OF_WEEK = 7;

/** Below it no method can be fitted. */
const MIN_FITTED_VALUES = 5;

/** Origins of the back-test at most; more sharpen the interval little and cost a fit each. */
const MAX_ORIGINS = 24;

/**
 * Widening of back-tested errors: the back-test knows the season of the whole series and repeats few futures.
 * Chosen so that 80 % intervals hold 0.75 to 0.85 of each part of the benchmark's development set.
 */
const WIDENING = 1.05;

/** Values before a point that say how large the series was there. */
const SIZE_VALUES = 12;

const average = (lists: readonly (readonly number[])[], horizon: number): number[] =>
  Array.from(
    { length: horizon },
    (_unused, step) => lists.reduce((sum, list) => sum + (list[step] ?? 0), 0) / lists.length,
  );

/** Value below which a share of the numbers lies, with the finite-sample step of conformal prediction. */
const conformalQuantile = (numbers: readonly number[], share: number): number => {
  const sorted = [...numbers].sort((left, right) => left - right);
  const rank = Math.ceil((sorted.length + 1) * share);
  return sorted[Math.min(rank, sorted.length) - 1] ?? 0;
};

interface ErrorGrowth {
  /** Half width at one step. */
  scale: number;
  /** Width grows as the step to this power. */
  power: number;
}

/** Slope of the line through points, weighted; 0 when they share one x. */
const weightedSlope = (points: readonly { x: number; y: number; weight: number }[]): number => {
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  const meanX = points.reduce((sum, { x, weight }) => sum + weight * x, 0) / total;
  const meanY = points.reduce((sum, { y, weight }) => sum + weight * y, 0) / total;
  const variance = points.reduce((sum, { x, weight }) => sum + weight * (x - meanX) ** 2, 0);
  const covariance = points.reduce((sum, { x, y, weight }) => sum + weight * (x - meanX) * (y - meanY), 0);
  return variance === 0 ? 0 : covariance / variance;
};

/** Mean size of the values before a point. */
const sizeBefore = (values: readonly number[], point: number): number => {
  const part = values.slice(Math.max(0, point - SIZE_VALUES), point);
  return part.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, part.length);
};

/**
 * How far forecasts from earlier points of the series missed, and how the miss grew with the distance. Misses of a
 * series above zero count in proportion to its size then and now, because what grows misses by more.
 * @param adjusted the series without its season
 * @param calm the same without strange values, to fit to
 */
const backTest = (
  adjusted: readonly number[],
  calm: readonly number[],
  horizon: number,
  level: number,
): ErrorGrowth => {
  const n = adjusted.length;
  const first = Math.max(MIN_FITTED_VALUES, Math.floor(n / 2));
  const every = Math.max(1, Math.ceil((n - first) / MAX_ORIGINS));
  const misses: number[][] = Array.from({ length: horizon }, () => []);
  const size = adjusted.every((value) => value > 0) ? sizeBefore(adjusted, n) : 0;
  for (let origin = n - 1; origin >= first; origin -= every) {
    const projected = theta(calm.slice(0, origin))(Math.min(horizon, n - origin));
    const growth = size === 0 ? 1 : size / sizeBefore(adjusted, origin);
    projected.forEach((value, index) => {
      misses[index]?.push(Math.abs((adjusted[origin + index] ?? value) - value) * growth);
    });
  }
  const points = misses.flatMap((errors, index) => {
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return errors.length > 0 && mean > 0
      ? [{ x: Math.log(index + 1), y: Math.log(mean), weight: errors.length }]
      : [];
  });
  // A miss that shrinks with distance, or outgrows a straight line, is noise of the few origins.
  const power = points.length < 2 ? 0.5 : Math.min(0.9, Math.max(0.05, weightedSlope(points)));
  const scaled = misses.flatMap((errors, index) => errors.map((error) => error / (index + 1) ** power));
  return { scale: conformalQuantile(scaled, level), power };
};

/** The middle of the future without its season, and what the interval is made of. */
interface Projection {
  season: Seasonality;
  /** The adjusted series without strange values. */
  calm: readonly number[];
  centre: number[];
  /** Share of the back-tested misses that is still uncertain. */
  unexplained: number;
  /** What made it, for people. */
  members: string;
}

const daily = (values: readonly number[], horizon: number): Projection | undefined => {
  const course = dailyCourse(values, horizon);
  return (
    course && {
      ...course,
      unexplained: 1,
      members: 'mean of theta and middle values, course of the month and of the year',
    }
  );
};

const general = (values: readonly number[], period: number, horizon: number): Projection => {
  const season = deseasonalise(values, period);
  const { adjusted } = season;
  if (values.length < MIN_FITTED_VALUES) {
    const mean = adjusted.reduce((sum, value) => sum + value, 0) / adjusted.length;
    const centre = Array.from({ length: horizon }, () => mean);
    return { season, calm: adjusted, centre, unexplained: 1, members: 'mean' };
  }
  const fitted = fitMembers(adjusted, period);
  const year = yearEffect(period === 1 ? adjusted : [], horizon);
  return {
    season,
    calm: adjusted,
    centre: average(
      fitted.map(({ project }) => project(horizon)),
      horizon,
    ).map((value, index) => value + (year.effect[index] ?? 0)),
    // What the year explains is no longer uncertain.
    unexplained: Math.sqrt(1 - year.share ** 2),
    members: `mean of ${fitted.map(({ name }) => name).join(', ')}`,
  };
};

/**
 * Forecasts a series: the season is taken out by classical decomposition where a test finds one; the mean of Theta,
 * dynamic optimised Theta, damped exponential smoothing and the best simple smoothing is projected; what repeats after
 * 52 values is added where nothing shorter repeats. Daily amounts that repeat by week are projected by `dailyCourse`.
 * Intervals are the conformal quantile of back-tested errors. Deterministic. Forecasts of a series that was never
 * negative are not negative. Fewer than 5 values are continued with their mean.
 * @param values at least one finite number, oldest first, evenly spaced
 * @param options period, horizon and level
 * @throws RangeError when there is no value or an option makes no sense
 */
export const forecast = (values: readonly number[], options: ForecastOptions): Forecast => {
  const { period, horizon, level = 0.8 } = options;
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError('a series needs at least one finite value');
  }
  if (
    !Number.isInteger(horizon) ||
    horizon < 1 ||
    !Number.isInteger(period) ||
    period < 1 ||
    !(level > 0 && level < 1)
  ) {
    throw new RangeError('period and horizon must be whole numbers from 1, level between 0 and 1');
  }
  const recent = values.slice(-MAX_FITTED_VALUES);
  const isShort = recent.length < MIN_FITTED_VALUES;
  const { season, calm, centre, unexplained, members } =
    (period === DAYS_OF_WEEK ? daily(recent, horizon) : undefined) ?? general(recent, period, horizon);
  const { adjusted } = season;
  const spread = Math.max(...adjusted) - Math.min(...adjusted);
  const { scale, power } = isShort ? { scale: spread, power: 0.5 } : backTest(adjusted, calm, horizon, level);
  const floor = values.every((value) => value >= 0) ? 0 : -Infinity;
  const at = (value: number, index: number): number =>
    Math.max(floor, reseasonalise(value, recent.length + index, season));
  const width = (index: number): number => WIDENING * unexplained * scale * (index + 1) ** power;
  return {
    mean: centre.map(at),
    lower: centre.map((value, index) => at(value - width(index), index)),
    upper: centre.map((value, index) => at(value + width(index), index)),
    method: `${members}${season.kind === 'none' ? '' : `, ${season.kind} season`}`,
  };
};
