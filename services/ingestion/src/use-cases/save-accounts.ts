import { BankBalancesRead } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AmountOverflowError, roundDecimal } from '@orrery/money';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import type { BankAccount } from '../domain/bank/bank-account.ts';
import type { AccountStore } from '../store/account-store.ts';

const MAX_TOLD = 200;
const TYPES = ['depository', 'credit', 'loan', 'investment', 'brokerage', 'other'] as const;

const typeOf = (type: string): (typeof TYPES)[number] => TYPES.find((known) => known === type) ?? 'other';

const minorOf = (text: string | null, currency: string): number | null => {
  if (text === null) {
    return null;
  }
  try {
    return roundDecimal(text, currency);
  } catch (error) {
    if (error instanceof AmountOverflowError) {
      return null;
    }
    throw error;
  }
};

/** What others are told about an account; undefined for money without an ISO currency. */
const told = ({ accountId, name, type, subtype, balances }: BankAccount) => {
  const { currency, isUnofficial, current, available } = balances;
  return currency === null || isUnofficial || !/^[A-Z]{3}$/.test(currency)
    ? undefined
    : {
        accountId,
        name,
        type: typeOf(type),
        ...(subtype === null ? {} : { subtype: subtype.slice(0, 64) }),
        currency,
        currentMinor: minorOf(current, currency),
        availableMinor: minorOf(available, currency),
      };
};

/**
 * A function that stores accounts as their bank states them and tells their balances, in one transaction.
 * @param parts the accounts and the outbox
 */
export const createSaveAccounts =
  ({ accounts, recordEvents }: { accounts: AccountStore; recordEvents: Runtime<unknown>['recordEvents'] }) =>
  async (
    userId: string,
    itemId: string,
    stated: readonly BankAccount[],
    session: ClientSession,
  ): Promise<void> => {
    await accounts.saveBank(userId, itemId, stated, session);
    const balances = stated.map(told).filter((account) => account !== undefined);
    if (balances.length > 0) {
      await recordEvents(session, [
        newEvent(BankBalancesRead, userId, {
          userId,
          itemId,
          readAt: new Date().toISOString(),
          accounts: balances.slice(0, MAX_TOLD),
        }),
      ]);
    }
  };

export type SaveAccounts = ReturnType<typeof createSaveAccounts>;
