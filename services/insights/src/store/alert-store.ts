import { cutPage, decodeCursor } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { ClientSession, Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { alertId } from '../domain/alert.ts';
import type { AlertFacts, AlertKind, AlertState, NewAlert } from '../domain/alert.ts';

/** An alert of a user. */
export interface Alert {
  id: string;
  kind: AlertKind;
  subject: string;
  facts: AlertFacts;
  state: AlertState;
  createdAt: Date;
  /** Grows with each alert, also while business time stands still. */
  sequence: string;
}

interface StoredAlert extends Alert {
  /** `<userId>:<id>` */
  _id: string;
  userId: string;
}

const NEWEST_FIRST: readonly SortKey[] = [{ field: 'sequence', direction: -1, kind: 'string' }];

const toAlert = ({ _id, userId: _userId, ...alert }: StoredAlert): Alert => alert;

/**
 * Alerts of users, newest first.
 * @param connection database of the service
 */
export const createAlertStore = (connection: Connection) => {
  const alerts = connection.collection<StoredAlert>('alerts');
  const idOf = (userId: string, id: string): string => `${userId}:${id}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await alerts.createIndexes([
        { key: { userId: 1, sequence: -1 }, name: 'newest_first' },
        { key: { userId: 1, state: 1, sequence: -1 }, name: 'newest_first_of_state' },
      ]);
    },

    /**
     * Stores alerts that are not there yet. Two transactions that raise the same one clash, and one starts over.
     * @param userId owner
     * @param raised what was found
     * @param createdAt business time
     * @param session transaction that also records the events
     * @returns those that are new
     */
    async raise(
      userId: string,
      raised: readonly NewAlert[],
      createdAt: Date,
      session: ClientSession,
    ): Promise<Alert[]> {
      if (raised.length === 0) {
        return [];
      }
      const byId = new Map(raised.map((alert) => [alertId(alert), alert]));
      const known = await alerts
        .find(
          { _id: { $in: [...byId.keys()].map((id) => idOf(userId, id)) } },
          { session, projection: { id: 1 } },
        )
        .toArray();
      for (const { id } of known) {
        byId.delete(id);
      }
      const fresh = [...byId].map(([id, { kind, subject, facts }]): Alert => ({
        id,
        kind,
        subject,
        facts,
        state: 'unread',
        createdAt,
        sequence: uuidv7(),
      }));
      if (fresh.length > 0) {
        await alerts.insertMany(
          fresh.map((alert) => ({ _id: idOf(userId, alert.id), userId, ...alert })),
          { session },
        );
      }
      return fresh;
    },

    /**
     * A page, newest first.
     * @param userId owner
     * @param state only alerts in this state
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string,
      state: AlertState | undefined,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<{ rows: Alert[]; nextCursor: string | null }> {
      const before = page.cursor === undefined ? undefined : decodeCursor(NEWEST_FIRST, page.cursor)[0];
      const stored = await alerts
        .find({
          userId,
          ...(state !== undefined && { state }),
          ...(typeof before === 'string' && { sequence: { $lt: before } }),
        })
        .sort({ sequence: -1 })
        .limit(page.limit + 1)
        .toArray();
      const { rows, nextCursor } = cutPage(NEWEST_FIRST, stored, page.limit);
      return { rows: rows.map(toAlert), nextCursor };
    },

    /**
     * Puts an alert in a state.
     * @param userId owner
     * @param id the alert
     * @param state the new state
     * @returns the alert, or undefined when there is none
     */
    async setState(userId: string, id: string, state: AlertState): Promise<Alert | undefined> {
      const stored = await alerts.findOneAndUpdate(
        { _id: idOf(userId, id) },
        { $set: { state } },
        { returnDocument: 'after' },
      );
      return stored === null ? undefined : toAlert(stored);
    },
  };
};

export type AlertStore = ReturnType<typeof createAlertStore>;
