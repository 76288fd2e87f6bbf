import { dayNumber, isRealDay, isValidDay, toDay } from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';
import { ImportRefusedError } from './import-refused.ts';

/** A wall-clock time of day. */
export interface LocalTime {
  hour: number;
  minute: number;
  second: number;
}

/** A day as a cell gives it, with its time and offset from UTC when the cell has them. */
export interface ParsedDate {
  day: CalendarDay;
  time?: LocalTime;
  /** Minutes east of UTC. */
  offsetMinutes?: number;
}

/** Which of the three numbers of a date is the year, month and day. */
export type DateOrder = 'YMD' | 'DMY' | 'MDY';
export const DATE_ORDERS: readonly DateOrder[] = ['YMD', 'DMY', 'MDY'];

/** A cell that looks like a date, before the order of its numbers is known. */
export interface DateShape {
  /** Three numbers as written; a month name is already its number. */
  numbers: readonly [number, number, number];
  /** How many digits each number had. */
  digits: readonly [number, number, number];
  /** The order when the cell itself tells it, by a month name or letters such as 년. */
  order?: DateOrder;
  separator: string;
  hasMonthName: boolean;
  time?: LocalTime;
  offsetMinutes?: number;
}

const MONTH_NAMES: readonly (readonly string[])[] = [
  ['january', 'jan', 'janvier', 'janv'],
  ['february', 'feb', 'fevrier', 'fevr', 'fev'],
  ['march', 'mar', 'mars'],
  ['april', 'apr', 'avril', 'avr'],
  ['may', 'mai'],
  ['june', 'jun', 'juin'],
  ['july', 'jul', 'juillet', 'juil'],
  ['august', 'aug', 'aout'],
  ['september', 'sept', 'sep', 'septembre'],
  ['october', 'oct', 'octobre'],
  ['november', 'nov', 'novembre'],
  ['december', 'dec', 'decembre'],
];

const MONTHS: ReadonlyMap<string, number> = new Map(
  MONTH_NAMES.flatMap((names, index) => names.map((name): [string, number] => [name, index + 1])),
);

const monthByName = (name: string): number | undefined =>
  MONTHS.get(name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase());

const WEEKDAY =
  /^(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|lun|mar|mer|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\.?,?\s+(?=\S)/i;
const KOREAN_WEEKDAY = /\s*(?:\([월화수목금토일]\)|[월화수목금토일]요일)/;

const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?$/;
const NUMERIC =
  /^(\d{1,4})(\s*[-/.‐–년]\s*|\s+)(\d{1,2})(?:\s*[-/.‐–월]\s*|\s+)(\d{1,4})(?:\s*일|\.)?(?=$|[\sT,])/;
const DAY_NAME_YEAR =
  /^(\d{1,2})(?:er|st|nd|rd|th|\.)?([\s\-./]*)(\p{L}{3,10})\.?[\s\-.,/]*(\d{4}|\d{2})(?=$|[\sT,])/u;
const NAME_DAY_YEAR =
  /^(\p{L}{3,10})\.?([\s\-./]*)(\d{1,2})(?:st|nd|rd|th)?,?[\s\-./]+(\d{4}|\d{2})(?=$|[\sT,])/u;
const YEAR_NAME_DAY = /^(\d{4})([\s\-./]*)(\p{L}{3,10})\.?[\s\-./]*(\d{1,2})(?=$|[\sT,])/u;

const TIME =
  /^\s*(?:T|,|-|at\b|à)?\s*(오전|오후)?\s*(\d{1,2})\s*(?:[:h.]|시)\s*(?:(\d{2})\s*분?)?(?:\s*:?\s*(\d{2})\s*초?)?(?:[.,]\d{1,9})?\s*(am|pm|a\.m\.|p\.m\.)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\[[^\]]*\])?$/i;

const offsetOf = (text: string): number => {
  if (/^(?:Z|UTC|GMT)$/i.test(text)) {
    return 0;
  }
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(':', '') || '0');
  return text.startsWith('-') ? -minutes : minutes;
};

