import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CategoryCorrected,
  MissionCompleted,
  MissionFailed,
  MissionIssued,
  TransactionsCategorized,
  TransactionsRemoved,
  UserSegmentAssigned,
} from '@orrery/contracts';
import { aDecision, aUser, eventually } from '@orrery/testing';
import { coffeeDrinker, monthOf } from './habits.ts';
import { aPurchase, openMissions } from './open-missions.ts';
import type { MissionsUnderTest, Shown } from './open-missions.ts';

let under: MissionsUnderTest;

beforeAll(async () => {
  under = await openMissions();
}, 60_000);

afterAll(async () => {
  await under.service.stop();
});

type User = ReturnType<typeof aUser>;

const DAY_MS = 24 * 3_600_000;

/** A user whose coffee is capped today, the mission taken on. */
const coffeeMission = async (template = 'CATEGORY_BAN_DAILY'): Promise<{ user: User; mission: Shown }> => {
  const user = aUser();
  await under.enter(user, ...coffeeDrinker('2026-03-15'));
  const { data } = await under.list(user);
  const mission = data.find(({ rule }) => rule.template === template);
  if (mission === undefined) {
    throw new Error(`no ${template} among ${data.map(({ text }) => text).join('; ')}`);
  }
  const accepted = await under.answer(user, mission.id, 'accept');
  expect(accepted.status).toBe(200);
  return { user, mission };
};

const coffee = (fields: { time?: string; won?: number; day?: string; transactionId?: string } = {}) =>
  aPurchase({ category: 'coffee', won: 4500, day: '2026-03-16', time: '10:00', shop: 'Cafe', ...fields });

const completed = (user: User) =>
  under.service.captured.of(MissionCompleted).filter(({ data }) => data.userId === user.userId);
const failed = (user: User) =>
  under.service.captured.of(MissionFailed).filter(({ data }) => data.userId === user.userId);

/** Goes to a time, does the work, and comes back, because tests of a file share the clock. */
const at = async <Result>(instant: string, work: () => Promise<Result>): Promise<Result> => {
  const before = under.clock.now().toISOString();
  under.clock.set(instant);
  try {
    return await work();
  } finally {
    under.clock.set(before);
  }
};

