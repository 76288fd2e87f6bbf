import type { ClientSession, Connection } from 'mongoose';
import type { KeptStream, StreamStatus } from '../domain/recurring/keep-streams.ts';

interface StoredStream extends KeptStream {
  /** `<userId>:<id>` */
  _id: string;
  userId: string;
}

/** Streams of a user that are read at most; the detector finds far fewer. */
const MAX_STREAMS = 500;

const toStream = ({ _id, userId: _userId, ...stream }: StoredStream): KeptStream => stream;

/**
 * Recurring payments and income, one document each.
 * @param connection database of the service
 */
export const createRecurringStore = (connection: Connection) => {
  const streams = connection.collection<StoredStream>('recurring_streams');
  const idOf = (userId: string, id: string): string => `${userId}:${id}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await streams.createIndexes([{ key: { userId: 1, _id: 1 }, name: 'by_user' }]);
    },

    /**
     * A user's streams.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async all(userId: string, session?: ClientSession): Promise<KeptStream[]> {
      const stored = await streams
        .find({ userId }, { ...(session && { session }), batchSize: MAX_STREAMS })
        .sort({ _id: 1 })
        .limit(MAX_STREAMS)
        .toArray();
      return stored.map(toStream);
    },

    /**
     * Stores streams and removes others, in one round trip.
     * @param userId owner
     * @param kept streams as they should be
     * @param goneIds streams that are no more
     * @param session transaction that also records what changed
     */
    async save(
      userId: string,
      kept: readonly KeptStream[],
      goneIds: readonly string[],
      session: ClientSession,
    ): Promise<void> {
      if (kept.length + goneIds.length === 0) {
        return;
      }
      await streams.bulkWrite(
        [
          ...kept.map((stream) => {
            const document = { _id: idOf(userId, stream.id), userId, ...stream };
            return { replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } };
          }),
          ...goneIds.map((id) => ({ deleteOne: { filter: { _id: idOf(userId, id) } } })),
        ],
        { session, ordered: false },
      );
    },

    /**
     * Changes what the user says about a stream.
     * @param userId owner
     * @param id the stream
     * @param change name or status
     * @returns the stream, or undefined when there is none
     */
    async change(
      userId: string,
      id: string,
      change: { name?: string | null; status?: StreamStatus },
    ): Promise<KeptStream | undefined> {
      const stored =
        Object.keys(change).length === 0
          ? await streams.findOne({ _id: idOf(userId, id) })
          : await streams.findOneAndUpdate(
              { _id: idOf(userId, id) },
              { $set: change },
              { returnDocument: 'after' },
            );
      return stored === null ? undefined : toStream(stored);
    },
  };
};

export type RecurringStore = ReturnType<typeof createRecurringStore>;
