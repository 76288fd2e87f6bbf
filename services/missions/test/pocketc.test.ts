import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POCKETC_SUBS } from '@orrery/contracts';
import { anAdmin, aUser } from '@orrery/testing';
import { MissionRule } from '../src/domain/mission-rule.ts';
import { mayBeAsked } from '../src/domain/template-weights.ts';
import { monthOf, thursdayDrinker } from './habits.ts';
import { aPurchase, openMissions } from './open-missions.ts';
import type { Legacy, MissionsUnderTest } from './open-missions.ts';

let under: MissionsUnderTest;

beforeAll(async () => {
  under = await openMissions();
}, 60_000);

afterAll(async () => {
  await under.service.stop();
});

const rulesOf = (envelope: Legacy): MissionRule[] =>
  envelope.data.missions.map(({ dsl }) => MissionRule.parse(JSON.parse(dsl)));

const nameOf = (sub: number): string => POCKETC_SUBS.find(({ id }) => id === sub)?.name ?? '';

describe('PocketC mission routes', () => {
  it('check 5: gives a user with 30 days of data one to five varied daily missions of today', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const user = aUser();
      await under.enter(user, ...monthOf(seed, '2026-03-15'));

      const envelope = await under.legacy(user, 'daily');

      const { missions, date } = envelope.data;
      expect(envelope.message).toBe('데일리 미션 생성 완료');
      expect(date).toBe('2026-03-16');
      expect(missions.length).toBeGreaterThanOrEqual(1);
      expect(missions.length).toBeLessThanOrEqual(5);
      const rules = rulesOf(envelope);
      const pairs = rules.map((rule) => `${String(rule.sub_id)} ${rule.template}`);
      expect(new Set(pairs).size).toBe(pairs.length);
      for (const [index, { mission, subId, type, validFrom, validTo, isDefault }] of missions.entries()) {
        const rule = rules[index];
        expect([type, isDefault]).toEqual([0, false]);
        expect(rule?.sub_id).toBe(subId);
        expect(mayBeAsked(subId)).toBe(true);
        expect(/^<(.+?)> /.exec(mission)?.[1]).toBe(nameOf(subId));
        expect(validFrom.slice(0, 10)).toBe('2026-03-16');
        const crossesMidnight = rule?.time_of_day?.[0]?.end === '06:00';
        expect(validTo <= (crossesMidnight ? '2026-03-17T06:00' : '2026-03-16T23:59:59.999999')).toBe(true);
      }
    }
  }, 30_000);

  it('check 6: a forbidden weekday is the one with the most purchases, told as day_of_week', async () => {
    let bans = 0;
    for (let attempt = 0; attempt < 16; attempt += 1) {
      const user = aUser();
      await under.enter(user, ...thursdayDrinker());

      const envelope = await under.legacy(user, 'weekly');

      const [rule] = rulesOf(envelope);
      const [mission] = envelope.data.missions;
      expect(mission?.type).toBe(1);
      if (rule?.template === 'DAY_BAN_WEEKLY') {
        bans += 1;
        expect(rule.day_of_week).toBe('THURSDAY');
        expect(rule.time_of_day).toBeUndefined();
        expect(mission?.mission).toBe('<커피> 이번 주 목요일에 쓰지 않기');
        expect(mission?.validFrom).toBe('2026-03-19T00:00:00');
        expect(mission?.validTo).toBe('2026-03-19T23:59:59.999999');
      }
    }
    expect(bans).toBeGreaterThan(0);
  }, 30_000);

  it('check 8: gives a user without data the defaults, marked as such, in the same envelope', async () => {
    const user = aUser();

    const [daily, weekly, monthly] = await Promise.all(
      ['daily', 'weekly', 'monthly'].map((period) => under.legacy(user, period)),
    );

    expect(daily?.data.missions.map(({ mission, subId, isDefault }) => [mission, subId, isDefault])).toEqual([
      ['<간식> 1건 8,000원 이하', 4, true],
      ['<간식> 하루 1건 이하', 4, true],
      ['<외식> 1건 8,000원 이하', 6, true],
      ['<외식> 하루 20,000원 이하', 6, true],
      ['<기타 지출> 하루 1건 이하', 39, true],
    ]);
    expect(daily?.data.missions[0]).toMatchObject({
      type: 0,
      validFrom: '2026-03-16T00:00:00',
      validTo: '2026-03-16T23:59:59.999999',
    });
    expect(JSON.parse(daily?.data.missions[0]?.dsl ?? '')).toEqual({
      template: 'PER_TXN_DAILY',
      sub_id: 4,
      type: 'per_txn_max',
      comparator: '<=',
      value: 8000,
      currency: 'KRW',
      value_minor: 8000,
    });
    expect(weekly).toMatchObject({
      message: '주간 미션 생성 완료',
      data: { missions: [{ mission: '<커피> 이번 주 1건 이하', type: 1, isDefault: true }] },
    });
    expect(monthly).toMatchObject({
      message: '월간 미션 생성 완료',
      data: {
        missions: [
          {
            mission: '<커피> 이번 달 50,000원 이하',
            type: 2,
            validFrom: '2026-03-01T00:00:00',
            validTo: '2026-03-31T23:59:59.999999',
          },
        ],
      },
    });
  });

  it('check 12: refuses the missions of somebody else with 403, also the placeholder', async () => {
    const [owner, stranger] = [aUser(), aUser()];
    for (const path of ['', '/daily', '/weekly', '/monthly']) {
      const reply = await under.service.call(`/ai/missions/${owner.userId}${path}`, { as: stranger });

      expect(reply.status).toBe(403);
      expect(reply.json).toMatchObject({ code: 'forbidden', detail: expect.any(String) });
    }
    expect((await under.service.call('/ai/missions/7/daily', { as: null })).status).toBe(401);
    expect((await under.service.call('/ai/missions/not%20an%20id/daily', { as: owner })).status).toBe(422);
    const placeholder = await under.service.call(`/ai/missions/${owner.userId}/`, { as: owner });
    expect([placeholder.status, placeholder.json]).toEqual([200, 'mission']);
  });

  it('gives the same missions when asked again or at once, and stores them once', async () => {
    const user = aUser();
    await under.enter(user, ...monthOf(77, '2026-03-15'));

    const together = await Promise.all(
      Array.from({ length: 6 }, (_unused, index) =>
        under.legacy(user, ['daily', 'weekly', 'monthly'][index % 3] ?? 'daily'),
      ),
    );
    const later = await under.legacy(user, 'daily');

    expect(together[3]).toEqual(together[0]);
    expect(later).toEqual(together[0]);
    const stored = await under.service.mongo.collection('missions').countDocuments({ userId: user.userId });
    expect(stored).toBe(later.data.missions.length + 2);
  });

  it('thinks an unanswered offer over when earlier days change, and leaves it when only today does', async () => {
    const user = aUser();
    const defaults = await under.legacy(user, 'daily');
    await under.enter(user, ...monthOf(5, '2026-03-15'));
    const own = await under.legacy(user, 'daily');
    await under.enter(
      user,
      aPurchase({ category: 'pet-supplies', won: 3000, day: '2026-03-16', time: '10:00' }),
    );

    const unmoved = await under.legacy(user, 'daily');

    expect(defaults.data.missions.every(({ isDefault }) => isDefault)).toBe(true);
    expect(own.data.missions.some(({ isDefault }) => isDefault)).toBe(false);
    expect(unmoved).toEqual(own);
  });

  it('writes integer ids as numbers, and lets an administrator ask for anybody without leaving a trace', async () => {
    const [admin, id] = [anAdmin(), String(900_000_000 + Math.floor(Math.random() * 1e6))];

    const envelope = await under.legacy(aUser({ userId: id }), 'weekly', admin);

    expect(envelope.data.userId).toBe(Number(id));
    expect(envelope.data.missions).toHaveLength(1);
    expect(await under.service.mongo.collection('mission_sets').countDocuments({ userId: id })).toBe(0);
  });

  it('speaks the language that was asked for, and Korean otherwise', async () => {
    const user = aUser();
    const ask = async (language: string) => {
      const reply = await under.service.call(`/ai/missions/${user.userId}/weekly`, {
        as: user,
        headers: { 'accept-language': language },
      });
      return (reply.json as Legacy).data.missions[0]?.mission;
    };

    expect(await ask('fr-CA,en;q=0.5')).toBe('<Cafés> : 1 achat au plus cette semaine');
    expect(await ask('en')).toBe('<Coffee>: at most 1 purchase this week');
    expect(await ask('de')).toBe('<커피> 이번 주 1건 이하');
  });
});
