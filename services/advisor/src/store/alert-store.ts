import type { ClientSession, Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import type { AlertCategory } from '../domain/admin/admin-alerts.ts';

/** An alert about a user, for administrators. */
export interface AdminAlert {
  id: string;
  userId: string;
  userEmail: string;
  message: string;
  category: AlertCategory;
  state: 'open' | 'acknowledged' | 'cleared';
  /** Business time. */
  createdAt: Date;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  clearedAt: Date | null;
}

type StoredAlert = Omit<AdminAlert, 'id'> & {
  _id: string;
  /** `<userId>:<category>` until it is cleared: one standing alert per user and category. */
  standing?: string;
};

/** What a run wants to change. */
export interface AlertChanges {
  raise: { userId: string; userEmail: string; message: string; category: AlertCategory }[];
  /** The same alert with the figures of today. */
  reword: { id: string; message: string }[];
  clear: string[];
}

const toAlert = ({ _id, standing: _standing, ...alert }: StoredAlert): AdminAlert => ({ id: _id, ...alert });

/** Where a page of alerts starts: after this one, newest first. */
export interface AlertPosition {
  createdAt: Date;
  id: string;
}

/**
 * Alerts about users. One stands per user and category until it is cleared.
 * @param connection database of the service
 */
export const createAlertStore = (connection: Connection) => {
  const alerts = connection.collection<StoredAlert>('admin_alerts');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await alerts.createIndexes([
        { key: { standing: 1 }, name: 'one_standing', unique: true, sparse: true },
        { key: { userId: 1, createdAt: -1 }, name: 'of_user' },
        { key: { state: 1, createdAt: -1, _id: -1 }, name: 'newest_first' },
      ]);
    },

    /**
     * Alerts of these users that stand.
     * @param userIds a few hundred at most
     */
    async standingOf(userIds: readonly string[]): Promise<AdminAlert[]> {
      const found = await alerts
        .find({ userId: { $in: [...userIds] }, state: { $in: ['open', 'acknowledged'] } })
        .toArray();
      return found.map(toAlert);
    },

    /**
     * Raises, rewords and clears.
     * @param changes what a run found
     * @param at business time
     * @param session transaction of the run
     */
    async apply({ raise, reword, clear }: AlertChanges, at: Date, session: ClientSession): Promise<void> {
      if (clear.length > 0) {
        await alerts.updateMany(
          { _id: { $in: clear } },
          { $set: { state: 'cleared', clearedAt: at }, $unset: { standing: '' } },
          { session },
        );
      }
      for (const { id, message } of reword) {
        await alerts.updateOne({ _id: id }, { $set: { message } }, { session });
      }
      if (raise.length > 0) {
        await alerts.insertMany(
          // The most severe one comes last, because the newest is shown first.
          raise.toReversed().map((alert): StoredAlert => ({
            _id: uuidv7(),
            ...alert,
            state: 'open',
            standing: `${alert.userId}:${alert.category}`,
            createdAt: at,
            acknowledgedAt: null,
            acknowledgedBy: null,
            clearedAt: null,
          })),
          { session },
        );
      }
    },

    /**
     * Alerts that stand, newest first.
     * @param options `userId` of one user only; `after` the last one of the page before; `limit` rows
     */
    async listStanding(options: {
      userId?: string;
      after?: AlertPosition | undefined;
      limit?: number | undefined;
    }): Promise<AdminAlert[]> {
      const { userId, after, limit } = options;
      const found = alerts
        .find({
          ...(userId !== undefined && { userId }),
          state: { $in: ['open', 'acknowledged'] },
          ...(after !== undefined && {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          }),
        })
        .sort({ createdAt: -1, _id: -1 });
      return (await (limit === undefined ? found : found.limit(limit)).toArray()).map(toAlert);
    },

    /**
     * Notes that an administrator has seen an alert. It keeps standing until its reason is gone.
     * @param id the alert
     * @param adminId who
     * @param at business time
     * @returns the alert, or undefined when none of that id stands
     */
    async acknowledge(id: string, adminId: string, at: Date): Promise<AdminAlert | undefined> {
      const acknowledged = await alerts.findOneAndUpdate(
        { _id: id, state: 'open' },
        { $set: { state: 'acknowledged', acknowledgedAt: at, acknowledgedBy: adminId } },
        { returnDocument: 'after' },
      );
      const found = acknowledged ?? (await alerts.findOne({ _id: id, state: 'acknowledged' }));
      return found === null ? undefined : toAlert(found);
    },
  };
};

export type AlertStore = ReturnType<typeof createAlertStore>;
