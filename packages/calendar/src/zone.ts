import { DateTime, IANAZone } from 'luxon';
import { addDays, dayParts, InvalidDayError, isValidDay } from './calendar-date.ts';
import type { CalendarDay } from './calendar-date.ts';

/** A name is not a time zone of the IANA database. */
export class InvalidZoneError extends Error {
  readonly code = 'invalid-zone';

  constructor() {
    super('must be an IANA time zone such as Europe/Paris');
    this.name = 'InvalidZoneError';
  }
}

/** Names come from outside and count in any case, so their number is bounded. */
const MOST_KNOWN_ZONES = 1000;

const knownZones = new Set(['UTC']);

/**
 * Whether a name is a time zone of the IANA database.
 * @param name for instance `Asia/Seoul`
 */
export const isValidZone = (name: string): boolean => {
  // Asking makes a formatter, which costs a thousand times more than remembering the answer.
  if (knownZones.has(name)) {
    return true;
  }
  const isValid = IANAZone.isValidZone(name);
  if (isValid && knownZones.size < MOST_KNOWN_ZONES) {
    knownZones.add(name);
  }
  return isValid;
};

const checkedZone = (zone: string): string => {
  if (!isValidZone(zone)) {
    throw new InvalidZoneError();
  }
  return zone;
};

/**
 * The calendar day that people in a zone had at an instant.
 * @param instant the moment
 * @param zone IANA name
 * @throws InvalidZoneError; InvalidDayError for an invalid Date
 */
export const dayInZone = (instant: Date, zone: string): CalendarDay => {
  const day = DateTime.fromJSDate(instant, { zone: checkedZone(zone) }).toISODate();
  if (day === null || !isValidDay(day)) {
    throw new InvalidDayError('the instant is not valid');
  }
  return day;
};

/**
 * First instant of a day in a zone. Where the clocks skip midnight it is the first moment after the gap; where
 * midnight comes twice it is the earlier one.
 * @throws InvalidZoneError, InvalidDayError
 */
export const startOfDay = (day: CalendarDay, zone: string): Date => {
  const { year, month, dayOfMonth } = dayParts(day);
  const name = checkedZone(zone);
  const midnight = DateTime.fromObject({ year, month, day: dayOfMonth }, { zone: name });
  const hourBefore = midnight.minus({ hours: 1 });
  const first = hourBefore.hasSame(midnight, 'day') ? hourBefore : midnight;
  return first.toJSDate();
};

/**
 * Instants between which a day lies in a zone: `start` belongs to it, `end` is the start of the next day.
 * A day of a clock change lasts 23 or 25 hours.
 * @throws InvalidZoneError, InvalidDayError
 */
export const instantsOfDay = (day: CalendarDay, zone: string): { start: Date; end: Date } => ({
  start: startOfDay(day, zone),
  end: startOfDay(addDays(day, 1), zone),
});

/**
 * The instant of a wall-clock time in a zone. A time that comes twice means the earlier one; a time inside a gap
 * moves forward by the gap.
 * @param day the day on the wall calendar
 * @param time hour 0 to 23, minute, second, millisecond
 * @throws InvalidZoneError, InvalidDayError
 */
export const instantOfLocalTime = (
  day: CalendarDay,
  time: { hour: number; minute: number; second?: number; millisecond?: number },
  zone: string,
): Date => {
  const { year, month, dayOfMonth } = dayParts(day);
  const local = DateTime.fromObject({ year, month, day: dayOfMonth, ...time }, { zone: checkedZone(zone) });
  if (!local.isValid) {
    throw new InvalidDayError('there is no such time of day');
  }
  return (local.getPossibleOffsets()[0] ?? local).toJSDate();
};
