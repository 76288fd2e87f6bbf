import { addDays } from '@orrery/calendar';
import { categoryBySlug } from '@orrery/contracts';
import type { CalendarDate } from '@orrery/contracts';
import type { BudgetStanding } from './budget.ts';
import type { DaySums } from './daily-metrics.ts';
import { median, merchantKey } from './detector-transaction.ts';
import type { KeptStream } from './recurring/keep-streams.ts';
import type { PeriodName } from './recurring/period.ts';
import { spendingOf } from './spending-of-metric.ts';

export const SAVING_TYPES = [
  'recurring',
  'above_usual',
  'over_budget',
  'fees',
  'duplicate_subscription',
] as const;
export type SavingType = (typeof SAVING_TYPES)[number];

/** A way to spend less that follows from facts; positive minor units per month. */
export interface Saving {
  type: SavingType;
  category: string;
  merchant: string | null;
  currentMinor: number;
  suggestedMinor: number;
  /** `currentMinor - suggestedMinor`, always above 0. */
  savingMinor: number;
}

/** What savings are sought in; all of one currency. */
export interface SavingsInput {
  streams: readonly KeptStream[];
  /** Daily sums of the last `SAVINGS_HISTORY_DAYS` days. */
  metrics: readonly DaySums[];
  standings: readonly BudgetStanding[];
  today: CalendarDate;
}

const WINDOW_DAYS = 30;

/** Windows before the last one that tell what is usual. */
const USUAL_WINDOWS = 6;

/** Windows with spending in a category before anything is called usual there. */
const MIN_WINDOWS = 3;

/** Days of metrics that savings are sought in. */
export const SAVINGS_HISTORY_DAYS = WINDOW_DAYS * (USUAL_WINDOWS + 1);

/** Spending counts as above the usual from this ratio on. */
const ABOVE_USUAL = 1.25;

const PER_MONTH: Readonly<Record<PeriodName, number>> = {
  weekly: 365.25 / 7 / 12,
  biweekly: 365.25 / 14 / 12,
  'four-weekly': 365.25 / 28 / 12,
  semimonthly: 2,
  monthly: 1,
  quarterly: 1 / 3,
  annual: 1 / 12,
};

const SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  'streaming',
  'music',
  'tv-and-movies',
  'subscriptions',
  'gyms',
]);

const monthly = ({ period }: KeptStream, minor: number): number =>
  Math.round(Math.abs(minor) * PER_MONTH[period]);

const saving = (fields: Omit<Saving, 'savingMinor'>): Saving[] =>
  fields.currentMinor > fields.suggestedMinor
    ? [{ ...fields, savingMinor: fields.currentMinor - fields.suggestedMinor }]
    : [];

const isSubscription = ({ category }: KeptStream): boolean =>
  category !== null && SUBSCRIPTIONS.has(category);

const isChargedTwice = ({ period }: KeptStream): boolean => period === 'semimonthly' || period === 'biweekly';

/** Subscriptions by merchant, the dearest of each first. */
const byMerchant = (streams: readonly KeptStream[]): KeptStream[][] => [
  ...Map.groupBy(
    streams
      .filter(isSubscription)
      .sort((left, right) => monthly(right, right.averageMinor) - monthly(left, left.averageMinor)),
    ({ merchant }) => merchantKey(merchant),
  ).values(),
];

/** Two streams at one merchant, or one service that is charged twice a month. */
const duplicates = (streams: readonly KeptStream[]): Saving[] =>
  byMerchant(streams).flatMap((group) => {
    const [first] = group;
    const costs = group
      .flatMap((stream) =>
        isChargedTwice(stream)
          ? [Math.abs(stream.averageMinor), Math.abs(stream.averageMinor)]
          : [monthly(stream, stream.averageMinor)],
      )
      .sort((left, right) => right - left);
    if (first === undefined || costs.length < 2) {
      return [];
    }
    return saving({
      type: 'duplicate_subscription',
      category: first.category ?? 'subscriptions',
      merchant: first.name ?? first.merchant,
      currentMinor: costs.reduce((sum, cost) => sum + cost, 0),
      suggestedMinor: costs[0] ?? 0,
    });
  });

/** Streams whose whole cost a duplicate already counts as saved: a lower price of theirs would count twice. */
const givenUp = (streams: readonly KeptStream[]): ReadonlySet<string> =>
  new Set(
    byMerchant(streams)
      .flatMap(([dearest, ...others]) =>
        dearest !== undefined && isChargedTwice(dearest) ? [dearest, ...others] : others,
      )
      .map(({ id }) => id),
  );

const risen = (streams: readonly KeptStream[]): Saving[] =>
  streams.flatMap((stream) =>
    stream.priceWasMinor === null ||
    stream.category === null ||
    categoryBySlug(stream.category)?.fixed === true
      ? []
      : saving({
          type: 'recurring',
          category: stream.category,
          merchant: stream.name ?? stream.merchant,
          currentMinor: monthly(stream, stream.lastMinor),
          suggestedMinor: monthly(stream, stream.priceWasMinor),
        }),
  );

const isFee = (category: string): boolean =>
  category === 'bank-fees' || categoryBySlug(category)?.parent === 'bank-fees';

