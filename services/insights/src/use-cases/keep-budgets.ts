import { addDays, periodContaining } from '@orrery/calendar';
import { BudgetThresholdReached } from '@orrery/contracts';
import type { CalendarDate } from '@orrery/contracts';
import type { EventTransaction } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import {
  asMonthly,
  budgetId,
  budgetMetricsRange,
  budgetPeriodOf,
  budgetStanding,
  thresholdsReached,
} from '../domain/budget.ts';
import type { Budget, BudgetPeriod, BudgetScope, BudgetStanding } from '../domain/budget.ts';
import type { BudgetStore } from '../store/budget-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { ChooseCurrency } from './choose-currency.ts';
import type { RaiseAlerts } from './raise-alerts.ts';
import type { ReadUserDay } from './user-calendar.ts';

/** Days after its end for which a period can still reach a threshold, because purchases are posted late. */
const LATE_DAYS = 31;

export interface KeepBudgetsParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  budgets: BudgetStore;
  ledger: LedgerStore;
  raiseAlerts: RaiseAlerts;
  readUserDay: ReadUserDay;
  chooseCurrency: ChooseCurrency;
}

/** A goal as the user states it. */
export interface NewBudget {
  scope: BudgetScope;
  period: BudgetPeriod;
  /** Any day of the first period; absent for any period. */
  start?: CalendarDate | undefined;
  rollover: boolean;
  currency?: string | undefined;
  /** Minor units in the currency that is used in the end. */
  amountIn(currency: string): number;
}

/** Budgets in one currency for one month. */
export interface BudgetSummary {
  currency: string;
  total: BudgetStanding | undefined;
  categories: BudgetStanding[];
}

/**
 * Keeps budgets: setting, standing, and telling thresholds once per budget, period and threshold.
 * @param parts stores, transactions and the user's day
 */
