import { describe, expect, it } from '@jest/globals';
import { addDays, dayNumber, dayOfWeek } from '@orrery/calendar';
import { drawHabits, seededRandom, spendAsBefore } from '../../test/synthetic-user.ts';
import { achievableLimit, BAND, roundedLimit } from './achievable-limit.ts';
import { WEEKDAYS } from './mission-rule.ts';
import type { MissionPeriod } from './mission-rule.ts';
import { proposeMissions } from './propose-missions.ts';
import type { ProposalInput } from './propose-missions.ts';
import { netOfRefunds } from './purchases.ts';
import type { NetPurchase } from './purchases.ts';
import { mayBeAsked } from './template-weights.ts';

const START = '2026-03-16';

const pastOf = (seed: number, days: number, start = START): NetPurchase[] => {
  const random = seededRandom(seed);
  const range = { from: addDays(start, -days), to: addDays(start, -1) };
  return netOfRefunds(spendAsBefore(drawHabits(random), range, random));
};

const inputFor = (fields: Partial<ProposalInput> & { period: MissionPeriod }): ProposalInput => ({
  userId: 'user-1',
  periodStart: START,
  issuedOn: fields.periodStart ?? START,
  segmentSubs: [],
  answers: [],
  rollMinute: 0,
  currency: 'KRW',
  purchases: pastOf(1, 60),
  isOpen: () => true,
  ...fields,
});

