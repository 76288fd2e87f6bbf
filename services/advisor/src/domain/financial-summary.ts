import { addMonths, periodContaining } from '@orrery/calendar';
import { divideRounded, safeMinor } from '@orrery/money';
import { percentOfRate } from './debts/annual-rate.ts';
import type {
  DebtRow,
  ExpenseRow,
  FinancialRecords,
  GoalRow,
  IncomeRow,
  PlanRow,
  SpendingGroup,
} from './financial-records.ts';
import { percentOf } from './percent-of.ts';

/** Sums of one category. */
export interface CategorySum {
  category: string;
  amountMinor: number;
  /** Of all spending of the month. */
  sharePercent: number;
}

/** Where a user's money stands this month. Minor units; percentages with two decimals. */
export interface FinancialSummary {
  source: FinancialRecords['source'];
  currency: string;
  /** `YYYY-MM`. */
  month: string;
  today: string;
  incomeMinor: number;
  expensesMinor: number;
  /** Income minus expenses, before debt payments. */
  disposalMinor: number;
  budgetMinor: number;
  debts: (DebtRow & { ratePercent: number })[];
  debtTotalMinor: number;
  debtPaymentsMinor: number;
  /** Null without income. */
  debtSharePercent: number | null;
  /** Income minus expenses minus debt payments. */
  afterDebtsMinor: number;
  goals: GoalRow[];
  savingGoalMonthlyMinor: number;
  savedMinor: number;
  /** Weighted by the size of the goals; four decimals. */
  completionPercent: number;
  previous: { month: string; incomeMinor: number; expensesMinor: number };
  /** Change of spending against the month before; null when nothing was spent then. */
  growthPercent: number | null;
  byCategory: CategorySum[];
  byGroup: Record<SpendingGroup, number>;
  incomes: IncomeRow[];
  expenses: ExpenseRow[];
  plan: PlanRow[];
  household: { ownPlan: PlanRow[]; ownMinor: number; partnerMinor: number } | null;
  /** False for a user about whom nothing at all is known. */
  hasRows: boolean;
}

const sumOf = (rows: readonly { amountMinor: number }[]): number =>
  safeMinor(rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0));

const MICRO = 1_000_000;

// Percentages come as floats such as 6.666666666666667; they are weighted as whole millionths, so that the sum is exact.
const weightedCompletion = (goals: readonly GoalRow[]): number => {
  const total = goals.reduce((sum, { totalMinor }) => sum + BigInt(totalMinor), 0n);
  if (total <= 0n) {
    return 0;
  }
  const weighted = goals.reduce(
    (sum, { completionPercent, totalMinor }) =>
      sum + BigInt(Math.round(completionPercent * MICRO)) * BigInt(totalMinor),
    0n,
  );
  return Number(divideRounded(weighted, total * 100n)) / 10_000;
};

/**
 * Lines of a plan without the copies that the main back end's daily job makes twice in a month: of lines with the same
 * name, kind and category, shadows of expenses are all kept, and else one line.
 * @param plan lines of one user and month
 */
export const withoutCopies = (plan: readonly PlanRow[]): PlanRow[] => {
  const keyOf = ({ name, category, isHousehold }: PlanRow): string =>
    JSON.stringify([name.trim().toLowerCase(), category, isHousehold]);
  const shadowed = new Set(plan.filter(({ isShadow }) => isShadow).map(keyOf));
  const seen = new Set<string>();
  return plan.filter((line) => {
    if (line.isShadow) {
      return true;
    }
    const key = keyOf(line);
    const isCopy = shadowed.has(key) || seen.has(key);
    seen.add(key);
    return !isCopy;
  });
};

/**
 * Sums of spending by category, greatest first; equal sums by name.
 * @param expenses rows of one month
 */
