import { afterCursor, cutPage, sortOf } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { ClientSession, Connection, mongo } from 'mongoose';
import type { MissionState } from '../domain/life-cycle.ts';
import type { Mission } from '../domain/mission.ts';
import type { PastAnswer } from '../domain/rank-missions.ts';
import type { Outcome } from '../domain/streak.ts';
import { forgetOld } from './forget-old.ts';

interface StoredMission extends Omit<Mission, 'id'> {
  _id: string;
  userId: string;
}

/** Those that end last come first. */
const LAST_END_FIRST: readonly SortKey[] = [
  { field: 'endsAt', direction: -1, kind: 'date' },
  { field: '_id', direction: -1, kind: 'string' },
];

/** States whose outcome is open, as far as the user is concerned. */
const OPEN_STATES: MissionState[] = ['proposed', 'accepted', 'in_progress', 'failed'];

/** States that a user brought about by taking a mission on or refusing it. */
const ANSWERED_STATES: MissionState[] = ['accepted', 'in_progress', 'succeeded', 'failed', 'dismissed'];

/** Two years of missions, seven a week and five a day, are below it. */
const MOST_OUTCOMES = 5000;

const missionOf = ({ _id, userId: _userId, ...mission }: StoredMission): Mission => ({ id: _id, ...mission });

const documentOf = (userId: string, { id, ...mission }: Mission): StoredMission => ({
  _id: id,
  userId,
  ...mission,
});

const answerOf = ({ rule, periodStart, state }: StoredMission): PastAnswer => ({
  template: rule.template,
  sub: rule.sub_id,
  periodStart,
  answer: state === 'dismissed' ? 'refused' : 'taken',
});

/** A page of missions. */
export interface MissionPage {
  missions: Mission[];
  nextCursor: string | null;
}

/**
 * The missions of users. Every function that is not for a job takes the user first and sees that user's missions only.
 * @param connection database of the service
 */
