import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { AppError } from '@orrery/service-kit';
import { safeMinor } from '@orrery/money';
import { ListAccounts } from '../clients/routes.ts';
import { minorOf, moneyOf } from '../domain/money-math.ts';
import type { RunTool, ToolAccess } from './tool-access.ts';

/** An account with the balance that its bank reported last. */
export interface KnownAccount {
  name: string;
  kind: string;
  /** For day-to-day money, not for savings. */
  isCurrent: boolean;
  balance: { amount: string; currency: string } | null;
}

const MAX_ACCOUNTS = 30;

/**
 * The user's accounts; names carry at most the last digits of their numbers.
 * @param access bound to the user
 */
export async function readAccounts(access: ToolAccess): Promise<KnownAccount[]> {
  const { body } = await access.call('ingestion', ListAccounts, {});
  return body.data.slice(0, MAX_ACCOUNTS).map(({ name, type, subtype, mask, balances }) => ({
    name: mask === null ? name : `${name} ••${mask.slice(-4)}`,
    kind: type ?? 'other',
    isCurrent: subtype === 'checking',
    balance: balances?.current ?? balances?.available ?? null,
  }));
}

/**
 * Money in the user's own accounts per currency; cards and loans are debts and do not count.
 * @param accounts the accounts
 */
export function moneyAtHand(accounts: readonly KnownAccount[]): { amount: string; currency: string }[] {
  const sums = new Map<string, number>();
  for (const { kind, balance } of accounts) {
    if (balance !== null && (kind === 'depository' || kind === 'other')) {
      sums.set(balance.currency, safeMinor((sums.get(balance.currency) ?? 0) + minorOf(balance)));
    }
  }
  return [...sums].map(([currency, minor]) => moneyOf(minor, currency));
}

/**
 * The user's accounts, or none when the service is away; for tools that can do without.
 * @param access bound to the user
 */
export const accountsIfReachable = (access: ToolAccess): Promise<KnownAccount[]> =>
  readAccounts(access).catch((error: unknown) => {
    if (error instanceof AppError) {
      return [];
    }
    throw error;
  });

/** Balances of the linked accounts. */
export const getBalances: RunTool<ToolArguments<'get_balances'>, ToolResult<'get_balances'>> = async (
  _args,
  access,
) => {
  const accounts = await readAccounts(access);
  return {
    asOf: access.today,
    accounts: accounts.map(({ name, kind, balance }) => ({ name, kind, balance })),
    totals: moneyAtHand(accounts),
  };
};
