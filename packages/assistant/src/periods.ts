import {
  addDays,
  addMonths,
  dayOfWeek,
  dayParts,
  daysInMonth,
  diffDays,
  isRealDay,
  lastMonths,
  periodContaining,
  previousPeriod,
  toDay,
  type CalendarDay,
} from '@orrery/calendar';
import { fold } from './fold.ts';

/** A run of days, both ends included. */
export interface Period {
  from: CalendarDay;
  to: CalendarDay;
}

/** A period where a text names it. */
interface Found extends Period {
  start: number;
  end: number;
}

/** What a text says about time. */
export interface TimeWords {
  /** In the order of the text; `from … to …` and `since …` are one period. */
  periods: Period[];
  /** The same without joining. */
  named: Period[];
  /** `the month before`: the period before the one that was talked about. */
  isBefore: boolean;
}

type Match = RegExpMatchArray;
type Rule = readonly [pattern: RegExp, periodOf: (match: Match, today: CalendarDay) => Period | undefined];

const MONTHS: readonly (readonly string[])[] = [
  ['january', 'janvier', 'jan'],
  ['february', 'fevrier', 'feb'],
  ['march', 'mars'],
  ['april', 'avril', 'apr'],
  ['may', 'mai'],
  ['june', 'juin', 'jun'],
  ['july', 'juillet', 'jul'],
  ['august', 'aout', 'aug'],
  ['september', 'septembre', 'sept', 'sep'],
  ['october', 'octobre', 'oct'],
  ['november', 'novembre', 'nov'],
  ['december', 'decembre', 'dec'],
];
const NUMBERS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  ten: 10,
  twelve: 12,
  un: 1,
  une: 1,
  deux: 2,
  trois: 3,
  quatre: 4,
  cinq: 5,
  sept: 7,
  dix: 10,
  douze: 12,
  한: 1,
  두: 2,
  세: 3,
  네: 4,
  석: 3,
  넉: 4,
};

// `may` is a verb far more often than a month.
const MONTH = MONTHS.flat()
  .filter((name) => name !== 'may')
  .sort((left, right) => right.length - left.length)
  .join('|');
const COUNT = String.raw`(\d{1,3}|${Object.keys(NUMBERS).join('|')})`;
const YEAR = String.raw`(20\d\d)`;

const monthNumber = (name: string): number => MONTHS.findIndex((names) => names.includes(name)) + 1;
const countOf = (text: string): number => NUMBERS[text] ?? Number(text);

const wholeMonth = (year: number, month: number): Period => ({
  from: toDay(year, month, 1),
  to: toDay(year, month, daysInMonth(year, month)),
});

/** The month that a name without a year means: the present one, or the latest that is past. */
const namedMonth = (month: number, year: string | undefined, today: CalendarDay): Period | undefined => {
  if (month < 1 || month > 12) {
    return undefined;
  }
  const now = dayParts(today);
  return wholeMonth(year === undefined ? now.year - (month > now.month ? 1 : 0) : Number(year), month);
};

const namedDay = (
  month: number,
  dayOfMonth: number,
  year: string | undefined,
  today: CalendarDay,
): Period | undefined => {
  const now = dayParts(today);
  const isLater = month > now.month || (month === now.month && dayOfMonth > now.dayOfMonth);
  const inYear = year === undefined ? now.year - (isLater ? 1 : 0) : Number(year);
  if (!isRealDay(inYear, month, dayOfMonth)) {
    return undefined;
  }
  const day = toDay(inYear, month, dayOfMonth);
  return { from: day, to: day };
};

type Unit = 'day' | 'week' | 'month' | 'year';

const present = (unit: Unit, today: CalendarDay): Period => {
  if (unit === 'day') {
    return { from: today, to: today };
  }
  const { from, to } = periodContaining(unit, today);
  return { from, to };
};

const past = (unit: Unit, today: CalendarDay): Period => {
  if (unit === 'day') {
    const day = addDays(today, -1);
    return { from: day, to: day };
  }
  const { from, to } = previousPeriod(periodContaining(unit, today));
  return { from, to };
};

const lastUnits = (count: number, unit: Unit, today: CalendarDay): Period | undefined => {
  if (!Number.isInteger(count) || count < 1 || count > 400) {
    return undefined;
  }
  switch (unit) {
    case 'day':
      return { from: addDays(today, 1 - count), to: today };
    case 'week':
      return { from: addDays(today, 1 - count * 7), to: today };
    case 'month':
      return lastMonths(today, Math.min(count, 120));
    case 'year':
      return { from: addDays(addMonths(today, -12 * Math.min(count, 10)), 1), to: today };
  }
};

const UNITS: readonly (readonly [RegExp, Unit])[] = [
  [/^(days?|jours?|일)$/, 'day'],
  [/^(weeks?|semaines?|주|주일)$/, 'week'],
  [/^(months?|mois|개월|달)$/, 'month'],
  [/^(years?|ans?|annees?|년)$/, 'year'],
];
const unitOf = (word: string): Unit => UNITS.find(([pattern]) => pattern.test(word))?.[1] ?? 'month';

