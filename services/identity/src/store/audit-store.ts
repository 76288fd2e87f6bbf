import { type SortKey, afterCursor, cutPage, sortOf } from '@orrery/mongo';
import type { ClientSession, Connection } from 'mongoose';

export type AuditedAct = 'set-role' | 'activate' | 'deactivate' | 'delete';

/** One act of an administrator. */
export interface AuditRow {
  _id: string;
  at: Date;
  adminId: string;
  act: AuditedAct;
  targetId: string;
  /** What changed, for instance `user` to `admin`. */
  before: string | null;
  after: string | null;
  requestId: string;
}

/** Stands where an erased user was named. */
export const ERASED_USER = 'erased';

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'at', direction: -1, kind: 'date' },
  { field: '_id', direction: -1, kind: 'string' },
];

/**
 * What administrators did.
 * @param connection database of the service
 */
export const createAuditStore = (connection: Connection) => {
  const acts = connection.collection<AuditRow>('audit_log');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await acts.createIndexes([
        { key: { at: -1, _id: -1 }, name: 'newest_first' },
        { key: { adminId: 1 }, name: 'by_admin' },
        { key: { targetId: 1 }, name: 'by_target' },
      ]);
    },

    /**
     * Notes an act in the transaction that does it.
     * @param row the act
     * @param session the transaction
     */
    async note(row: AuditRow, session: ClientSession): Promise<void> {
      await acts.insertOne(row, { session });
    },

    /**
     * Acts, newest first.
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(page: { limit: number; cursor?: string | undefined }) {
      const found = await acts
        .find(afterCursor(NEWEST_FIRST, page.cursor))
        .sort(sortOf(NEWEST_FIRST))
        .limit(page.limit + 1)
        .toArray();
      return cutPage(NEWEST_FIRST, found, page.limit);
    },

    /**
     * Takes a user's id out of the log; the acts stay.
     * @param userId the user
     * @param session transaction of the erasure
     * @returns rows that named the user
     */
    async forget(userId: string, session: ClientSession): Promise<number> {
      const asAdmin = await acts.updateMany(
        { adminId: userId },
        { $set: { adminId: ERASED_USER } },
        { session },
      );
      const asTarget = await acts.updateMany(
        { targetId: userId },
        { $set: { targetId: ERASED_USER } },
        { session },
      );
      return asAdmin.modifiedCount + asTarget.modifiedCount;
    },

    /**
     * Removes acts that are older than they may be kept.
     * @param before the instant
     * @returns rows removed
     */
    async removeOlder(before: Date): Promise<number> {
      return (await acts.deleteMany({ at: { $lt: before } })).deletedCount;
    },
  };
};

export type AuditStore = ReturnType<typeof createAuditStore>;
