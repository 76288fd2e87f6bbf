import { safeMinor } from '@orrery/money';
import type { ExpenseRow, PlanRow } from './financial-records.ts';
import { withoutCopies } from './financial-summary.ts';

/** One budget of the month and how it stands; minor units. */
export interface PlanLine {
  name: string;
  category: string;
  isHousehold: boolean;
  limitMinor: number;
  spentMinor: number;
}

const keyOf = (name: string): string => name.trim().toLowerCase();

/**
 * The budgets of a month by name, each with what was spent under that name. Lines of one name, kind and category are one
 * budget, without the copies that the main back end's daily job makes twice. Expenses belong to a budget by their name:
 * the link between them is only set on the first occurrence of a recurring one.
 * @param plan lines of one user and month
 * @param expenses expenses of that month
 */
export function planLines(plan: readonly PlanRow[], expenses: readonly ExpenseRow[]): PlanLine[] {
  const spent = new Map<string, number>();
  for (const { name, amountMinor } of expenses) {
    spent.set(keyOf(name), safeMinor((spent.get(keyOf(name)) ?? 0) + amountMinor));
  }
  const lines = new Map<string, PlanLine>();
  for (const { name, category, isHousehold, amountMinor } of withoutCopies(plan)) {
    const key = JSON.stringify([keyOf(name), category, isHousehold]);
    const known = lines.get(key);
    lines.set(key, {
      name: known?.name ?? name.trim(),
      category,
      isHousehold,
      limitMinor: safeMinor((known?.limitMinor ?? 0) + amountMinor),
      spentMinor: spent.get(keyOf(name)) ?? 0,
    });
  }
  return [...lines.values()].sort(
    (left, right) => right.limitMinor - left.limitMinor || (left.name < right.name ? -1 : 1),
  );
}
