import type { CalendarDate } from '@orrery/contracts';
import { UNCATEGORISED } from './types.ts';
import type { DayBand, LedgerChange, LedgerRow } from './types.ts';

/** The numbers of one user, category, day and currency. Sums are minor units of the currency and never negative. */
export interface MetricNumbers {
  /** Purchases (money out). */
  count: number;
  spentMinor: number;
  /** Largest single purchase; 0 without one. */
  largestMinor: number;
  /** Refunds and other money in. */
  receivedCount: number;
  receivedMinor: number;
  nightCount: number;
  morningCount: number;
  afternoonCount: number;
  eveningCount: number;
}

/** Names one row of daily metrics of a user. */
export interface MetricKey {
  day: CalendarDate;
  /** A category slug, or `uncategorised`. */
  category: string;
  currency: string;
}

export type DailyMetric = MetricKey & MetricNumbers;

/** The sums of one day, category and currency that budgets, predictions and savings are counted from. */
export type DaySums = MetricKey &
  Pick<MetricNumbers, 'count' | 'spentMinor' | 'receivedCount' | 'receivedMinor'>;

/** How one row of daily metrics changes. */
export interface MetricChange {
  key: MetricKey;
  /** Added to the stored numbers; `largestMinor` is not additive and always 0 here. */
  delta: MetricNumbers;
  /** Largest purchase among the rows that came; 0 without one. */
  largestAddedMinor: number;
  /** Largest purchase among the rows that went; 0 without one. */
  largestRemovedMinor: number;
  /** Whether any row went, so that the numbers can fall. */
  hasRemovals: boolean;
}

const NOTHING: MetricNumbers = {
  count: 0,
  spentMinor: 0,
  largestMinor: 0,
  receivedCount: 0,
  receivedMinor: 0,
  nightCount: 0,
  morningCount: 0,
  afternoonCount: 0,
  eveningCount: 0,
};

const BAND_FIELDS: Record<DayBand, 'nightCount' | 'morningCount' | 'afternoonCount' | 'eveningCount'> = {
  night: 'nightCount',
  morning: 'morningCount',
  afternoon: 'afternoonCount',
  evening: 'eveningCount',
};

/** The fields of daily metrics that add up. */
export const ADDITIVE_FIELDS = [
  'count',
  'spentMinor',
  'receivedCount',
  'receivedMinor',
  'nightCount',
  'morningCount',
  'afternoonCount',
  'eveningCount',
] as const satisfies readonly (keyof MetricNumbers)[];

/**
 * Text that names a row of daily metrics within a user; equal keys give equal texts.
 * @param key day, category and currency
 */
export const metricKeyText = (key: MetricKey): string => `${key.day}:${key.currency}:${key.category}`;

/**
 * What one ledger row adds to daily metrics. Parts of the day are counted for purchases with a known time only.
 * @param row a row of the ledger
 */
export const contributionOf = (row: LedgerRow): DailyMetric => {
  const { amountMinor, currency, decision } = row.transaction;
  const key = { day: row.day, category: decision.category ?? UNCATEGORISED, currency };
  if (amountMinor >= 0) {
    return { ...key, ...NOTHING, receivedCount: 1, receivedMinor: amountMinor };
  }
  const numbers = { ...NOTHING, count: 1, spentMinor: -amountMinor, largestMinor: -amountMinor };
  if (row.band !== null) {
    numbers[BAND_FIELDS[row.band]] = 1;
  }
  return { ...key, ...numbers };
};

const isSameContribution = (left: DailyMetric, right: DailyMetric): boolean =>
  metricKeyText(left) === metricKeyText(right) &&
  left.largestMinor === right.largestMinor &&
  ADDITIVE_FIELDS.every((field) => left[field] === right[field]);

/**
 * How a batch of ledger changes changes daily metrics: the new contribution of each row minus its old one, summed by
 * key. Changes that touch no number are left out.
 * @param changes rows before and after
 */
