import type { ClientSession, Connection } from 'mongoose';
import type { DaySheet } from '../domain/day-sheet.ts';
import { forgetOld } from './forget-old.ts';

interface StoredSheet extends DaySheet {
  /** `<userId>:<day>:<currency>` */
  _id: string;
  userId: string;
}

const sheetOf = ({ _id, userId: _userId, ...sheet }: StoredSheet): DaySheet => sheet;

/**
 * The daily statistics that proposals and progress are made of: one small document per user, day and currency.
 * @param connection database of the service
 */
export const createSheetStore = (connection: Connection) => {
  const sheets = connection.collection<StoredSheet>('day_sheets');
  const documentOf = (userId: string, sheet: DaySheet): StoredSheet => ({
    _id: `${userId}:${sheet.day}:${sheet.currency}`,
    userId,
    ...sheet,
  });
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await sheets.createIndexes([
        { key: { userId: 1, day: 1 }, name: 'by_day' },
        { key: { day: 1 }, name: 'oldest_first' },
      ]);
    },

    /**
     * Stores sheets in place of those that are there; empty ones go.
     * @param userId owner
     * @param fresh sheets
     * @param session transaction that also holds the rows
     */
    async save(userId: string, fresh: readonly DaySheet[], session: ClientSession): Promise<void> {
      if (fresh.length > 0) {
        await sheets.bulkWrite(
          fresh.map((sheet) => {
            const document = documentOf(userId, sheet);
            const filter = { _id: document._id };
            return sheet.subs.length === 0
              ? { deleteOne: { filter } }
              : { replaceOne: { filter, replacement: document, upsert: true } };
          }),
          { session, ordered: false },
        );
      }
    },

    /**
     * Removes every sheet of a user.
     * @param userId owner
     * @param session transaction that makes them anew
     */
    async clear(userId: string, session: ClientSession): Promise<void> {
      await sheets.deleteMany({ userId }, { session });
    },

    /**
     * Sheets of some days, in all currencies.
     * @param userId owner
     * @param days on the user's calendar
     * @param session transaction of the event
     */
    async ofDays(userId: string, days: readonly string[], session: ClientSession): Promise<DaySheet[]> {
      const stored = await sheets
        .find({ userId, day: { $in: [...days] } }, { session, batchSize: 1000 })
        .toArray();
      return stored.map(sheetOf);
    },

    /**
     * Sheets from a day on, in all currencies.
     * @param userId owner
     * @param from first day
     * @param session transaction to read in, if any
     */
    async since(userId: string, from: string, session?: ClientSession): Promise<DaySheet[]> {
      const stored = await sheets
        .find({ userId, day: { $gte: from } }, { batchSize: 1000, ...(session && { session }) })
        .toArray();
      return stored.map(sheetOf);
    },

    /**
     * Sheets of several users from a day on; for jobs.
     * @param userIds owners
     * @param from first day
     * @returns by user; a user without sheets is absent
     */
    async ofUsersSince(userIds: readonly string[], from: string): Promise<Map<string, DaySheet[]>> {
      const byUser = new Map<string, DaySheet[]>();
      const cursor = sheets.find(
        { userId: { $in: [...userIds] }, day: { $gte: from } },
        { batchSize: 10_000 },
      );
      for await (const stored of cursor) {
        const known = byUser.get(stored.userId);
        if (known === undefined) {
          byUser.set(stored.userId, [sheetOf(stored)]);
        } else {
          known.push(sheetOf(stored));
        }
      }
      return byUser;
    },

    /**
     * Forgets sheets older than a day, of all users.
     * @param before first day that is kept
     * @param signal ends the work early
     */
    forget: (before: string, signal: AbortSignal): Promise<number> =>
      forgetOld(connection, 'day_sheets', { day: { $lt: before } }, signal),
  };
};

export type SheetStore = ReturnType<typeof createSheetStore>;