describe('the life of a mission', () => {
  it('lists what is offered with text, rule, odds and expected saving in the reader’s language', async () => {
    const user = aUser();
    await under.enter(user, ...coffeeDrinker('2026-03-15'));

    const { data } = await under.list(user, '?limit=500');

    const ban = data.find(({ rule }) => rule.template === 'CATEGORY_BAN_DAILY');
    expect(ban).toMatchObject({
      period: 'daily',
      text: 'Coffee: no purchase today',
      subId: 1,
      rule: { template: 'CATEGORY_BAN_DAILY', sub_id: 1, type: 'count', comparator: '==', value: 0 },
      state: 'proposed',
      settled: false,
      progress: { current: 0, target: 0, unit: 'purchases', kept: true },
      validFrom: '2026-03-15T15:00:00.000Z',
      validTo: '2026-03-16T14:59:59.999Z',
      expectedSaving: { currency: 'KRW' },
      isDefault: false,
    });
    expect(Number(ban?.expectedSaving?.amount)).toBeGreaterThan(2000);
    expect(ban?.odds).toBeGreaterThan(0.4);
    expect(ban?.odds).toBeLessThan(0.5);
    expect(ban?.reasons.length).toBeGreaterThan(2);
    expect((await under.list(user, '', 'fr')).data.find(({ id }) => id === ban?.id)?.text).toBe(
      'Cafés : aucun achat aujourd’hui',
    );
    expect(new Set(data.map(({ period }) => period))).toEqual(new Set(['daily', 'weekly', 'monthly']));
    const issued = under.service.captured
      .of(MissionIssued)
      .filter(({ data: fact }) => fact.userId === user.userId);
    expect(issued.flatMap(({ data: fact }) => fact.missionIds).sort()).toEqual(
      data.map(({ id }) => id).sort(),
    );
  });

  it('pages by cursor without a gap or a double, and filters by state', async () => {
    const { user, mission } = await coffeeMission();
    const all = (await under.list(user)).data.map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await under.list(user, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.data.map(({ id }) => id));
      cursor = page.page.nextCursor;
    }

    expect(paged).toEqual(all);
    expect((await under.list(user, '?state=accepted')).data.map(({ id }) => id)).toEqual([mission.id]);
    expect((await under.service.call('/v1/missions?state=odd', { as: user })).status).toBe(422);
    expect((await under.service.call('/v1/missions?cursor=forged', { as: user })).status).toBe(422);
  });

  it('check 7: fails exactly when the rule is broken', async () => {
    const { user, mission } = await coffeeMission();
    await under.enter(
      user,
      coffee({ day: '2026-03-15', time: '23:59' }),
      coffee({ day: '2026-03-17', time: '00:00' }),
      aPurchase({ category: 'restaurants', won: 9000, day: '2026-03-16', time: '12:00' }),
    );
    expect((await under.find(user, mission.id)).progress).toMatchObject({ current: 0, kept: true });

    await under.enter(user, coffee({ time: '23:59' }));

    expect(await under.find(user, mission.id)).toMatchObject({
      state: 'failed',
      settled: false,
      progress: { current: 1, target: 0, kept: false },
    });
  });

  it('mends a broken mission when the purchase is refunded, removed, or filed elsewhere', async () => {
    const mend = {
      refund: async (user: User) => {
        await under.enter(user, { ...coffee({ time: '11:00' }), amountMinor: 4500 });
      },
      removal: async (user: User, transactionId: string) => {
        const sent = await under.service.publish(TransactionsRemoved, user.userId, {
          userId: user.userId,
          transactions: [{ transactionId, rowVersion: 1 }],
        });
        await under.handled([sent]);
      },
      correction: async (user: User, transactionId: string) => {
        const sent = await under.service.publish(CategoryCorrected, user.userId, {
          userId: user.userId,
          corrections: [{ transactionId, decisionVersion: 2, from: 'coffee', to: 'restaurants' }],
        });
        await under.handled([sent]);
      },
      decision: async (user: User, transactionId: string) => {
        await under.enter(user, {
          ...coffee({ transactionId }),
          decision: aDecision({ category: 'restaurants', decisionVersion: 2, source: 'user' }),
        });
      },
    };
    for (const [way, work] of Object.entries(mend)) {
      const { user, mission } = await coffeeMission();
      const purchase = coffee();
      await under.enter(user, purchase);
      expect((await under.find(user, mission.id)).state).toBe('failed');

      await work(user, purchase.transactionId);

      expect([way, (await under.find(user, mission.id)).state]).toEqual([way, 'in_progress']);
    }
  });

  it('succeeds after the wait for late rows, tells it once, and counts points, streak and saving', async () => {
    const { user, mission } = await coffeeMission();
    await under.enter(
      user,
      aPurchase({ category: 'restaurants', won: 9000, day: '2026-03-16', time: '12:00' }),
    );

    await at('2026-03-17T14:59:00Z', async () => {
      await under.service.runJob('settle-missions');
      expect((await under.find(user, mission.id)).settled).toBe(false);
    });
    await at('2026-03-17T15:01:00Z', async () => {
      await under.service.runJob('settle-missions');
      await under.service.runJob('settle-missions');
    });

    const shown = await under.find(user, mission.id);
    expect(shown).toMatchObject({ state: 'succeeded', settled: true, saved: mission.expectedSaving });
    await eventually(() => completed(user).length > 0);
    const [event] = completed(user);
    expect(completed(user)).toHaveLength(1);
    expect(event?.data).toMatchObject({
      missionId: mission.id,
      period: 'daily',
      texts: { en: 'Coffee: no purchase today', ko: '커피 오늘 하루 쓰지 않기' },
      saved: { currency: 'KRW', amountMinor: Number(mission.expectedSaving?.amount) },
      points: mission.points,
      streak: 1,
    });
    expect((await under.service.call('/v1/missions/streak', { as: user })).json).toEqual({
      current: 1,
      longest: 1,
      points: mission.points,
      succeeded: 1,
      failed: 0,
      saved: [mission.expectedSaving],
    });
  });

  it('counts a row that comes late but before settlement, and none that comes after', async () => {
    const { user, mission } = await coffeeMission();
    const other = await coffeeMission();
    await under.enter(user, aPurchase({ category: 'fuel', won: 50_000, day: '2026-03-17', time: '08:00' }));
    await under.enter(
      other.user,
      aPurchase({ category: 'fuel', won: 50_000, day: '2026-03-17', time: '08:00' }),
    );

    await at('2026-03-17T14:00:00Z', () => under.enter(user, coffee({ time: '21:00' })));
    await at('2026-03-17T15:01:00Z', async () => {
      await under.list(user);
      await under.list(other.user);
      await under.enter(other.user, coffee({ time: '21:00' }));
    });

    expect(await under.find(user, mission.id)).toMatchObject({ state: 'failed', settled: true });
    expect(await under.find(other.user, other.mission.id)).toMatchObject({
      state: 'succeeded',
      settled: true,
    });
    await eventually(() => failed(user).length === 1);
    expect(failed(user)[0]?.data).toMatchObject({ missionId: mission.id, period: 'daily' });
    expect(completed(user)).toEqual([]);
  });

  it('does not take silence for success: without rows it waits longer, and then expires', async () => {
    const { user, mission } = await coffeeMission();

    await at('2026-03-17T15:01:00Z', () => under.list(user));
    expect((await under.find(user, mission.id)).settled).toBe(false);
    await at('2026-03-20T15:01:00Z', () => under.list(user));

    expect(await under.find(user, mission.id)).toMatchObject({ state: 'expired', settled: true });
    expect(completed(user)).toEqual([]);
  });

  it('lets an offer expire when its time is over, and keeps it for the report', async () => {
    const user = aUser();
    await under.enter(user, ...coffeeDrinker('2026-03-15'));
    const [first] = (await under.list(user)).data.filter(({ period }) => period === 'daily');

    const states = await at('2026-03-16T15:00:00Z', async () => {
      const { data } = await under.list(user, '?state=expired');
      const reply = await under.answer(user, first?.id ?? '', 'accept');
      return { ids: data.map(({ id }) => id), status: reply.status };
    });

    expect(states.ids).toContain(first?.id);
    expect(states.status).toBe(409);
  });

  it('answers accept and dismiss the same way when repeated, and refuses what cannot be', async () => {
    const { user, mission } = await coffeeMission();

    expect((await under.answer(user, mission.id, 'accept')).status).toBe(200);
    expect((await under.answer(user, mission.id, 'dismiss')).json).toMatchObject({ state: 'dismissed' });
    expect((await under.answer(user, mission.id, 'dismiss')).status).toBe(200);
    expect((await under.answer(user, mission.id, 'accept')).status).toBe(409);
  });

  it('refuses to take on a mission that purchases have broken already', async () => {
    const user = aUser();
    await under.enter(user, ...coffeeDrinker('2026-03-15'));
    const ban = (await under.list(user)).data.find(({ rule }) => rule.template === 'CATEGORY_BAN_DAILY');
    await under.enter(user, coffee());

    const reply = await under.answer(user, ban?.id ?? '', 'accept');

    expect(reply.status).toBe(409);
    expect(reply.json).toMatchObject({ code: 'conflict', detail: expect.stringContaining('already') });
  });

  it('does not offer again soon what was refused', async () => {
    const { user, mission } = await coffeeMission();
    await under.answer(user, mission.id, 'dismiss');
    await under.enter(user, ...coffeeDrinker('2026-03-16').slice(-1));

    const offered = await at('2026-03-16T15:30:00Z', async () => (await under.legacy(user, 'daily')).data);

    expect(offered.date).toBe('2026-03-17');
    expect(offered.missions.length).toBeGreaterThan(0);
    expect(offered.missions.map(({ dsl }) => dsl).join()).not.toContain('CATEGORY_BAN_DAILY');
  });

  it.each(['', '/progress'])('answers another user’s mission%s like a missing one', async (path) => {
    const { mission } = await coffeeMission();
    const stranger = aUser();

    const reply = await under.service.call(`/v1/missions/${mission.id}${path}`, { as: stranger });
    const missing = await under.service.call(`/v1/missions/nothing-here${path}`, { as: stranger });

    expect([reply.status, missing.status]).toEqual([404, 404]);
    expect(reply.json).toMatchObject({ code: 'not-found' });
  });

  it.each(['accept', 'dismiss'] as const)('lets nobody %s another user’s mission', async (answer) => {
    const { user, mission } = await coffeeMission();

    expect((await under.answer(aUser(), mission.id, answer)).status).toBe(404);
    expect((await under.find(user, mission.id)).state).toBe('accepted');
  });

  it('comes to the same end whatever the order and repetition of events', async () => {
    const rows = [
      coffee({ time: '09:00' }),
      coffee({ time: '13:00' }),
      { ...coffee({ time: '14:00' }), amountMinor: 4500 },
      coffee({ time: '18:00' }),
      aPurchase({ category: 'fuel', won: 50_000, day: '2026-03-17', time: '08:00' }),
    ];
    const [removed] = rows;
    const standings = [];
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1, 0],
      [2, 0, 5, 5, 3, 1, 4, 0, 2],
    ]) {
      const { user, mission } = await coffeeMission();
      const events = [];
      for (const index of order) {
        const row = rows[index];
        events.push(
          row === undefined
            ? await under.service.publish(TransactionsRemoved, user.userId, {
                userId: user.userId,
                transactions: [{ transactionId: removed?.transactionId ?? '', rowVersion: 1 }],
              })
            : await under.service.publish(TransactionsCategorized, user.userId, {
                userId: user.userId,
                transactions: [row],
              }),
        );
      }
      await under.handled(events);
      await at('2026-03-17T15:01:00Z', () => under.list(user));
      const { state, progress, settled } = await under.find(user, mission.id);
      standings.push({ state, progress, settled });
    }

    expect(standings[0]).toMatchObject({ state: 'failed', settled: true, progress: { current: 1 } });
    expect(standings[1]).toEqual(standings[0]);
    expect(standings[2]).toEqual(standings[0]);
  });
});

