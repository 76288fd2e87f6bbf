import { addDays, diffDays, periodContaining, previousPeriod } from '@orrery/calendar';
import type { Period, PeriodKind } from '@orrery/calendar';
import { categoryBySlug } from '@orrery/contracts';
import type { CalendarDate } from '@orrery/contracts';
import { cashSenseCategory } from './cash-sense-category.ts';
import type { DaySums } from './daily-metrics.ts';
import type { DayRange } from './spending-report.ts';
import { spendingOf } from './spending-of-metric.ts';
import { UNCATEGORISED } from './types.ts';

export const BUDGET_PERIODS = ['weekly', 'monthly', 'yearly'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** Whose categories a budget names: ours, those of Cash Sense, or all spending. */
export const BUDGET_TAXONOMIES = ['orrery', 'cash-sense', 'total'] as const;
export type BudgetTaxonomy = (typeof BUDGET_TAXONOMIES)[number];

/** What a budget limits. */
export interface BudgetScope {
  taxonomy: BudgetTaxonomy;
  /** A slug (a group covers its leaves) or `uncategorised`, a category of Cash Sense, or `total`. */
  category: string;
}

/** A spending goal. */
export interface Budget extends BudgetScope {
  /** Unique within the user. */
  id: string;
  /** Per period. */
  amountMinor: number;
  currency: string;
  period: BudgetPeriod;
  /** First day of the first period that carries over. */
  start: CalendarDate;
  /** Whether periods before `start` have no goal; else the goal is shown for any period. */
  boundedByStart: boolean;
  /** Whether what is left of a period is added to the next one. */
  rollover: boolean;
}

export const BUDGET_STATES = ['ok', 'warning', 'exceeded'] as const;
export type BudgetState = (typeof BUDGET_STATES)[number];

/** How a budget stands in one period; minor units of its currency. */
export interface BudgetStanding {
  budget: Budget;
  from: CalendarDate;
  to: CalendarDate;
  /** What earlier periods left over. */
  carriedMinor: number;
  /** The goal and what was carried over. */
  limitMinor: number;
  spentMinor: number;
  /** Negative when exceeded. */
  remainingMinor: number;
  /** Spent of the limit, with one decimal. */
  percent: number;
  state: BudgetState;
  /** Spending expected by the end of the period. */
  projectedMinor: number;
}

/** Shares of the limit, in percent, that are worth a word. */
export const BUDGET_THRESHOLDS = [80, 100] as const;

/** Periods whose left-overs are carried at most. */
const MAX_CARRIED_PERIODS = 24;

/** Earlier periods that tell how a period usually goes on. */
const USUAL_PERIODS = 3;

const KIND: Record<BudgetPeriod, PeriodKind> = { weekly: 'week', monthly: 'month', yearly: 'year' };

/**
 * Id of the budget of a scope and period; setting it again replaces it.
 * @param scope what it limits
 * @param period how often it starts anew
 */
export const budgetId = ({ taxonomy, category }: BudgetScope, period: BudgetPeriod): string =>
  taxonomy === 'total' ? `total-${period}` : `${taxonomy}-${category}-${period}`;

/**
 * The period of a budget that contains a day.
 * @param budget the budget's kind of period
 * @param day any day
 */
export const budgetPeriodOf = (budget: Pick<Budget, 'period'>, day: CalendarDate): Period =>
  periodContaining(KIND[budget.period], day);

const covers = ({ taxonomy, category }: BudgetScope, slug: string): boolean => {
  if (taxonomy === 'total') {
    return true;
  }
  if (slug === UNCATEGORISED) {
    return category === UNCATEGORISED;
  }
  const known = categoryBySlug(slug);
  return taxonomy === 'cash-sense'
    ? cashSenseCategory(slug) === category
    : slug === category || known?.parent === category;
};

const spentIn = (metrics: readonly DaySums[], { from, to }: DayRange): number =>
  metrics.reduce(
    (sum, metric) => (metric.day >= from && metric.day <= to ? sum + spendingOf(metric) : sum),
    0,
  );

const carriedInto = (budget: Budget, period: Period, metrics: readonly DaySums[]): number => {
  if (!budget.rollover) {
    return 0;
  }
  const earlier: Period[] = [];
  for (
    let each = previousPeriod(period);
    each.from >= budgetPeriodOf(budget, budget.start).from && earlier.length < MAX_CARRIED_PERIODS;
    each = previousPeriod(each)
  ) {
    earlier.unshift(each);
  }
  return earlier.reduce((left, each) => Math.max(0, left + budget.amountMinor - spentIn(metrics, each)), 0);
};

/** Earlier spending after the same day of the period tells more than the pace, because rent comes on the first. */
const stillToCome = (
  period: Period,
  metrics: readonly DaySums[],
  today: CalendarDate,
  spent: number,
): number => {
  if (today >= period.to) {
    return 0;
  }
  const firstDay = metrics.reduce((first, { day }) => (day < first ? day : first), today);
  // A period that has not begun is all to come, and one that is under way says nothing of how it will end.
  const elapsed = Math.max(0, diffDays(period.from, today) + 1);
  const remainders: number[] = [];
  let each = previousPeriod(period);
  while (each.to >= today) {
    each = previousPeriod(each);
  }
  while (remainders.length < USUAL_PERIODS && each.from >= firstDay) {
    remainders.push(spentIn(metrics, { from: addDays(each.from, elapsed), to: each.to }));
    each = previousPeriod(each);
  }
  if (remainders.length > 0) {
    return Math.max(0, remainders.reduce((sum, each) => sum + each, 0) / remainders.length);
  }
  return elapsed < 1 ? 0 : (Math.max(0, spent) / elapsed) * diffDays(today, period.to);
};

/**
 * Days whose metrics the standing of a budget depends on.
 * @param budget the goal
 * @param day any day of the period
 */
export const budgetMetricsRange = (budget: Budget, day: CalendarDate): DayRange => {
  const period = budgetPeriodOf(budget, day);
  let from = period;
  const count = budget.rollover ? MAX_CARRIED_PERIODS : USUAL_PERIODS;
  for (let index = 0; index < count; index += 1) {
    from = previousPeriod(from);
  }
  return { from: from.from, to: period.to };
};

/**
 * How a budget stands in the period that contains a day.
 * @param budget the goal
 * @param metrics the user's daily sums of `budgetMetricsRange`, in any currencies
 * @param day any day of the period
 * @param today the present day; a period that is over is not projected
 * @returns undefined for a period before the budget's start
 */
export const budgetStanding = (
  budget: Budget,
  metrics: readonly DaySums[],
  day: CalendarDate,
  today: CalendarDate,
): BudgetStanding | undefined => {
  const period = budgetPeriodOf(budget, day);
  if (budget.boundedByStart && period.to < budget.start) {
    return undefined;
  }
  const mine = metrics.filter(
    ({ currency, category }) => currency === budget.currency && covers(budget, category),
  );
  const carriedMinor = carriedInto(budget, period, mine);
  const limitMinor = budget.amountMinor + carriedMinor;
  const spentMinor = spentIn(mine, period);
  const exact = (spentMinor / limitMinor) * 100;
  return {
    budget,
    from: period.from,
    to: period.to,
    carriedMinor,
    limitMinor,
    spentMinor,
    remainingMinor: limitMinor - spentMinor,
    percent: Math.round(exact * 10) / 10,
    state: spentMinor > limitMinor ? 'exceeded' : exact >= BUDGET_THRESHOLDS[0] ? 'warning' : 'ok',
    projectedMinor: Math.round(spentMinor + stillToCome(period, mine, today, spentMinor)),
  };
};

/**
 * Thresholds that a standing has reached, in percent, lowest first.
 * @param standing how the budget stands
 */
export const thresholdsReached = ({ spentMinor, limitMinor }: BudgetStanding): number[] =>
  BUDGET_THRESHOLDS.filter((threshold) => spentMinor * 100 >= limitMinor * threshold);

/**
 * A goal stated for the month of a day: a weekly one by its share of the days, a yearly one by a twelfth.
 * @param budget a goal of any period
 * @param day any day of the month
 */
export const asMonthly = (budget: Budget, day: CalendarDate): Budget => {
  const month = periodContaining('month', day);
  const days = diffDays(month.from, month.to) + 1;
  const factor = budget.period === 'weekly' ? days / 7 : budget.period === 'yearly' ? 1 / 12 : 1;
  return { ...budget, period: 'monthly', amountMinor: Math.max(1, Math.round(budget.amountMinor * factor)) };
};
