import { ObjectId, Timestamp } from 'bson';
import { fail, typeText } from './aggregate-operator-kit.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** Zone rules change offsets only at whole quarters of an hour, so one look-up serves that long. */
const OFFSET_GRAIN = 15 * MINUTE;
const MAX_CACHED_OFFSETS = 50_000;

/** A time zone: the offset from UTC in milliseconds that holds at an instant. */
export interface Zone {
  offsetAt(time: number): number;
  isUtc: boolean;
}

/** Units of `$dateAdd`, `$dateDiff` and `$dateTrunc`. */
export type TimeUnit =
  'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';

/** A date taken apart on the calendar of a zone; `month` and `day` count from 1. */
export interface DateParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

const fixedZone = (offset: number): Zone => ({ offsetAt: () => offset, isUtc: offset === 0 });
const UTC = fixedZone(0);
const zones = new Map<string, Zone>([
  ['UTC', UTC],
  ['GMT', UTC],
  ['Z', UTC],
]);

function parseOffset(name: string): Zone | undefined {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(name);
  if (match === null) {
    return undefined;
  }
  const [, sign, hours = '0', minutes = '0'] = match;
  const offset = Number(hours) * HOUR + Number(minutes) * MINUTE;
  return fixedZone(sign === '-' ? -offset : offset);
}

function namedZone(name: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) {
      return fail(40485, `unrecognized time zone identifier: "${name}"`);
    }
    throw error;
  }
  const offsets = new Map<number, number>();
  const measure = (time: number): number => {
    const parts: Record<string, number> = {};
    let beforeChrist = false;
    for (const { type, value } of format.formatToParts(time)) {
      if (type === 'era') {
        beforeChrist = value.startsWith('B');
      } else {
        parts[type] = Number(value);
      }
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const local = utcTime({
      year: beforeChrist ? 1 - year : year,
      month,
      day,
      hour,
      minute,
      second,
      millisecond: 0,
    });
    return local - Math.floor(time / 1000) * 1000;
  };
  return {
    isUtc: false,
    offsetAt(time) {
      const grain = Math.floor(time / OFFSET_GRAIN);
      let offset = offsets.get(grain);
      if (offset === undefined) {
        offset = measure(grain * OFFSET_GRAIN);
        if (offsets.size >= MAX_CACHED_OFFSETS) {
          offsets.clear();
        }
        offsets.set(grain, offset);
      }
      return offset;
    },
  };
}

/**
 * The zone an expression names: an Olson identifier, `UTC`, `GMT`, or an offset such as `+05:30`, `-0330`, `+03`.
 * Missing means UTC.
 * @throws MongoServerError 40485 for an unknown zone, 40517 when the value is no string
 */
export function zoneOf(name: unknown): Zone {
  if (name === undefined) {
    return UTC;
  }
  if (typeof name !== 'string') {
    return fail(40517, `timezone must evaluate to a string, found ${typeText(name)}`);
  }
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = parseOffset(name) ?? namedZone(name);
    zones.set(name, zone);
  }
  return zone;
}

/** Milliseconds since 1970 of calendar parts read as UTC; parts beyond their range carry over. */
export function utcTime(parts: DateParts): number {
  const date = new Date(0);
  date.setUTCFullYear(parts.year, parts.month - 1, parts.day);
  date.setUTCHours(parts.hour, parts.minute, parts.second, parts.millisecond);
  return date.getTime();
}

/** The calendar parts of an instant in a zone. */
export function partsAt(time: number, zone: Zone): DateParts {
  const local = new Date(time + zone.offsetAt(time));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    millisecond: local.getUTCMilliseconds(),
  };
}

/**
 * The instant of a local time, given as if it were UTC. A local time that occurs twice means its first
 * occurrence; one that a clock change skips is moved on by the length of the gap.
 */
export function instantOf(local: number, zone: Zone): number {
  const before = zone.offsetAt(local - DAY);
  const after = zone.offsetAt(local + DAY);
  const early = local - before;
  if (before === after || zone.offsetAt(early) === before) {
    return early;
  }
  const late = local - after;
  return zone.offsetAt(late) === after ? late : early;
}

