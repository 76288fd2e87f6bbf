import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  addMonths,
  compareDays,
  dayFromNumber,
  dayNumber,
  dayOfWeek,
  dayRange,
  diffDays,
  isValidDay,
} from './calendar-date.ts';
import { lastMonths, nextPeriod, periodContaining, previousPeriod } from './period.ts';
import { dayInZone, instantOfLocalTime, instantsOfDay, isValidZone, startOfDay } from './zone.ts';

const anyDayNumber = fc.integer({ min: dayNumber('0001-01-01'), max: dayNumber('9999-12-31') });

describe('day arithmetic', () => {
  it('knows leap years', () => {
    expect(isValidDay('2024-02-29')).toBe(true);
    expect(isValidDay('2023-02-29')).toBe(false);
    expect(isValidDay('1900-02-29')).toBe(false);
    expect(isValidDay('2000-02-29')).toBe(true);
    expect(isValidDay('2024-2-9')).toBe(false);
    expect(isValidDay('2024-13-01')).toBe(false);
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(diffDays('2024-02-01', '2024-03-01')).toBe(29);
  });

  it('clamps months to the last day', () => {
    expect(addMonths('2024-01-31', 1)).toBe('2024-02-29');
    expect(addMonths('2024-03-31', -1)).toBe('2024-02-29');
    expect(addMonths('2024-12-15', 1)).toBe('2025-01-15');
    expect(addMonths('2024-01-15', -13)).toBe('2022-12-15');
  });

  it('refuses what is no day', () => {
    expect(() => addDays('2024-02-30', 1)).toThrow('YYYY-MM-DD');
    expect(() => addDays('9999-12-31', 1)).toThrow('no such day');
  });

  it('agrees with the platform on every day and its weekday', () => {
    fc.assert(
      fc.property(anyDayNumber, (number) => {
        const day = dayFromNumber(number);
        const platform = new Date(number * 86_400_000);

        expect(day).toBe(platform.toISOString().slice(0, 10));
        expect(dayNumber(day)).toBe(number);
        expect(dayOfWeek(day)).toBe(platform.getUTCDay() === 0 ? 7 : platform.getUTCDay());
      }),
    );
  });

  it('orders days and lists ranges with both ends', () => {
    expect(compareDays('2024-01-01', '2024-01-02')).toBe(-1);
    expect(compareDays('2024-01-02', '2024-01-02')).toBe(0);
    expect([...dayRange('2024-02-28', '2024-03-01')]).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
    expect([...dayRange('2024-03-01', '2024-02-28')]).toEqual([]);
  });
});

describe('periods', () => {
  it('starts weeks on Monday', () => {
    expect(periodContaining('week', '2026-11-22')).toEqual({
      kind: 'week',
      from: '2026-11-16',
      to: '2026-11-22',
    });
    expect(periodContaining('week', '2026-11-23').from).toBe('2026-11-23');
  });

  it('spans months and years whole', () => {
    expect(periodContaining('month', '2024-02-10')).toEqual({
      kind: 'month',
      from: '2024-02-01',
      to: '2024-02-29',
    });
    expect(previousPeriod(periodContaining('month', '2024-01-10')).from).toBe('2023-12-01');
    expect(nextPeriod(periodContaining('year', '2024-05-05'))).toEqual({
      kind: 'year',
      from: '2025-01-01',
      to: '2025-12-31',
    });
    expect(lastMonths('2024-02-10', 3)).toEqual({ from: '2023-12-01', to: '2024-02-29' });
  });

  it('contains its day and tiles the calendar without gap', () => {
    const kind = fc.constantFrom('week', 'month', 'year');
    const inner = fc.integer({ min: dayNumber('0003-01-01'), max: dayNumber('9997-12-31') });
    fc.assert(
      fc.property(inner, kind, (number, which) => {
        const day = dayFromNumber(number);

        const period = periodContaining(which, day);

        expect(period.from <= day && day <= period.to).toBe(true);
        expect(addDays(period.to, 1)).toBe(nextPeriod(period).from);
        expect(previousPeriod(nextPeriod(period))).toEqual(period);
      }),
    );
  });
});

describe('zones', () => {
  it('tells the day people had at an instant', () => {
    const instant = new Date('2025-09-29T15:30:00Z');

    expect(dayInZone(instant, 'Asia/Seoul')).toBe('2025-09-30');
    expect(dayInZone(instant, 'America/New_York')).toBe('2025-09-29');
    expect(dayInZone(instant, 'UTC')).toBe('2025-09-29');
  });

  it('gives 23 and 25 hour days their length', () => {
    const hours = (day: string) => {
      const { start, end } = instantsOfDay(day, 'Europe/London');
      return (end.getTime() - start.getTime()) / 3_600_000;
    };

    expect(hours('2025-03-30')).toBe(23);
    expect(hours('2025-10-26')).toBe(25);
    expect(hours('2025-10-27')).toBe(24);
  });

  it('starts a day after the gap where midnight is skipped, and at the first midnight where there are two', () => {
    expect(startOfDay('2018-11-04', 'America/Sao_Paulo').toISOString()).toBe('2018-11-04T03:00:00.000Z');
    expect(startOfDay('2024-11-03', 'America/Havana').toISOString()).toBe('2024-11-03T04:00:00.000Z');
  });

  it('reads wall-clock times, the earlier one when an hour comes twice', () => {
    expect(instantOfLocalTime('2025-10-26', { hour: 1, minute: 30 }, 'Europe/London').toISOString()).toBe(
      '2025-10-26T00:30:00.000Z',
    );
    expect(instantOfLocalTime('2025-09-29', { hour: 23, minute: 59 }, 'Asia/Seoul').toISOString()).toBe(
      '2025-09-29T14:59:00.000Z',
    );
  });

  it('puts the first instant of each day into that day and the one before it into another', () => {
    const zone = fc.constantFrom(
      'UTC',
      'Europe/London',
      'America/Havana',
      'Asia/Seoul',
      'Pacific/Chatham',
      'America/Sao_Paulo',
    );
    const recent = fc.integer({ min: dayNumber('1990-01-02'), max: dayNumber('2030-12-31') });
    fc.assert(
      fc.property(recent, zone, (number, name) => {
        const day = dayFromNumber(number);

        const start = startOfDay(day, name);

        expect(dayInZone(start, name)).toBe(day);
        expect(dayInZone(new Date(start.getTime() - 1), name) < day).toBe(true);
      }),
    );
  });

  it('refuses unknown zones', () => {
    expect(isValidZone('Mars/Olympus')).toBe(false);
    expect(() => dayInZone(new Date(), 'Mars/Olympus')).toThrow('IANA');
  });
});