describe('proposed missions', () => {
  it('are at most five a day, distinct, achievable and not free, and never about what nobody can save on', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const proposals = proposeMissions(
        inputFor({ period: 'daily', userId: `user-${String(seed)}`, purchases: pastOf(seed, 30) }),
      );

      expect(proposals.length).toBeGreaterThanOrEqual(1);
      expect(proposals.length).toBeLessThanOrEqual(5);
      expect(new Set(proposals.map(({ rule }) => `${rule.template} ${String(rule.sub_id)}`)).size).toBe(
        proposals.length,
      );
      for (const { rule, successShare, isDefault } of proposals.filter(({ isDefault: given }) => !given)) {
        expect(isDefault).toBe(false);
        expect(mayBeAsked(rule.sub_id)).toBe(true);
        expect(successShare).toBeGreaterThanOrEqual(300);
        expect(successShare).toBeLessThanOrEqual(850);
      }
      const subs = proposals.map(({ rule }) => rule.sub_id);
      expect(
        Math.max(...subs.map((sub) => subs.filter((other) => other === sub).length)),
      ).toBeLessThanOrEqual(2);
    }
  });

  it('check 6: are of both monthly kinds over 200 users, each with a positive value', () => {
    const kinds: string[] = [];
    for (let seed = 0; seed < 200; seed += 1) {
      const proposals = proposeMissions(
        inputFor({
          period: 'monthly',
          periodStart: '2026-03-01',
          userId: `user-${String(seed)}`,
          purchases: pastOf(seed, 30, '2026-03-01'),
        }),
      );

      expect(proposals).toHaveLength(1);
      expect(proposals[0]?.rule.value).toBeGreaterThan(0);
      expect(proposals[0]?.isDefault).toBe(false);
      kinds.push(proposals[0]?.rule.template ?? '');
    }
    const shareOf = (kind: string) => kinds.filter((each) => each === kind).length / kinds.length;
    expect(shareOf('COUNT_CAP_MONTHLY') + shareOf('SPEND_CAP_MONTHLY')).toBe(1);
    expect(shareOf('COUNT_CAP_MONTHLY')).toBeGreaterThan(0.15);
    expect(shareOf('SPEND_CAP_MONTHLY')).toBeGreaterThan(0.15);
  });

  it('check 6: forbid the weekday with the most purchases of the category', () => {
    let bans = 0;
    for (let seed = 0; seed < 120; seed += 1) {
      const purchases = pastOf(seed, 84);
      const [proposal] = proposeMissions(
        inputFor({ period: 'weekly', userId: `user-${String(seed)}`, purchases }),
      );
      const { rule } = proposal ?? {};
      if (rule?.template !== 'DAY_BAN_WEEKLY') {
        continue;
      }
      bans += 1;
      const counts = WEEKDAYS.map(
        (_name, index) =>
          purchases.filter(
            ({ sub, dayNumber: day }) =>
              sub === rule.sub_id &&
              dayOfWeek(addDays('1970-01-01', day)) === index + 1 &&
              day >= dayNumber(START) - 84,
          ).length,
      );
      expect(counts[WEEKDAYS.indexOf(rule.day_of_week ?? 'MONDAY')]).toBe(Math.max(...counts));
    }
    expect(bans).toBeGreaterThan(2);
  });

  it('are the same for the same input in any order, and others for other people and days', () => {
    const purchases = pastOf(9, 60);
    const propose = (fields: Partial<ProposalInput>) =>
      proposeMissions(inputFor({ period: 'daily', purchases, ...fields })).map(({ rule }) => rule);

    expect(propose({ purchases: [...purchases].reverse() })).toEqual(propose({}));
    const variants = Array.from({ length: 8 }, (_unused, index) =>
      JSON.stringify(propose({ userId: `somebody-${String(index)}` })),
    );
    expect(new Set(variants).size).toBeGreaterThan(1);
  });

  it('look at days before the period only', () => {
    const purchases = pastOf(4, 60);
    const later = pastOf(5, 30, addDays(START, 30));

    expect(proposeMissions(inputFor({ period: 'daily', purchases: [...purchases, ...later] }))).toEqual(
      proposeMissions(inputFor({ period: 'daily', purchases })),
    );
  });

  it('leave out what was refused lately or done the day before, and prefer what the segment spends on', () => {
    const propose = (fields: Partial<ProposalInput>) =>
      proposeMissions(inputFor({ period: 'daily', ...fields })).map(
        ({ rule }) => `${rule.template} ${String(rule.sub_id)}`,
      );
    const [first = ''] = propose({});
    const [template, sub] = first.split(' ') as ['SPEND_CAP_DAILY', string];
    const answered = (answer: 'refused' | 'taken', daysAgo: number) =>
      propose({ answers: [{ template, sub: Number(sub), periodStart: addDays(START, -daysAgo), answer }] });

    expect(answered('refused', 10)).not.toContain(first);
    expect(answered('taken', 1)).not.toContain(first);
    expect(answered('refused', 30)).toEqual(propose({}));
    const bySegment = (subs: number[]) =>
      proposeMissions(inputFor({ period: 'daily', segmentSubs: subs })).map(({ score }) => score?.segment);
    expect(bySegment([Number(sub)])[0]).toBe(1000);
    expect(bySegment([])[0]).toBe(0);
  });

  it('rest on the days before the offer, and leave room for those to come, when a month runs already', () => {
    const monthStart = '2026-03-01';
    for (const issuedOn of ['2026-03-10', '2026-03-20', '2026-03-31']) {
      const kinds = new Set<string>();
      for (let seed = 0; seed < 60; seed += 1) {
        const purchases = pastOf(seed, 30, issuedOn);
        const [proposal] = proposeMissions(
          inputFor({
            period: 'monthly',
            periodStart: monthStart,
            issuedOn,
            userId: `user-${String(seed)}`,
            purchases,
          }),
        );
        const { rule, isDefault } = proposal ?? {};
        const soFar = purchases.filter(
          ({ sub, dayNumber: day }) => sub === rule?.sub_id && day >= dayNumber(monthStart),
        );
        const held = {
          count: soFar.length,
          total_spend: soFar.reduce((sum, { spentMinor }) => sum + spentMinor, 0),
          per_txn_max: 0,
        }[rule?.type ?? 'per_txn_max'];

        expect(isDefault).toBe(false);
        expect(rule?.value).toBeGreaterThan(0);
        expect(held).toBeLessThanOrEqual(rule?.value ?? 0);
        kinds.add(rule?.template ?? '');
      }
      expect([...kinds].sort()).toEqual(['COUNT_CAP_MONTHLY', 'SPEND_CAP_MONTHLY']);
    }
  });

  it('ask a tenth less of somebody whose days are all alike, and are of both kinds for the month', () => {
    const coffeeADay = Array.from({ length: 30 }, (_unused, index) => ({
      dayNumber: dayNumber(START) - 1 - index,
      minute: 540,
      sub: 1,
      spentMinor: 4500,
    }));
    const propose = (period: MissionPeriod, userId: string) =>
      proposeMissions(inputFor({ period, userId, purchases: coffeeADay }));

    expect(propose('daily', 'user-1').map(({ rule, difficulty }) => [rule.template, difficulty])).toEqual([
      ['CATEGORY_BAN_DAILY', 'hard'],
      ['SPEND_CAP_DAILY', 'hard'],
    ]);
    for (const [weekly] of Array.from({ length: 10 }, (_unused, user) =>
      propose('weekly', `user-${String(user)}`),
    )) {
      expect(['COUNT_CAP_WEEKLY 6', 'SPEND_CAP_WEEKLY 28500', 'DAY_BAN_WEEKLY 0']).toContain(
        `${weekly?.rule.template ?? ''} ${String(weekly?.rule.value)}`,
      );
    }
    const monthly = Array.from(
      { length: 30 },
      (_unused, user) => propose('monthly', `user-${String(user)}`)[0],
    );
    expect(
      new Set(monthly.map((each) => `${each?.rule.template ?? ''} ${String(each?.rule.value)}`)),
    ).toEqual(new Set(['COUNT_CAP_MONTHLY 27', 'SPEND_CAP_MONTHLY 130000']));
    expect(monthly.every((each) => each?.isDefault === false)).toBe(true);
  });

  it('are the defaults, marked as such, for a user with a few days of history', () => {
    for (const period of ['daily', 'weekly', 'monthly'] as const) {
      const proposals = proposeMissions(inputFor({ period, purchases: pastOf(1, 5) }));

      expect(proposals.length).toBe(period === 'daily' ? 5 : 1);
      expect(proposals.every(({ isDefault, savingMinor }) => isDefault && savingMinor === null)).toBe(true);
    }
    const swiss = proposeMissions(inputFor({ period: 'daily', currency: 'CHF', purchases: [] }));
    expect(swiss.map(({ rule }) => rule.type)).toEqual(['count', 'count']);
  });
});

describe('an achievable limit', () => {
  it('is a quantile of what was spent, so that a steady big spender gets one they can keep', () => {
    const steady = Array.from({ length: 40 }, (_unused, day) => 99_000 + (day % 5) * 500);

    const found = achievableLimit(steady, (value) => roundedLimit(value, 'KRW'), BAND);

    expect(found?.limit).toBe(100_000);
    expect(found?.share).toBe(600);
  });

  it('is none where every limit would be free or out of reach', () => {
    expect(achievableLimit([0, 0, 0, 0, 0, 0, 0, 0, 0, 50], (value) => value, BAND)).toBeUndefined();
    expect(achievableLimit([70, 70, 70, 70], (value) => value, BAND)).toBeUndefined();
  });

  it('is rounded up to what people would say', () => {
    expect([
      roundedLimit(8_347, 'KRW'),
      roundedLimit(93, 'KRW'),
      roundedLimit(83_470, 'KRW'),
      roundedLimit(1_234, 'EUR'),
      roundedLimit(61, 'EUR'),
    ]).toEqual([8_350 + 50, 100, 83_500, 1_250, 70]);
  });
});
