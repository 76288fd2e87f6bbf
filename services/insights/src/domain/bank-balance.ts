import type { CalendarDate } from '@orrery/contracts';

/** Balance of one account at its bank; signed minor units. */
export interface AccountBalance {
  accountId: string;
  name: string;
  type: 'depository' | 'credit' | 'loan' | 'investment' | 'brokerage' | 'other';
  subtype?: string | undefined;
  currency: string;
  currentMinor: number | null;
  /** What can be spent now, where the bank tells it. */
  availableMinor: number | null;
}

/** A balance as it is kept. */
export interface KeptBalance extends AccountBalance {
  /** Day of the reading since which it lies below the user's limit; null while it does not. */
  lowSince: CalendarDate | null;
}

/** The limit below which a user wants to be told. */
export interface BalanceLimit {
  thresholdMinor: number;
  currency: string;
}

/** Accounts with money put aside; being nearly empty is no news there. */
const PUT_ASIDE: ReadonlySet<string> = new Set(['savings', 'cd', 'hsa', 'money market']);

/**
 * What a user can spend from an account: the available balance, else the current one; null for accounts that hold no
 * spendable money of their own (cards, loans, investments) or tell no balance.
 * @param account the balance as the bank tells it
 */
export const spendableOf = (account: AccountBalance): number | null =>
  account.type === 'depository' ? (account.availableMinor ?? account.currentMinor) : null;

/**
 * A new reading beside the one before: an account that was below the limit and still is keeps the day on which it fell,
 * so that one fall is told once.
 * @param before balances of the reading before
 * @param now balances as read
 * @param limit the user's limit, if any; accounts in other currencies have none
 * @param day of the reading
 * @returns the balances to keep, and those that fell below the limit just now
 */
export const keepBalances = (
  before: readonly KeptBalance[],
  now: readonly AccountBalance[],
  limit: BalanceLimit | undefined,
  day: CalendarDate,
): { kept: KeptBalance[]; fallen: KeptBalance[] } => {
  const since = new Map(before.map(({ accountId, lowSince }) => [accountId, lowSince]));
  const isLow = (account: AccountBalance): boolean => {
    const spendable = spendableOf(account);
    return (
      limit?.currency === account.currency &&
      spendable !== null &&
      spendable < limit.thresholdMinor &&
      !PUT_ASIDE.has(account.subtype ?? '')
    );
  };
  const kept = now.map((account) => ({
    ...account,
    lowSince: isLow(account) ? (since.get(account.accountId) ?? day) : null,
  }));
  const fallen = kept.filter(({ accountId, lowSince }) => lowSince !== null && !since.get(accountId));
  return { kept, fallen };
};

/**
 * What a user can spend at once, per currency; money that is owed is never taken off.
 * @param accounts balances of all banks of one user
 * @returns minor units by currency; a currency without a known balance is absent
 */
export const totalSpendable = (accounts: readonly AccountBalance[]): Map<string, number> => {
  const totals = new Map<string, number>();
  for (const account of accounts) {
    const spendable = spendableOf(account);
    if (spendable !== null) {
      totals.set(account.currency, (totals.get(account.currency) ?? 0) + spendable);
    }
  }
  return totals;
};
