/** How a series repeats: factors or summands per position in the period, and the series without them. */
export interface Seasonality {
  kind: 'none' | 'multiplicative' | 'additive';
  /** One per position, starting with the position of the first value; empty for `none`. */
  indices: number[];
  adjusted: number[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Middle value; 0 of nothing. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};

/** Autocorrelations at lags 1 to `maxLag`. */
const autocorrelations = (values: readonly number[], maxLag: number): number[] => {
  const centre = mean(values);
  const deviations = values.map((value) => value - centre);
  const variance = deviations.reduce((sum, value) => sum + value * value, 0);
  return Array.from({ length: maxLag }, (_unused, index) => {
    const lag = index + 1;
    let sum = 0;
    for (let t = lag; t < deviations.length; t += 1) {
      sum += (deviations[t] ?? 0) * (deviations[t - lag] ?? 0);
    }
    return variance === 0 ? 0 : sum / variance;
  });
};

/**
 * Whether a series repeats with a period: the 90 % test on the autocorrelation at that lag which the M4 competition
 * used, asked only of three or more full periods.
 * @param values the series
 * @param period length of the period, 1 for none
 */
export const isSeasonal = (values: readonly number[], period: number): boolean => {
  if (period < 2 || values.length < 3 * period) {
    return false;
  }
  const correlations = autocorrelations(values, period);
  const before = correlations.slice(0, -1).reduce((sum, value) => sum + value * value, 0);
  // 1.645: two-sided 90 % quantile of the normal distribution.
  return Math.abs(correlations.at(-1) ?? 0) > 1.645 * Math.sqrt((1 + 2 * before) / values.length);
};

/**
 * Centred moving average over one period; undefined at both ends.
 * @param values the series
 * @param period length of the period
 */
export const trendOf = (values: readonly number[], period: number): (number | undefined)[] => {
  const half = Math.floor(period / 2);
  const isEven = period % 2 === 0;
  return values.map((_value, t) => {
    if (t < half || t + half >= values.length) {
      return undefined;
    }
    let sum = 0;
    for (let offset = -half; offset <= half; offset += 1) {
      const weight = isEven && Math.abs(offset) === half ? 0.5 : 1;
      sum += weight * (values[t + offset] ?? 0);
    }
    return sum / period;
  });
};

/**
 * Takes the repeating part out of a series by classical decomposition: multiplicative when every value is above zero,
 * additive otherwise. The mean of the detrended values of each position is used, or their median, which one strange
 * year cannot move, when there are enough periods for it.
 * @param values the series
 * @param period length of the period, 1 for none
 */
export const deseasonalise = (values: readonly number[], period: number): Seasonality => {
  if (!isSeasonal(values, period)) {
    return { kind: 'none', indices: [], adjusted: [...values] };
  }
  const kind = values.every((value) => value > 0) ? 'multiplicative' : 'additive';
  const trend = trendOf(values, period);
  const detrended: number[][] = Array.from({ length: period }, () => []);
  values.forEach((value, t) => {
    const level = trend[t];
    if (level !== undefined) {
      detrended[t % period]?.push(kind === 'additive' ? value - level : value / level);
    }
  });
  const raw = detrended.map((column) => (column.length >= 12 ? median(column) : mean(column)));
  const centre = mean(raw);
  const indices = raw.map((index) => (kind === 'additive' ? index - centre : Math.max(0.01, index / centre)));
  const adjusted = values.map((value, t) => {
    const index = indices[t % period] ?? (kind === 'additive' ? 0 : 1);
    return kind === 'additive' ? value - index : value / index;
  });
  return { kind, indices, adjusted };
};

/**
 * Puts the repeating part back onto a value.
 * @param value value of the adjusted series
 * @param position its position in the whole series, 0 for the first value
 * @param seasonality what `deseasonalise` found
 */
export const reseasonalise = (
  value: number,
  position: number,
  { kind, indices }: Pick<Seasonality, 'kind' | 'indices'>,
): number => {
  const index = indices[position % Math.max(1, indices.length)];
  if (kind === 'none' || index === undefined) {
    return value;
  }
  return kind === 'additive' ? value + index : value * index;
};