export const sumByCategory = (expenses: readonly ExpenseRow[]): CategorySum[] => {
  const total = sumOf(expenses);
  const sums = new Map<string, number>();
  for (const { category, amountMinor } of expenses) {
    sums.set(category, (sums.get(category) ?? 0) + amountMinor);
  }
  return [...sums]
    .map(([category, amountMinor]) => ({
      category,
      amountMinor,
      sharePercent: percentOf(amountMinor, total) ?? 0,
    }))
    .sort((left, right) => right.amountMinor - left.amountMinor || (left.category < right.category ? -1 : 1));
};

/**
 * A goal that still takes money: not reached and not overdue.
 * @param goal the goal
 * @param today `YYYY-MM-DD`
 */
export const isActiveGoal = ({ isCompleted, completesOn }: GoalRow, today: string): boolean =>
  !isCompleted && completesOn !== null && completesOn > today;

/**
 * Adds a user's month up by the main back end's own rules: every row of the calendar month counts, whatever its
 * frequency and whether or not a budget is linked, because recurring rows exist once for each occurrence.
 * @param records rows of this month and the one before
 */
export const summarise = (records: FinancialRecords): FinancialSummary => {
  const { today, currency, source } = records;
  const month = today.slice(0, 7);
  const previousMonth = addMonths(periodContaining('month', today).from, -1).slice(0, 7);
  const incomes = records.incomes.filter(({ receivedOn }) => receivedOn.startsWith(month));
  const expenses = records.expenses.filter(({ spentOn }) => spentOn.startsWith(month));
  const incomeMinor = sumOf(incomes);
  const expensesMinor = sumOf(expenses);
  const previous = {
    month: previousMonth,
    incomeMinor: sumOf(records.incomes.filter(({ receivedOn }) => receivedOn.startsWith(previousMonth))),
    expensesMinor: sumOf(records.expenses.filter(({ spentOn }) => spentOn.startsWith(previousMonth))),
  };
  const debts = records.debts
    .filter(({ balanceMinor }) => balanceMinor > 0)
    .map((debt) => ({ ...debt, ratePercent: percentOfRate(debt.rate) }));
  const debtPaymentsMinor = safeMinor(debts.reduce((sum, { paymentMinor }) => sum + paymentMinor, 0));
  const byGroup = { needs: 0, wants: 0, savings: 0 };
  for (const { group, amountMinor } of expenses) {
    byGroup[group] += amountMinor;
  }
  const ownHousehold = withoutCopies(records.plan).filter(({ isHousehold }) => isHousehold);
  const disposalMinor = safeMinor(incomeMinor - expensesMinor);
  return {
    source,
    currency,
    month,
    today,
    incomeMinor,
    expensesMinor,
    disposalMinor,
    budgetMinor: sumOf(records.plan),
    debts,
    debtTotalMinor: safeMinor(debts.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0)),
    debtPaymentsMinor,
    debtSharePercent: percentOf(debtPaymentsMinor, incomeMinor),
    afterDebtsMinor: safeMinor(disposalMinor - debtPaymentsMinor),
    goals: records.goals,
    savingGoalMonthlyMinor: safeMinor(
      records.goals
        .filter((goal) => isActiveGoal(goal, today))
        .reduce((sum, { monthlyMinor }) => sum + monthlyMinor, 0),
    ),
    savedMinor: safeMinor(records.goals.reduce((sum, { savedMinor }) => sum + savedMinor, 0)),
    completionPercent: weightedCompletion(records.goals),
    previous,
    growthPercent: percentOf(expensesMinor - previous.expensesMinor, previous.expensesMinor),
    byCategory: sumByCategory(expenses),
    byGroup,
    incomes,
    expenses,
    plan: records.plan,
    household:
      records.partnerPlan === null
        ? null
        : {
            ownPlan: ownHousehold,
            ownMinor: sumOf(ownHousehold),
            partnerMinor: sumOf(withoutCopies(records.partnerPlan)),
          },
    hasRows: [records.incomes, records.expenses, records.plan, records.debts, records.goals].some(
      (rows) => rows.length > 0,
    ),
  };
};
