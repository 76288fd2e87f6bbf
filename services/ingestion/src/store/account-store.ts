import type { ClientSession, Connection } from 'mongoose';

/** An account of a user, known by a free name. */
export interface Account {
  _id: string;
  userId: string;
  name: string;
  source: 'import';
  createdAt: Date;
}

/**
 * Accounts that imports have named.
 * @param connection database of the service
 */
export const createAccountStore = (connection: Connection) => {
  const accounts = connection.collection<Account>('accounts');

  return {
    /** Makes the collection and its index; safe to repeat. */
    async prepare(): Promise<void> {
      await accounts.createIndexes([{ key: { userId: 1, name: 1 }, name: 'by_name' }]);
    },

    /**
     * All accounts of a user, name by id.
     * @param userId owner
     */
    async names(userId: string): Promise<Record<string, string>> {
      const found = await accounts.find({ userId }, { projection: { name: 1 } }).toArray();
      return Object.fromEntries(found.map(({ _id, name }) => [_id, name]));
    },

    /**
     * Adds accounts that do not exist yet.
     * @param userId owner
     * @param named ids and names
     * @param session transaction that also stores their first rows
     */
    async ensure(
      userId: string,
      named: readonly { accountId: string; accountName: string }[],
      session: ClientSession,
    ): Promise<void> {
      if (named.length === 0) {
        return;
      }
      const createdAt = new Date();
      await accounts.bulkWrite(
        named.map(({ accountId, accountName }) => ({
          updateOne: {
            filter: { _id: accountId, userId },
            update: { $setOnInsert: { name: accountName, source: 'import' as const, createdAt } },
            upsert: true,
          },
        })),
        { session, ordered: false },
      );
    },
  };
};

export type AccountStore = ReturnType<typeof createAccountStore>;
