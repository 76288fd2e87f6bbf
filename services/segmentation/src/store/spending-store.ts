import type { ClientSession, Connection } from 'mongoose';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';

/** What is known of a user's spending. */
interface SpendingRow {
  /** The user. */
  _id: string;
  /** Whether the metrics changed since the profile was read. */
  isStale: boolean;
  /** Grows with every change that was heard of, so that one which comes while a profile is read is not lost. */
  revision: number;
  /** Null for a user without purchases, or one who was not looked at yet. */
  profile: Omit<SpendingProfile, 'userId'> | null;
}

/** A user whose profile has to be read anew, at one revision. */
export interface StaleMark {
  userId: string;
  revision: number;
}

const CHANGED = { $inc: { revision: 1 }, $set: { isStale: true }, $setOnInsert: { profile: null } };

const withoutUser = ({ userId: _userId, ...profile }: SpendingProfile): Omit<SpendingProfile, 'userId'> =>
  profile;

const toProfile = ({ _id, profile }: SpendingRow): SpendingProfile | undefined =>
  profile === null ? undefined : { userId: _id, ...profile };

/**
 * A copy of what users spend, read from the insights service; everything in it can be built anew from there.
 * @param connection database of the service
 */
export const createSpendingStore = (connection: Connection) => {
  const spending = connection.collection<SpendingRow>('spending_profiles');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await spending.createIndexes([{ key: { isStale: 1, _id: 1 }, name: 'stale' }]);
    },

    /**
     * Notes that a user's metrics changed.
     * @param userId the user
     * @param session transaction of the event
     */
    async markStale(userId: string, session: ClientSession): Promise<void> {
      await spending.updateOne({ _id: userId }, CHANGED, { upsert: true, session });
    },

    /**
     * Notes users who were found at the insights service, whose profiles are to be read.
     * @param userIds the users
     */
    async discover(userIds: readonly string[]): Promise<void> {
      if (userIds.length === 0) {
        return;
      }
      await spending.bulkWrite(
        userIds.map((userId) => ({ updateOne: { filter: { _id: userId }, update: CHANGED, upsert: true } })),
        { ordered: false },
      );
    },

    /**
     * Users whose metrics changed, in the order of ids, so that one pass meets each user once.
     * @param after the id before; empty for the first
     * @param limit most users
     */
    async stale(after: string, limit: number): Promise<StaleMark[]> {
      const rows = await spending
        .find({ isStale: true, _id: { $gt: after } }, { projection: { revision: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return rows.map(({ _id, revision }) => ({ userId: _id, revision }));
    },

    /**
     * Puts a profile that was read in place. A change that came meanwhile keeps the user stale; a user who was erased
     * meanwhile stays away.
     * @param mark the mark that was answered
     * @param profile the profile, or undefined for a user without purchases
     */
    async refresh({ userId, revision }: StaleMark, profile: SpendingProfile | undefined): Promise<void> {
      await spending.updateOne(
        { _id: userId, revision },
        { $set: { isStale: false, profile: profile === undefined ? null : withoutUser(profile) } },
      );
    },

    /**
     * What is known of a user.
     * @param userId the user
     * @returns the profile, and the mark when it has to be read anew; undefined for a user of whom nothing was heard
     */
    async find(
      userId: string,
    ): Promise<{ profile: SpendingProfile | undefined; mark: StaleMark | undefined } | undefined> {
      const row = await spending.findOne({ _id: userId });
      return row === null
        ? undefined
        : { profile: toProfile(row), mark: row.isStale ? { userId, revision: row.revision } : undefined };
    },

    /** How many users are known. */
    async count(): Promise<number> {
      return spending.estimatedDocumentCount();
    },

    /**
     * Every profile, in the order of ids, with bounded memory.
     * @param pageSize profiles of a page
     */
    async *pages(pageSize: number): AsyncGenerator<SpendingProfile[]> {
      let after = '';
      for (;;) {
        const rows = await spending
          .find({ _id: { $gt: after } })
          .sort({ _id: 1 })
          .limit(pageSize)
          .toArray();
        const last = rows.at(-1);
        if (last === undefined) {
          return;
        }
        after = last._id;
        yield rows.map(toProfile).filter((profile) => profile !== undefined);
      }
    },
  };
};

export type SpendingStore = ReturnType<typeof createSpendingStore>;
