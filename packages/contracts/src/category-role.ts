import { categoryBySlug } from './categories.ts';

/** How money in a category counts: as income, as spending, or not at all because it stays with its owner. */
export type CategoryRole = 'income' | 'spending' | 'own-transfer';

/**
 * Categories that move money between the user's own accounts, savings, investments and debts. The purchases behind a
 * credit card payment are in the ledger themselves; a loan paid out is a debt, not income.
 */
export const OWN_TRANSFERS: ReadonlySet<string> = new Set([
  'own-transfers-in',
  'own-transfers-out',
  'savings-in',
  'savings-out',
  'investments-in',
  'investments-out',
  'crypto',
  'credit-card-payments',
  'loans-received',
  'auto-loan-received',
  'cash-advance-received',
  'wage-advance-received',
  'mortgage-received',
  'personal-loan-received',
  'student-loan-received',
]);

const INCOME_GROUPS: ReadonlySet<string> = new Set(['income', 'transfers-in']);

/**
 * How an amount counts. In a spending category money in is a refund and reduces the category; without a category money
 * in counts as income, because nothing says which category it would reduce.
 * @param category slug, or null when decided as unknown
 * @param amountMinor signed amount; negative is money out
 */
export const roleOf = (category: string | null, amountMinor: number): CategoryRole => {
  const known = category === null ? undefined : categoryBySlug(category);
  if (known === undefined) {
    return amountMinor > 0 ? 'income' : 'spending';
  }
  if (OWN_TRANSFERS.has(known.slug)) {
    return 'own-transfer';
  }
  return INCOME_GROUPS.has(known.parent ?? known.slug) ? 'income' : 'spending';
};
