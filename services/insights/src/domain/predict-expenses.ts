import { roleOf } from '@orrery/contracts';
import { addMonths } from '@orrery/calendar';
import type { DaySums } from './daily-metrics.ts';
import { forecast } from './forecast/forecast.ts';
import { spendingOf } from './spending-of-metric.ts';
import { UNCATEGORISED } from './types.ts';

/** Whole months of spending per bucket, oldest first; the last one is the month before the present one. */
export interface MonthlyHistory {
  months: string[];
  buckets: { key: string; minor: number[] }[];
}

/** One predicted month of one bucket, in minor units. */
export interface PredictedMonth {
  month: string;
  key: string;
  minor: number;
  lowerMinor: number;
  upperMinor: number;
}

const monthOf = (day: string): string => day.slice(0, 7);

const monthAfter = (month: string, count: number): string => monthOf(addMonths(`${month}-01`, count));

/**
 * Spending by whole month from sums per day or month of one currency. The present month is left out, because part of a month is
 * not a low month; so is the first one unless the history starts with its first days.
 * @param metrics sums in one currency
 * @param today the present day
 * @param bucketOf the bucket of a category slug
 */
export const monthlyHistory = (
  metrics: readonly DaySums[],
  today: string,
  bucketOf: (category: string) => string,
): MonthlyHistory => {
  const present = monthOf(today);
  const past = metrics.filter(({ day }) => monthOf(day) < present);
  const firstDay = past.reduce((first, { day }) => (day < first ? day : first), `${present}-01`);
  // Bills and habits of a full month show within its first week.
  const start = Number(firstDay.slice(8)) <= 7 ? monthOf(firstDay) : monthAfter(monthOf(firstDay), 1);
  const months: string[] = [];
  for (let month = start; month < present; month = monthAfter(month, 1)) {
    months.push(month);
  }
  const position = new Map(months.map((month, index) => [month, index]));
  const buckets = new Map<string, number[]>();
  for (const metric of past) {
    const { day, category } = metric;
    const index = position.get(monthOf(day));
    if (index === undefined || roleOf(category === UNCATEGORISED ? null : category, -1) !== 'spending') {
      continue;
    }
    const key = bucketOf(category);
    const minor = buckets.get(key) ?? months.map(() => 0);
    minor[index] = (minor[index] ?? 0) + spendingOf(metric);
    buckets.set(key, minor);
  }
  return { months, buckets: [...buckets].map(([key, minor]) => ({ key, minor })) };
};

/**
 * Predicts the months after the present one for each bucket by itself; a total is the sum of its buckets, so the two
 * agree.
 * @param history whole months before the present one, at least one
 * @param count months to predict, from 1
 * @throws RangeError when the history is empty
 */
export const predictExpenses = ({ months, buckets }: MonthlyHistory, count: number): PredictedMonth[] => {
  const last = months.at(-1);
  if (last === undefined) {
    throw new RangeError('there is no whole month to predict from');
  }
  return buckets.flatMap(({ key, minor }) => {
    // The first step is the present month, which is under way and not asked for.
    const { mean, lower, upper } = forecast(minor, { period: 12, horizon: count + 1 });
    return Array.from({ length: count }, (_unused, index): PredictedMonth => ({
      key,
      month: monthAfter(last, index + 2),
      minor: Math.max(0, Math.round(mean[index + 1] ?? 0)),
      lowerMinor: Math.max(0, Math.round(lower[index + 1] ?? 0)),
      upperMinor: Math.max(0, Math.round(upper[index + 1] ?? 0)),
    }));
  });
};
