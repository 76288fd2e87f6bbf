import { readSummary } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId, type MountedRoute } from '@orrery/service-kit';
import type { FinancialSummary } from '../domain/financial-summary.ts';
import { planLines } from '../domain/plan-lines.ts';
import type { ReadMonth } from '../use-cases/read-month.ts';

const shown = (summary: FinancialSummary) => {
  const { currency } = summary;
  const money = (amountMinor: number) => ({ amount: formatDecimal(amountMinor, currency), currency });
  return {
    source: summary.source,
    month: summary.month,
    currency,
    income: money(summary.incomeMinor),
    expenses: money(summary.expensesMinor),
    disposal: money(summary.disposalMinor),
    debtPayments: money(summary.debtPaymentsMinor),
    afterDebts: money(summary.afterDebtsMinor),
    budgets: money(summary.budgetMinor),
    debts: {
      total: money(summary.debtTotalMinor),
      shareOfIncome: summary.debtSharePercent,
      items: summary.debts.map((debt) => ({
        name: debt.name,
        balance: money(debt.balanceMinor),
        payment: money(debt.paymentMinor),
        apr: debt.ratePercent,
        dueOn: debt.dueOn,
      })),
    },
    savings: {
      saved: money(summary.savedMinor),
      monthlyTarget: money(summary.savingGoalMonthlyMinor),
      completion: summary.completionPercent,
      goals: summary.goals.map((goal) => ({
        name: goal.name,
        target: money(goal.totalMinor),
        saved: money(goal.savedMinor),
        monthly: money(goal.monthlyMinor),
        completion: Math.round(goal.completionPercent * 100) / 100,
        completesOn: goal.completesOn,
        completed: goal.isCompleted,
      })),
    },
    previousMonth: {
      month: summary.previous.month,
      income: money(summary.previous.incomeMinor),
      expenses: money(summary.previous.expensesMinor),
    },
    spendingGrowth: summary.growthPercent,
    byCategory: summary.byCategory.map(({ category, amountMinor, sharePercent }) => ({
      category,
      amount: money(amountMinor),
      share: sharePercent,
    })),
    plan: planLines(summary.plan, summary.expenses).map((line) => ({
      name: line.name,
      category: line.category,
      household: line.isHousehold,
      limit: money(line.limitMinor),
      spent: money(line.spentMinor),
    })),
    household:
      summary.household === null
        ? null
        : {
            ownBudgets: money(summary.household.ownMinor),
            partnerBudgets: money(summary.household.partnerMinor),
          },
  };
};

/**
 * `GET /v1/summary`.
 * @param months reads the caller's month
 */
export const readSummaryRoute = (months: ReadMonth): MountedRoute =>
  handle(readSummary, async ({ identity, signal }) => ({
    status: 200,
    body: shown((await months.one(requireUserId(identity), { signal })).summary),
  }));