/** An instant from any value that MongoDB takes for a date; undefined when it takes it for none. */
export function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) {
    return value.getTime();
  }
  if (value instanceof ObjectId) {
    return value.getTimestamp().getTime();
  }
  if (value instanceof Timestamp) {
    return value.getHighBitsUnsigned() * 1000;
  }
  return undefined;
}

/** Like `timeOf`, but a value that is no date raises error 16006. */
export function requireTime(value: unknown): number {
  return timeOf(value) ?? fail(16006, `can't convert from BSON type ${typeText(value)} to Date`);
}

const daysInMonth = (year: number, month: number): number =>
  new Date(Date.UTC(2000, month, 0)).getUTCDate() - (month === 2 && !isLeapYear(year) ? 1 : 0);

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

const FIXED_UNITS: Readonly<Partial<Record<TimeUnit, number>>> = {
  hour: HOUR,
  minute: MINUTE,
  second: 1000,
  millisecond: 1,
};
const MONTHS_PER_UNIT: Readonly<Partial<Record<TimeUnit, number>>> = { year: 12, quarter: 3, month: 1 };
const UNITS: ReadonlySet<string> = new Set<TimeUnit>([
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
]);

const isUnit = (value: string): value is TimeUnit => UNITS.has(value);

/** Milliseconds of a unit up to a week, counting a day as 24 hours; undefined for months and longer. */
export function nominalUnitLength(unit: TimeUnit): number | undefined {
  return FIXED_UNITS[unit] ?? (unit === 'day' ? DAY : unit === 'week' ? WEEK : undefined);
}

/** Checks a time unit. @throws MongoServerError 9 for an unknown one */
export function unitOf(value: unknown, operator: string): TimeUnit {
  if (typeof value !== 'string') {
    return fail(5439013, `${operator} requires 'unit' to be a string, but got ${typeText(value)}`);
  }
  return isUnit(value) ? value : fail(9, `unknown time unit value: ${value}`);
}

/**
 * Adds an amount of a unit. Units of a day and longer move on the zone's calendar, keeping the local time and
 * taking the month's last day when the day does not exist (31 January and a month is 28 or 29 February).
 */
export function addToDate(time: number, unit: TimeUnit, amount: number, zone: Zone): number {
  const fixed = FIXED_UNITS[unit];
  if (fixed !== undefined) {
    return time + amount * fixed;
  }
  const parts = partsAt(time, zone);
  const months = MONTHS_PER_UNIT[unit];
  if (months === undefined) {
    const days = amount * (unit === 'week' ? 7 : 1);
    return instantOf(utcTime(parts) + days * DAY, zone);
  }
  const monthIndex = parts.year * 12 + (parts.month - 1) + amount * months;
  const year = Math.floor(monthIndex / 12);
  const month = monthIndex - year * 12 + 1;
  const day = Math.min(parts.day, daysInMonth(year, month));
  return instantOf(utcTime({ ...parts, year, month, day }), zone);
}

/** Days since 1970-01-01 of the local calendar day. */
const localDay = (time: number, zone: Zone): number => Math.floor((time + zone.offsetAt(time)) / DAY);

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const WEEKDAY_NAME =
  /^(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)$/i;

/** Number of a week's first day (0 = Sunday) from its name; missing means Sunday. */
export function weekStartOf(value: unknown, operator: string): number {
  if (value === undefined) {
    return 0;
  }
  if (typeof value !== 'string') {
    return fail(5439015, `${operator} requires 'startOfWeek' to be a string, but got ${typeText(value)}`);
  }
  return WEEKDAY_NAME.test(value)
    ? WEEKDAYS.indexOf(value.slice(0, 3).toLowerCase())
    : fail(9, `unknown day of week value: ${value}`);
}

/** Weeks since the week that contains 1970-01-01, which was a Thursday. */
const weekNumber = (day: number, weekStart: number): number => Math.floor((day + 4 - weekStart) / 7);

