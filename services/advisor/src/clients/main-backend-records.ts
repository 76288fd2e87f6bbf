import type { Budget, UserRecords } from '@orrery/main-backend';
import { MAIN_BACKEND_CURRENCY } from '@orrery/main-backend';
import { rateOfDebt } from '../domain/debts/annual-rate.ts';
import type { FinancialRecords, PlanRow } from '../domain/financial-records.ts';
import { groupOf } from '../domain/spending-groups.ts';

const UNKNOWN_CATEGORY = 'Others';

const planRow = ({ name, amountMinor, category, type, expenseId }: Budget): PlanRow => ({
  name,
  amountMinor,
  category: category.trim() === '' ? UNKNOWN_CATEGORY : category,
  group: groupOf(category, name),
  isHousehold: type === 'household',
  isShadow: expenseId !== null,
});

/** The main back end links only the first occurrence of a recurring expense; later ones are matched by name. */
const categoriesOf = (budgets: readonly Budget[]) => {
  const byId = new Map(budgets.map(({ id, category }) => [id, category]));
  const byName = new Map(budgets.map(({ name, category }) => [name.trim().toLowerCase(), category]));
  return (name: string, budgetId: string | null): string => {
    const category =
      (budgetId === null ? undefined : byId.get(budgetId)) ?? byName.get(name.trim().toLowerCase()) ?? '';
    return category.trim();
  };
};

/**
 * A user's rows in the words of advice.
 * @param records as the main back end keeps them
 * @param today UTC day
 */
export const fromMainBackend = (records: UserRecords, today: string): FinancialRecords => {
  const month = today.slice(0, 7);
  const isOfMonth = ({ createdAt }: Budget): boolean => createdAt.toISOString().startsWith(month);
  const categoryOf = categoriesOf(records.budgets);
  return {
    source: 'main-backend',
    userName: records.user.name,
    email: records.user.email,
    currency: MAIN_BACKEND_CURRENCY,
    today,
    incomes: records.incomes.map(({ name, amountMinor, receivedOn }) => ({ name, amountMinor, receivedOn })),
    expenses: records.expenses.map(({ name, amountMinor, spentOn, frequency, budgetId }) => {
      const category = categoryOf(name, budgetId);
      return {
        name,
        amountMinor,
        spentOn,
        isWeekly: frequency === 'weekly',
        category: category === '' ? UNKNOWN_CATEGORY : category,
        group: groupOf(category, name),
      };
    }),
    plan: records.budgets.filter(isOfMonth).map(planRow),
    debts: records.debts.map((debt) => ({
      name: debt.name,
      balanceMinor: debt.balanceMinor,
      paymentMinor:
        debt.monthlyPaymentMinor > 0
          ? debt.monthlyPaymentMinor
          : Math.max(0, debt.capitalRepaymentMinor + debt.interestRepaymentMinor),
      interestMinor: debt.interestRepaymentMinor,
      rate: rateOfDebt({
        balanceMinor: debt.balanceMinor,
        interestMinor: debt.interestRepaymentMinor,
        enteredPercent: debt.enteredRatePercent,
      }),
      dueOn: debt.dueOn,
    })),
    goals: records.savingGoals.map((goal) => ({
      name: goal.name,
      totalMinor: goal.totalMinor,
      savedMinor: goal.savedMinor,
      monthlyMinor: goal.monthlyTargetMinor,
      completionPercent: goal.completionPercent,
      completesOn: goal.completesOn,
      isCompleted: goal.isCompleted,
    })),
    partnerPlan: records.partnerHouseholdBudgets?.filter(isOfMonth).map(planRow) ?? null,
  };
};
