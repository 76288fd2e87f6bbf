import { isActiveGoal, type FinancialSummary } from '../financial-summary.ts';
import { percentOf } from '../percent-of.ts';
import { money, percent, phrase, type Phrase } from '../phrase.ts';

/** Most severe first. */
export const ALERT_CATEGORIES = ['High Debt', 'Overspending', 'Low Savings'] as const;
export type AlertCategory = (typeof ALERT_CATEGORIES)[number];

/** What is wrong with a user's month. */
export interface FoundAlert {
  category: AlertCategory;
  message: Phrase;
}

/** Debt payments above this share of income are high; exactly this share is not. */
export const HIGH_DEBT_PERCENT = 40;
const LOW_SURPLUS_PERCENT = 5;

const highDebt = (summary: FinancialSummary): FoundAlert[] => {
  const { debtPaymentsMinor, incomeMinor, debtSharePercent, currency } = summary;
  // Compared as whole amounts, because a rounded percentage would let 40.004 % pass.
  if (debtPaymentsMinor * 100 <= incomeMinor * HIGH_DEBT_PERCENT || debtPaymentsMinor === 0) {
    return [];
  }
  return [
    {
      category: 'High Debt',
      message:
        debtSharePercent === null
          ? phrase`Debt payments of ${money(debtPaymentsMinor, currency)} a month stand against no income this month.`
          : phrase`Debt payments take ${percent(debtSharePercent)} of monthly income.`,
    },
  ];
};

const overspending = (summary: FinancialSummary): FoundAlert[] => {
  const { disposalMinor, afterDebtsMinor, currency } = summary;
  if (afterDebtsMinor >= 0) {
    return [];
  }
  return [
    {
      category: 'Overspending',
      message:
        disposalMinor < 0
          ? phrase`Expenses this month are ${money(-disposalMinor, currency)} more than income, before debt payments.`
          : phrase`Expenses and debt payments this month are ${money(-afterDebtsMinor, currency)} more than income.`,
    },
  ];
};

const lowSavings = (summary: FinancialSummary): FoundAlert[] => {
  const { goals, today, plan, afterDebtsMinor, incomeMinor } = summary;
  const surplusPercent = percentOf(afterDebtsMinor, incomeMinor);
  const saves =
    goals.some((goal) => isActiveGoal(goal, today)) || plan.some(({ group }) => group === 'savings');
  if (saves || surplusPercent === null || afterDebtsMinor * 100 >= incomeMinor * LOW_SURPLUS_PERCENT) {
    return [];
  }
  return [
    {
      category: 'Low Savings',
      message:
        surplusPercent > 0
          ? phrase`There is no active savings goal or savings budget, and ${percent(surplusPercent)} of income remains this month.`
          : phrase`There is no active savings goal or savings budget, and nothing of this month's income remains.`,
    },
  ];
};

/**
 * The alerts that a user's month calls for, most severe first. A user without any income or expense gets none.
 * @param summary the user's month
 */
export const findAlerts = (summary: FinancialSummary): FoundAlert[] =>
  summary.incomes.length === 0 && summary.expenses.length === 0
    ? []
    : [...highDebt(summary), ...overspending(summary), ...lowSavings(summary)];