export const createMissionStore = (connection: Connection) => {
  const missions = connection.collection<StoredMission>('missions');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await missions.createIndexes([
        { key: { userId: 1, endsAt: -1, _id: -1 }, name: 'last_end_first' },
        { key: { userId: 1, state: 1, endsAt: -1, _id: -1 }, name: 'last_end_first_of_state' },
        { key: { settledAt: 1, settleAt: 1 }, name: 'to_settle_first' },
      ]);
    },

    /**
     * One mission, or undefined.
     * @param userId owner
     * @param id of the mission
     * @param session transaction to read in, if any
     */
    async find(userId: string, id: string, session?: ClientSession): Promise<Mission | undefined> {
      const stored = await missions.findOne({ _id: id, userId }, { ...(session && { session }) });
      return stored === null ? undefined : missionOf(stored);
    },

    /**
     * Some missions, in no order.
     * @param userId owner
     * @param ids which
     * @param session transaction to read in, if any
     */
    async findAll(userId: string, ids: readonly string[], session?: ClientSession): Promise<Mission[]> {
      const stored = await missions
        .find({ _id: { $in: [...ids] }, userId }, { ...(session && { session }) })
        .toArray();
      return stored.map(missionOf);
    },

    /**
     * Missions, those that end last first.
     * @param userId owner
     * @param states which; all when absent
     * @param page missions of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string,
      states: readonly MissionState[] | undefined,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<MissionPage> {
      const conditions: mongo.Filter<StoredMission> = {
        userId,
        ...(states !== undefined && { state: { $in: [...states] } }),
      };
      const found = await missions
        .find({ $and: [conditions, afterCursor(LAST_END_FIRST, page.cursor)] })
        .sort(sortOf(LAST_END_FIRST))
        .limit(page.limit + 1)
        .toArray();
      const { rows, nextCursor } = cutPage(LAST_END_FIRST, found, page.limit);
      return { missions: rows.map(missionOf), nextCursor };
    },

    /**
     * Missions that are not settled.
     * @param userId owner
     * @param since those that ended before it are left to the job
     * @param session transaction of the event or request
     */
    async open(userId: string, since: Date, session: ClientSession): Promise<Mission[]> {
      const stored = await missions
        .find(
          { userId, state: { $in: OPEN_STATES }, endsAt: { $gte: since }, settledAt: null },
          { session, batchSize: 1000 },
        )
        .toArray();
      return stored.map(missionOf);
    },

    /**
     * Stores new missions of several users; fails when one is there already.
     * @param fresh owners and missions
     * @param session transaction that also stores their sets
     */
    async insert(
      fresh: readonly { userId: string; mission: Mission }[],
      session: ClientSession,
    ): Promise<void> {
      if (fresh.length > 0) {
        await missions.insertMany(
          fresh.map(({ userId, mission }) => documentOf(userId, mission)),
          { session, ordered: false },
        );
      }
    },

    /**
     * Stores changed missions.
     * @param userId owner
     * @param changed missions read in the same session
     * @param session transaction of the event or request
     */
    async save(userId: string, changed: readonly Mission[], session: ClientSession): Promise<void> {
      if (changed.length > 0) {
        await missions.bulkWrite(
          changed.map((mission) => ({
            replaceOne: { filter: { _id: mission.id, userId }, replacement: documentOf(userId, mission) },
          })),
          { session, ordered: false },
        );
      }
    },

    /**
     * Takes back offers that nobody has answered.
     * @param userId owner
     * @param ids which
     * @param session transaction that offers others
     */
    async withdraw(userId: string, ids: readonly string[], session: ClientSession): Promise<void> {
      if (ids.length > 0) {
        await missions.deleteMany({ _id: { $in: [...ids] }, userId, state: 'proposed' }, { session });
      }
    },

    /**
     * Lets offers expire whose time is over.
     * @param userId owner
     * @param now the present
     */
    async expire(userId: string, now: Date): Promise<void> {
      await missions.updateMany(
        { userId, state: 'proposed', endsAt: { $lte: now } },
        { $set: { state: 'expired' }, $inc: { version: 1 } },
      );
    },

    /**
     * What users took on or refused, by user.
     * @param userIds owners
     * @param since end of the earliest mission that counts
     */
    async answersOf(userIds: readonly string[], since: Date): Promise<Map<string, PastAnswer[]>> {
      const byUser = new Map<string, PastAnswer[]>();
      const cursor = missions.find(
        { userId: { $in: [...userIds] }, state: { $in: ANSWERED_STATES }, endsAt: { $gte: since } },
        { batchSize: 5000 },
      );
      for await (const stored of cursor) {
        const known = byUser.get(stored.userId);
        if (known === undefined) {
          byUser.set(stored.userId, [answerOf(stored)]);
        } else {
          known.push(answerOf(stored));
        }
      }
      return byUser;
    },

    /**
     * Settled outcomes, oldest end first.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async outcomes(userId: string, session?: ClientSession): Promise<Outcome[]> {
      const stored = await missions
        .find(
          { userId, state: { $in: ['succeeded', 'failed'] }, settledAt: { $ne: null } },
          {
            projection: { state: 1, points: 1, currency: 1, savedMinor: 1 },
            batchSize: MOST_OUTCOMES,
            ...(session && { session }),
          },
        )
        .sort({ endsAt: -1, _id: -1 })
        .limit(MOST_OUTCOMES)
        .toArray();
      return stored.reverse();
    },

    /**
     * Owners of missions whose time for late rows is over, in no order; an owner comes once per mission. For the job.
     * @param now the present
     */
    async *ownersToSettle(now: Date): AsyncGenerator<string> {
      const cursor = missions.find(
        { settledAt: null, settleAt: { $lte: now } },
        { projection: { userId: 1 }, batchSize: 1000 },
      );
      for await (const { userId } of cursor) {
        yield userId;
      }
    },

    /**
     * Missions of a user whose time for late rows is over, earliest end first.
     * @param userId owner
     * @param span ends of missions that are looked at: from an instant to the present
     * @param session transaction that settles them, if any
     */
    async due(
      userId: string,
      { since, now }: { since: Date; now: Date },
      session?: ClientSession,
    ): Promise<Mission[]> {
      const stored = await missions
        .find(
          { userId, endsAt: { $gte: since, $lte: now }, settledAt: null, settleAt: { $lte: now } },
          { batchSize: 1000, ...(session && { session }) },
        )
        .sort({ endsAt: 1 })
        .limit(1000)
        .toArray();
      return stored.map(missionOf);
    },

    /**
     * Missions settled in a span of time, of all users; for the report.
     * @param from first instant
     * @param to first instant after it
     */
    async *settledBetween(from: Date, to: Date): AsyncGenerator<Mission> {
      const cursor = missions.find({ settledAt: { $gte: from, $lt: to } }, { batchSize: 1000 });
      for await (const stored of cursor) {
        yield missionOf(stored);
      }
    },

    /** Forgets missions settled before an instant, of all users. */
    forget: (before: Date, signal: AbortSignal): Promise<number> =>
      forgetOld(connection, 'missions', { settledAt: { $ne: null, $lt: before } }, signal),
  };
};

export type MissionStore = ReturnType<typeof createMissionStore>;
