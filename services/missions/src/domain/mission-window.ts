import {
  addDays,
  addMonths,
  dayInZone,
  dayNumber,
  dayOfWeek,
  instantOfLocalTime,
  periodContaining,
} from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';
import { WEEKDAYS } from './mission-rule.ts';
import type { MissionPeriod, MissionRule } from './mission-rule.ts';

/** Minutes of a day on the wall clock. */
export const DAY_MINUTES = 1440;

/**
 * A run of wall-clock time. It begins `fromMinute` after midnight of `fromDay` and ends before `toMinute` after
 * midnight of `toDay`, which may be more than a day's minutes. A purchase without a time of day lies in it when its
 * day is one of `fromDay` to `toDay`.
 */
export interface MissionWindow {
  fromDay: CalendarDay;
  fromMinute: number;
  toDay: CalendarDay;
  toMinute: number;
}

/**
 * Minutes after midnight.
 * @param time `HH:MM`
 */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/**
 * The day it is for missions: with a roll at 06:00 the small hours belong to the day before.
 * @param now the present
 * @param zone IANA zone of the user
 * @param rollMinute minutes after midnight at which a new day begins
 */
export const missionDay = (now: Date, zone: string, rollMinute: number): CalendarDay =>
  dayInZone(new Date(now.getTime() - rollMinute * 60_000), zone);

/**
 * First day of the period that contains a day; weeks start on Monday.
 * @param period kind of period
 * @param day any day of it
 */
export const periodStartOf = (period: MissionPeriod, day: CalendarDay): CalendarDay => {
  if (period === 'daily') {
    return day;
  }
  return periodContaining(period === 'weekly' ? 'week' : 'month', day).from;
};

/**
 * Last day of the period that begins on a day.
 * @param period kind of period
 * @param start its first day
 */
export const periodEndOf = (period: MissionPeriod, start: CalendarDay): CalendarDay => {
  if (period === 'daily') {
    return start;
  }
  return period === 'weekly' ? addDays(start, 6) : addDays(addMonths(start, 1), -1);
};

/**
 * When a rule counts: its whole period, or the part of it that a time of day or a weekday leaves.
 * @param rule what the mission asks for
 * @param period kind of period
 * @param start first day of the period
 * @param rollMinute minutes after midnight at which a day begins
 */
export const windowOf = (
  rule: Pick<MissionRule, 'time_of_day' | 'day_of_week'>,
  period: MissionPeriod,
  start: CalendarDay,
  rollMinute: number,
): MissionWindow => {
  const [span] = rule.time_of_day ?? [];
  if (span !== undefined) {
    const fromMinute = minutesOf(span.start);
    const end = minutesOf(span.end);
    return {
      fromDay: start,
      fromMinute,
      toDay: start,
      toMinute: end <= fromMinute ? end + DAY_MINUTES : end,
    };
  }
  const weekday = rule.day_of_week;
  const first = weekday === undefined ? start : addDays(start, WEEKDAYS.indexOf(weekday));
  const last = weekday === undefined ? periodEndOf(period, start) : first;
  return { fromDay: first, fromMinute: rollMinute, toDay: last, toMinute: DAY_MINUTES + rollMinute };
};

const instantOf = (day: CalendarDay, minute: number, zone: string): Date => {
  const time = minute % DAY_MINUTES;
  return instantOfLocalTime(
    addDays(day, Math.floor(minute / DAY_MINUTES)),
    { hour: Math.floor(time / 60), minute: time % 60 },
    zone,
  );
};

/** More than the windows of all templates in a zone; the oldest half goes when it is full. */
const MOST_KNOWN_WINDOWS = 512;

const knownWindows = new Map<string, { startsAt: Date; endsAt: Date }>();

/**
 * The instants of a window; the end is the first that no longer belongs to it.
 * @param window wall-clock time
 * @param zone IANA zone
 */
export const instantsOfWindow = (window: MissionWindow, zone: string): { startsAt: Date; endsAt: Date } => {
  // Everybody of a zone has the same few windows, and looking up the rules of a zone is what costs here.
  const key = `${zone} ${window.fromDay} ${window.fromMinute} ${window.toDay} ${window.toMinute}`;
  const known = knownWindows.get(key);
  if (known !== undefined) {
    return known;
  }
  const instants = {
    startsAt: instantOf(window.fromDay, window.fromMinute, zone),
    endsAt: instantOf(window.toDay, window.toMinute, zone),
  };
  if (knownWindows.size >= MOST_KNOWN_WINDOWS) {
    for (const old of [...knownWindows.keys()].slice(0, MOST_KNOWN_WINDOWS / 2)) {
      knownWindows.delete(old);
    }
  }
  knownWindows.set(key, instants);
  return instants;
};

const twoDigits = (value: number): string => String(value).padStart(2, '0');

const localText = (day: CalendarDay, minute: number): string => {
  const time = minute % DAY_MINUTES;
  return `${addDays(day, Math.floor(minute / DAY_MINUTES))}T${twoDigits(Math.floor(time / 60))}:${twoDigits(time % 60)}`;
};

/**
 * A window as PocketC writes it: local time without an offset, with the last microsecond that belongs to it.
 * @param window wall-clock time
 */
export const localBounds = (window: MissionWindow): { validFrom: string; validTo: string } => ({
  validFrom: `${localText(window.fromDay, window.fromMinute)}:00`,
  validTo: `${localText(window.toDay, window.toMinute - 1)}:59.999999`,
});

/**
 * Makes the test whether a moment of the wall clock lies in a window.
 * @param window wall-clock time
 * @returns takes the day's number and the minute, -1 when no time is known
 */
export const insideWindow = (window: MissionWindow): ((day: number, minute: number) => boolean) => {
  const [firstDay, lastDay] = [dayNumber(window.fromDay), dayNumber(window.toDay)];
  const from = firstDay * DAY_MINUTES + window.fromMinute;
  const to = lastDay * DAY_MINUTES + window.toMinute;
  return (day, minute) => {
    if (minute < 0) {
      return day >= firstDay && day <= lastDay;
    }
    const moment = day * DAY_MINUTES + minute;
    return moment >= from && moment < to;
  };
};

/**
 * The weekday of a day.
 * @param day on the calendar
 */
export const weekdayOf = (day: CalendarDay): (typeof WEEKDAYS)[number] =>
  WEEKDAYS[dayOfWeek(day) - 1] ?? 'MONDAY';
