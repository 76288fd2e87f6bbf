import { hash } from 'node:crypto';

/** Balances as the bank wrote them: exact decimal texts in the account's currency. */
export interface BankBalances {
  available: string | null;
  current: string | null;
  limit: string | null;
  /** ISO code, else the unofficial one, else null. */
  currency: string | null;
  isUnofficial: boolean;
}

/** An account as its bank states it. */
export interface BankAccount {
  accountId: string;
  name: string;
  officialName: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  balances: BankBalances;
  /** The same for the same account over two links, at the few banks that tell it. */
  persistentId: string | null;
}

/** What we read of Plaid's account. */
export interface PlaidAccountLike {
  account_id: string;
  name?: string | null | undefined;
  official_name?: string | null | undefined;
  mask?: string | null | undefined;
  type?: string | null | undefined;
  subtype?: string | null | undefined;
  persistent_account_id?: string | null | undefined;
  balances?:
    | {
        available?: number | null | undefined;
        current?: number | null | undefined;
        limit?: number | null | undefined;
        iso_currency_code?: string | null | undefined;
        unofficial_currency_code?: string | null | undefined;
      }
    | null
    | undefined;
}

/** Digits after the point that are kept: some balances come with four. */
const DECIMALS = 4;
const SCALE = 10n ** BigInt(DECIMALS);

/** Plain decimal text of a float, without an exponent and with at most four decimals. */
const decimalText = (value: number | null | undefined): string | null => {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) >= 1e15) {
    return null;
  }
  const text = String(value);
  const plain = /e/i.test(text) ? value.toFixed(DECIMALS) : text;
  const [whole = '0', fraction = ''] = plain.split('.');
  return fraction === '' ? whole : `${whole}.${fraction.slice(0, DECIMALS)}`;
};

/**
 * Reads one account of Plaid's; mask, official name and subtype may be missing.
 * @param account what Plaid sent
 */
export const readPlaidAccount = (account: PlaidAccountLike): BankAccount => {
  const iso = account.balances?.iso_currency_code ?? null;
  return {
    accountId: account.account_id,
    name: (account.name ?? '').trim().slice(0, 128) || 'Account',
    officialName: account.official_name ?? null,
    mask: account.mask ?? null,
    type: account.type ?? 'other',
    subtype: account.subtype ?? null,
    persistentId: account.persistent_account_id ?? null,
    balances: {
      available: decimalText(account.balances?.available),
      current: decimalText(account.balances?.current),
      limit: decimalText(account.balances?.limit),
      currency: iso ?? account.balances?.unofficial_currency_code ?? null,
      isUnofficial: iso === null,
    },
  };
};

const scaled = (text: string): bigint => {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const units = BigInt(whole) * SCALE + BigInt(fraction.slice(0, DECIMALS).padEnd(DECIMALS, '0'));
  return sign === '-' ? -units : units;
};

const unscaled = (units: bigint): number => {
  const size = units < 0n ? -units : units;
  const text = `${units < 0n ? '-' : ''}${String(size / SCALE)}.${String(size % SCALE).padStart(DECIMALS, '0')}`;
  return Number(text);
};

/** The money of one currency. */
export interface BalanceTotal {
  currency: string;
  available: number;
  current: number;
}

/**
 * Sums what lies on current and savings accounts, per currency and exactly. What a card or a loan owes is no cash, and
 * currencies are never added to each other.
 * @param accounts accounts of one bank link
 */
export const cashTotals = (accounts: readonly BankAccount[]): BalanceTotal[] => {
  const sums = new Map<string, { available: bigint; current: bigint }>();
  for (const { type, balances } of accounts) {
    if (type !== 'depository' || balances.currency === null || balances.isUnofficial) {
      continue;
    }
    const sum = sums.get(balances.currency) ?? { available: 0n, current: 0n };
    // A bank may tell only one of the two.
    const current = balances.current ?? balances.available ?? '0';
    const available = balances.available ?? balances.current ?? '0';
    sums.set(balances.currency, {
      available: sum.available + scaled(available),
      current: sum.current + scaled(current),
    });
  }
  return [...sums].map(([currency, { available, current }]) => ({
    currency,
    available: unscaled(available),
    current: unscaled(current),
  }));
};

/**
 * Sums values per currency, exactly to four decimals.
 * @param values amounts with their currencies; those without an ISO currency are left out
 */
export const sumByCurrency = (
  values: readonly { currency: string | null; value: number | null }[],
): { currency: string; value: number }[] => {
  const sums = new Map<string, bigint>();
  for (const { currency, value } of values) {
    const text = decimalText(value);
    if (currency !== null && text !== null) {
      sums.set(currency, (sums.get(currency) ?? 0n) + scaled(text));
    }
  }
  return [...sums].map(([currency, units]) => ({ currency, value: unscaled(units) }));
};

/**
 * What tells that two links lead to the same accounts of the same bank. Ids do not: each link has its own.
 * @param institutionId the bank
 * @param accounts accounts of the link
 */
export const accountsPrint = (institutionId: string, accounts: readonly BankAccount[]): string => {
  const lines = accounts.map(({ persistentId, mask, type, subtype, name }) =>
    JSON.stringify(persistentId ?? [mask, type, subtype, name]),
  );
  return hash('sha256', [institutionId, ...lines.sort()].join('\u0000'), 'base64url');
};
