import type { ExpenseRow } from '../financial-records.ts';
import { isHousing, isSubscription } from '../spending-groups.ts';

/** Rows of one name, in the spelling of the first. */
export interface NamedSum {
  name: string;
  amountMinor: number;
  count: number;
}

const keyOf = ({ name }: ExpenseRow): string => name.trim().toLowerCase();

/**
 * Sums by name, letter case aside; greatest first.
 * @param expenses rows of one month
 */
export const sumByName = (expenses: readonly ExpenseRow[]): NamedSum[] => {
  const sums = new Map<string, NamedSum>();
  for (const expense of expenses) {
    const known = sums.get(keyOf(expense)) ?? { name: expense.name.trim(), amountMinor: 0, count: 0 };
    sums.set(keyOf(expense), {
      ...known,
      amountMinor: known.amountMinor + expense.amountMinor,
      count: known.count + 1,
    });
  }
  return [...sums.values()].sort(
    (left, right) => right.amountMinor - left.amountMinor || (left.name < right.name ? -1 : 1),
  );
};

/**
 * Subscriptions of the month, by name.
 * @param expenses rows of one month
 */
export const subscriptionsOf = (expenses: readonly ExpenseRow[]): NamedSum[] =>
  sumByName(expenses.filter(({ name, category }) => isSubscription(name, category)));

/**
 * Names that were paid at least twice in the month, weekly expenses aside, which are due more than once.
 * @param expenses rows of one month
 */
export const duplicatesOf = (expenses: readonly ExpenseRow[]): NamedSum[] =>
  sumByName(expenses.filter(({ isWeekly }) => !isWeekly)).filter(({ count }) => count > 1);

/**
 * The greatest expense that is neither essential nor for housing.
 * @param expenses rows of one month
 */
export const greatestWant = (expenses: readonly ExpenseRow[]): NamedSum | undefined =>
  sumByName(expenses.filter(({ group, name }) => group === 'wants' && !isHousing(name)))[0];
