import { roleOf } from '@orrery/contracts';
import { addDays, addMonths, dayParts, daysInMonth, diffDays, periodContaining } from '@orrery/calendar';
import type { CalendarDate } from '@orrery/contracts';
import { allocate } from '@orrery/money';
import { UNCATEGORISED } from './types.ts';

/** A run of days, both ends included. */
export interface DayRange {
  from: CalendarDate;
  to: CalendarDate;
}

/** What a report needs of a ledger row. */
export interface ReportRow {
  postedOn: CalendarDate;
  category: string | null;
  merchant: string;
  /** Minor units; negative is money out. */
  amountMinor: number;
  currency: string;
}

/** Spending under one key (a category or a merchant); refunds are subtracted, so an amount can be negative. */
export interface Share {
  key: string;
  amountMinor: number;
  count: number;
}

export interface MonthTotals {
  /** `YYYY-MM` */
  month: string;
  incomeMinor: number;
  expensesMinor: number;
  count: number;
}

/** Income and spending in one currency. The shares of each list add up to `expensesMinor`, the months to both totals. */
export interface SpendingReport {
  currency: string;
  /** Rows of any kind, own transfers included. */
  rowCount: number;
  incomeMinor: number;
  expensesMinor: number;
  netMinor: number;
  /** By category slug or `uncategorised`, largest first. */
  byCategory: Share[];
  /** By merchant, largest first. */
  byMerchant: Share[];
  /** Oldest first; months without rows are absent. */
  byMonth: MonthTotals[];
}

/** Takes rows one by one, so that a long ledger is never in memory at once. */
export interface ReportBuilder {
  add(row: ReportRow): void;
  /** One report per currency, the one with most rows first. */
  finish(): SpendingReport[];
}

interface CurrencyTotals {
  rowCount: number;
  incomeMinor: number;
  expensesMinor: number;
  categories: Map<string, Share>;
  merchants: Map<string, Share>;
  months: Map<string, MonthTotals>;
}

const addShare = (shares: Map<string, Share>, key: string, amountMinor: number): void => {
  const share = shares.get(key);
  if (share === undefined) {
    shares.set(key, { key, amountMinor, count: 1 });
    return;
  }
  share.amountMinor += amountMinor;
  share.count += 1;
};

const byKey = (left: { key: string }, right: { key: string }): number =>
  left.key < right.key ? -1 : Number(left.key > right.key);

const largestFirst = (shares: Iterable<Share>): Share[] =>
  [...shares].sort((left, right) => right.amountMinor - left.amountMinor || byKey(left, right));

const monthOf = (months: Map<string, MonthTotals>, month: string): MonthTotals => {
  const known = months.get(month);
  if (known !== undefined) {
    return known;
  }
  const fresh = { month, incomeMinor: 0, expensesMinor: 0, count: 0 };
  months.set(month, fresh);
  return fresh;
};

/**
 * Starts a spending report. Transfers between own accounts count as neither income nor spending, refunds reduce their
 * category, and currencies are never added to each other.
 */
export const startReport = (): ReportBuilder => {
  const currencies = new Map<string, CurrencyTotals>();
  const totalsOf = (currency: string): CurrencyTotals => {
    const known = currencies.get(currency);
    if (known !== undefined) {
      return known;
    }
    const fresh = {
      rowCount: 0,
      incomeMinor: 0,
      expensesMinor: 0,
      categories: new Map<string, Share>(),
      merchants: new Map<string, Share>(),
      months: new Map<string, MonthTotals>(),
    };
    currencies.set(currency, fresh);
    return fresh;
  };

  return {
    add({ postedOn, category, merchant, amountMinor, currency }) {
      const totals = totalsOf(currency);
      totals.rowCount += 1;
      const role = roleOf(category, amountMinor);
      if (role === 'own-transfer') {
        return;
      }
      const month = monthOf(totals.months, postedOn.slice(0, 7));
      month.count += 1;
      if (role === 'income') {
        totals.incomeMinor += amountMinor;
        month.incomeMinor += amountMinor;
        return;
      }
      totals.expensesMinor -= amountMinor;
      month.expensesMinor -= amountMinor;
      addShare(totals.categories, category ?? UNCATEGORISED, -amountMinor);
      addShare(totals.merchants, merchant, -amountMinor);
    },
    finish: () =>
      [...currencies]
        .map(([currency, totals]) => ({
          currency,
          rowCount: totals.rowCount,
          incomeMinor: totals.incomeMinor,
          expensesMinor: totals.expensesMinor,
          netMinor: totals.incomeMinor - totals.expensesMinor,
          byCategory: largestFirst(totals.categories.values()),
          byMerchant: largestFirst(totals.merchants.values()),
          byMonth: [...totals.months.values()].sort((left, right) => (left.month < right.month ? -1 : 1)),
        }))
        .sort((left, right) => right.rowCount - left.rowCount || (left.currency < right.currency ? -1 : 1)),
  };
};

/**
 * A report without rows.
 * @param currency ISO 4217 code
 */
export const emptyReport = (currency: string): SpendingReport => ({
  currency,
  rowCount: 0,
  incomeMinor: 0,
  expensesMinor: 0,
  netMinor: 0,
  byCategory: [],
  byMerchant: [],
  byMonth: [],
});

/**
 * Shares under coarser keys, largest first; the sum stays the same.
 * @param shares for instance spending by category
 * @param keyOf the coarser key of a key
 */
export const foldShares = (shares: readonly Share[], keyOf: (key: string) => string): Share[] => {
  const folded = new Map<string, Share>();
  for (const share of shares) {
    const key = keyOf(share.key);
    const known = folded.get(key) ?? { key, amountMinor: 0, count: 0 };
    known.amountMinor += share.amountMinor;
    known.count += share.count;
    folded.set(key, known);
  }
  return largestFirst(folded.values());
};

/**
 * Percentages with one decimal that add up to exactly 100 (largest remainder). An amount of zero or below has 0; when
 * none is above zero all have 0.
 * @param amounts minor units
 */
export const percentages = (amounts: readonly number[]): number[] => {
  const weights = amounts.map((amount) => Math.max(0, amount));
  if (weights.every((weight) => weight === 0)) {
    return weights;
  }
  return allocate(1000, weights).map((perMille) => perMille / 10);
};

/**
 * The period of the same length just before: as many whole months when the period is whole months, else as many days.
 * @param range first and last day
 */
export const rangeBefore = (range: DayRange): DayRange => {
  const first = dayParts(range.from);
  const last = dayParts(range.to);
  const to = addDays(range.from, -1);
  if (first.dayOfMonth === 1 && last.dayOfMonth === daysInMonth(last.year, last.month)) {
    const months = (last.year - first.year) * 12 + (last.month - first.month) + 1;
    return { from: addMonths(range.from, -months), to };
  }
  return { from: addDays(to, -diffDays(range.from, range.to)), to };
};

/**
 * The month before the one of a day, up to the same day of it: what a month that is under way can be compared with.
 * @param day for instance the present day
 */
export const sameDaysOfMonthBefore = (day: CalendarDate): DayRange => {
  const to = addMonths(day, -1);
  return { from: periodContaining('month', to).from, to };
};

/**
 * Change against an earlier amount in percent with one decimal; null when the earlier amount is 0.
 * @param amountMinor the amount now
 * @param previousMinor the amount before
 */
export const percentChange = (amountMinor: number, previousMinor: number): number | null =>
  previousMinor === 0
    ? null
    : Math.round(((amountMinor - previousMinor) / Math.abs(previousMinor)) * 1000) / 10;