const weekend = (today: CalendarDay, weeksBack: number): Period => {
  const monday = addDays(today, 1 - dayOfWeek(today) - weeksBack * 7);
  return { from: addDays(monday, 5), to: addDays(monday, 6) };
};

// Months and days come before bare years, longer phrases before shorter ones.
const RULES: readonly Rule[] = [
  [
    new RegExp(String.raw`\b(?:the )?(?:last|past|previous) ${COUNT} (days?|weeks?|months?|years?)\b`, 'g'),
    ([, count = '', unit = ''], today) => lastUnits(countOf(count), unitOf(unit), today),
  ],
  [
    new RegExp(
      String.raw`\b(?:les |ces )?${COUNT} (?:derniers|dernieres) (jours|semaines|mois|ans|annees)\b`,
      'g',
    ),
    ([, count = '', unit = ''], today) => lastUnits(countOf(count), unitOf(unit), today),
  ],
  [
    new RegExp(String.raw`(?:지난|최근|요) ?${COUNT} ?(일|주일|주|개월|달|년)(?:간|동안)?`, 'g'),
    ([, count = '', unit = ''], today) => lastUnits(countOf(count), unitOf(unit), today),
  ],
  [
    /\b(20\d\d)-(\d\d)-(\d\d)\b/g,
    ([, year, month, day], today) => namedDay(Number(month), Number(day), year, today),
  ],
  [/\b(20\d\d)-(0[1-9]|1[0-2])\b(?!-)/g, ([, year, month], today) => namedMonth(Number(month), year, today)],
  [
    new RegExp(String.raw`\b(\d{1,2})(?:st|nd|rd|th|er)? (?:of )?(${MONTH}|may)(?:,? ${YEAR})?\b`, 'g'),
    ([, day, month = '', year], today) => namedDay(monthNumber(month), Number(day), year, today),
  ],
  [
    new RegExp(String.raw`\b(${MONTH}|may) (\d{1,2})(?:st|nd|rd|th)?(?:,? ${YEAR})?(?![\d])`, 'g'),
    ([, month = '', day, year], today) => namedDay(monthNumber(month), Number(day), year, today),
  ],
  [
    new RegExp(String.raw`\b(${MONTH})(?: (?:of )?${YEAR}| (?:dernier|last year))?\b`, 'g'),
    ([whole, month = '', year], today) =>
      namedMonth(
        monthNumber(month),
        year ?? (whole.endsWith('last year') ? String(dayParts(today).year - 1) : undefined),
        today,
      ),
  ],
  [
    new RegExp(
      String.raw`\b(?:in|of|for|since|during|last|to|and|than|vs|from) (may)(?: ${YEAR})?\b|\b(may) ${YEAR}`,
      'g',
    ),
    ([, , year, , otherYear], today) => namedMonth(5, year ?? otherYear, today),
  ],
  [
    /(?:(20\d\d)년|(작년|지난해)|(올해))? ?(\d{1,2})월 ?(\d{1,2})일/g,
    ([, year, lastYear, , month, day], today) =>
      namedDay(
        Number(month),
        Number(day),
        lastYear === undefined ? year : String(dayParts(today).year - 1),
        today,
      ),
  ],
  [
    /(?:(20\d\d)년|(작년|지난해)|(올해))? ?(\d{1,2})월(?!급)/g,
    ([, year, lastYear, thisYear, month], today) => {
      const now = dayParts(today).year;
      const named = lastYear === undefined ? (thisYear === undefined ? year : String(now)) : String(now - 1);
      return namedMonth(Number(month), named, today);
    },
  ],
  [/\bthis weekend\b|\bce week-?end\b|이번 ?주말/g, (_match, today) => weekend(today, 0)],
  [/\blast weekend\b|\ble week-?end dernier\b|지난 ?주말/g, (_match, today) => weekend(today, 1)],
  [/\b(?:this|the current) (week|month|year)\b/g, ([, unit = ''], today) => present(unitOf(unit), today)],
  [
    /\b(?:last|the previous|the past|previous) (week|month|year)\b/g,
    ([, unit = ''], today) => past(unitOf(unit), today),
  ],
  [/\b(?:ce|cette) (semaine|mois|annee)(?:-ci)?\b/g, ([, unit = ''], today) => present(unitOf(unit), today)],
  [
    /\b(?:(?:la|le) |l')?(semaine|mois|annee|an) (?:derniere?|passee?|precedente?)\b/g,
    ([, unit = ''], today) => past(unitOf(unit), today),
  ],
  [
    /이번 ?(주|달)|금(주|월)/g,
    ([, unit, other], today) => present((unit ?? other) === '주' ? 'week' : 'month', today),
  ],
  [
    /(?:지난|저번) ?(주|달)|전(주|월)(?!세)/g,
    ([, unit, other], today) => past((unit ?? other) === '주' ? 'week' : 'month', today),
  ],
  [/올해|금년/g, (_match, today) => present('year', today)],
  [/작년|지난 ?해/g, (_match, today) => past('year', today)],
  [/\btoday\b|\baujourd'hui\b|오늘/g, (_match, today) => present('day', today)],
  [/\byesterday\b|\bhier\b|어제/g, (_match, today) => past('day', today)],
  [
    /(?<![\d.,£$€₩-])(20\d\d)(?:년)?(?![\d.,:월-]|\s?(?:£|€|\$|₩|원|euros?|pounds?|won))/g,
    ([, year]) => ({ from: `${year ?? ''}-01-01`, to: `${year ?? ''}-12-31` }),
  ],
];

const overlaps = (found: readonly Found[], start: number, end: number): boolean =>
  found.some((other) => start < other.end && end > other.start);

const findAll = (text: string, today: CalendarDay): Found[] => {
  const found: Found[] = [];
  for (const [pattern, periodOf] of RULES) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      const period = overlaps(found, start, end) ? undefined : periodOf(match, today);
      if (period !== undefined) {
        found.push({ ...period, start, end });
      }
    }
  }
  return found.sort((left, right) => left.start - right.start);
};

