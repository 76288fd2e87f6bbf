import type { Language } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';

/** The user's spending segment, as segmentation tells it. */
export interface UserSegment {
  id: string;
  /** Subcategories of PocketC in which the segment spends more than others. */
  subs: number[];
  rowVersion: number;
}

/** What missions know about a user beside transactions. */
export interface Profile {
  /** IANA zone that the user chose. */
  timeZone?: string;
  language?: Language;
  /** Zone whose midnight starts the user's missions: the chosen one, else the one the main currency suggests. */
  zone: string;
  /** Last day with a row; empty before the first. */
  lastDay: string;
  /** Day for which missions were issued last; empty before the first. */
  issuedDay: string;
  segment?: UserSegment;
  /** Grows with each event, so that two events of one user never look at missions side by side. */
  revision: number;
}

interface StoredProfile extends Profile {
  /** The user's id. */
  _id: string;
}

/** A user whose missions of the day are due. */
export interface DueUser extends Profile {
  userId: string;
}

const profileOf = ({ _id, ...profile }: StoredProfile): Profile => profile;

/**
 * One small document per user.
 * @param connection database of the service
 */
export const createProfileStore = (connection: Connection) => {
  const profiles = connection.collection<StoredProfile>('profiles');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await profiles.createIndexes([{ key: { zone: 1, issuedDay: 1 }, name: 'due_first' }]);
    },

    /**
     * What is known, or undefined for a stranger.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async find(userId: string, session?: ClientSession): Promise<Profile | undefined> {
      const stored = await profiles.findOne({ _id: userId }, { ...(session && { session }) });
      return stored === null ? undefined : profileOf(stored);
    },

    /**
     * Changes what is known. Any two changes of one user in transactions exclude each other.
     * @param userId owner
     * @param change fields to set
     * @param defaults the profile when there is none yet
     * @param session transaction of the event or request
     */
    async change(
      userId: string,
      change: Partial<Omit<Profile, 'revision'>>,
      defaults: Pick<Profile, 'zone'>,
      session: ClientSession,
    ): Promise<void> {
      const whenNew = { lastDay: '', issuedDay: '', ...defaults };
      const fields = Object.keys(change);
      await profiles.updateOne(
        { _id: userId },
        {
          $inc: { revision: 1 },
          ...(fields.length > 0 && { $set: change }),
          $setOnInsert: Object.fromEntries(
            Object.entries(whenNew).filter(([field]) => !fields.includes(field)),
          ),
        },
        { upsert: true, session },
      );
    },

    /** Every zone that somebody lives in, one index seek each. */
    async *zones(): AsyncGenerator<string> {
      let after = '';
      for (;;) {
        const [next] = await profiles
          .find({ zone: { $gt: after } }, { projection: { zone: 1 } })
          .sort({ zone: 1 })
          .limit(1)
          .toArray();
        if (next === undefined) {
          return;
        }
        after = next.zone;
        yield after;
      }
    },

    /**
     * Users of a zone whose missions of a day are not issued yet, in batches.
     * @param zone IANA zone
     * @param day the day
     * @param size users of a batch
     */
    async *due(zone: string, day: string, size: number): AsyncGenerator<DueUser[]> {
      const cursor = profiles.find({ zone, issuedDay: { $lt: day } }, { batchSize: size });
      let batch: DueUser[] = [];
      for await (const stored of cursor) {
        batch.push({ userId: stored._id, ...profileOf(stored) });
        if (batch.length === size) {
          yield batch;
          batch = [];
        }
      }
      if (batch.length > 0) {
        yield batch;
      }
    },

    /**
     * The revisions of some users.
     * @param userIds owners
     * @param session transaction to read in
     */
    async revisions(userIds: readonly string[], session: ClientSession): Promise<Map<string, number>> {
      const stored = await profiles
        .find(
          { _id: { $in: [...userIds] } },
          { projection: { revision: 1 }, session, batchSize: userIds.length },
        )
        .toArray();
      return new Map(stored.map(({ _id, revision }) => [_id, revision]));
    },

    /**
     * Notes that the missions of a day are issued.
     * @param userIds owners
     * @param day the day
     * @param session transaction that issues them
     */
    async markIssued(userIds: readonly string[], day: string, session: ClientSession): Promise<void> {
      await profiles.updateMany(
        { _id: { $in: [...userIds] } },
        { $set: { issuedDay: day }, $inc: { revision: 1 } },
        { session },
      );
    },
  };
};

export type ProfileStore = ReturnType<typeof createProfileStore>;
