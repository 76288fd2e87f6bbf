import type { FinancialSummary } from '../financial-summary.ts';
import { HIGH_DEBT_PERCENT } from './admin-alerts.ts';

export type SpendingLevel = 'High' | 'Moderate' | 'Low';
export type RiskLevel = 'High Risk' | 'Medium Risk' | 'Low Risk';

/** The figures of the dashboard, minor units. */
export interface UserDashboard {
  totalMinor: number;
  topCategories: string[];
  /** Such as `12.5%`, or `N/A` when nothing was spent in the month before. */
  growth: string;
  heatmap: { category: string; spendingLevel: SpendingLevel }[];
  debtStatuses: { missedInstallments: number; nextDueDate: string; status: RiskLevel };
}

/** Always shown, as clients draw a square for each of them. */
const FIXED_CATEGORIES = ['Food', 'Transport', 'Shopping', 'Utility Bills', 'Others'] as const;
const TOP = 3;
const HIGH_PERCENT = 25;
const LOW_PERCENT = 5;

const levelOf = (sharePercent: number): SpendingLevel =>
  sharePercent >= HIGH_PERCENT ? 'High' : sharePercent <= LOW_PERCENT ? 'Low' : 'Moderate';

const riskOf = ({ debtPaymentsMinor, incomeMinor }: FinancialSummary): RiskLevel => {
  if (debtPaymentsMinor === 0) {
    return 'Low Risk';
  }
  return debtPaymentsMinor * 100 > incomeMinor * HIGH_DEBT_PERCENT ? 'High Risk' : 'Medium Risk';
};

const growthOf = ({ growthPercent, expensesMinor }: FinancialSummary): string => {
  if (growthPercent !== null) {
    return `${String(growthPercent)}%`;
  }
  return expensesMinor === 0 ? '0%' : 'N/A';
};

/**
 * What an administrator sees of a user's month. A payment counts as missed when its due day has passed: the main back
 * end moves the day on when it is due, so only one that it could not move stays behind.
 * @param summary the user's month
 */
export const drawUserDashboard = (summary: FinancialSummary): UserDashboard => {
  const { byCategory, debts, today } = summary;
  const due = debts.flatMap(({ dueOn }) => dueOn ?? []).sort();
  const shown = new Set(byCategory.map(({ category }) => category));
  return {
    totalMinor: summary.expensesMinor,
    topCategories: byCategory.slice(0, TOP).map(({ category }) => category),
    growth: growthOf(summary),
    heatmap: [
      ...byCategory.map(({ category, sharePercent }) => ({ category, spendingLevel: levelOf(sharePercent) })),
      ...FIXED_CATEGORIES.filter((category) => !shown.has(category)).map((category) => ({
        category,
        spendingLevel: 'Low' as const,
      })),
    ],
    debtStatuses: {
      missedInstallments: due.filter((day) => day < today).length,
      nextDueDate: due.find((day) => day >= today) ?? 'N/A',
      status: riskOf(summary),
    },
  };
};