const RANGE_BEFORE = /(?:\bbetween|\bfrom|\bentre|\bdu|\bde|\bdes|\bd')(?: the| le| la)?\s*$/;
const RANGE_BETWEEN =
  /^(?:부터|에서|\s*~)?\s*(?:and|to|until|till|through|et|au|a|jusqu'(?:a|au|en)|-|–|~)?\s*(?:the |le |la )?$/;
const SINCE_BEFORE = /(?:\bsince|\bdepuis)(?: the| le| la| last)?\s*$/;
const SINCE_AFTER = /^\s*(?:부터|이후)/;

const isRange = (text: string, left: Found, right: Found): boolean => {
  const between = text.slice(left.end, right.start);
  return (
    RANGE_BETWEEN.test(between) &&
    (RANGE_BEFORE.test(text.slice(0, left.start)) ||
      /^(?:부터|에서|\s*[-–~])/.test(between) ||
      /^\s*까지/.test(text.slice(right.end)))
  );
};

const joined = (text: string, found: readonly Found[], today: CalendarDay): Period[] => {
  const periods: Period[] = [];
  for (let index = 0; index < found.length; index += 1) {
    const here = found[index];
    const next = found[index + 1];
    if (here === undefined) {
      continue;
    }
    if (next !== undefined && isRange(text, here, next) && here.from <= next.to) {
      periods.push({ from: here.from, to: next.to });
      index += 1;
    } else if (
      (SINCE_BEFORE.test(text.slice(0, here.start)) || SINCE_AFTER.test(text.slice(here.end))) &&
      here.from <= today
    ) {
      periods.push({ from: here.from, to: today });
    } else {
      periods.push({ from: here.from, to: here.to });
    }
  }
  return periods;
};

const BEFORE =
  /\bthe (?:day|week|month|year|period) before\b|\b(?:la semaine|le mois|l'annee|la periode|le jour) d'avant\b|\bd'avant\b|그 ?전(?: ?(?:달|주|해|에는))?|전전달|지지난달/;

/**
 * The periods that a text names, in English, French or Korean.
 * @param text what the user wrote
 * @param today the user's day
 */
export function timeWordsOf(text: string, today: CalendarDay): TimeWords {
  const folded = fold(text);
  const found = findAll(folded, today);
  return {
    periods: joined(folded, found, today),
    named: found.map(({ from, to }) => ({ from, to })),
    isBefore: BEFORE.test(folded),
  };
}

/**
 * The text with everything that names a time taken out, so that it is not taken for a name.
 * @param text folded text
 * @param today the user's day
 */
export const withoutTimes = (text: string, today: CalendarDay): string =>
  findAll(text, today)
    .reverse()
    .reduce((rest, { start, end }) => `${rest.slice(0, start)} ⌛ ${rest.slice(end)}`, text)
    .replace(BEFORE, ' ⌛ ');

/**
 * The period of the same kind just before: the month before a whole month, the year before a year, else as many days.
 * @param period the period
 */
export function periodBefore({ from, to }: Period): Period {
  const first = dayParts(from);
  const last = dayParts(to);
  if (first.dayOfMonth === 1 && last.dayOfMonth === daysInMonth(last.year, last.month)) {
    const months = (last.year - first.year) * 12 + last.month - first.month + 1;
    return { from: addMonths(from, -months), to: addDays(from, -1) };
  }
  return { from: addDays(from, -(diffDays(from, to) + 1)), to: addDays(from, -1) };
}