/** How many unit boundaries lie between two instants; negative when `end` is earlier. */
export function dateDifference(
  start: number,
  end: number,
  unit: TimeUnit,
  zone: Zone,
  weekStart: number,
): number {
  const months = MONTHS_PER_UNIT[unit];
  if (months !== undefined) {
    const from = partsAt(start, zone);
    const to = partsAt(end, zone);
    const index = (parts: DateParts): number => Math.floor((parts.year * 12 + parts.month - 1) / months);
    return index(to) - index(from);
  }
  if (unit === 'day') {
    return localDay(end, zone) - localDay(start, zone);
  }
  if (unit === 'week') {
    return weekNumber(localDay(end, zone), weekStart) - weekNumber(localDay(start, zone), weekStart);
  }
  const length = FIXED_UNITS[unit] ?? 1;
  if (unit !== 'hour') {
    return Math.floor(end / length) - Math.floor(start / length);
  }
  const startOffset = zone.offsetAt(start);
  const endOffset = zone.offsetAt(end);
  return (
    Math.floor((end + endOffset) / length) -
    Math.floor((start + startOffset) / length) -
    Math.trunc((endOffset - startOffset) / length)
  );
}

/** Local midnight of 2000-01-01, from which `$dateTrunc` counts its bins. */
const REFERENCE_LOCAL = Date.UTC(2000, 0, 1);

/**
 * The start of the bin of `binSize` units that an instant lies in. Bins are counted from 2000-01-01 in the
 * zone; weeks from the first `weekStart` on or after that day.
 */
export function truncateDate(
  time: number,
  unit: TimeUnit,
  binSize: number,
  zone: Zone,
  weekStart: number,
): number {
  const fixed = FIXED_UNITS[unit];
  let referenceLocal = REFERENCE_LOCAL;
  if (unit === 'week') {
    const saturday = 6;
    referenceLocal += ((weekStart - saturday + 7) % 7) * DAY;
  }
  const reference = instantOf(referenceLocal, zone);
  if (fixed !== undefined) {
    const length = fixed * binSize;
    return reference + Math.floor((time - reference) / length) * length;
  }
  const distance = dateDifference(reference, time, unit, zone, weekStart);
  return addToDate(reference, unit, Math.floor(distance / binSize) * binSize, zone);
}

/** Day of the year, from 1. */
export function dayOfYear(parts: DateParts): number {
  return (
    (Date.UTC(2000, parts.month - 1, parts.day) - Date.UTC(2000, 0, 1)) / DAY +
    1 -
    (parts.month > 2 && !isLeapYear(parts.year) ? 1 : 0)
  );
}

/** Day of the week, 0 = Sunday. */
export function weekday(parts: DateParts): number {
  return new Date(utcTime(parts)).getUTCDay();
}

/** ISO 8601 week and the year it belongs to. */
export function isoWeek(parts: DateParts): { week: number; year: number } {
  const isoDay = weekday(parts) || 7;
  // The week belongs to the year of its Thursday.
  const thursday = new Date(utcTime({ ...parts, day: parts.day + 4 - isoDay }));
  const year = thursday.getUTCFullYear();
  const week =
    Math.floor(
      (dayOfYear({ ...parts, year, month: thursday.getUTCMonth() + 1, day: thursday.getUTCDate() }) - 1) / 7,
    ) + 1;
  return { week, year };
}

/** Week of the year, 0 to 53; weeks begin on Sunday and the days before the first Sunday are week 0. */
export function weekOfYear(parts: DateParts): number {
  return Math.floor((dayOfYear(parts) - 1 - weekday(parts) + 7) / 7);
}

