import { BankItemRemoved } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import type { PlaidClient } from '../clients/plaid-client.ts';
import { PlaidFailure } from '../clients/plaid-failure.ts';
import { hide } from '../domain/raw-transaction.ts';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { EndingStore } from '../store/ending-store.ts';
import type { ItemStore } from '../store/item-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { BankTokens } from './bank-tokens.ts';
import type { StoreChanges } from './store-changes.ts';

/** What ending a link needs. */
export interface EndLinkParts {
  items: ItemStore;
  accounts: AccountStore;
  endings: EndingStore;
  transactions: RawTransactionStore;
  tokens: BankTokens;
  plaid: PlaidClient;
  storeChanges: StoreChanges;
  inTransaction: Runtime<unknown>['inTransaction'];
  recordEvents: Runtime<unknown>['recordEvents'];
  logger: Runtime<unknown>['logger'];
}

const PAGE_ROWS = 1000;

/**
 * Use cases that end a bank link: here at once, at the provider as soon as it can be reached.
 * @param parts stores and the provider
 */
export const createEndLink = (parts: EndLinkParts) => {
  const { items, endings, transactions, tokens, plaid, logger } = parts;

  const hideRows = async (
    userId: string,
    itemId: string,
    concerns: (row: RawTransaction) => boolean = () => true,
  ): Promise<void> => {
    let after = '';
    for (let hasMore = true; hasMore;) {
      after = await parts.inTransaction(async (session: ClientSession) => {
        const rows = await transactions.pageOfBank(userId, itemId, after, PAGE_ROWS, session);
        const changes = rows
          .filter(concerns)
          .map((row) => hide(row, 'bank-removed'))
          .filter((change) => change !== undefined);
        await parts.storeChanges(userId, changes, session);
        hasMore = rows.length === PAGE_ROWS;
        return rows.at(-1)?.providerId ?? '';
      });
    }
  };

  const endAtProvider = async (): Promise<boolean> => {
    const ending = await endings.takeDue(new Date());
    if (ending === undefined) {
      return false;
    }
    try {
      await plaid.remove(tokens.open(ending._id, ending));
      await endings.done(ending._id);
    } catch (error) {
      const code = error instanceof PlaidFailure ? error.facts.errorCode : undefined;
      logger.warn(
        {
          itemId: ending._id,
          code,
          attempts: ending.attempts,
          ...(code === undefined ? { err: error } : {}),
        },
        'a bank link could not be ended at its provider yet',
      );
    }
    return true;
  };

  return {
    /**
     * Ends a link for good: its rows leave the ledger, its token goes. Ending one that has ended does nothing more.
     * @param userId owner
     * @param itemId the link
     * @param reason the provider's code when it was not the user
     * @returns false when the user has no such link
     */
    async end(userId: string, itemId: string, reason?: string): Promise<boolean> {
      const found = await parts.inTransaction(async (session) => {
        const item = await items.find(userId, itemId, session);
        if (item === null) {
          return false;
        }
        const token = await items.token(userId, itemId);
        if (item.active === true && token !== null) {
          await items.update(
            userId,
            itemId,
            {
              set: {
                status: 'removed',
                nextSyncAt: null,
                lastError: reason === undefined ? null : { code: reason, at: new Date() },
              },
              unset: ['active'],
              raise: ['rowVersion'],
            },
            { session },
          );
          await endings.add(itemId, token, session);
          await items.dropToken(userId, itemId, session);
          await parts.accounts.dropOfItem(userId, itemId, session);
          await parts.recordEvents(session, [
            newEvent(BankItemRemoved, userId, {
              userId,
              itemId,
              institutionName: item.institutionName,
              rowVersion: item.rowVersion + 1,
            }),
          ]);
        }
        return true;
      });
      if (found) {
        // Repeated after a kill in between: hidden rows stay hidden.
        await hideRows(userId, itemId);
        await endAtProvider();
      }
      return found;
    },

    /**
     * Takes one account of a link out, because its user withdrew it at the bank.
     * @param userId owner
     * @param itemId the link
     * @param accountId the account
     */
    async endAccount(userId: string, itemId: string, accountId: string): Promise<void> {
      await hideRows(userId, itemId, (row) => row.accountId === accountId);
    },

    /** Ends one waiting link at the provider. @returns false when none is due */
    endAtProvider,
  };
};

export type EndLink = ReturnType<typeof createEndLink>;
