import { roleOf } from '@orrery/contracts';
import type { DaySums } from './daily-metrics.ts';
import { UNCATEGORISED } from './types.ts';

/**
 * What a row of daily sums adds to spending, refunds taken off, in minor units; 0 for income and own transfers.
 * Money in without a category is income and takes nothing off.
 * @param metric numbers of one day, category and currency
 */
export const spendingOf = ({ category, spentMinor, receivedMinor }: DaySums): number => {
  const slug = category === UNCATEGORISED ? null : category;
  if (roleOf(slug, -1) !== 'spending') {
    return 0;
  }
  return spentMinor - (slug === null ? 0 : receivedMinor);
};

/**
 * The currency in which most rows are, or the fallback without any.
 * @param metrics daily sums in any currencies
 * @param fallback ISO 4217 code
 */
export const mainCurrency = (metrics: readonly DaySums[], fallback: string): string => {
  const counts = new Map<string, number>();
  for (const { currency, count, receivedCount } of metrics) {
    counts.set(currency, (counts.get(currency) ?? 0) + count + receivedCount);
  }
  return [...counts].sort((left, right) => right[1] - left[1])[0]?.[0] ?? fallback;
};