export const metricChanges = (changes: readonly LedgerChange[]): MetricChange[] => {
  const byKey = new Map<string, MetricChange>();
  const changeOf = (contribution: DailyMetric): MetricChange => {
    const text = metricKeyText(contribution);
    const known = byKey.get(text);
    if (known !== undefined) {
      return known;
    }
    const { day, category, currency } = contribution;
    const fresh = {
      key: { day, category, currency },
      delta: { ...NOTHING },
      largestAddedMinor: 0,
      largestRemovedMinor: 0,
      hasRemovals: false,
    };
    byKey.set(text, fresh);
    return fresh;
  };

  for (const { before, after } of changes) {
    const gone = before === null ? null : contributionOf(before);
    const come = after === null ? null : contributionOf(after);
    if (gone !== null && come !== null && isSameContribution(gone, come)) {
      continue;
    }
    if (gone !== null) {
      const change = changeOf(gone);
      change.hasRemovals = true;
      change.largestRemovedMinor = Math.max(change.largestRemovedMinor, gone.largestMinor);
      for (const field of ADDITIVE_FIELDS) {
        change.delta[field] -= gone[field];
      }
    }
    if (come !== null) {
      const change = changeOf(come);
      change.largestAddedMinor = Math.max(change.largestAddedMinor, come.largestMinor);
      for (const field of ADDITIVE_FIELDS) {
        change.delta[field] += come[field];
      }
    }
  }
  return [...byKey.values()];
};

/**
 * Whether the largest purchase of a key can only be told by looking at its rows again: the purchase that went may
 * have been the largest one, and none that came is as large.
 * @param stored the metrics before the change
 * @param change a change of that key
 */
export const needsRecount = (stored: MetricNumbers, change: MetricChange): boolean =>
  change.largestRemovedMinor > 0 &&
  change.largestRemovedMinor >= stored.largestMinor &&
  change.largestAddedMinor < stored.largestMinor;

/**
 * The metrics of a key after a change, or null when no row is left in it.
 * @param stored the metrics before the change
 * @param change a change of that key
 * @param recountedLargestMinor the largest purchase as counted from the rows, where `needsRecount` asked for it
 */
export const applyMetricChange = (
  stored: MetricNumbers,
  change: MetricChange,
  recountedLargestMinor: number | undefined,
): DailyMetric | null => {
  const next: DailyMetric = { ...change.key, ...NOTHING };
  for (const field of ADDITIVE_FIELDS) {
    next[field] = stored[field] + change.delta[field];
  }
  next.largestMinor = recountedLargestMinor ?? Math.max(stored.largestMinor, change.largestAddedMinor);
  return next.count === 0 && next.receivedCount === 0 ? null : next;
};

/**
 * Daily metrics of one user counted from nothing.
 * @param rows the user's ledger rows, or those of some days
 * @returns one metric per day, category and currency that has a row, in no particular order
 */
export const countDailyMetrics = (rows: Iterable<LedgerRow>): DailyMetric[] => {
  const byKey = new Map<string, DailyMetric>();
  for (const row of rows) {
    const contribution = contributionOf(row);
    const text = metricKeyText(contribution);
    const known = byKey.get(text);
    if (known === undefined) {
      byKey.set(text, contribution);
      continue;
    }
    for (const field of ADDITIVE_FIELDS) {
      known[field] += contribution[field];
    }
    known.largestMinor = Math.max(known.largestMinor, contribution.largestMinor);
  }
  return [...byKey.values()];
};

/** Takes rows one by one. */
export interface SumsBuilder {
  add(row: { day: CalendarDate; category: string | null; currency: string; amountMinor: number }): void;
  /** In no particular order. */
  finish(): DaySums[];
}

/**
 * Starts sums by day, category and currency, or by month: those carry the earliest day of the month that has a row.
 * @param per how long a period is
 */
export const startSums = (per: 'day' | 'month'): SumsBuilder => {
  // Nested, because a key made of texts costs more than the sum for tens of thousands of rows.
  const periods = new Map<string, Map<string, Map<string, DaySums>>>();
  const within = <Value>(map: Map<string, Value>, key: string, make: () => Value): Value => {
    const known = map.get(key);
    if (known !== undefined) {
      return known;
    }
    const fresh = make();
    map.set(key, fresh);
    return fresh;
  };
  return {
    add({ day, category, currency, amountMinor }) {
      const slug = category ?? UNCATEGORISED;
      const currencies = within(
        periods,
        per === 'day' ? day : day.slice(0, 7),
        () => new Map<string, Map<string, DaySums>>(),
      );
      const categories = within(currencies, currency, () => new Map<string, DaySums>());
      const sums = within(categories, slug, () => ({
        day,
        category: slug,
        currency,
        count: 0,
        spentMinor: 0,
        receivedCount: 0,
        receivedMinor: 0,
      }));
      if (day < sums.day) {
        sums.day = day;
      }
      if (amountMinor >= 0) {
        sums.receivedCount += 1;
        sums.receivedMinor += amountMinor;
      } else {
        sums.count += 1;
        sums.spentMinor -= amountMinor;
      }
    },
    finish: () =>
      [...periods.values()].flatMap((currencies) =>
        [...currencies.values()].flatMap((categories) => [...categories.values()]),
      ),
  };
};
