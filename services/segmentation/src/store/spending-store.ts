import type { ClientSession, Connection } from 'mongoose';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';

/** What is known of a user's spending. */
interface SpendingRow {
  /** The user. */
  _id: string;
  /** When the metrics changed last without being read since; null while the profile is up to date. */
  staleSince: Date | null;
  /** Null for a user without purchases, or one who was not looked at yet. */
  profile: Omit<SpendingProfile, 'userId'> | null;
}

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
      await spending.createIndexes([{ key: { staleSince: 1, _id: 1 }, name: 'stale' }]);
    },

    /**
     * Notes that a user's metrics changed.
     * @param userId the user
     * @param now the instant
     * @param session transaction of the event
     */
    async markStale(userId: string, now: Date, session: ClientSession): Promise<void> {
      await spending.updateOne(
        { _id: userId },
        { $set: { staleSince: now }, $setOnInsert: { profile: null } },
        { upsert: true, session },
      );
    },

    /**
     * Notes users who were found at the insights service; those who are known stay as they are.
     * @param userIds the users
     * @param now the instant
     */
    async discover(userIds: readonly string[], now: Date): Promise<void> {
      if (userIds.length === 0) {
        return;
      }
      await spending.bulkWrite(
        userIds.map((userId) => ({
          updateOne: {
            filter: { _id: userId },
            update: { $set: { staleSince: now }, $setOnInsert: { profile: null } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    },

    /**
     * Users whose metrics changed, longest ago first.
     * @param limit most users
     */
    async stale(limit: number): Promise<{ userId: string; since: Date }[]> {
      const rows = await spending
        .find({ staleSince: { $gt: new Date(0) } }, { projection: { staleSince: 1 } })
        .sort({ staleSince: 1, _id: 1 })
        .limit(limit)
        .toArray();
      return rows.flatMap(({ _id, staleSince }) =>
        staleSince === null ? [] : [{ userId: _id, since: staleSince }],
      );
    },

    /**
     * Puts a profile that was read in place. A change that came meanwhile keeps the user stale; a user who was erased
     * meanwhile stays away.
     * @param userId the user
     * @param since the mark that was answered
     * @param profile the profile, or undefined for a user without purchases
     */
    async refresh(userId: string, since: Date, profile: SpendingProfile | undefined): Promise<void> {
      const { userId: _userId, ...kept } = profile ?? { userId };
      await spending.updateOne(
        { _id: userId, staleSince: since },
        {
          $set: {
            staleSince: null,
            profile: profile === undefined ? null : (kept as SpendingRow['profile']),
          },
        },
      );
    },

    /**
     * What is known of a user.
     * @param userId the user
     * @returns undefined for a user of whom nothing was heard
     */
    async find(
      userId: string,
    ): Promise<{ profile: SpendingProfile | undefined; staleSince: Date | null } | undefined> {
      const row = await spending.findOne({ _id: userId });
      return row === null ? undefined : { profile: toProfile(row), staleSince: row.staleSince };
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