/**
 * A time of day, alone or after a date, with its offset when written.
 * @param text for instance `14:03:22+09:00`, `2:03 PM`, `오후 2:03`, `14h03`
 * @returns undefined when the text is no time
 */
export const parseTime = (text: string): { time: LocalTime; offsetMinutes?: number } | undefined => {
  const match = TIME.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, korean, hourText = '', minuteText = '0', secondText = '0', english = '', offset] = match;
  const written = Number(hourText);
  const half = korean ?? english.toLowerCase().charAt(0);
  const isAfternoon = half === '오후' || half === 'p';
  const isMorning = half === '오전' || half === 'a';
  if ((isAfternoon || isMorning) && (written < 1 || written > 12)) {
    return undefined;
  }
  const hour = isAfternoon ? (written % 12) + 12 : isMorning ? written % 12 : written;
  const time = { hour, minute: Number(minuteText), second: Number(secondText) };
  if (time.hour > 23 || time.minute > 59 || time.second > 59) {
    return undefined;
  }
  return offset === undefined ? { time } : { time, offsetMinutes: offsetOf(offset) };
};

type Numbers = Pick<DateShape, 'numbers' | 'digits' | 'separator' | 'hasMonthName'> & { order?: DateOrder };

const triple = (first: string, second: string, third: string): Pick<DateShape, 'numbers' | 'digits'> => ({
  numbers: [Number(first), Number(second), Number(third)],
  digits: [first.length, second.length, third.length],
});

const readNumeric = (text: string): { date: Numbers; length: number } | undefined => {
  const match = NUMERIC.exec(text);
  if (match === null) {
    return undefined;
  }
  const [whole, first = '', separator = '', second = '', third = ''] = match;
  if (first.length === 3 || third.length === 3 || (first.length === 4 && third.length > 2)) {
    return undefined;
  }
  const date: Numbers = {
    ...triple(first, second, third),
    separator: separator.trim() || ' ',
    hasMonthName: false,
  };
  return { date: separator.includes('년') ? { ...date, order: 'YMD' } : date, length: whole.length };
};

const readNamed = (text: string): { date: Numbers; length: number } | undefined => {
  const forms: readonly (readonly [RegExp, DateOrder, 1 | 3])[] = [
    [DAY_NAME_YEAR, 'DMY', 3],
    [NAME_DAY_YEAR, 'MDY', 1],
    [YEAR_NAME_DAY, 'YMD', 3],
  ];
  for (const [pattern, order, nameAt] of forms) {
    const match = pattern.exec(text);
    const month = match === null ? undefined : monthByName(match[nameAt] ?? '');
    if (match !== null && month !== undefined) {
      const separator = (match[2] ?? '').trim() || ' ';
      const parts = [match[1] ?? '', match[3] ?? '', match[4] ?? ''];
      parts[nameAt === 1 ? 0 : 1] = String(month);
      const date = {
        ...triple(parts[0] ?? '', parts[1] ?? '', parts[2] ?? ''),
        separator,
        hasMonthName: true,
        order,
      };
      return { date, length: match[0].length };
    }
  }
  return undefined;
};

/**
 * What a cell says when it is a date, with or without a time behind it.
 * @param cell text of the cell
 * @returns undefined when the cell is no date
 */
export const readDateShape = (cell: string): DateShape | undefined => {
  // No date with time and zone is longer; a bound keeps the patterns off long texts.
  if (cell.length > 60 || !/\d/.test(cell)) {
    return undefined;
  }
  const text = cell.normalize('NFKC').trim().replace(WEEKDAY, '').replace(KOREAN_WEEKDAY, '');
  const compact = COMPACT.exec(text);
  if (compact !== null) {
    const [, year = '', month = '', day = '', hour, minute = '0', second = '0'] = compact;
    const date: DateShape = { ...triple(year, month, day), order: 'YMD', separator: '', hasMonthName: false };
    return hour === undefined
      ? date
      : { ...date, time: { hour: Number(hour), minute: Number(minute), second: Number(second) } };
  }
  const found = readNumeric(text) ?? readNamed(text);
  if (found === undefined) {
    return undefined;
  }
  const rest = text.slice(found.length);
  if (rest.trim() === '') {
    return found.date;
  }
  const time = parseTime(rest);
  return time === undefined ? undefined : { ...found.date, ...time };
};

