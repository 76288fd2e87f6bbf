import type { ClientSession, Connection } from 'mongoose';

/**
 * One number per user.
 * @param connection database of the service
 */
export const createTallyStore = (connection: Connection) => {
  const tallies = connection.collection<{ _id: string; transactions: number }>('tallies');
  return {
    /**
     * Adds to the user's number, within the event's transaction.
     * @param userId owner
     * @param transactions how many to add
     * @param session the event's transaction
     */
    async add(userId: string, transactions: number, session: ClientSession): Promise<void> {
      await tallies.updateOne({ _id: userId }, { $inc: { transactions } }, { upsert: true, session });
    },

    /**
     * The user's number, 0 when there is none.
     * @param userId owner
     */
    async find(userId: string): Promise<number> {
      return (await tallies.findOne({ _id: userId }))?.transactions ?? 0;
    },
  };
};

export type TallyStore = ReturnType<typeof createTallyStore>;