const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / MINUTE;
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(Math.floor(minutes % 60), 2)}`;
}

function yearText(year: number): string {
  return year >= 0 && year <= 9999
    ? pad(year, 4)
    : fail(
        18537,
        'Could not convert date to string: date component was outside the supported range of 0-9999',
      );
}

/** Formats an instant by MongoDB's format specifiers. @throws MongoServerError 18535, 18536 for a bad format */
export function formatDate(time: number, format: string, zone: Zone): string {
  const parts = partsAt(time, zone);
  const offset = zone.offsetAt(time);
  const specifier = (character: string): string => {
    switch (character) {
      case 'Y':
        return yearText(parts.year);
      case 'm':
        return pad(parts.month, 2);
      case 'd':
        return pad(parts.day, 2);
      case 'H':
        return pad(parts.hour, 2);
      case 'M':
        return pad(parts.minute, 2);
      case 'S':
        return pad(parts.second, 2);
      case 'L':
        return pad(parts.millisecond, 3);
      case 'j':
        return pad(dayOfYear(parts), 3);
      case 'w':
        return String(weekday(parts) + 1);
      case 'u':
        return String(weekday(parts) || 7);
      case 'U':
        return pad(weekOfYear(parts), 2);
      case 'V':
        return pad(isoWeek(parts).week, 2);
      case 'G':
        return yearText(isoWeek(parts).year);
      case 'b':
        return (MONTH_NAMES[parts.month - 1] ?? '').slice(0, 3);
      case 'B':
        return MONTH_NAMES[parts.month - 1] ?? '';
      case 'z':
        return offsetText(offset);
      case 'Z':
        return `${offset < 0 ? '-' : '+'}${Math.floor(Math.abs(offset) / MINUTE)}`;
      case '%':
        return '%';
      case '':
        return fail(18535, "Unmatched '%' at end of format string");
      default:
        return fail(18536, `Invalid format character '%${character}' in format string`);
    }
  };
  return format.replace(/%([\s\S]?)/g, (_match, character: string) => specifier(character));
}

/** An ISO 8601 date text in UTC with milliseconds, as `$toString` gives it. */
export function isoText(time: number): string {
  return formatDate(time, '%Y-%m-%dT%H:%M:%S.%LZ', UTC);
}

const conversionError = (text: string, reason: string): never =>
  fail(241, `Error parsing date string '${text}'; ${reason}`);

const ISO_TEXT =
  /^\s*(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z]+(?:\/[A-Za-z_]+)*)?\s*$/;

function checkedTime(parts: DateParts, text: string): number {
  const time = utcTime(parts);
  const date = new Date(time);
  const valid =
    date.getUTCMonth() + 1 === parts.month &&
    date.getUTCDate() === parts.day &&
    parts.hour < 25 &&
    parts.minute < 60 &&
    parts.second < 61;
  return valid ? time : conversionError(text, 'an incomplete or invalid date/time was given');
}

function withZone(local: number, inText: string | undefined, given: unknown, text: string): number {
  if (inText !== undefined && given !== undefined) {
    return conversionError(
      text,
      'you cannot pass in a date/time string with time zone information together with a timezone argument',
    );
  }
  return instantOf(local, zoneOf(inText ?? given));
}

/**
 * Reads a date text without a format: ISO 8601 and its common shortenings, else what JavaScript's Date
 * understands (for instance `Jan 5 2020 10:00`), taken as UTC when the text names no zone.
 * @throws MongoServerError 241 when the text is no date
 */
export function parseDate(text: string, timezone?: unknown): Date {
  const match = ISO_TEXT.exec(text);
  if (match !== null) {
    const [, year, month, day = '1', hour = '0', minute = '0', second = '0', fraction = '0', zone] = match;
    const parts: DateParts = {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6),
    };
    return new Date(withZone(checkedTime(parts, text), zone, timezone, text));
  }
  if (/^\s*@?-?\d+\s*$/.test(text) || !/\d/.test(text)) {
    return conversionError(text, 'an incomplete date/time string has been found, with elements missing');
  }
  const hasZone = /(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$/i.test(text);
  const time = Date.parse(hasZone ? text : `${text} UTC`);
  if (Number.isNaN(time)) {
    return conversionError(text, 'Unexpected character');
  }
  return new Date(hasZone ? time : withZone(time, undefined, timezone, text));
}

interface ParsedFields extends Partial<DateParts> {
  dayOfYear?: number;
  isoYear?: number;
  isoWeek?: number;
  isoDay?: number;
  zone?: string;
}

interface ParseRule {
  pattern: RegExp;
  store(fields: ParsedFields, text: string): void;
}

const numberRule = (pattern: RegExp, key: Exclude<keyof ParsedFields, 'zone'>): ParseRule => ({
  pattern,
  store: (fields, text) => {
    fields[key] = Number(text);
  },
});

function monthFromName(text: string): number {
  return (
    MONTH_NAMES.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase()) + 1
  );
}

const MONTH_RULE: ParseRule = {
  pattern: new RegExp(
    `^(?:${MONTH_NAMES.join('|')}|${MONTH_NAMES.map((name) => name.slice(0, 3)).join('|')})`,
    'i',
  ),
  store: (fields, text) => {
    fields.month = monthFromName(text);
  },
};

const PARSE_RULES: ReadonlyMap<string, ParseRule> = new Map([
  ['Y', numberRule(/^\d{4}/, 'year')],
  ['m', numberRule(/^\d{1,2}/, 'month')],
  ['d', numberRule(/^\d{1,2}/, 'day')],
  ['H', numberRule(/^\d{1,2}/, 'hour')],
  ['M', numberRule(/^\d{1,2}/, 'minute')],
  ['S', numberRule(/^\d{1,2}/, 'second')],
  ['j', numberRule(/^\d{1,3}/, 'dayOfYear')],
  ['G', numberRule(/^\d{4}/, 'isoYear')],
  ['V', numberRule(/^\d{1,2}/, 'isoWeek')],
  ['u', numberRule(/^[1-7]/, 'isoDay')],
  [
    'L',
    {
      pattern: /^\d{1,3}/,
      store: (fields: ParsedFields, text: string): void => {
        fields.millisecond = Number(text.padEnd(3, '0'));
      },
    },
  ],
  ['b', MONTH_RULE],
  ['B', MONTH_RULE],
  [
    'z',
    {
      pattern: /^(?:[+-]\d{2}:?\d{2}|[A-Za-z]+(?:\/[A-Za-z_]+)*)/,
      store: (fields: ParsedFields, text: string): void => {
        fields.zone = text;
      },
    },
  ],
  [
    'Z',
    {
      pattern: /^[+-]\d{1,4}/,
      store: (fields: ParsedFields, text: string): void => {
        const minutes = Math.abs(Number(text));
        fields.zone = `${text.startsWith('-') ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
      },
    },
  ],
]);

