import type { ClientSession, Connection } from 'mongoose';

interface StoredMark {
  /** The user's id. */
  _id: string;
  /** Grows with each change of the user's rows. */
  revision: number;
  /** Revision that the analyses have seen. */
  analysed: number;
  isStale: boolean;
}

/** Users whose analyses one run brings up to date; the next run goes on. */
const MAX_STALE = 1000;

/**
 * Remembers whose rows changed since their recurring payments and unusual purchases were sought, one small document
 * per user.
 * @param connection database of the service
 */
export const createAnalysisMarkStore = (connection: Connection) => {
  const marks = connection.collection<StoredMark>('analysis_marks');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await marks.createIndexes([{ key: { isStale: 1 }, name: 'by_stale' }]);
    },

    /**
     * Notes that a user's rows changed.
     * @param userId owner
     * @param session transaction of the event
     */
    async touch(userId: string, session: ClientSession): Promise<void> {
      await marks.updateOne(
        { _id: userId },
        { $inc: { revision: 1 }, $set: { isStale: true }, $setOnInsert: { analysed: 0 } },
        { upsert: true, session },
      );
    },

    /**
     * The revision that waits to be analysed, or undefined when nothing changed.
     * @param userId owner
     */
    async waiting(userId: string): Promise<number | undefined> {
      const mark = await marks.findOne({ _id: userId });
      return mark?.isStale === true ? mark.revision : undefined;
    },

    /** Users whose rows changed. */
    async stale(): Promise<string[]> {
      const stored = await marks
        .find({ isStale: true }, { projection: { _id: 1 }, batchSize: MAX_STALE })
        .limit(MAX_STALE)
        .toArray();
      return stored.map(({ _id }) => _id);
    },

    /**
     * Notes that a revision was analysed; a change that came meanwhile keeps the user waiting.
     * @param userId owner
     * @param revision what the analyses saw
     * @param session transaction that stores their results
     */
    async settle(userId: string, revision: number, session: ClientSession): Promise<void> {
      const mark = await marks.findOne({ _id: userId }, { session });
      await marks.updateOne(
        { _id: userId },
        { $set: { analysed: revision, isStale: (mark?.revision ?? 0) > revision } },
        { session },
      );
    },
  };
};

export type AnalysisMarkStore = ReturnType<typeof createAnalysisMarkStore>;
