import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserErasureRequested } from '@orrery/contracts';
import { anAdmin, aUser } from '@orrery/testing';
import { z } from 'zod';
import { coffeeDrinker, monthOf } from './habits.ts';
import { aPurchase, openMissions } from './open-missions.ts';
import type { MissionsUnderTest } from './open-missions.ts';

let under: MissionsUnderTest;

beforeAll(async () => {
  under = await openMissions();
}, 60_000);

afterAll(async () => {
  await under.service.stop();
});

const Report = z.object({
  from: z.string(),
  to: z.string(),
  data: z.array(
    z.looseObject({
      template: z.string(),
      segmentId: z.string().nullable(),
      proposed: z.int(),
      accepted: z.int(),
      succeeded: z.int(),
    }),
  ),
});

const settings = (user: ReturnType<typeof aUser>, json: unknown) =>
  under.service.call('/v1/missions/settings', { as: user, method: 'PATCH', json });

describe('the settings of missions', () => {
  it('move the days of a user to the zone they chose, rows and missions alike', async () => {
    const user = aUser();
    const [late, ...rest] = coffeeDrinker('2026-03-15');
    // Half past three at night in Seoul is the evening before in Paris.
    await under.enter(
      user,
      { ...late, occurredAt: `${late?.postedOn ?? ''}T18:30:00.000Z` } as never,
      ...rest,
    );
    const days = async () =>
      (
        await under.service.mongo.collection('rows').find({ userId: user.userId }).sort({ _id: 1 }).toArray()
      ).map((row) => row['day'] as string);
    const seoul = await days();
    const [before] = (await under.list(user)).data.filter(({ period }) => period === 'monthly');

    const reply = await settings(user, { timeZone: 'Europe/Paris', language: 'fr' });

    expect(reply.json).toEqual({ timeZone: 'Europe/Paris', language: 'fr' });
    expect(await days()).not.toEqual(seoul);
    const monthly = (await under.list(user, '', 'en')).data.filter(({ period }) => period === 'monthly');
    expect(monthly).toHaveLength(1);
    expect(monthly[0]?.text).toMatch(/ce mois-ci$/);
    expect(before?.validFrom).toBe('2026-02-28T15:00:00.000Z');
    expect(monthly[0]?.validFrom).toBe('2026-02-28T23:00:00.000Z');
  });

  it('refuse a zone or language that does not exist, naming the field', async () => {
    const reply = await settings(aUser(), { timeZone: 'Mars/Olympus', language: 'de' });

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ errors: [{ field: 'timeZone' }, { field: 'language' }] });
    expect((await settings(aUser(), { zone: 'Asia/Seoul' })).status).toBe(422);
  });

  it('are the caller’s own and empty at first', async () => {
    await settings(aUser(), { language: 'ko' });

    expect((await under.service.call('/v1/missions/settings', { as: aUser() })).json).toEqual({
      timeZone: null,
      language: null,
    });
  });
});

describe('the day of a mission', () => {
  it('begins at 06:00 where that is set, so that the small hours belong to the day before', async () => {
    const rolled = await openMissions({ MISSION_DAY_ROLL: '06:00' });
    try {
      rolled.clock.set('2026-03-16T18:00:00Z');
      const user = aUser();
      await rolled.enter(user, ...coffeeDrinker('2026-03-15'));

      const { data } = await rolled.legacy(user, 'daily');

      expect(data.date).toBe('2026-03-16');
      expect(data.missions.map(({ validFrom, validTo }) => [validFrom, validTo])).toContainEqual([
        '2026-03-16T06:00:00',
        '2026-03-17T05:59:59.999999',
      ]);
    } finally {
      await rolled.service.stop();
    }
  });
});

