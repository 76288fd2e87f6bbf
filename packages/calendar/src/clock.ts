import type { CalendarDay } from './calendar-date.ts';
import { dayInZone } from './zone.ts';

/** Business time. Tokens, limits and time-outs use the real clock and never this one. */
export interface Clock {
  /** The present instant. */
  now(): Date;
  /**
   * The calendar day it is now in a zone.
   * @param zone IANA name such as `Europe/Paris`
   * @throws InvalidZoneError when the zone is unknown
   */
  today(zone: string): CalendarDay;
}

/**
 * A clock that reads the time from a function.
 * @param now gives the present instant
 */
export const clockFrom = (now: () => Date): Clock => ({ now, today: (zone) => dayInZone(now(), zone) });

/** The machine's clock. */
export const systemClock: Clock = clockFrom(() => new Date());

/**
 * A clock that stands still, for `ORRERY_NOW`.
 * @param instant the moment it always shows
 */
export const frozenClock = (instant: Date): Clock => {
  const epochMs = instant.getTime();
  return clockFrom(() => new Date(epochMs));
};
