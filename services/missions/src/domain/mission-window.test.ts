import { describe, expect, it } from '@jest/globals';
import { banRule } from './mission-rule.ts';
import {
  instantsOfWindow,
  localBounds,
  missionDay,
  periodEndOf,
  periodStartOf,
  windowOf,
} from './mission-window.ts';

const NIGHT = banRule('TIME_BAN_DAILY', 5, { time_of_day: [{ start: '22:00', end: '06:00' }] });
const EVENING = banRule('TIME_BAN_DAILY', 5, { time_of_day: [{ start: '18:00', end: '22:00' }] });

describe('the window of a mission', () => {
  it('is the day, week or month of the user’s zone', () => {
    const bounds = (period: 'daily' | 'weekly' | 'monthly') =>
      localBounds(windowOf({}, period, periodStartOf(period, '2026-02-18'), 0));

    expect(bounds('daily')).toEqual({
      validFrom: '2026-02-18T00:00:00',
      validTo: '2026-02-18T23:59:59.999999',
    });
    expect(bounds('weekly')).toEqual({
      validFrom: '2026-02-16T00:00:00',
      validTo: '2026-02-22T23:59:59.999999',
    });
    expect(bounds('monthly')).toEqual({
      validFrom: '2026-02-01T00:00:00',
      validTo: '2026-02-28T23:59:59.999999',
    });
    expect(periodEndOf('monthly', '2026-12-01')).toBe('2026-12-31');
  });

  it('is narrowed by a time of day, and may end at 06:00 of the next day', () => {
    expect(localBounds(windowOf(EVENING, 'daily', '2026-03-16', 0))).toEqual({
      validFrom: '2026-03-16T18:00:00',
      validTo: '2026-03-16T21:59:59.999999',
    });
    expect(localBounds(windowOf(NIGHT, 'daily', '2026-03-16', 0))).toEqual({
      validFrom: '2026-03-16T22:00:00',
      validTo: '2026-03-17T05:59:59.999999',
    });
  });

  it('moves to 06:00 with the roll, and so does the day it is', () => {
    expect(localBounds(windowOf({}, 'daily', '2026-03-16', 360))).toEqual({
      validFrom: '2026-03-16T06:00:00',
      validTo: '2026-03-17T05:59:59.999999',
    });
    const threeAtNight = new Date('2026-03-16T18:00:00Z');
    expect(missionDay(threeAtNight, 'Asia/Seoul', 360)).toBe('2026-03-16');
    expect(missionDay(threeAtNight, 'Asia/Seoul', 0)).toBe('2026-03-17');
  });

  it('is as long as the day is when the clocks change', () => {
    const { startsAt, endsAt } = instantsOfWindow(windowOf({}, 'daily', '2026-03-29', 0), 'Europe/Paris');

    expect((endsAt.getTime() - startsAt.getTime()) / 3_600_000).toBe(23);
  });
});