/** Calendar parts from the ISO week calendar. Parts beyond their range carry over. */
export function utcTimeOfIsoWeek(
  year: number,
  week: number,
  isoDay: number,
  clock: Partial<DateParts>,
): number {
  const january4 = utcTime({ year, month: 1, day: 4, hour: 0, minute: 0, second: 0, millisecond: 0 });
  const monday = january4 - ((new Date(january4).getUTCDay() + 6) % 7) * DAY;
  return (
    monday +
    (week - 1) * WEEK +
    (isoDay - 1) * DAY +
    (clock.hour ?? 0) * HOUR +
    (clock.minute ?? 0) * MINUTE +
    (clock.second ?? 0) * 1000 +
    (clock.millisecond ?? 0)
  );
}

/**
 * Reads a date text by a format of MongoDB's specifiers.
 * @throws MongoServerError 241 when the text does not follow the format
 */
export function parseDateByFormat(text: string, format: string, timezone?: unknown): Date {
  const fields: ParsedFields = {};
  let rest = text;
  for (let index = 0; index < format.length; index += 1) {
    const character = format.charAt(index);
    if (character !== '%') {
      if (!rest.startsWith(character)) {
        return conversionError(text, 'Format literal not found');
      }
      rest = rest.slice(1);
      continue;
    }
    index += 1;
    const specifier = format.charAt(index);
    if (specifier === '%') {
      rest = rest.startsWith('%') ? rest.slice(1) : conversionError(text, 'Format literal not found');
      continue;
    }
    const rule = PARSE_RULES.get(specifier);
    if (rule === undefined) {
      return specifier === ''
        ? fail(18535, "Unmatched '%' at end of format string")
        : fail(18536, `Invalid format character '%${specifier}' in format string`);
    }
    const matched = rule.pattern.exec(rest);
    if (matched === null) {
      return conversionError(text, `a value for '%${specifier}' could not be found`);
    }
    rule.store(fields, matched[0]);
    rest = rest.slice(matched[0].length);
  }
  if (rest !== '') {
    return conversionError(text, 'Trailing data');
  }
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 } = fields;
  let local: number;
  if (fields.isoYear !== undefined) {
    local = utcTimeOfIsoWeek(fields.isoYear, fields.isoWeek ?? 1, fields.isoDay ?? 1, fields);
  } else if (year === undefined) {
    return conversionError(text, 'an incomplete date/time string has been found, with elements missing');
  } else if (fields.dayOfYear !== undefined) {
    local = utcTime({ year, month: 1, day: fields.dayOfYear, hour, minute, second, millisecond });
  } else {
    local = checkedTime({ year, month, day, hour, minute, second, millisecond }, text);
  }
  return new Date(withZone(local, fields.zone, timezone, text));
}
