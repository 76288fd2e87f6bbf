import { roleOf } from '@orrery/contracts';
import { addDays, diffDays } from '@orrery/calendar';
import type { DailyMetric } from './daily-metrics.ts';
import type { DayRange } from './spending-report.ts';
import { mainCurrency } from './spending-of-metric.ts';
import { UNCATEGORISED } from './types.ts';

/** Spending in one category; minor units, never negative. */
export interface CategorySpending {
  category: string;
  purchases: number;
  spentMinor: number;
  lastTwoWeeksMinor: number;
  twoWeeksBeforeMinor: number;
}

/** Spending of a user in a period, in the currency with most rows. */
export interface SpendingProfile {
  currency: string;
  days: number;
  purchases: number;
  timedPurchases: number;
  nightPurchases: number;
  categories: CategorySpending[];
}

const TWO_WEEKS = 14;
/** A pace from fewer days would be that of a single trip to the shops. */
const LEAST_DAYS = 7;

/**
 * What a user bought in a period. Income, own transfers and what has no category are left out; refunds are taken off
 * the category they belong to.
 * @param metrics daily metrics of the period, at least one
 * @param range the period; trends are told at its end
 * @returns undefined when there is no purchase in it
 */
export const spendingProfileOf = (
  metrics: readonly DailyMetric[],
  range: DayRange,
): SpendingProfile | undefined => {
  const currency = mainCurrency(metrics, '');
  const lastFrom = addDays(range.to, 1 - TWO_WEEKS);
  const beforeFrom = addDays(lastFrom, -TWO_WEEKS);
  const sums = new Map<string, CategorySpending>();
  let first = range.to;
  let timedPurchases = 0;
  let nightPurchases = 0;
  for (const metric of metrics) {
    const isSpending =
      metric.currency === currency &&
      metric.category !== UNCATEGORISED &&
      roleOf(metric.category, -1) === 'spending';
    if (!isSpending) {
      continue;
    }
    const { category, day, count, spentMinor, receivedMinor, nightCount } = metric;
    const net = spentMinor - receivedMinor;
    const known = sums.get(category);
    sums.set(category, {
      category,
      purchases: (known?.purchases ?? 0) + count,
      spentMinor: (known?.spentMinor ?? 0) + net,
      lastTwoWeeksMinor: (known?.lastTwoWeeksMinor ?? 0) + (day >= lastFrom ? net : 0),
      twoWeeksBeforeMinor:
        (known?.twoWeeksBeforeMinor ?? 0) + (day >= beforeFrom && day < lastFrom ? net : 0),
    });
    first = day < first ? day : first;
    nightPurchases += nightCount;
    timedPurchases += nightCount + metric.morningCount + metric.afternoonCount + metric.eveningCount;
  }
  const categories = [...sums.values()].map((row) => ({
    ...row,
    // More came back than was spent in the period: nothing was spent, rather than less than nothing.
    spentMinor: Math.max(0, row.spentMinor),
    lastTwoWeeksMinor: Math.max(0, row.lastTwoWeeksMinor),
    twoWeeksBeforeMinor: Math.max(0, row.twoWeeksBeforeMinor),
  }));
  const purchases = categories.reduce((sum, row) => sum + row.purchases, 0);
  return purchases === 0
    ? undefined
    : {
        currency,
        days: Math.max(LEAST_DAYS, diffDays(first, range.to) + 1),
        purchases,
        timedPurchases,
        nightPurchases,
        categories,
      };
};
