import type { ClientSession, Connection } from 'mongoose';
import type { KnownRow, RowEntry } from '../domain/known-rows.ts';
import { forgetOld } from './forget-old.ts';

interface StoredRow extends Partial<KnownRow> {
  /** `<userId>:<transactionId>`: an event of one user can never touch a row of another. */
  _id: string;
  userId: string;
  transactionId: string;
  removedVersion: number;
  /** Day on the user's calendar; a removed row keeps the last one, so that it is forgotten in time. */
  day: string;
}

const isPresent = (stored: StoredRow): stored is StoredRow & KnownRow => stored.rowVersion !== undefined;

const rowOf = (stored: StoredRow): KnownRow | null => {
  if (!isPresent(stored)) {
    return null;
  }
  const {
    _id,
    userId: _userId,
    transactionId: _transactionId,
    removedVersion: _removedVersion,
    ...row
  } = stored;
  return row;
};

/**
 * The recent transactions of users, with the versions that keep late events from undoing newer ones. Every function
 * takes the user first and sees that user's rows only.
 * @param connection database of the service
 */
export const createRowStore = (connection: Connection) => {
  const rows = connection.collection<StoredRow>('rows');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await rows.createIndexes([
        { key: { userId: 1, day: 1 }, name: 'by_day' },
        { key: { day: 1 }, name: 'oldest_first' },
      ]);
    },

    /**
     * What is known about some transactions, by transaction id.
     * @param userId owner
     * @param transactionIds at most a batch
     * @param session transaction of the event
     */
    async find(
      userId: string,
      transactionIds: readonly string[],
      session: ClientSession,
    ): Promise<Map<string, RowEntry>> {
      const ids = [...new Set(transactionIds)].map((id) => `${userId}:${id}`);
      const stored = await rows.find({ _id: { $in: ids } }, { session, batchSize: 1000 }).toArray();
      return new Map(
        stored.map((entry) => [
          entry.transactionId,
          { transactionId: entry.transactionId, removedVersion: entry.removedVersion, row: rowOf(entry) },
        ]),
      );
    },

    /**
     * Stores entries in one round trip.
     * @param userId owner
     * @param entries new states, one per transaction
     * @param known entries that `find` gave in the same session
     * @param today the day a removal counts for when nothing else is known about its transaction
     * @param session transaction of the event
     */
    async save(
      userId: string,
      entries: readonly RowEntry[],
      known: ReadonlyMap<string, RowEntry>,
      today: string,
      session: ClientSession,
    ): Promise<void> {
      if (entries.length === 0) {
        return;
      }
      await rows.bulkWrite(
        entries.map(({ transactionId, removedVersion, row }) => {
          const before = known.get(transactionId);
          const document: StoredRow = {
            _id: `${userId}:${transactionId}`,
            userId,
            transactionId,
            removedVersion,
            day: before?.row?.day ?? today,
            ...row,
          };
          return before === undefined
            ? { insertOne: { document } }
            : { replaceOne: { filter: { _id: document._id }, replacement: document } };
        }),
        { session, ordered: false },
      );
    },

    /**
     * Every row of a user, removed ones without their content.
     * @param userId owner
     * @param session transaction of the rebuild
     */
    async all(userId: string, session: ClientSession): Promise<RowEntry[]> {
      const stored = await rows.find({ userId }, { session, batchSize: 5000 }).toArray();
      return stored.map((entry) => ({
        transactionId: entry.transactionId,
        removedVersion: entry.removedVersion,
        row: rowOf(entry),
      }));
    },

    /** Everybody who has a row, one index seek each. */
    async *users(): AsyncGenerator<string> {
      let after = '';
      for (;;) {
        const [next] = await rows
          .find({ userId: { $gt: after } }, { projection: { userId: 1 } })
          .sort({ userId: 1 })
          .limit(1)
          .toArray();
        if (next === undefined) {
          return;
        }
        after = next.userId;
        yield after;
      }
    },

    /**
     * The last day with a row, spending or not; null without rows. What is dated later than today says nothing.
     * @param userId owner
     * @param today on the user's calendar
     * @param session transaction to read in, if any
     */
    async lastDay(userId: string, today: string, session?: ClientSession): Promise<string | null> {
      const [last] = await rows
        .find(
          { userId, day: { $lte: today }, rowVersion: { $exists: true } },
          { projection: { day: 1 }, ...(session && { session }) },
        )
        .sort({ day: -1 })
        .limit(1)
        .toArray();
      return last?.day ?? null;
    },

    /**
     * Forgets rows older than a day, of all users.
     * @param before first day that is kept
     * @param signal ends the work early
     */
    forget: (before: string, signal: AbortSignal): Promise<number> =>
      forgetOld(connection, 'rows', { day: { $lt: before } }, signal),
  };
};

export type RowStore = ReturnType<typeof createRowStore>;
