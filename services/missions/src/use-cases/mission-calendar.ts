import type { Clock } from '@orrery/calendar';
import { minutesOf, missionDay, periodEndOf, periodStartOf } from '../domain/mission-window.ts';
import { PERIODS } from '../domain/mission-rule.ts';
import type { MissionPeriod } from '../domain/mission-rule.ts';

/** A period that is running for a user. */
export interface RunningPeriod {
  period: MissionPeriod;
  periodStart: string;
  periodEnd: string;
}

/** The settings that cut time into missions, with the clock. */
export interface MissionCalendar {
  clock: Clock;
  /** Minutes after midnight at which the day of a mission begins. */
  rollMinute: number;
  /** Wait after the end of a mission for late transactions, in milliseconds. */
  settleMs: number;
  /** Zone of users of whom nothing suggests another. */
  defaultTimeZone: string;
  /** The day it is for missions in a zone. */
  today(zone: string): string;
  /** The periods that are running in a zone. */
  running(zone: string): RunningPeriod[];
}

/**
 * Makes the calendar of missions.
 * @param clock business time
 * @param settings when a day begins, how long late rows are waited for, and the zone of strangers
 */
export const createMissionCalendar = (
  clock: Clock,
  settings: { MISSION_DAY_ROLL: string; MISSION_SETTLE_HOURS: number; DEFAULT_TIME_ZONE: string },
): MissionCalendar => {
  const rollMinute = minutesOf(settings.MISSION_DAY_ROLL);
  const today = (zone: string): string => missionDay(clock.now(), zone, rollMinute);
  return {
    clock,
    rollMinute,
    settleMs: settings.MISSION_SETTLE_HOURS * 3_600_000,
    defaultTimeZone: settings.DEFAULT_TIME_ZONE,
    today,
    running: (zone) =>
      PERIODS.map((period) => {
        const periodStart = periodStartOf(period, today(zone));
        return { period, periodStart, periodEnd: periodEndOf(period, periodStart) };
      }),
  };
};
