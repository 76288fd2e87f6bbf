import type { ClientSession, Connection } from 'mongoose';
import type { MissionPeriod } from '../domain/mission-rule.ts';
import { forgetOld } from './forget-old.ts';

/** The missions that were issued to a user for one period. */
export interface MissionSet {
  period: MissionPeriod;
  periodStart: string;
  periodEnd: string;
  missionIds: string[];
  /** Day of the offer; what was known of the days before it is what the missions rest on. */
  issuedOn: string;
  /** Whether it holds default missions, for want of a history. */
  isDefault: boolean;
  /** Whether days before the offer have changed since, so that it has to be thought over. */
  isStale: boolean;
}

interface StoredSet extends MissionSet {
  /** `<userId>:<period>:<periodStart>`: a period's missions are issued once. */
  _id: string;
  userId: string;
}

const setId = (userId: string, { period, periodStart }: Pick<MissionSet, 'period' | 'periodStart'>): string =>
  `${userId}:${period}:${periodStart}`;

const setOf = ({ _id, userId: _userId, ...set }: StoredSet): MissionSet => set;

/**
 * Which missions were issued for which period.
 * @param connection database of the service
 */
export const createSetStore = (connection: Connection) => {
  const sets = connection.collection<StoredSet>('mission_sets');
  const documentOf = (userId: string, set: MissionSet): StoredSet => ({
    _id: setId(userId, set),
    userId,
    ...set,
  });
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await sets.createIndexes([
        { key: { userId: 1, periodEnd: 1 }, name: 'by_end' },
        { key: { periodEnd: 1 }, name: 'oldest_first' },
      ]);
    },

    /**
     * The sets of some periods that are there.
     * @param userId owner
     * @param periods kinds and first days
     * @param session transaction to read in, if any
     */
    async find(
      userId: string,
      periods: readonly Pick<MissionSet, 'period' | 'periodStart'>[],
      session?: ClientSession,
    ): Promise<MissionSet[]> {
      const ids = periods.map((period) => setId(userId, period));
      const stored = await sets.find({ _id: { $in: ids } }, { ...(session && { session }) }).toArray();
      return stored.map(setOf);
    },

    /**
     * Stores a set in place of the one that is there.
     * @param userId owner
     * @param set the set
     * @param session transaction that also stores the missions
     */
    async save(userId: string, set: MissionSet, session: ClientSession): Promise<void> {
      const document = documentOf(userId, set);
      await sets.replaceOne({ _id: document._id }, document, { upsert: true, session });
    },

    /**
     * Stores new sets of several users; fails when one is there already. For jobs.
     * @param fresh owners and sets
     * @param session transaction that also stores the missions
     */
    async insert(
      fresh: readonly { userId: string; set: MissionSet }[],
      session: ClientSession,
    ): Promise<void> {
      await sets.insertMany(
        fresh.map(({ userId, set }) => documentOf(userId, set)),
        { session, ordered: false },
      );
    },

    /**
     * Marks the sets of running periods whose grounds have changed.
     * @param userId owner
     * @param day earliest day that changed
     * @param today periods that ended before it are over
     * @param session transaction of the event
     */
    async markStale(userId: string, day: string, today: string, session: ClientSession): Promise<void> {
      await sets.updateMany(
        { userId, periodEnd: { $gte: today }, issuedOn: { $gt: day }, isStale: false },
        { $set: { isStale: true } },
        { session },
      );
    },

    /** Forgets sets whose period ended before a day, of all users. */
    forget: (before: string, signal: AbortSignal): Promise<number> =>
      forgetOld(connection, 'mission_sets', { periodEnd: { $lt: before } }, signal),
  };
};

export type SetStore = ReturnType<typeof createSetStore>;
