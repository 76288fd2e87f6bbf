import { diffDays } from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';

/** A purchase's place on the user's wall clock; `minute` is -1 when the source tells no time of day. */
export interface CalendarPlace {
  day: CalendarDay;
  minute: number;
}

/** A time stamp further than this from the posting day is a fault of the source. */
const MAX_POSTING_LAG_DAYS = 7;

/** Currencies whose users share one clock, or nearly so; dollars are spent in too many zones to say. */
const ZONES: ReadonlyMap<string, string> = new Map([
  ['KRW', 'Asia/Seoul'],
  ['JPY', 'Asia/Tokyo'],
  ['GBP', 'Europe/London'],
  ['EUR', 'Europe/Paris'],
]);

/**
 * The time zone that a currency suggests, or undefined.
 * @param currency ISO 4217 code
 */
export const zoneOfCurrency = (currency: string): string | undefined => ZONES.get(currency);

const formats = new Map<string, Intl.DateTimeFormat>();

// Kept per zone: making a formatter costs a thousand times more than using it.
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) {
    return known;
  }
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
};

/**
 * Where a purchase lies on the user's calendar: by its instant in the zone the user chose or its currency suggests,
 * else on the day the bank posted it.
 * @param row what the source tells
 * @param chosenZone IANA zone that the user chose, if any
 */
export const placeOnCalendar = (
  row: { postedOn: CalendarDay; occurredAt?: string | undefined; currency: string },
  chosenZone: string | undefined,
): CalendarPlace => {
  const zone = chosenZone ?? zoneOfCurrency(row.currency);
  if (row.occurredAt === undefined || zone === undefined) {
    return { day: row.postedOn, minute: -1 };
  }
  const parts = new Map(
    formatOf(zone)
      .formatToParts(new Date(row.occurredAt))
      .map(({ type, value }) => [type, value]),
  );
  const day = `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`;
  if (Math.abs(diffDays(row.postedOn, day)) > MAX_POSTING_LAG_DAYS) {
    return { day: row.postedOn, minute: -1 };
  }
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
};
