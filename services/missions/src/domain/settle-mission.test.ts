import { describe, expect, it } from '@jest/globals';
import { dayNumber } from '@orrery/calendar';
import { issueMission } from './mission.ts';
import type { Mission } from './mission.ts';
import { countRule } from './mission-rule.ts';
import { savedMinor, settleMission, waitLonger } from './settle-mission.ts';

const HOUR = 3_600_000;
const SETTLE_MS = 24 * HOUR;

const taken: Mission = {
  ...issueMission(
    {
      rule: countRule('COUNT_CAP_DAILY', 1, 1),
      isDefault: false,
      difficulty: 'easy',
      points: 10,
      successShare: 600,
      savingMinor: 1500,
      baselineMinor: 6000,
      pastPeriods: 40,
      score: null,
    },
    {
      userId: 'user-1',
      period: 'daily',
      periodStart: '2026-03-16',
      currency: 'KRW',
      zone: 'Asia/Seoul',
      rollMinute: 0,
      settleMs: SETTLE_MS,
      segmentId: null,
      now: new Date('2026-03-16T00:00:00Z'),
    },
    [],
  ),
  state: 'in_progress',
  acceptedAt: new Date('2026-03-16T01:00:00Z'),
};

const coffee = { dayNumber: dayNumber('2026-03-16'), minute: 600, sub: 1, spentMinor: 4500 };
const after = (hours: number): Date => new Date(taken.endsAt.getTime() + hours * HOUR);

describe('settling a mission', () => {
  it('makes it a success when the rule was kept, with what was saved against the mean', () => {
    const settled = settleMission(taken, [coffee], '2026-03-17', after(24));

    expect(settled).toMatchObject({ state: 'succeeded', kept: true, savedMinor: 1500, version: 2 });
    expect(settled.settledAt).toEqual(after(24));
  });

  it('makes it a failure when the rule was broken, also when it looked kept before', () => {
    expect(settleMission(taken, [coffee, coffee], '2026-03-17', after(24))).toMatchObject({
      state: 'failed',
      savedMinor: 0,
    });
  });

  it('makes it a success when what broke it was mended in time', () => {
    expect(settleMission({ ...taken, state: 'failed' }, [coffee], '2026-03-17', after(24)).state).toBe(
      'succeeded',
    );
  });

  it('keeps the state of an offer that was refused, and lets one that was ignored expire', () => {
    const state = (before: Mission['state']) =>
      settleMission({ ...taken, state: before, acceptedAt: null }, [], '2026-03-17', after(24)).state;

    expect([state('dismissed'), state('proposed'), state('expired')]).toEqual([
      'dismissed',
      'expired',
      'expired',
    ]);
  });

  it('tells neither success nor failure when not one row came', () => {
    expect(settleMission(taken, [], '2026-03-15', after(96))).toMatchObject({
      state: 'expired',
      savedMinor: null,
    });
    expect(settleMission(taken, [], null, after(96)).state).toBe('expired');
  });

  it('waits longer while the bank is silent, and no longer than four times as long', () => {
    expect(waitLonger(taken, '2026-03-16', after(24), SETTLE_MS)).toBeNull();
    expect(waitLonger(taken, '2026-03-15', after(24), SETTLE_MS)).toEqual(after(48));
    expect(waitLonger(taken, null, after(90), SETTLE_MS)).toEqual(after(96));
    expect(waitLonger(taken, null, after(96), SETTLE_MS)).toBeNull();
  });

  it('never counts a loss as a saving', () => {
    expect([savedMinor(6000, 9000), savedMinor(6000, 0), savedMinor(null, 0)]).toEqual([0, 6000, null]);
  });
});
