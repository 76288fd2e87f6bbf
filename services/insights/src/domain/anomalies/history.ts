import { median } from '../detector-transaction.ts';

/** Remembered values at most; older habits no longer count. */
const MAX_REMEMBERED = 250;

/** Scale below which a spread is noise, as natural logarithm: prices of one shop differ by about an eighth anyway. */
const MIN_SCALE = 0.12;

/** What is usual, from past amounts in logarithms. */
export interface Usual {
  count: number;
  /** Middle of the logarithms. */
  centre: number;
  /** Robust standard deviation of the logarithms, never below the floor. */
  scale: number;
}

/** Past amounts of one merchant, category or user. */
export interface AmountHistory {
  readonly count: number;
  add(size: number): void;
  /**
   * What is usual here.
   * @param minScale least scale to assume
   */
  usual(minScale?: number): Usual;
  /**
   * Amount below which a share of the past amounts lies; 0 without any.
   * @param share between 0 and 1
   */
  quantile(share: number): number;
}

/** Makes an empty history. */
export const amountHistory = (): AmountHistory => {
  const logs: number[] = [];
  let cached: Usual | undefined;
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(size) {
      logs.push(Math.log(Math.max(1, size)));
      if (logs.length > MAX_REMEMBERED) {
        logs.shift();
      }
      count += 1;
      cached = undefined;
    },
    usual(minScale = MIN_SCALE) {
      if (cached === undefined) {
        const centre = median(logs);
        // 1.4826 makes the median deviation estimate the standard deviation of a normal distribution.
        cached = { count, centre, scale: 1.4826 * median(logs.map((log) => Math.abs(log - centre))) };
      }
      return { ...cached, scale: Math.max(minScale, cached.scale) };
    },
    quantile(share) {
      const sorted = [...logs].sort((left, right) => left - right);
      const log = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
      return log === undefined ? 0 : Math.exp(log);
    },
  };
};
