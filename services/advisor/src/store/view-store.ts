import { cutPage, decodeCursor, type SortKey } from '@orrery/mongo';
import type { Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';

const KEPT_S = 365 * 24 * 60 * 60;

/** One look of an administrator at what is known about users. */
export interface AdminView {
  id: string;
  adminId: string;
  /** Whom the look was at; null for a list of all. */
  userId: string | null;
  what: 'alerts' | 'dashboard';
  requestId: string;
  /** Machine time. */
  at: Date;
}

type StoredView = Omit<AdminView, 'id'> & { _id: string };

const NEWEST_FIRST: readonly SortKey[] = [{ field: 'id', direction: -1, kind: 'string' }];

/**
 * Who looked at whom, for a year.
 * @param connection database of the service
 */
export const createViewStore = (connection: Connection) => {
  const views = connection.collection<StoredView>('admin_views');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await views.createIndexes([
        { key: { at: 1 }, name: 'expiry', expireAfterSeconds: KEPT_S },
        { key: { userId: 1, _id: -1 }, name: 'of_user' },
      ]);
    },

    /**
     * Notes a look before its answer is given.
     * @param view who, at whom and what
     */
    async note(view: Omit<AdminView, 'id' | 'at'>): Promise<void> {
      await views.insertOne({ _id: uuidv7(), ...view, at: new Date() });
    },

    /**
     * A page, newest first.
     * @param userId looks at one user only; undefined for all
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string | undefined,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<{ rows: AdminView[]; nextCursor: string | null }> {
      const before = page.cursor === undefined ? undefined : decodeCursor(NEWEST_FIRST, page.cursor)[0];
      const stored = await views
        .find({
          ...(userId !== undefined && { userId }),
          ...(typeof before === 'string' && { _id: { $lt: before } }),
        })
        .sort({ _id: -1 })
        .limit(page.limit + 1)
        .toArray();
      return cutPage(
        NEWEST_FIRST,
        stored.map(({ _id, ...view }): AdminView => ({ id: _id, ...view })),
        page.limit,
      );
    },
  };
};

export type ViewStore = ReturnType<typeof createViewStore>;
