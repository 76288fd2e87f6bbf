import { quantileOf } from './transform.ts';
import type { Points } from './kmeans/points.ts';

/** Tenths of the training rows of one feature, against which later rows are counted. */
export interface FeatureBins {
  feature: string;
  /** Inner borders, ascending; a value equal to a border belongs above it. */
  edges: readonly number[];
  /** Share of the training rows in each bin; one more than there are borders. */
  shares: readonly number[];
}

export type DriftState = 'stable' | 'watch' | 'retrain' | 'not-enough-data';

export interface FeatureDrift {
  feature: string;
  /** Population stability index; 0 for equal distributions. */
  psi: number;
  state: DriftState;
}

const BINS = 10;
/** A bin that nobody is in would make the index infinite; it counts as this share. */
const EMPTY_SHARE = 1e-4;
/** Industry convention: below 0.10 stable, 0.10 to 0.25 watch, above retrain. */
const WATCH = 0.1;
const RETRAIN = 0.25;
/** Below it the index of two equal distributions is as large as that of two different ones. */
const LEAST_ROWS = 100;

/**
 * The bin of a value.
 * @param bins bins of its feature
 * @param value raw value
 * @returns 0 to the number of borders
 */
export const binOf = ({ edges }: Pick<FeatureBins, 'edges'>, value: number): number => {
  let bin = 0;
  while (bin < edges.length && value >= (edges[bin] ?? 0)) {
    bin += 1;
  }
  return bin;
};

/**
 * Tenths of each column; a column with few different values gets fewer bins.
 * @param names names of the columns
 * @param raw training rows
 */
export const makeBins = (names: readonly string[], raw: Points): FeatureBins[] =>
  names.map((feature, column) => {
    const sorted = Float64Array.from(
      { length: raw.rows },
      (_unused, row) => raw.values[row * raw.columns + column] ?? 0,
    ).sort();
    const borders = Array.from({ length: BINS - 1 }, (_unused, index) =>
      quantileOf(sorted, (index + 1) / BINS),
    );
    const edges = [...new Set(borders)].filter((border) => border > (sorted[0] ?? 0));
    const counts = new Array<number>(edges.length + 1).fill(0);
    for (const value of sorted) {
      const bin = binOf({ edges }, value);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return { feature, edges, shares: counts.map((count) => count / raw.rows) };
  });

/**
 * Rows by bin, for each feature.
 * @param bins bins of the features, in the order of the columns
 * @param raw rows
 */
export const countBins = (bins: readonly FeatureBins[], raw: Points): number[][] =>
  bins.map((one, column) => {
    const counts = new Array<number>(one.shares.length).fill(0);
    for (let index = column; index < raw.values.length; index += raw.columns) {
      const bin = binOf(one, raw.values[index] ?? 0);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts;
  });

/**
 * Population stability index between the training rows and later ones.
 * @param bins bins of the training rows
 * @param counts later rows by bin
 * @param trainingRows how many training rows there were
 * @returns the index, and what it means: small samples differ by chance, so the limits rise with (B - 1)(1/n + 1/m)
 */
export const driftOf = (bins: FeatureBins, counts: readonly number[], trainingRows: number): FeatureDrift => {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const { feature, shares } = bins;
  if (rows < LEAST_ROWS) {
    return { feature, psi: 0, state: 'not-enough-data' };
  }
  const psi = shares.reduce((sum, share, bin) => {
    const expected = Math.max(share, EMPTY_SHARE);
    const actual = Math.max((counts[bin] ?? 0) / rows, EMPTY_SHARE);
    return sum + (actual - expected) * Math.log(actual / expected);
  }, 0);
  const byChance = 3 * (shares.length - 1) * (1 / rows + 1 / trainingRows);
  const state =
    psi > Math.max(RETRAIN, byChance) ? 'retrain' : psi > Math.max(WATCH, byChance) ? 'watch' : 'stable';
  return { feature, psi, state };
};

const GRAVITY: readonly DriftState[] = ['not-enough-data', 'stable', 'watch', 'retrain'];

/**
 * The gravest state of some features.
 * @param features drift of each
 */
export const overallDrift = (features: readonly FeatureDrift[]): DriftState =>
  GRAVITY[Math.max(0, ...features.map(({ state }) => GRAVITY.indexOf(state)))] ?? 'not-enough-data';
