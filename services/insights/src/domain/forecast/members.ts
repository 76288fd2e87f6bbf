import { minimise, minimiseScalar } from './minimise.ts';

/** A fitted method: forecasts for 1 to `horizon` steps after the last value. */
export type Project = (horizon: number) => number[];

/** A fitted method and what people call it. */
export interface NamedMethod {
  name: string;
  project: Project;
}

interface Fit {
  project: Project;
  /** Sum of squared one-step errors. */
  squaredErrors: number;
  /** Estimated parameters, starting states included. */
  parameters: number;
}

const ALPHA = { low: 0.02, high: 0.99 };

const steps = (horizon: number): number[] => Array.from({ length: horizon }, (_unused, index) => index + 1);

const smoothedLevel = (
  values: readonly number[],
  alpha: number,
  start: number,
): { level: number; squaredErrors: number } => {
  let level = start;
  let squaredErrors = 0;
  for (const value of values) {
    const error = value - level;
    squaredErrors += error * error;
    level += alpha * error;
  }
  return { level, squaredErrors };
};

const startLevel = (values: readonly number[]): number => {
  const head = values.slice(0, Math.min(4, values.length));
  return head.reduce((sum, value) => sum + value, 0) / Math.max(1, head.length);
};

/** Slope and mean of the straight line through a series by least squares. */
const slopeOf = (values: readonly number[]): number => {
  const n = values.length;
  const centre = (n - 1) / 2;
  const average = values.reduce((sum, value) => sum + value, 0) / n;
  let covariance = 0;
  let variance = 0;
  values.forEach((value, t) => {
    covariance += (t - centre) * (value - average);
    variance += (t - centre) ** 2;
  });
  return variance === 0 ? 0 : covariance / variance;
};

const fitSimple = (values: readonly number[]): Fit & { alpha: number; level: number } => {
  const start = startLevel(values);
  const alpha = minimiseScalar((candidate) => smoothedLevel(values, candidate, start).squaredErrors, ALPHA);
  const { level, squaredErrors } = smoothedLevel(values, alpha, start);
  return {
    alpha,
    level,
    squaredErrors,
    parameters: 2,
    project: (horizon) => steps(horizon).map(() => level),
  };
};

const thetaFrom = (
  values: readonly number[],
  { alpha, level }: { alpha: number; level: number },
): Project => {
  const drift = slopeOf(values) / 2;
  const lag = (1 - (1 - alpha) ** values.length) / alpha;
  return (horizon) => steps(horizon).map((step) => level + drift * (step - 1 + lag));
};

/**
 * The Theta method as simple exponential smoothing with half the slope of the series as drift
 * (Hyndman and Billah, "Unmasking the Theta method", 2003).
 * @param values series without seasonality, at least 3 values
 */
export const theta = (values: readonly number[]): Project => thetaFrom(values, fitSimple(values));

interface ThetaState {
  squaredErrors: number;
  level: number;
  average: number;
  intercept: number;
  slope: number;
  count: number;
}

const thetaForecast = (
  { level, intercept, slope, count }: ThetaState,
  alpha: number,
  weight: number,
): number =>
  level + weight * ((1 - alpha) ** count * intercept + ((1 - (1 - alpha) ** (count + 1)) / alpha) * slope);

const advanceTheta = (state: ThetaState, value: number, alpha: number): ThetaState => {
  const count = state.count + 1;
  const average = (state.count * state.average + value) / count;
  const slope =
    count === 1 ? 0 : ((count - 2) * state.slope + (6 * (value - state.average)) / count) / (count + 1);
  return {
    squaredErrors: state.squaredErrors,
    count,
    average,
    slope,
    intercept: average - ((count + 1) / 2) * slope,
    level: alpha * value + (1 - alpha) * state.level,
  };
};

const runTheta = (values: readonly number[], alpha: number, weight: number, start: number): ThetaState => {
  let state: ThetaState = { squaredErrors: 0, level: start, average: 0, intercept: 0, slope: 0, count: 0 };
  for (const value of values) {
    const error = value - thetaForecast(state, alpha, weight);
    state = advanceTheta(state, value, alpha);
    // The first two errors say only how far the free starting level is off.
    state.squaredErrors += state.count > 2 ? error * error : 0;
  }
  return state;
};

/**
 * The dynamic optimised Theta model (Fiorucci et al., "Models for optimising the theta method", 2016): the line is
 * re-estimated at every step and its weight 1 - 1/theta is fitted.
 * @param values series without seasonality, at least 4 values
 */
