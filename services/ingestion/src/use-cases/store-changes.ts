import { MAX_TRANSACTIONS_PER_EVENT, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { NewEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { toIngested } from '../domain/raw-transaction.ts';
import type { RowChange } from '../domain/raw-transaction.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';

/** What storing needs. */
export interface StoreChangesParts {
  transactions: RawTransactionStore;
  recordEvents: Runtime<unknown>['recordEvents'];
}

const inGroups = <Value>(values: readonly Value[]): Value[][] => {
  const groups: Value[][] = [];
  for (let start = 0; start < values.length; start += MAX_TRANSACTIONS_PER_EVENT) {
    groups.push(values.slice(start, start + MAX_TRANSACTIONS_PER_EVENT));
  }
  return groups;
};

/**
 * The events that tell others about changed rows, at most 200 rows in each.
 * @param userId owner
 * @param changes what was written
 */
export const eventsOf = (userId: string, changes: readonly RowChange[]): NewEvent[] => [
  ...inGroups(changes.filter(({ tell }) => tell === 'removed')).map((group) =>
    newEvent(TransactionsRemoved, userId, {
      userId,
      transactions: group.map(({ row }) => ({ transactionId: row._id, rowVersion: row.rowVersion })),
    }),
  ),
  ...inGroups(changes.filter(({ tell }) => tell === 'ingested')).map((group) =>
    newEvent(TransactionsIngested, userId, { userId, transactions: group.map(({ row }) => toIngested(row)) }),
  ),
];

/**
 * A function that writes changed rows and records what others are told about them, in one transaction.
 * @param parts the rows and the outbox
 */
export const createStoreChanges =
  ({ transactions, recordEvents }: StoreChangesParts) =>
  async (userId: string, changes: readonly RowChange[], session: ClientSession): Promise<void> => {
    if (changes.length === 0) {
      return;
    }
    await transactions.write(userId, changes, session);
    await recordEvents(session, eventsOf(userId, changes));
  };

export type StoreChanges = ReturnType<typeof createStoreChanges>;