/** POSIX rule for years of two digits: 69 to 99 are of the last century. */
const fullYear = (year: number, digits: number): number =>
  digits > 2 ? year : year + (year >= 69 ? 1900 : 2000);

const isLedgerYear = (year: number): boolean => year >= 1900 && year <= 2999;

/**
 * Whether a text is a day that a ledger can hold. No bank writes other years, and far ones would leave the calendar when
 * days around them are looked at.
 * @param text anything
 */
export const isLedgerDay = (text: string): boolean =>
  isValidDay(text) && isLedgerYear(Number(text.slice(0, 4)));

const isInLedger = (year: number, month: number, day: number): boolean =>
  isLedgerYear(year) && isRealDay(year, month, day);

const PLACES: Record<DateOrder, readonly [year: 0 | 1 | 2, month: 0 | 1 | 2, day: 0 | 1 | 2]> = {
  YMD: [0, 1, 2],
  DMY: [2, 1, 0],
  MDY: [2, 0, 1],
};

/**
 * The day a shape means when its numbers are in `order`; an order that the cell itself tells wins.
 * @returns undefined when there is no such day
 */
export const dateInOrder = (shape: DateShape, order: DateOrder): ParsedDate | undefined => {
  const [yearAt, monthAt, dayAt] = PLACES[shape.order ?? order];
  const yearDigits = shape.digits[yearAt];
  if (yearDigits === 1 || yearDigits === 3 || shape.digits[dayAt] > 2 || shape.digits[monthAt] > 2) {
    return undefined;
  }
  const year = fullYear(shape.numbers[yearAt], yearDigits);
  const month = shape.numbers[monthAt];
  const day = shape.numbers[dayAt];
  if (!isInLedger(year, month, day)) {
    return undefined;
  }
  return {
    day: toDay(year, month, day),
    ...(shape.time === undefined ? {} : { time: shape.time }),
    ...(shape.offsetMinutes === undefined ? {} : { offsetMinutes: shape.offsetMinutes }),
  };
};

/** What a whole column says about one order of its numbers. */
interface OrderEvidence {
  valid: number;
  /** Valid and neither more than a year ahead nor before 1980. */
  plausible: number;
  rises: number;
  falls: number;
  previous: number | undefined;
  earliest: number;
  latest: number;
}

/** Evidence of a column of dates, gathered cell by cell. */
export interface DateEvidence {
  cells: number;
  orders: Record<DateOrder, OrderEvidence>;
  /** The first cell that was a date; its look names the format. */
  sample: DateShape | undefined;
}

const noEvidence = (): OrderEvidence => ({
  valid: 0,
  plausible: 0,
  rises: 0,
  falls: 0,
  previous: undefined,
  earliest: Number.POSITIVE_INFINITY,
  latest: Number.NEGATIVE_INFINITY,
});

/** Evidence before any cell was seen. */
export const emptyDateEvidence = (): DateEvidence => ({
  cells: 0,
  orders: { YMD: noEvidence(), DMY: noEvidence(), MDY: noEvidence() },
  sample: undefined,
});

// Cards were hardly exported as files before 1980; it separates 25.09.29 read from the left from other readings.
const EARLIEST_PLAUSIBLE = dayNumber('1980-01-01');

/**
 * Adds one cell to the evidence.
 * @param evidence changed in place, since a column may have a million cells
 * @param shape the cell
 * @param today the day of the import; dates far behind it are unlikely
 */
