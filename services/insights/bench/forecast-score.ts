import { readFileSync } from 'node:fs';
import { deseasonalise, reseasonalise } from '../src/domain/forecast/seasonality.ts';

/** One series of an evaluation file with the values that were held back. */
export interface EvaluationSeries {
  id: string;
  source: string;
  frequency: string;
  period: number;
  train: number[];
  test: number[];
}

/** Scores of one set: 1 is the seasonally adjusted naive method. */
export interface SetScore {
  series: number;
  smape: number;
  mase: number;
  naiveSmape: number;
  naiveMase: number;
  owa: number;
  /** Share of held-back values inside the interval. */
  coverage: number;
  msPerSeries: number;
}

/**
 * Reads an evaluation file: rows `id,source,frequency,m,horizon,n_train,` then training and test values.
 * @param path the file
 */
export const readEvaluationSeries = (path: string): EvaluationSeries[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [id = '', source = '', frequency = '', period = '1', horizon = '0', count = '0', ...numbers] =
        line.split(',');
      const values = numbers.map(Number);
      const n = Number(count);
      return {
        id,
        source,
        frequency,
        period: Number(period),
        train: values.slice(0, n),
        test: values.slice(n, n + Number(horizon)),
      };
    });

/**
 * Naive2 of the M competitions: the last seasonally adjusted value, seasonalised again.
 * @param values training values
 * @param period length of the season
 * @param horizon steps
 */
const naive2 = (values: readonly number[], period: number, horizon: number): number[] => {
  const season = deseasonalise(values, period);
  const last = season.adjusted.at(-1) ?? 0;
  return Array.from({ length: horizon }, (_unused, step) =>
    reseasonalise(last, values.length + step, season),
  );
};

const smape = (test: readonly number[], projected: readonly number[]): number =>
  test.reduce((sum, value, step) => {
    const guess = projected[step] ?? 0;
    const size = Math.abs(value) + Math.abs(guess);
    return sum + (size === 0 ? 0 : (200 * Math.abs(value - guess)) / size);
  }, 0) / test.length;

const mase = ({ train, test, period }: EvaluationSeries, projected: readonly number[]): number => {
  const steps = train.slice(period).map((value, t) => Math.abs(value - (train[t] ?? 0)));
  const scale = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  const error =
    test.reduce((sum, value, step) => sum + Math.abs(value - (projected[step] ?? 0)), 0) / test.length;
  return scale === 0 ? 0 : error / scale;
};

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);

/**
 * Scores a forecaster on a set by sMAPE, MASE and their mean relative to Naive2 (the M4 competition's OWA).
 * @param set series of one kind
 * @param forecaster gives mean and interval
 */
export const score = (
  set: readonly EvaluationSeries[],
  forecaster: (series: EvaluationSeries) => { mean: number[]; lower: number[]; upper: number[] },
): SetScore => {
  const startedAt = performance.now();
  const forecasts = set.map(forecaster);
  const msPerSeries = (performance.now() - startedAt) / set.length;
  const naive = set.map(({ train, period, test }) => naive2(train, period, test.length));
  const figures = {
    smape: meanOf(set.map(({ test }, index) => smape(test, forecasts[index]?.mean ?? []))),
    mase: meanOf(set.map((series, index) => mase(series, forecasts[index]?.mean ?? []))),
    naiveSmape: meanOf(set.map(({ test }, index) => smape(test, naive[index] ?? []))),
    naiveMase: meanOf(set.map((series, index) => mase(series, naive[index] ?? []))),
  };
  const inside = set.flatMap(({ test }, index) =>
    test.map((value, step) => {
      const { lower, upper } = forecasts[index] ?? { lower: [], upper: [] };
      return Number(value >= (lower[step] ?? Infinity) && value <= (upper[step] ?? -Infinity));
    }),
  );
  return {
    series: set.length,
    ...figures,
    owa: (figures.smape / figures.naiveSmape + figures.mase / figures.naiveMase) / 2,
    coverage: meanOf(inside),
    msPerSeries,
  };
};
