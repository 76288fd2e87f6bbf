import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MissionIssued } from '@orrery/contracts';
import { createOutboxStore, prepareMessaging } from '@orrery/messaging';
import { inTransaction, openDatabase } from '@orrery/mongo';
import { fakeClock, useTestDatabase } from '@orrery/testing';
import type { TestDatabase } from '@orrery/testing';
import { rowArrived } from '../src/domain/known-rows.ts';
import { createMissionStore } from '../src/store/mission-store.ts';
import { createProfileStore } from '../src/store/profile-store.ts';
import { createRowStore } from '../src/store/row-store.ts';
import { createSetStore } from '../src/store/set-store.ts';
import { createSheetStore } from '../src/store/sheet-store.ts';
import { createEnterRows } from '../src/use-cases/enter-rows.ts';
import { createIssueMissions } from '../src/use-cases/issue-missions.ts';
import { createMissionCalendar } from '../src/use-cases/mission-calendar.ts';
import { coffeeDrinker } from './habits.ts';

type Mongo = Awaited<ReturnType<typeof openDatabase>>;

let database: TestDatabase;
let mongo: Mongo;

beforeAll(async () => {
  database = await useTestDatabase();
});

afterAll(async () => {
  await database.release();
});

/** The job over a database of its own, with users who drink coffee, on the evening before their day begins. */
const openJob = async (options: { users: number; afterCommit?: () => void }) => {
  mongo = await openDatabase(database.uri, `t_missions_${randomBytes(5).toString('hex')}`);
  const clock = fakeClock('2026-03-16T03:00:00Z');
  const calendar = createMissionCalendar(clock, {
    MISSION_DAY_ROLL: '00:00',
    MISSION_SETTLE_HOURS: 24,
    DEFAULT_TIME_ZONE: 'Asia/Seoul',
  });
  const stores = {
    rows: createRowStore(mongo),
    sheets: createSheetStore(mongo),
    profiles: createProfileStore(mongo),
    sets: createSetStore(mongo),
    missions: createMissionStore(mongo),
  };
  await prepareMessaging(mongo);
  await Promise.all(Object.values(stores).map((store) => store.prepare()));
  const outbox = createOutboxStore({ connection: mongo, producer: 'missions', clock });
  const enter = createEnterRows({ ...stores, calendar, historyDays: 200 });
  const users = Array.from({ length: options.users }, () => `u-${randomUUID()}`);
  for (const userId of users) {
    await inTransaction(mongo, (session) =>
      enter.apply(
        userId,
        (zone) => coffeeDrinker('2026-03-15').map((row) => [row.transactionId, rowArrived(row, zone)]),
        session,
      ),
    );
  }
  clock.set('2026-03-16T15:01:00Z');
  const issue = createIssueMissions({
    ...stores,
    calendar,
    usersPerBatch: 2,
    inTransaction: async (work) => {
      const result = await inTransaction(mongo, work);
      options.afterCommit?.();
      return result;
    },
    recordEvents: (session, events) => outbox.recordEvents(session, events),
  });

  return {
    users,
    issue,
    /** What is stored for a user's day. */
    async held(userId: string) {
      const set = await mongo
        .collection<{ _id: string; missionIds: string[] }>('mission_sets')
        .findOne({ _id: `${userId}:daily:2026-03-17` });
      const missions = await mongo
        .collection('missions')
        .find({ userId, periodStart: '2026-03-17', period: 'daily' })
        .toArray();
      const outboxRows = await mongo
        .collection<{ body: string }>('outbox')
        .find({ 'envelope.subject': userId })
        .toArray();
      const told = outboxRows
        .map(({ body }) => MissionIssued.data.parse((JSON.parse(body) as { data: unknown }).data))
        .filter(({ period }) => period === 'daily');
      return {
        set: set?.missionIds ?? [],
        missions: missions.map(({ _id }) => String(_id)),
        told: told.flatMap(({ missionIds }) => missionIds),
      };
    },
    async close() {
      await mongo.dropDatabase();
      await mongo.close();
    },
  };
};

const neverStopped = new AbortController().signal;

const expectOneOffer = ({ set, missions, told }: { set: string[]; missions: string[]; told: string[] }) => {
  expect(set.length).toBeGreaterThan(0);
  expect([...missions].sort()).toEqual([...set].sort());
  expect([...told].sort()).toEqual([...set].sort());
};

describe('the job that issues missions', () => {
  it('goes on where it was interrupted, and issues nothing twice', async () => {
    const stop = new AbortController();
    const job = await openJob({ users: 9, afterCommit: () => stop.abort() });

    await expect(job.issue.everyone(stop.signal)).rejects.toThrow();
    const served = await mongo.collection('mission_sets').countDocuments({ period: 'daily' });
    const rest = await job.issue.everyone(neverStopped);
    const nothing = await job.issue.everyone(neverStopped);

    expect(served).toBeGreaterThan(0);
    expect(rest.users).toBe(9 - served);
    expect(nothing).toEqual({ users: 0, missions: 0 });
    for (const userId of job.users) {
      expectOneOffer(await job.held(userId));
    }
    await job.close();
  });

  it('issues nothing twice when it runs twice at once, or when users ask while it runs', async () => {
    const job = await openJob({ users: 8 });

    await Promise.all([
      job.issue.everyone(neverStopped),
      job.issue.everyone(neverStopped),
      ...job.users.flatMap((userId) => [job.issue.ensure(userId), job.issue.ensure(userId)]),
    ]);

    for (const userId of job.users) {
      expectOneOffer(await job.held(userId));
    }
    await job.close();
  });
});