export const dynamicTheta = (values: readonly number[]): Project => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = high - low || 1;
  const [alpha = 0.5, weight = 0.5, start = values[0] ?? 0] = minimise(
    ([a = 0.5, w = 0.5, l = 0]) => runTheta(values, a, w, l).squaredErrors,
    [0.4, 0.5, values[0] ?? 0],
    [ALPHA, { low: 0, high: 0.98 }, { low: low - spread, high: high + spread }],
    240,
  );
  const end = runTheta(values, alpha, weight, start);
  return (horizon) => {
    let state = end;
    return steps(horizon).map(() => {
      const next = thetaForecast(state, alpha, weight);
      state = advanceTheta(state, next, alpha);
      return next;
    });
  };
};

interface TrendState {
  level: number;
  trend: number;
  squaredErrors: number;
}

const runTrend = (
  values: readonly number[],
  alpha: number,
  beta: number,
  damping: number,
  startAt: Pick<TrendState, 'level' | 'trend'>,
): TrendState => {
  let { level, trend } = startAt;
  let squaredErrors = 0;
  for (const value of values) {
    const forecast = level + damping * trend;
    const error = value - forecast;
    squaredErrors += error * error;
    level = forecast + alpha * error;
    trend = damping * trend + alpha * beta * error;
  }
  return { level, trend, squaredErrors };
};

/** A trend steeper than this many usual steps is what one jump leaves in the fit. */
const STEEPEST_TREND = 2;

const medianStep = (values: readonly number[]): number => {
  const sizes = values
    .slice(1)
    .map((value, index) => Math.abs(value - (values[index] ?? 0)))
    .sort((left, right) => left - right);
  return sizes[sizes.length >> 1] ?? 0;
};

const fitTrend = (values: readonly number[], dampings: { low: number; high: number }): Fit => {
  const head = values.slice(0, Math.min(10, values.length));
  const slope = slopeOf(head);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = high - low || 1;
  const [alpha = 0.5, beta = 0.1, damping = 0.9, level = 0, trend = 0] = minimise(
    ([a = 0.5, b = 0.1, d = 0.9, l = 0, t = 0]) =>
      runTrend(values, a, b, d, { level: l, trend: t }).squaredErrors,
    [0.4, 0.1, (dampings.low + dampings.high) / 2, (head[0] ?? 0) - slope, slope],
    [
      ALPHA,
      { low: 0.001, high: 0.9 },
      dampings,
      { low: low - spread / 2, high: high + spread / 2 },
      { low: -spread / 2, high: spread / 2 },
    ],
    400,
  );
  const end = runTrend(values, alpha, beta, damping, { level, trend });
  const steepest = STEEPEST_TREND * medianStep(values);
  const slopeAtEnd = Math.min(steepest, Math.max(-steepest, end.trend));
  return {
    squaredErrors: end.squaredErrors,
    parameters: dampings.low === dampings.high ? 4 : 5,
    project: (horizon) => {
      let total = 0;
      return steps(horizon).map((step) => {
        total += damping ** step;
        return end.level + total * slopeAtEnd;
      });
    },
  };
};

const DAMPED = { low: 0.8, high: 0.98 };
const UNDAMPED = { low: 1, high: 1 };

/** Akaike's criterion corrected for short series, up to a constant; the error variance counts as a parameter. */
const corrected = ({ squaredErrors, parameters }: Fit, n: number): number => {
  const k = parameters + 1;
  return n - k - 1 <= 0
    ? Infinity
    : n * Math.log(squaredErrors / n + 1e-12) + 2 * k + (2 * k * (k + 1)) / (n - k - 1);
};

/** A level that moves half the way or more towards each new value makes the series nearly a random walk. */
const FOLLOWS_EACH_VALUE = 0.5;

/**
 * The methods whose forecasts are averaged: Theta, dynamic optimised Theta, damped-trend exponential smoothing, and the
 * member of the family {level, level and trend, level and damped trend} that the corrected Akaike criterion prefers
 * (Hyndman et al., Forecasting with Exponential Smoothing, 2008). Theta is left out where nothing repeats and the level
 * follows each value: the line through the whole past of a random walk says nothing about its next steps.
 * @param values series without seasonality, at least 4 values
 * @param period length of the season that was looked for, 1 for none
 */
export const fitMembers = (values: readonly number[], period: number): NamedMethod[] => {
  const simple = fitSimple(values);
  const damped = fitTrend(values, DAMPED);
  const [chosen = damped] = [simple, fitTrend(values, UNDAMPED), damped].sort(
    (left, right) => corrected(left, values.length) - corrected(right, values.length),
  );
  const isRandomWalk = period === 1 && simple.alpha >= FOLLOWS_EACH_VALUE;
  return [
    ...(isRandomWalk ? [] : [{ name: 'theta', project: thetaFrom(values, simple) }]),
    { name: 'dynamic theta', project: dynamicTheta(values) },
    { name: 'damped trend', project: damped.project },
    { name: 'exponential smoothing', project: chosen.project },
  ];
};