describe('the report on missions', () => {
  it('tells administrators what was offered, taken on and kept, the same after adding up twice', async () => {
    const user = aUser();
    await under.enter(user, ...coffeeDrinker('2026-03-15'));
    const daily = (await under.list(user)).data.filter(({ period }) => period === 'daily');
    const [first] = daily;
    await under.answer(user, first?.id ?? '', 'accept');
    await under.enter(user, aPurchase({ category: 'fuel', won: 30_000, day: '2026-03-16', time: '13:00' }));
    under.clock.set('2026-03-17T15:01:00Z');
    await under.service.runJob('settle-missions');

    await under.service.runJob('add-up-missions');
    await under.service.runJob('add-up-missions');

    const reply = await under.service.call('/v1/missions/report?from=2026-03-17&to=2026-03-17', {
      as: anAdmin(),
    });
    const { data } = Report.parse(reply.json);
    expect(data.reduce((sum, { proposed }) => sum + proposed, 0)).toBe(daily.length);
    expect(data.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
    expect(data.find(({ template }) => template === first?.rule.template)).toMatchObject({
      segmentId: null,
      accepted: 1,
      succeeded: 1,
      comparison: null,
    });
  });

  it('is for administrators, over a sensible span of days', async () => {
    const read = (query: string, as = anAdmin()) => under.service.call(`/v1/missions/report${query}`, { as });

    expect((await read('', aUser())).status).toBe(403);
    expect((await read('?from=2026-03-02&to=2026-03-01')).json).toMatchObject({
      errors: [{ field: 'from' }],
    });
    expect((await read('?from=2020-01-01&to=2026-03-01')).status).toBe(422);
    expect((await read('?from=soon')).status).toBe(422);
  });
});

describe('erasure', () => {
  it('leaves nothing of a user behind, and late facts bring nothing back', async () => {
    const user = aUser();
    await under.enter(user, ...monthOf(1, '2026-03-15'));
    await under.list(user);
    const requestedAt = new Date(Date.now() + 60_000).toISOString();
    const asked = await under.service.publish(UserErasureRequested, user.userId, {
      userId: user.userId,
      erasureId: `e-${user.userId}`,
      round: 1,
      requestedAt,
    });
    await under.handled([asked]);
    await under.enter(user, ...monthOf(1, '2026-03-15').slice(0, 5));

    const left = await Promise.all(
      ['rows', 'day_sheets', 'mission_sets', 'missions'].map((collection) =>
        under.service.mongo.collection(collection).countDocuments({ userId: user.userId }),
      ),
    );

    expect(left).toEqual([0, 0, 0, 0]);
    expect(
      await under.service.mongo.collection<{ _id: string }>('profiles').findOne({ _id: user.userId }),
    ).toBeNull();
  });
});

const Plan = z.object({ queryPlanner: z.object({ winningPlan: z.unknown() }) });

describe('reads of requests and jobs', () => {
  const userId = 'u-1';
  const now = new Date('2026-03-16T00:00:00Z');

  it.each([
    ['rows', { userId, day: { $lte: '2026-03-16' }, rowVersion: { $exists: true } }, { day: -1 }],
    ['day_sheets', { userId, day: { $in: ['2026-03-01', '2026-03-02'] } }, {}],
    ['rows', { day: { $lt: '2026-01-01' } }, {}],
    ['day_sheets', { userId, day: { $gte: '2026-01-01' } }, {}],
    ['day_sheets', { userId: { $in: [userId, 'u-2'] }, day: { $gte: '2026-01-01' } }, {}],
    ['profiles', { zone: 'Asia/Seoul', issuedDay: { $lt: '2026-03-16' } }, {}],
    ['mission_sets', { userId, periodEnd: { $gte: '2026-03-16' } }, {}],
    ['missions', { userId }, { endsAt: -1, _id: -1 }],
    ['missions', { userId, state: { $in: ['accepted'] } }, { endsAt: -1, _id: -1 }],
    ['missions', { userId, state: { $in: ['proposed', 'failed'] }, endsAt: { $gte: now } }, {}],
    ['missions', { settledAt: null, settleAt: { $lte: now } }, {}],
    ['missions', { settledAt: { $gte: now, $lt: now } }, {}],
  ] as const)('find and order %s by an index: %j', async (collection, filter, order) => {
    const plan = await under.service.mongo
      .collection(collection)
      .find(filter as never)
      .sort(order)
      .explain('queryPlanner');

    const text = JSON.stringify(Plan.parse(plan).queryPlanner.winningPlan);
    expect(text).toContain('"IXSCAN"');
    expect(text).not.toContain('"COLLSCAN"');
    expect(text).not.toContain('"SORT"');
  });
});
