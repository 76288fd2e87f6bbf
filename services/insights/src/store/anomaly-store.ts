import { cutPage, decodeCursor } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { ClientSession, Connection } from 'mongoose';
import type { Anomaly } from '../domain/anomalies/detect-anomalies.ts';

export const ANOMALY_FEEDBACK = ['expected', 'unusual'] as const;
export type AnomalyFeedback = (typeof ANOMALY_FEEDBACK)[number];

/** An unusual purchase as it is kept; `id` is the transaction's. */
export interface KeptAnomaly extends Anomaly {
  date: string;
  merchant: string;
  /** Signed minor units. */
  amountMinor: number;
  /** Slug, or null when unknown. */
  category: string | null;
  feedback: AnomalyFeedback | null;
}

interface StoredAnomaly extends KeptAnomaly {
  /** `<userId>:<transactionId>` */
  _id: string;
  userId: string;
}

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'date', direction: -1, kind: 'string' },
  { field: '_id', direction: -1, kind: 'string' },
];

/** Unusual purchases of a user that are kept; at the rate that the detector is held to, over thirty years. */
const MAX_ANOMALIES = 1000;

const toAnomaly = ({ _id, userId: _userId, ...anomaly }: StoredAnomaly): KeptAnomaly => anomaly;

/**
 * Unusual purchases, one document each.
 * @param connection database of the service
 */
export const createAnomalyStore = (connection: Connection) => {
  const anomalies = connection.collection<StoredAnomaly>('anomalies');
  const idOf = (userId: string, id: string): string => `${userId}:${id}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await anomalies.createIndexes([{ key: { userId: 1, date: -1, _id: -1 }, name: 'newest_first' }]);
    },

    /**
     * A user's unusual purchases, newest first.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async all(userId: string, session?: ClientSession): Promise<KeptAnomaly[]> {
      const stored = await anomalies
        .find({ userId }, { ...(session && { session }), batchSize: MAX_ANOMALIES })
        .sort({ date: -1, _id: -1 })
        .limit(MAX_ANOMALIES)
        .toArray();
      return stored.map(toAnomaly);
    },

    /**
     * A page, newest first.
     * @param userId owner
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<{ rows: KeptAnomaly[]; nextCursor: string | null }> {
      const [date = '', id = ''] =
        page.cursor === undefined ? [] : decodeCursor(NEWEST_FIRST, page.cursor).map(String);
      const stored = await anomalies
        .find({
          userId,
          ...(page.cursor !== undefined && {
            date: { $lte: date },
            $or: [{ date: { $lt: date } }, { date, _id: { $lt: id } }],
          }),
        })
        .sort({ date: -1, _id: -1 })
        .limit(page.limit + 1)
        .toArray();
      const { rows, nextCursor } = cutPage(NEWEST_FIRST, stored, page.limit);
      return { rows: rows.map(toAnomaly), nextCursor };
    },

    /**
     * Stores unusual purchases and removes others, in one round trip.
     * @param userId owner
     * @param kept as they should be
     * @param goneIds transactions that are no longer unusual
     * @param session transaction that also records what is new
     */
    async save(
      userId: string,
      kept: readonly KeptAnomaly[],
      goneIds: readonly string[],
      session: ClientSession,
    ): Promise<void> {
      if (kept.length + goneIds.length === 0) {
        return;
      }
      await anomalies.bulkWrite(
        [
          ...kept.map((anomaly) => {
            const document = { _id: idOf(userId, anomaly.id), userId, ...anomaly };
            return { replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } };
          }),
          ...goneIds.map((id) => ({ deleteOne: { filter: { _id: idOf(userId, id) } } })),
        ],
        { session, ordered: false },
      );
    },

    /**
     * Keeps what the user says about an unusual purchase.
     * @param userId owner
     * @param id the transaction
     * @param feedback the user's word
     * @returns the purchase, or undefined when it is not among the unusual ones
     */
    async setFeedback(
      userId: string,
      id: string,
      feedback: AnomalyFeedback,
    ): Promise<KeptAnomaly | undefined> {
      const stored = await anomalies.findOneAndUpdate(
        { _id: idOf(userId, id) },
        { $set: { feedback } },
        { returnDocument: 'after' },
      );
      return stored === null ? undefined : toAnomaly(stored);
    },
  };
};

export type AnomalyStore = ReturnType<typeof createAnomalyStore>;
