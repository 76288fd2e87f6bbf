import type { UserMark } from '@orrery/service-kit';
import type { Connection } from 'mongoose';

interface AttemptRow {
  /** Mark of an account name or an address, so that neither can be read here. */
  _id: string;
  failures: number;
  windowEndsAt: Date;
}

/** Failed attempts count within a window of this length. */
export const ATTEMPT_WINDOW_MS = 15 * 60_000;

/**
 * Attempts at a login, counted in the database so that every replica sees them.
 * @param connection database of the service
 * @param markOf hides names and addresses
 */
export const createAttemptStore = (connection: Connection, markOf: UserMark) => {
  const attempts = connection.collection<AttemptRow>('login_attempts');
  return {
    /** Makes the index; safe to repeat. */
    async prepare(): Promise<void> {
      await attempts.createIndexes([{ key: { windowEndsAt: 1 }, name: 'expiry', expireAfterSeconds: 0 }]);
    },

    /**
     * Counts an attempt before its outcome is known, so that attempts at the same moment cannot slip through.
     * @param subject what is counted, for instance `account:alex`
     * @returns attempts in the window, this one included, and when the window ends
     */
    async count(subject: string): Promise<{ failures: number; windowEndsAt: Date }> {
      const now = new Date();
      const isOver = { $lte: [{ $ifNull: ['$windowEndsAt', new Date(0)] }, now] };
      const windowEndsAt = new Date(now.getTime() + ATTEMPT_WINDOW_MS);
      const row = await attempts.findOneAndUpdate(
        { _id: markOf(subject) },
        [
          {
            $set: {
              failures: { $cond: [isOver, 1, { $add: ['$failures', 1] }] },
              windowEndsAt: { $cond: [isOver, windowEndsAt, '$windowEndsAt'] },
            },
          },
        ],
        { upsert: true, returnDocument: 'after' },
      );
      return { failures: row?.failures ?? 1, windowEndsAt: row?.windowEndsAt ?? windowEndsAt };
    },

    /**
     * Takes one attempt back, because it succeeded.
     * @param subject what was counted
     */
    async takeBack(subject: string): Promise<void> {
      await attempts.updateOne({ _id: markOf(subject), failures: { $gt: 0 } }, { $inc: { failures: -1 } });
    },

    /**
     * Forgets the attempts at an account after a success.
     * @param subject what was counted
     */
    async clear(subject: string): Promise<void> {
      await attempts.deleteOne({ _id: markOf(subject) });
    },
  };
};

export type AttemptStore = ReturnType<typeof createAttemptStore>;