describe('the job that issues missions', () => {
  it('serves everybody in whose zone the day has begun, once, also when it runs twice or at once', async () => {
    const [korean, european] = [aUser(), aUser()];
    await under.enter(korean, ...monthOf(11, '2026-03-15'));
    await under.enter(european, ...monthOf(12, '2026-03-15').map((row) => ({ ...row, currency: 'EUR' })));
    const sets = (user: User, start: string) =>
      under.service.mongo
        .collection('mission_sets')
        .countDocuments({ userId: user.userId, period: 'daily', periodStart: start });

    await at('2026-03-16T15:01:00Z', async () => {
      await under.service.runJob('issue-missions');
      expect(await sets(korean, '2026-03-17')).toBe(1);
      expect(await sets(european, '2026-03-17')).toBe(0);
      expect(await sets(european, '2026-03-16')).toBe(1);
    });
    await at('2026-03-16T23:01:00Z', async () => {
      await under.service.runJob('issue-missions');
      await under.service.runJob('issue-missions');
      expect(await sets(european, '2026-03-17')).toBe(1);
    });
    const ids = await under.service.mongo
      .collection('missions')
      .find({ userId: korean.userId, period: 'daily', periodStart: '2026-03-17' })
      .toArray();
    expect(ids.length).toBeGreaterThan(0);
    const told = under.service.captured
      .of(MissionIssued)
      .filter(({ data }) => data.userId === korean.userId && data.periodStart === '2026-03-17');
    expect(told).toHaveLength(1);
    expect(told[0]?.data.missionIds).toHaveLength(ids.length);
  });

  it('leans towards what the user’s segment spends on, and ignores an older assignment', async () => {
    const user = aUser();
    await under.enter(user, ...monthOf(3, '2026-03-15'));
    const assign = (segmentId: string, rowVersion: number) =>
      under.service.publish(UserSegmentAssigned, user.userId, {
        userId: user.userId,
        model: 'spending',
        modelVersion: 1,
        segmentId,
        names: { en: 'Delivery', fr: 'Livraison', ko: '배달 음식형' },
        topCategories: ['food-delivery'],
        rowVersion,
      });
    await under.handled([await assign('newer', 2)]);
    await under.handled([await assign('older', 1)]);

    await under.legacy(user, 'daily');

    const stored = await under.service.mongo.collection('missions').findOne({ userId: user.userId });
    expect(stored?.['segmentId']).toBe('newer');
  });
});