export const addDateEvidence = (evidence: DateEvidence, shape: DateShape, today: CalendarDay): void => {
  evidence.cells += 1;
  evidence.sample ??= shape;
  const latestPlausible = dayNumber(today) + 366;
  for (const order of DATE_ORDERS) {
    const date = dateInOrder(shape, order);
    if (date === undefined) {
      continue;
    }
    const seen = evidence.orders[order];
    const number = dayNumber(date.day);
    seen.valid += 1;
    seen.plausible += number >= EARLIEST_PLAUSIBLE && number <= latestPlausible ? 1 : 0;
    if (seen.previous !== undefined) {
      seen.rises += number > seen.previous ? 1 : 0;
      seen.falls += number < seen.previous ? 1 : 0;
    }
    seen.previous = number;
    seen.earliest = Math.min(seen.earliest, number);
    seen.latest = Math.max(seen.latest, number);
  }
};

/** Steps against the main direction; statements are sorted one way or the other. */
const disorder = (evidence: OrderEvidence): number => Math.min(evidence.rises, evidence.falls);

const span = (evidence: OrderEvidence): number => evidence.latest - evidence.earliest + 1;

/** An order and how sure it is. */
export interface DateOrderDecision {
  order: DateOrder;
  /** True when only custom spoke for it: every date could be read in another order as well. */
  isAmbiguous: boolean;
}

/**
 * Decides the order of the numbers for a whole column: the order in which most cells are days that exist, then plausible
 * ones, then the one in which the rows are sorted, then the one with a far shorter span, then custom.
 * @param evidence the column
 * @param custom the usual order of the file's language or currency
 */
export const decideDateOrder = (evidence: DateEvidence, custom: DateOrder): DateOrderDecision => {
  const rankings: readonly ((order: DateOrder) => number)[] = [
    (order) => evidence.orders[order].valid,
    (order) => evidence.orders[order].plausible,
    (order) => -disorder(evidence.orders[order]),
  ];
  let candidates: readonly DateOrder[] = DATE_ORDERS;
  for (const ranking of rankings) {
    const best = Math.max(...candidates.map(ranking));
    candidates = candidates.filter((order) => ranking(order) === best);
  }
  const [only, other] = candidates;
  if (only !== undefined && other === undefined) {
    return { order: only, isAmbiguous: false };
  }
  // A page of 1 to 12 March read the wrong way spreads over a year; eight times separates that from chance.
  const shortest = Math.min(...candidates.map((order) => span(evidence.orders[order])));
  const compact = candidates.filter((order) => span(evidence.orders[order]) < shortest * 8);
  const [compactOrder] = compact;
  if (compact.length === 1 && compactOrder !== undefined && evidence.cells >= 3) {
    return { order: compactOrder, isAmbiguous: false };
  }
  const isSettledByCell = evidence.sample?.order !== undefined;
  return { order: candidates.includes(custom) ? custom : (only ?? custom), isAmbiguous: !isSettledByCell };
};

const LETTERS: Record<DateOrder, readonly ['Y' | 'D' | 'M', 'Y' | 'D' | 'M', 'Y' | 'D' | 'M']> = {
  YMD: ['Y', 'M', 'D'],
  DMY: ['D', 'M', 'Y'],
  MDY: ['M', 'D', 'Y'],
};

/**
 * The format of a column as people write it, for instance `DD/MM/YYYY` or `D MMM YYYY HH:mm`.
 * @param shape a cell of the column
 * @param order the decided order
 */
export const describeDateFormat = (shape: DateShape, order: DateOrder): string => {
  const letters = LETTERS[shape.order ?? order];
  const parts = letters.map((letter, index) => {
    if (letter === 'Y') {
      return (shape.digits[index] ?? 4) > 2 ? 'YYYY' : 'YY';
    }
    if (letter === 'M' && shape.hasMonthName) {
      return 'MMM';
    }
    return letter + letter;
  });
  const date = shape.separator === '년' ? `${parts[0] ?? ''}년 MM월 DD일` : parts.join(shape.separator);
  const time = shape.time === undefined ? '' : ' HH:mm:ss';
  return date + time + (shape.offsetMinutes === undefined ? '' : 'Z');
};

/** Reads a cell in one fixed format; undefined when it does not fit. */
export type DateReader = (cell: string) => ParsedDate | undefined;

