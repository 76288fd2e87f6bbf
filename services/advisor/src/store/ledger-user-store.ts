import type { ClientSession, Connection } from 'mongoose';

/**
 * Users with a ledger, so that the nightly work finds those whom no main back end knows.
 * @param connection database of the service
 */
export const createLedgerUserStore = (connection: Connection) => {
  const users = connection.collection<{ _id: string }>('ledger_users');
  return {
    /**
     * Notes that a user has a ledger.
     * @param userId the user
     * @param session transaction of the event
     */
    async note(userId: string, session: ClientSession): Promise<void> {
      await users.updateOne({ _id: userId }, { $setOnInsert: { _id: userId } }, { upsert: true, session });
    },

    /**
     * A page of ids, in order.
     * @param after the last id of the page before
     * @param limit ids of a page
     */
    async list(after: string | undefined, limit: number): Promise<string[]> {
      const rows = await users
        .find(after === undefined ? {} : { _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return rows.map(({ _id }) => _id);
    },
  };
};

export type LedgerUserStore = ReturnType<typeof createLedgerUserStore>;
