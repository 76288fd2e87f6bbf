import type { ClientSession, Connection } from 'mongoose';
import type { MemoryVote } from '../domain/user-memory.ts';

interface MemoryDocument {
  /** `<userId>:<key>`. */
  _id: string;
  userId: string;
  votes: MemoryVote[];
}

const idOf = (userId: string, key: string): string => `${userId}:${key}`;

/**
 * What users filed by hand, by key of the merchant. Every function takes the user first.
 * @param mongo the service's database
 */
export const createMemoryStore = (mongo: Connection) => {
  const collection = mongo.collection<MemoryDocument>('memory');
  return {
    /** Makes the index; safe to repeat. */
    async prepare(): Promise<void> {
      await collection.createIndex({ userId: 1 });
    },

    /**
     * Votes for these keys; keys without votes are absent.
     * @param userId owner
     * @param keys keys of merchants
     * @param session transaction to read in
     */
    async find(
      userId: string,
      keys: readonly string[],
      session?: ClientSession,
    ): Promise<Map<string, MemoryVote[]>> {
      if (keys.length === 0) {
        return new Map();
      }
      const ids = [...new Set(keys)].map((key) => idOf(userId, key));
      const found = await collection
        .find({ _id: { $in: ids } }, session === undefined ? {} : { session })
        .toArray();
      return new Map(found.map(({ _id, votes }) => [_id.slice(userId.length + 1), votes]));
    },

    /**
     * Stores new votes for keys.
     * @param userId owner
     * @param changed votes by key
     * @param session transaction to write in
     */
    async save(
      userId: string,
      changed: ReadonlyMap<string, MemoryVote[]>,
      session: ClientSession,
    ): Promise<void> {
      if (changed.size === 0) {
        return;
      }
      await collection.bulkWrite(
        [...changed].map(([key, votes]) => ({
          replaceOne: { filter: { _id: idOf(userId, key) }, replacement: { userId, votes }, upsert: true },
        })),
        { session },
      );
    },

    /**
     * Forgets keys.
     * @param userId owner
     * @param keys keys of merchants
     * @param session transaction to write in
     */
    async forget(userId: string, keys: readonly string[], session: ClientSession): Promise<void> {
      await collection.deleteMany({ _id: { $in: keys.map((key) => idOf(userId, key)) } }, { session });
    },
  };
};

export type MemoryStore = ReturnType<typeof createMemoryStore>;