describe('bounds', () => {
  it('keeps no row older than the history, and forgets what grows older', async () => {
    const user = aUser();
    await under.enter(
      user,
      coffee({ day: '2025-06-01' }),
      coffee({ day: '2026-03-01' }),
      coffee({ day: '2026-03-02' }),
    );
    const count = (collection: string) =>
      under.service.mongo.collection(collection).countDocuments({ userId: user.userId });
    expect([await count('rows'), await count('day_sheets')]).toEqual([2, 2]);

    await at(new Date(Date.parse('2026-03-01T03:00:00Z') + 201 * DAY_MS).toISOString(), () =>
      under.service.runJob('forget-old-missions'),
    );

    expect([await count('rows'), await count('day_sheets')]).toEqual([1, 1]);
  });

  it('makes the daily sheets anew from the rows', async () => {
    const user = aUser();
    await under.enter(user, ...monthOf(21, '2026-03-15'));
    const sheets = () =>
      under.service.mongo.collection('day_sheets').find({ userId: user.userId }).sort({ _id: 1 }).toArray();
    const right = await sheets();
    await under.service.mongo
      .collection('day_sheets')
      .updateMany({ userId: user.userId }, { $set: { subs: [], amounts: [], minutes: [], shops: [] } });

    await under.service.runJob('rebuild-mission-sheets');

    expect(await sheets()).toEqual(right);
  });
});