export const createKeepBudgets = (parts: KeepBudgetsParts) => {
  const { budgets, ledger, readUserDay, chooseCurrency } = parts;

  const standings = async (
    userId: string,
    goals: readonly Budget[],
    day: CalendarDate,
    session?: EventTransaction['session'],
  ): Promise<BudgetStanding[]> => {
    if (goals.length === 0) {
      return [];
    }
    const { today } = await readUserDay(userId);
    const ranges = goals.map((budget) => budgetMetricsRange(budget, day));
    const from = ranges.reduce((first, range) => (range.from < first ? range.from : first), day);
    const to = ranges.reduce((last, range) => (range.to > last ? range.to : last), day);
    const rows = await ledger.daySums(userId, { from, to }, session);
    return goals.flatMap((budget) => budgetStanding(budget, rows, day, today) ?? []);
  };

  const check = async (
    userId: string,
    days: readonly CalendarDate[],
    transaction: EventTransaction,
  ): Promise<void> => {
    const known = await budgets.all(userId, transaction.session);
    if (known.length === 0) {
      return;
    }
    const { today } = await readUserDay(userId);
    for (const { budget, told } of known) {
      const starts = new Set(days.map((day) => budgetPeriodOf(budget, day).from));
      for (const start of starts) {
        const { from, to } = budgetPeriodOf(budget, start);
        if (from > today || addDays(to, LATE_DAYS) < today) {
          continue;
        }
        const [standing] = await standings(userId, [budget], start, transaction.session);
        const fresh =
          standing === undefined
            ? []
            : thresholdsReached(standing).filter((threshold) => !told.has(`${from}:${String(threshold)}`));
        if (standing === undefined || fresh.length === 0) {
          continue;
        }
        await budgets.markTold(
          userId,
          budget.id,
          fresh.map((threshold) => `${from}:${String(threshold)}`),
          transaction.session,
        );
        const { currency } = budget;
        await transaction.record(
          fresh.map((thresholdPercent) => ({
            definition: BudgetThresholdReached,
            subject: userId,
            data: {
              userId,
              budgetId: budget.id,
              category: budget.category,
              thresholdPercent,
              periodFrom: from,
              periodTo: to,
              limit: { amountMinor: standing.limitMinor, currency },
              spent: { amountMinor: standing.spentMinor, currency },
            },
          })),
        );
        await parts.raiseAlerts.raise(
          userId,
          fresh.map((threshold) => ({
            kind: threshold < 100 ? 'budget_80' : 'budget_100',
            subject: budget.id,
            period: from,
            facts: {
              category: budget.category,
              taxonomy: budget.taxonomy,
              amountMinor: standing.spentMinor,
              otherMinor: standing.limitMinor,
              currency,
            },
          })),
          transaction,
        );
      }
    }
  };

  return {
    /** Tells thresholds that the periods of some changed days have reached. */
    check,

    /**
     * Sets a goal in the place of the one with the same scope and period.
     * @param userId owner
     * @param wanted the goal
     * @returns the goal as stored
     */
    async set(userId: string, wanted: NewBudget): Promise<Budget> {
      const { scope, period, rollover } = wanted;
      const { settings, today } = await readUserDay(userId);
      const currency = wanted.currency ?? (await chooseCurrency(userId, settings));
      const budget: Budget = {
        id: budgetId(scope, period),
        taxonomy: scope.taxonomy,
        category: scope.category,
        amountMinor: wanted.amountIn(currency),
        currency,
        period,
        start: budgetPeriodOf({ period }, wanted.start ?? today).from,
        boundedByStart: wanted.start !== undefined,
        rollover,
      };
      await parts.inTransaction(async (session) => {
        await budgets.put(userId, budget, session);
        await check(userId, [today], { session, record: (events) => parts.recordEvents(session, events) });
      });
      return budget;
    },

    /**
     * Every budget of a user in its period that contains a day.
     * @param userId owner
     * @param day default: today
     */
    async list(userId: string, day?: CalendarDate): Promise<BudgetStanding[]> {
      const known = await budgets.all(userId);
      const { today } = await readUserDay(userId);
      return standings(
        userId,
        known.map(({ budget }) => budget),
        day ?? today,
      );
    },

    /**
     * Budgets of Cash Sense's categories and the total for one month. A goal of another period is stated for the
     * month, unless its category has a monthly one.
     * @param userId owner
     * @param month `YYYY-MM`; default: the present one
     * @param currency default: the user's own, else that of their goals
     */
    async summarise(
      userId: string,
      month: string | undefined,
      currency: string | undefined,
    ): Promise<BudgetSummary & { month: string }> {
      const { settings, today } = await readUserDay(userId);
      const day = month === undefined ? periodContaining('month', today).from : `${month}-01`;
      // Budgets of our own categories are not in this answer, so that their currency must not choose it.
      const known = (await budgets.all(userId))
        .map(({ budget }) => budget)
        .filter(({ taxonomy }) => taxonomy !== 'orrery');
      const usual = currency ?? (await chooseCurrency(userId, settings));
      const isKnown = known.length === 0 || known.some((budget) => budget.currency === usual);
      const used = currency !== undefined || isKnown ? usual : (known[0]?.currency ?? usual);
      const mine = known.filter((budget) => budget.currency === used);
      const byCategory = Map.groupBy(mine, ({ category }) => category);
      const monthly = [...byCategory.values()].flatMap((goals) => {
        const chosen = goals.find(({ period }) => period === 'monthly') ?? goals[0];
        return chosen === undefined ? [] : [asMonthly(chosen, day)];
      });
      const all = await standings(userId, monthly, day);
      return {
        month: day.slice(0, 7),
        currency: used,
        total: all.find(({ budget }) => budget.taxonomy === 'total'),
        categories: all.filter(({ budget }) => budget.taxonomy !== 'total'),
      };
    },

    /**
     * Removes a budget.
     * @param userId owner
     * @param id budget
     * @returns whether there was one
     */
    remove: (userId: string, id: string): Promise<boolean> => budgets.remove(userId, id),
  };
};

export type KeepBudgets = ReturnType<typeof createKeepBudgets>;
