import type { FinancialSummary } from '../financial-summary.ts';
import { draftBudgetReport } from './budget-report.ts';
import { draftDebtReport } from './debt-report.ts';
import { draftExpenseReport } from './expense-report.ts';
import type { DraftReport, ReportKind } from './report.ts';

const DRAFTS: Readonly<Record<ReportKind, (summary: FinancialSummary) => DraftReport>> = {
  expenses: draftExpenseReport,
  budget: draftBudgetReport,
  debt: draftDebtReport,
};

/**
 * A report in our own words.
 * @param kind which one
 * @param summary the user's month
 */
export const draftReport = (kind: ReportKind, summary: FinancialSummary): DraftReport =>
  DRAFTS[kind](summary);
