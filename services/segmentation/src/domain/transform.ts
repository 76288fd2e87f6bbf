import type { Points } from './kmeans/points.ts';

/**
 * What a feature is, which decides how it is made comparable.
 * `amount`: money or a count, never negative and skewed; its logarithm is used.
 * `level`: an age, a score, anything without a long tail.
 * `flag`: 0 or 1, or few values, for which quantiles say nothing.
 * `share`: one of a block of log-ratios, which are centred but scaled together.
 */
export type FeatureKind = 'amount' | 'level' | 'flag' | 'share';

export interface FeatureSpec {
  name: string;
  kind: FeatureKind;
}

/** A feature with what makes it comparable: `(x - centre) / scale`, of `log(1 + x)` when `log` is set. */
export interface FittedFeature {
  name: string;
  log: boolean;
  centre: number;
  scale: number;
}

/** The variance of a normal sample is the square of its interquartile range over this. */
const IQR_OF_NORMAL = 1.349;
/** A block of shares counts as much as this many other features, however many categories it has. */
const SHARE_BLOCK_WEIGHT = 4;

/**
 * A quantile by linear interpolation between the two nearest values.
 * @param sorted values in ascending order, at least one
 * @param probability 0 to 1
 */
export const quantileOf = (sorted: ArrayLike<number>, probability: number): number => {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
};

const columnOf = ({ rows, columns, values }: Points, column: number, log: boolean): Float64Array =>
  Float64Array.from({ length: rows }, (_unused, row) => {
    const value = values[row * columns + column] ?? 0;
    return log ? Math.log1p(value) : value;
  });

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const deviationOf = (values: Float64Array): number => {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length));
};

/** A column without variation tells nothing; scale 1 keeps it at 0 instead of dividing by nothing. */
const usable = (scale: number): number => (scale > 1e-12 ? scale : 1);

const fitRobust = (values: Float64Array): { centre: number; scale: number } => {
  const sorted = values.slice().sort();
  const spread = (quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25)) / IQR_OF_NORMAL;
  return {
    centre: quantileOf(sorted, 0.5),
    scale: usable(spread > 1e-12 ? spread : deviationOf(values)),
  };
};

/**
 * Learns how to make features comparable from raw rows: the median and the interquartile range (outliers must not
 * decide the scale), mean and deviation for flags, one common scale for the block of shares.
 * @param specs features in the order of the columns
 * @param raw raw values
 */
export const fitTransform = (specs: readonly FeatureSpec[], raw: Points): FittedFeature[] => {
  const shareColumns = specs.flatMap(({ kind }, column) => (kind === 'share' ? [column] : []));
  const shareVariance = shareColumns.reduce(
    (sum, column) => sum + deviationOf(columnOf(raw, column, false)) ** 2,
    0,
  );
  const shareScale = usable(Math.sqrt(shareVariance / SHARE_BLOCK_WEIGHT));
  return specs.map(({ name, kind }, column) => {
    const log = kind === 'amount';
    const values = columnOf(raw, column, log);
    if (kind === 'share') {
      return { name, log, centre: meanOf(values), scale: shareScale };
    }
    if (kind === 'flag') {
      return { name, log, centre: meanOf(values), scale: usable(deviationOf(values)) };
    }
    return { name, log, ...fitRobust(values) };
  });
};

/**
 * Makes one raw row comparable.
 * @param features the fitted features
 * @param row raw values in their order
 */
export const transformRow = (features: readonly FittedFeature[], row: ArrayLike<number>): number[] =>
  features.map(({ log, centre, scale }, column) => {
    const value = row[column] ?? 0;
    return ((log ? Math.log1p(value) : value) - centre) / scale;
  });

/**
 * Makes all rows comparable.
 * @param features the fitted features
 * @param raw raw rows
 */
export const transformPoints = (features: readonly FittedFeature[], raw: Points): Points => {
  const values = new Float64Array(raw.values.length);
  for (const [column, { log, centre, scale }] of features.entries()) {
    for (let index = column; index < values.length; index += raw.columns) {
      const value = raw.values[index] ?? 0;
      values[index] = ((log ? Math.log1p(value) : value) - centre) / scale;
    }
  }
  return { rows: raw.rows, columns: raw.columns, values };
};
