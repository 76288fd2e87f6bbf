import type { ClientSession, Connection } from 'mongoose';
import type { AgreedCorrection } from '../domain/learning/train-candidate.ts';

interface PoolDocument {
  /** `<userId>:<transactionId>`. */
  _id: string;
  userId: string;
  /** Normalised name of the merchant, without numbers. */
  key: string;
  category: string;
}

/** Merchants that one training takes from the pool, those of most users first. */
const MAX_AGREED = 20_000;

const idOf = (userId: string, transactionId: string): string => `${userId}:${transactionId}`;

/**
 * Corrections of users who agreed to pooled learning, and of nobody else. Only the merchant's name and the category are
 * kept, no amount, day or account. Every function that touches a user's rows takes the user first.
 * @param mongo the service's database
 */
export const createPoolStore = (mongo: Connection) => {
  const collection = mongo.collection<PoolDocument>('pool');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await collection.createIndex({ userId: 1 });
      await collection.createIndex({ key: 1, category: 1 });
    },

    /**
     * Adds corrections of a user who agreed.
     * @param userId owner
     * @param rows transactions with the merchant's name and the chosen category
     * @param session transaction to write in
     */
    async add(
      userId: string,
      rows: readonly { transactionId: string; key: string; category: string }[],
      session: ClientSession,
    ): Promise<void> {
      const named = rows.filter(({ key }) => key !== '');
      if (named.length > 0) {
        await collection.bulkWrite(
          named.map(({ transactionId, key, category }) => ({
            replaceOne: {
              filter: { _id: idOf(userId, transactionId) },
              replacement: { userId, key, category },
              upsert: true,
            },
          })),
          { session },
        );
      }
    },

    /**
     * Takes corrections back, all of a user's without ids.
     * @param userId owner
     * @param session transaction to write in
     * @param transactionIds which ones
     */
    async remove(userId: string, session: ClientSession, transactionIds?: readonly string[]): Promise<void> {
      await collection.deleteMany(
        transactionIds === undefined
          ? { userId }
          : { userId, _id: { $in: transactionIds.map((id) => idOf(userId, id)) } },
        { session },
      );
    },

    /**
     * Merchants that several users filed alike. What fewer users filed stays out, so that no single person's payees can
     * be read back from the weights.
     * @param minUsers least number of users
     */
    async agreed(minUsers: number): Promise<AgreedCorrection[]> {
      const groups = await collection
        .aggregate<{ _id: { key: string; category: string }; users: number }>([
          { $group: { _id: { key: '$key', category: '$category', userId: '$userId' } } },
          { $group: { _id: { key: '$_id.key', category: '$_id.category' }, users: { $sum: 1 } } },
          { $match: { users: { $gte: minUsers } } },
          { $sort: { users: -1, '_id.key': 1, '_id.category': 1 } },
          { $limit: MAX_AGREED },
        ])
        .toArray();
      return groups.map(({ _id, users }) => ({ text: _id.key, category: _id.category, users }));
    },
  };
};

export type PoolStore = ReturnType<typeof createPoolStore>;
