import type { ClientSession, Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';

interface StoredMark {
  _id: string;
  userId: string;
}

/** Users whose analyses one run brings up to date; the next run goes on. */
const MAX_STALE = 1000;

/** Marks that one look settles; more are left for the next one. */
const MAX_MARKS = 10_000;

/**
 * Remembers whose rows changed since their recurring payments and unusual purchases were sought: one small document per
 * change, because events of one user that are worked side by side would clash on a common one.
 * @param connection database of the service
 */
export const createAnalysisMarkStore = (connection: Connection) => {
  const marks = connection.collection<StoredMark>('analysis_marks');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await marks.createIndexes([{ key: { userId: 1 }, name: 'by_user' }]);
    },

    /**
     * Notes that a user's rows changed.
     * @param userId owner
     * @param session transaction of the change
     */
    async touch(userId: string, session: ClientSession): Promise<void> {
      await marks.insertOne({ _id: uuidv7(), userId }, { session });
    },

    /**
     * The changes that wait to be analysed; none when the analyses are up to date.
     * @param userId owner
     */
    async waiting(userId: string): Promise<string[]> {
      const stored = await marks
        .find({ userId }, { projection: { _id: 1 }, batchSize: MAX_MARKS })
        .limit(MAX_MARKS)
        .toArray();
      return stored.map(({ _id }) => _id);
    },

    /** Users whose rows changed, one index seek each. */
    async stale(): Promise<string[]> {
      const users: string[] = [];
      while (users.length < MAX_STALE) {
        const next = await marks
          .find({ userId: { $gt: users.at(-1) ?? '' } }, { projection: { userId: 1 } })
          .sort({ userId: 1 })
          .limit(1)
          .next();
        if (next === null) {
          break;
        }
        users.push(next.userId);
      }
      return users;
    },

    /**
     * Notes that changes were analysed; one that came meanwhile keeps the user waiting.
     * @param userId owner
     * @param ids what `waiting` gave before the rows were read
     * @param session transaction that stores the results
     */
    async settle(userId: string, ids: readonly string[], session: ClientSession): Promise<void> {
      await marks.deleteMany({ _id: { $in: [...ids] }, userId }, { session });
    },
  };
};

export type AnalysisMarkStore = ReturnType<typeof createAnalysisMarkStore>;
