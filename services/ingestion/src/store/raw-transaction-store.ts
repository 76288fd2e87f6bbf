import type { IngestedTransaction } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';

/** A transaction as it came in, and where from. */
export interface RawTransaction extends Omit<IngestedTransaction, 'transactionId'> {
  /** The transaction id. */
  _id: string;
  userId: string;
  importId?: string;
  /** Physical line of the imported file. */
  line?: number;
}

/**
 * Raw transactions of all users; every function takes the user first.
 * @param connection database of the service
 */
export const createRawTransactionStore = (connection: Connection) => {
  const transactions = connection.collection<RawTransaction>('raw_transactions');

  return {
    /** Makes the collection and its one index beside the id; safe to repeat. */
    async prepare(): Promise<void> {
      await transactions.createIndexes([{ key: { userId: 1, accountId: 1 }, name: 'by_account' }]);
    },

    /**
     * Which of these ids the user already has.
     * @param userId owner
     * @param ids transaction ids
     * @param session transaction to read in, if any
     */
    async known(userId: string, ids: readonly string[], session?: ClientSession): Promise<Set<string>> {
      const found = await transactions
        .find(
          { _id: { $in: [...ids] }, userId },
          { projection: { _id: 1 }, batchSize: ids.length + 1, ...(session && { session }) },
        )
        .toArray();
      return new Set(found.map(({ _id }) => _id));
    },

    /**
     * Stores new transactions in one round trip.
     * @param userId owner
     * @param rows transactions that the user does not have yet
     * @param session transaction that also records the event
     * @throws MongoServerError code 11000 when another import stored one of them meanwhile
     */
    async insert(userId: string, rows: readonly RawTransaction[], session: ClientSession): Promise<void> {
      if (rows.length > 0) {
        await transactions.insertMany(
          rows.map((row) => ({ ...row, userId })),
          { session, ordered: true },
        );
      }
    },
  };
};

export type RawTransactionStore = ReturnType<typeof createRawTransactionStore>;