const TOKEN = /Y{4}|Y{2}|M{1,4}|D{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|S{1,3}|A|a|Z{1,2}|y{4}|y{2}|d{1,2}/g;

const TOKEN_PATTERNS: readonly (readonly [RegExp, string, string])[] = [
  [/^[Yy]{4}$/, 'year', '\\d{4}'],
  [/^[Yy]{2}$/, 'year', '\\d{2}'],
  [/^MMM+$/, 'name', '\\p{L}{3,10}\\.?'],
  [/^M{1,2}$/, 'month', '\\d{1,2}'],
  [/^[Dd]{1,2}$/, 'day', '\\d{1,2}'],
  [/^[Hh]{1,2}$/, 'hour', '\\d{1,2}'],
  [/^m{1,2}$/, 'minute', '\\d{2}'],
  [/^s{1,2}$/, 'second', '\\d{2}'],
  [/^S{1,3}$/, 'fraction', '\\d{1,9}'],
  [/^[Aa]$/, 'half', '[AaPp]\\.?[Mm]\\.?|오전|오후'],
  [/^Z{1,2}$/, 'offset', 'Z|[+-]\\d{2}:?\\d{2}'],
];

const escapeLiteral = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`).replace(/\s+/g, String.raw`\s+`);

/** `dd/mm/yyyy` means months although `mm` are minutes elsewhere: without an hour there are no minutes. */
const withMonths = (format: string): string =>
  format.includes('M') || /[Hh]/.test(format) ? format : format.replace(/m/g, 'M');

/**
 * A reader for a format given by the user.
 * @param format for instance `DD/MM/YYYY`, `YYYY-MM-DD HH:mm`, `D MMM YY`; a time after it is read when the format has none
 * @throws ImportRefusedError `invalid-mapping` when the format does not name a year, month and day
 */
export const dateReaderFor = (format: string): DateReader => {
  const names: string[] = [];
  let pattern = '';
  let last = 0;
  const prepared = withMonths(format.trim().slice(0, 60));
  for (const match of prepared.matchAll(TOKEN)) {
    const known = TOKEN_PATTERNS.find(([token]) => token.test(match[0]));
    if (known !== undefined && !names.includes(known[1])) {
      pattern += `${escapeLiteral(prepared.slice(last, match.index))}(?<${known[1]}>${known[2]})`;
      names.push(known[1]);
      last = match.index + match[0].length;
    }
  }
  pattern += escapeLiteral(prepared.slice(last));
  if (
    !names.includes('year') ||
    !names.includes('day') ||
    !(names.includes('month') || names.includes('name'))
  ) {
    throw new ImportRefusedError(
      'invalid-mapping',
      'mapping.dateFormat must name year, month and day, as in DD/MM/YYYY',
    );
  }
  const expression = new RegExp(`^${pattern}(?<rest>.*)$`, 'u');
  return (cell) => {
    const text = cell.normalize('NFKC').trim();
    const groups = text.length > 80 ? undefined : expression.exec(text)?.groups;
    if (groups === undefined) {
      return undefined;
    }
    const month =
      groups['name'] === undefined ? Number(groups['month']) : monthByName(groups['name'].replace('.', ''));
    const yearText = groups['year'] ?? '';
    const year = fullYear(Number(yearText), yearText.length);
    const day = Number(groups['day']);
    if (month === undefined || !isInLedger(year, month, day)) {
      return undefined;
    }
    const timeText =
      groups['hour'] === undefined
        ? (groups['rest'] ?? '')
        : `${groups['hour']}:${groups['minute'] ?? '00'}:${groups['second'] ?? '00'} ${groups['half'] ?? ''}${groups['offset'] ?? ''}${groups['rest'] ?? ''}`;
    if (timeText.trim() === '') {
      return { day: toDay(year, month, day) };
    }
    const half = /(오전|오후)/.exec(timeText)?.[1] ?? '';
    const time = parseTime(`${half} ${timeText.replace(half, '')}`);
    return time === undefined ? undefined : { day: toDay(year, month, day), ...time };
  };
};