const windows = (metrics: readonly DaySums[], today: CalendarDate): Map<string, number[]> => {
  const byCategory = new Map<string, number[]>();
  for (let window = 0; window <= USUAL_WINDOWS; window += 1) {
    const to = addDays(today, -WINDOW_DAYS * window);
    const from = addDays(to, 1 - WINDOW_DAYS);
    for (const metric of metrics) {
      if (metric.day >= from && metric.day <= to) {
        const sums = byCategory.get(metric.category) ?? Array.from({ length: USUAL_WINDOWS + 1 }, () => 0);
        sums[window] = (sums[window] ?? 0) + spendingOf(metric);
        byCategory.set(metric.category, sums);
      }
    }
  }
  return byCategory;
};

const fees = (byCategory: ReadonlyMap<string, readonly number[]>): Saving[] => {
  const sum = [...byCategory]
    .filter(([category]) => isFee(category))
    .reduce((total, [, sums]) => total + (sums[0] ?? 0) + (sums[1] ?? 0) + (sums[2] ?? 0), 0);
  return saving({
    type: 'fees',
    category: 'bank-fees',
    merchant: null,
    currentMinor: Math.round(sum / 3),
    suggestedMinor: 0,
  });
};

const aboveUsual = (byCategory: ReadonlyMap<string, readonly number[]>): Saving[] =>
  [...byCategory].flatMap(([category, [current = 0, ...earlier]]) => {
    const usual = Math.round(median(earlier));
    const isKnown = earlier.filter((sum) => sum > 0).length >= MIN_WINDOWS;
    return isFee(category) ||
      categoryBySlug(category)?.fixed !== false ||
      !isKnown ||
      current <= usual * ABOVE_USUAL
      ? []
      : saving({
          type: 'above_usual',
          category,
          merchant: null,
          currentMinor: current,
          suggestedMinor: usual,
        });
  });

/**
 * Finds ways to spend less, largest first: subscriptions paid twice, recurring payments that became dearer, bank fees
 * (mean of the last three times 30 days), budgets that are exceeded, and categories far above their usual 30 days
 * (median of the six before). The findings can overlap, since an exceeded budget may hold a category above its usual.
 * @param input streams, metrics and budgets of one currency
 */
export const findSavings = ({ streams, metrics, standings, today }: SavingsInput): Saving[] => {
  const active = streams.filter(
    ({ averageMinor, state, status }) => averageMinor < 0 && state !== 'ended' && status !== 'dismissed',
  );
  const byCategory = windows(metrics, today);
  const saved = givenUp(active);
  return [
    ...duplicates(active),
    ...risen(active.filter(({ id }) => !saved.has(id))),
    ...fees(byCategory),
    ...standings.flatMap(({ budget, spentMinor, limitMinor }) =>
      budget.period === 'monthly'
        ? saving({
            type: 'over_budget',
            category: budget.category,
            merchant: null,
            currentMinor: spentMinor,
            suggestedMinor: limitMinor,
          })
        : [],
    ),
    ...aboveUsual(byCategory),
  ].sort((left, right) => right.savingMinor - left.savingMinor);
};

const sumOf = (savings: readonly Saving[]): number =>
  savings.reduce((sum, { savingMinor }) => sum + savingMinor, 0);

const largestOf = (savings: readonly Saving[]): number =>
  Math.max(0, ...savings.map(({ savingMinor }) => savingMinor));

/** Findings about one merchant add up; one about the whole category holds them, so that the larger of both counts. */
const savedInCategory = (savings: readonly Saving[]): number => {
  const [ofMerchants, ofCategory] = [
    savings.filter(({ merchant }) => merchant !== null),
    savings.filter(({ merchant }) => merchant === null),
  ];
  return Math.max(sumOf(ofMerchants), largestOf(ofCategory));
};

const savedIn = (savings: readonly Saving[], isWhole: (saving: Saving) => boolean): number => {
  const byCategory = Map.groupBy(
    savings.filter((saving) => !isWhole(saving)),
    ({ category }) => category,
  );
  const apart = [...byCategory.values()].reduce((sum, each) => sum + savedInCategory(each), 0);
  return Math.max(apart, largestOf(savings.filter(isWhole)));
};

/**
 * What all findings save together. Findings apart from each other add up; of those that hold one another, such as a
 * budget and a category within it, the larger counts, so that nothing counts twice.
 * @param savings findings in one currency
 * @param groupOf the group of categories that a category belongs to; a group and `total` belong to themselves
 */
export const totalSaving = (savings: readonly Saving[], groupOf: (category: string) => string): number => {
  const overall = savings.filter(({ category }) => category === 'total');
  const groups = Map.groupBy(
    savings.filter(({ category }) => category !== 'total'),
    ({ category }) => groupOf(category),
  );
  const inGroups = [...groups].map(([group, each]) =>
    savedIn(
      each,
      ({ type, category }) =>
        type === 'over_budget' && (category === group || categoryBySlug(category)?.parent === null),
    ),
  );
  return Math.max(
    largestOf(overall),
    inGroups.reduce((sum, saved) => sum + saved, 0),
  );
};
