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
  /** `last week and the week before`: the period before the only one that is named ahead of it. */
  isBeforeNamed: boolean;
  /** `the month after`: the period after the one that was talked about. */
  isAfter: boolean;
  /** `next month`, `tomorrow`: nothing is known of it. */
  isFuture: boolean;
  /** Where the text speaks of time. */
  stretches: { start: number; end: number }[];
}

type Match = RegExpMatchArray;
type Rule = readonly [
  pattern: RegExp,
  periodOf: (match: Match, today: CalendarDay, dayFirst: boolean) => Period | undefined,
];

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
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  un: 1,
  une: 1,
  deux: 2,
  trois: 3,
  quatre: 4,
  cinq: 5,
  sept: 7,
  huit: 8,
  neuf: 9,
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

const unitsAgo = (count: number, unit: Unit, today: CalendarDay): Period | undefined => {
  if (!Number.isInteger(count) || count < 1 || count > 400) {
    return undefined;
  }
  if (unit === 'day' || unit === 'week') {
    return present(unit, addDays(today, -count * (unit === 'day' ? 1 : 7)));
  }
  return present(unit, addMonths(today, -Math.min(count, 120) * (unit === 'month' ? 1 : 12)));
};

const WEEKDAYS: readonly (readonly string[])[] = [
  ['monday', 'lundi', '월요일'],
  ['tuesday', 'mardi', '화요일'],
  ['wednesday', 'mercredi', '수요일'],
  ['thursday', 'jeudi', '목요일'],
  ['friday', 'vendredi', '금요일'],
  ['saturday', 'samedi', '토요일'],
  ['sunday', 'dimanche', '일요일'],
];
const WEEKDAY = WEEKDAYS.map((names) => names.slice(0, 2).join('|')).join('|');

/** The latest day of that name which is over. */
const lastWeekday = (name: string, today: CalendarDay): Period | undefined => {
  const wanted = WEEKDAYS.findIndex((names) => names.includes(name)) + 1;
  const back = (dayOfWeek(today) - wanted + 7) % 7;
  const day = addDays(today, -(back === 0 ? 7 : back));
  return wanted === 0 ? undefined : { from: day, to: day };
};

const months = (year: number, first: number, count: number): Period => ({
  from: toDay(year, first, 1),
  to: addDays(addMonths(toDay(year, first, 1), count), -1),
});

/** Some months of a year, the latest that has begun. */
const monthsOfYear = (
  first: number,
  count: number,
  year: string | undefined,
  today: CalendarDay,
): Period | undefined => {
  if (year !== undefined) {
    return months(Number(year), first, count);
  }
  const now = dayParts(today).year;
  const period = months(now, first, count);
  return period.from <= today ? period : months(now - 1, first, count);
};

const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  '1st': 1,
  second: 2,
  '2nd': 2,
  third: 3,
  '3rd': 3,
  fourth: 4,
  '4th': 4,
  premier: 1,
  '1er': 1,
  '1': 1,
  deuxieme: 2,
  '2e': 2,
  '2eme': 2,
  '2': 2,
  troisieme: 3,
  '3e': 3,
  '3eme': 3,
  '3': 3,
  quatrieme: 4,
  '4e': 4,
  '4eme': 4,
  '4': 4,
  상: 1,
  하: 2,
};
const SEASONS: Readonly<Record<string, number>> = {
  spring: 3,
  printemps: 3,
  봄: 3,
  summer: 6,
  ete: 6,
  여름: 6,
  autumn: 9,
  fall: 9,
  automne: 9,
  가을: 9,
  winter: 12,
  hiver: 12,
  겨울: 12,
};

/** A written date like `10/1`, day or month first as people write it where they live. */
const slashDate = (
  [, left = '', right = '', year]: Match,
  today: CalendarDay,
  dayFirst: boolean,
): Period | undefined => {
  const [day, month] = dayFirst ? [left, right] : [right, left];
  const long = year === undefined ? undefined : year.length === 2 ? `20${year}` : year;
  return namedDay(Number(month), Number(day), long, today);
};

const joinDays = (first: Period | undefined, last: Period | undefined): Period | undefined =>
  first !== undefined && last !== undefined && first.from <= last.to
    ? { from: first.from, to: last.to }
    : undefined;

const previousQuarter = (today: CalendarDay, back: number): Period => {
  const { year, month } = dayParts(today);
  const first = addMonths(toDay(year, month - ((month - 1) % 3), 1), -3 * back);
  return { from: first, to: addDays(addMonths(first, 3), -1) };
};

// Months and days come before bare years, longer phrases before shorter ones.
const RULES: readonly Rule[] = [
  [
    new RegExp(
      String.raw`\b(?:between |from |du |entre le )?(\d{1,2})(?:st|nd|rd|th|er)? ?(?:-|–|to|and|until|au|et le) ?(\d{1,2})(?:st|nd|rd|th|er)? (?:of )?(${MONTH}|may)(?: ${YEAR})?\b`,
      'g',
    ),
    ([, first, last, month = '', year], today) =>
      joinDays(
        namedDay(monthNumber(month), Number(first), year, today),
        namedDay(monthNumber(month), Number(last), year, today),
      ),
  ],
  [
    new RegExp(
      String.raw`\b(${MONTH}|may) (\d{1,2})(?:st|nd|rd|th)? ?(?:-|–|to|and|until|through) ?(\d{1,2})(?:st|nd|rd|th)?(?:,? ${YEAR})?(?!\d)`,
      'g',
    ),
    ([, month = '', first, last, year], today) =>
      joinDays(
        namedDay(monthNumber(month), Number(first), year, today),
        namedDay(monthNumber(month), Number(last), year, today),
      ),
  ],
  [
    /(?:(20\d\d)년 ?)?(\d{1,2})월 ?(\d{1,2})일? ?(?:부터|에서|~|-) ?(\d{1,2})일(?: ?까지)?/g,
    ([, year, month, first, last], today) =>
      joinDays(
        namedDay(Number(month), Number(first), year, today),
        namedDay(Number(month), Number(last), year, today),
      ),
  ],
  [
    /\bbetween (?:christmas|xmas)(?: day)? and (?:the )?new year(?:'?s)?(?: day| eve)?\b|\bentre noel et (?:le )?(?:nouvel an|jour de l'an)\b/g,
    (_match, today) => {
      const from = namedDay(12, 25, undefined, today)?.from ?? today;
      return { from, to: addDays(from, 7) };
    },
  ],
  [
    /\b(?:year[- ]to[- ]date|ytd|so far this year|this year so far|(?:since|from) the (?:start|beginning) of (?:the|this) year|depuis le debut de (?:l'|cette )annee)\b|(?:올해|연)초부터/g,
    (_match, today) => ({ from: toDay(dayParts(today).year, 1, 1), to: today }),
  ],
  [
    /\b(?:month[- ]to[- ]date|mtd|so far this month|this month so far|(?:since|from) the (?:start|beginning) of (?:the|this) month|depuis le debut du mois)\b|월초부터/g,
    (_match, today) => ({ from: periodContaining('month', today).from, to: today }),
  ],
  [
    /\bthe (week|month|year) before last\b|\b(?:l')?avant-derniere? (semaine|mois|annee)\b/g,
    ([, english, french], today) => unitsAgo(2, unitOf(english ?? french ?? ''), today),
  ],
  [
    new RegExp(String.raw`\b${COUNT} (days?|weeks?|months?|years?) ago\b`, 'g'),
    ([, count = '', unit = ''], today) => unitsAgo(countOf(count), unitOf(unit), today),
  ],
  [/\ba (day|week|month|year) ago\b/g, ([, unit = ''], today) => unitsAgo(1, unitOf(unit), today)],
  [
    new RegExp(String.raw`\bil y a ${COUNT} (jours?|semaines?|mois|ans?|annees?)\b`, 'g'),
    ([, count = '', unit = ''], today) => unitsAgo(countOf(count), unitOf(unit), today),
  ],
  [
    new RegExp(String.raw`(?<![지최근난요 ] ?)${COUNT} ?(일|주일|주|개월|달|년) ?전(?!부터)(?:에)?`, 'g'),
    ([, count = '', unit = ''], today) => unitsAgo(countOf(count), unitOf(unit), today),
  ],
  [
    new RegExp(
      String.raw`\b(?:q([1-4])|(first|second|third|fourth|1st|2nd|3rd|4th) quarter|(?:(premier|deuxieme|troisieme|quatrieme|[1-4](?:er|e|eme)?) trimestre)|t([1-4]))(?: (?:of |de )?(?:this year|the year|cette annee|${YEAR}))?\b`,
      'g',
    ),
    ([, q, english, french, t, year], today) => {
      const number = Number(q ?? t ?? ORDINALS[english ?? french ?? ''] ?? 0);
      return number === 0 ? undefined : monthsOfYear(number * 3 - 2, 3, year, today);
    },
  ],
  [
    /(?:(20\d\d)년 ?)?([1-4]) ?분기/g,
    ([, year, number], today) => monthsOfYear(Number(number) * 3 - 2, 3, year, today),
  ],
  [
    /\b(?:i (?:have |'ve )?)?ever\b|\ball[- ]time\b|\bdepuis toujours\b|지금까지|여태(?:까지)?|역대/g,
    (_match, today) => ({ from: toDay(dayParts(today).year - 9, 1, 1), to: today }),
  ],
  [/\bthis quarter\b|\bce trimestre\b|이번 ?분기/g, (_match, today) => previousQuarter(today, 0)],
  [
    /\b(?:last|previous) quarter\b|\b(?:le )?trimestre (?:dernier|passe|precedent)\b|지난 ?분기/g,
    (_match, today) => previousQuarter(today, 1),
  ],
  [
    new RegExp(
      String.raw`\b(?:the )?(first|second|1st|2nd) half(?: of (?:this year|the year|${YEAR}))?\b|\b(premier|deuxieme|1er|2e|2eme) semestre(?: (?:de )?${YEAR}| de (?:l'|cette )annee)?\b|\bh([12])\b`,
      'g',
    ),
    ([, english, year, french, otherYear, h], today) => {
      const number = h === undefined ? (ORDINALS[english ?? french ?? ''] ?? 1) : Number(h);
      return monthsOfYear(number === 2 ? 7 : 1, 6, year ?? otherYear, today);
    },
  ],
  [
    /(?:(20\d\d)년 ?|올해 ?)?(상|하)반기/g,
    ([, year, half], today) => monthsOfYear(half === '하' ? 7 : 1, 6, year, today),
  ],
  [
    /\b(?:this|last|over the|in the|during the|the|over|in|cet|cette|l'|en|au|ce) ?(spring|summer|autumn|winter|printemps|ete|automne|hiver)(?: (?:dernier|passe))?\b|\b(?:this|last|over the|in the) (fall)\b|(?:이번 ?|지난 ?|올해 ?)?(봄|여름|가을|겨울)(?=에|\s|$|[은는의?])/g,
    ([, latin, fall, korean], today) =>
      monthsOfYear(SEASONS[latin ?? fall ?? korean ?? ''] ?? 6, 3, undefined, today),
  ],
  [
    /\bthe day before yesterday\b|\bavant-hier\b|그저께|그제|엊그제/g,
    (_match, today) => present('day', addDays(today, -2)),
  ],
  [
    new RegExp(String.raw`\b(?:on |last |this |ce |le )?(${WEEKDAY})(?: dernier)?\b(?!s)`, 'g'),
    ([, name = ''], today) => lastWeekday(name, today),
  ],
  [/(?:지난 ?|이번 ?)?([월화수목금토일]요일)(?:날)?/g, ([, name = ''], today) => lastWeekday(name, today)],
  [/\b(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?(?![\d/])/g, slashDate],
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
    new RegExp(
      String.raw`\b(?:(last|this) |(?:the )?month of |(?:au |le )?mois (?:de |d'))?(${MONTH})(?: (?:of |de )?${YEAR}| (dernier|last year|of last year|this year|cette annee|de cette annee|l'an dernier|de l'an dernier))?\b`,
      'g',
    ),
    ([, before, month = '', year, after = ''], today) => {
      const now = dayParts(today);
      const isLastYear = /last year|l'an dernier/.test(after);
      // "Last November", said in November, is not the one that is under way.
      const isPastOne = (before === 'last' || after === 'dernier') && monthNumber(month) === now.month;
      const isThisYear = /this year|cette annee/.test(after);
      return namedMonth(
        monthNumber(month),
        year ?? (isLastYear || isPastOne ? String(now.year - 1) : isThisYear ? String(now.year) : undefined),
        today,
      );
    },
  ],
  [
    new RegExp(
      String.raw`\b(?:in|of|for|since|during|last|to|and|than|vs|from|about|just|only|or|until) (may)(?: ${YEAR})?\b(?! i\b)|\b(may) ${YEAR}`,
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
    /(?:지지난|저저번|전전) ?(주|달)/g,
    ([, unit = ''], today) => unitsAgo(2, unit === '주' ? 'week' : 'month', today),
  ],
  [
    /이번 ?(주|달)|금(주|월)/g,
    ([, unit, other], today) => present((unit ?? other) === '주' ? 'week' : 'month', today),
  ],
  [
    /(?:지난|저번) ?(주|달)|전(주|월)(?!세)/g,
    ([, unit, other], today) => past((unit ?? other) === '주' ? 'week' : 'month', today),
  ],
  [
    /\b(?:of|in) the (week|month|year)\b|\b(?:de|dans|sur) (?:l'|la )(annee|semaine)\b(?! (?:dern|pass|prec))|\b(?:du|dans le|sur le) (mois)\b(?! (?:dern|pass|prec|de |d'))/g,
    ([, english, french, month], today) => present(unitOf(english ?? french ?? month ?? ''), today),
  ],
  [/재작년/g, (_match, today) => present('year', addMonths(today, -24))],
  [/올해|금년/g, (_match, today) => present('year', today)],
  [/작년|지난 ?해/g, (_match, today) => past('year', today)],
  [/\btoday\b|\baujourd'hui\b|오늘/g, (_match, today) => present('day', today)],
  [/\byesterday\b|\bhier\b|어제/g, (_match, today) => past('day', today)],
  [
    /(?<![\d.,£$€₩¥-])(?<!\b(?:usd|eur|gbp|krw|jpy) )(20\d\d)(?:년)?(?![\d.,:월-]|\s?(?:£|€|\$|₩|¥|원|달러|유로|파운드|euros?|pounds?|dollars?|won|yen|usd|eur|gbp|krw|jpy))/g,
    ([, year]) => ({ from: `${year ?? ''}-01-01`, to: `${year ?? ''}-12-31` }),
  ],
];

const overlaps = (found: readonly Found[], start: number, end: number): boolean =>
  found.some((other) => start < other.end && end > other.start);

const findAll = (text: string, today: CalendarDay, dayFirst: boolean): Found[] => {
  const found: Found[] = [];
  for (const [pattern, periodOf] of RULES) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      const period = overlaps(found, start, end) ? undefined : periodOf(match, today, dayFirst);
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
const RANGE_TO = /^\s*(?:to|until|till|through|jusqu'(?:a|au|en)|au)\s/;
const SINCE_BEFORE = /(?:\bsince|\bdepuis)(?: the| le| la| last)?\s*$/;
const SINCE_AFTER = /^\s*(?:부터|이후)/;

const isRange = (text: string, left: Found, right: Found): boolean => {
  const between = text.slice(left.end, right.start);
  return (
    RANGE_BETWEEN.test(between) &&
    (RANGE_TO.test(between) ||
      RANGE_BEFORE.test(text.slice(0, left.start)) ||
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

const FUTURE =
  /\b(?:next|the coming|upcoming) (?:day|week|weekend|month|year|quarter)s?\b|\btomorrow\b|\b(?:le |la |l')?(?:semaine|mois|an|annee|trimestre) (?:prochaine?|a venir)\b|\bdemain\b|다음 ?(?:주|달|해)|내년|내일/g;

const AFTER =
  /\bthe (?:day|week|month|year) after\b|\b(?:la semaine|le mois|l'annee|le jour) (?:d'apres|suivante?)\b|그 ?다음 ?(?:달|주|해)(?:에는)?/;

const BEFORE =
  /\bthe (?:day|week|month|year|period) before\b|\b(?:la semaine|le mois|l'annee|la periode|le jour) d'avant\b|\bd'avant\b|\bprevious one\b|\bprecedente?\b|그 ?전(?: ?(?:달|주|해|에는))?/;

/**
 * The periods that a text names, in English, French or Korean.
 * @param text what the user wrote
 * @param today the user's day
 * @param currency of the user; `10/1` is the first of October where people pay in US dollars, else the tenth of January
 */
export function timeWordsOf(text: string, today: CalendarDay, currency = 'GBP'): TimeWords {
  const folded = fold(text);
  const found = findAll(folded, today, currency !== 'USD');
  const stretch = (match: RegExpMatchArray) => ({
    start: match.index ?? 0,
    end: (match.index ?? 0) + match[0].length,
  });
  const after = AFTER.exec(folded);
  const future = after === null ? [...folded.matchAll(FUTURE)].map(stretch) : [stretch(after)];
  const before = BEFORE.exec(folded);
  return {
    periods: joined(folded, found, today),
    named: found.map(({ from, to }) => ({ from, to })),
    isBefore: before !== null,
    isBeforeNamed: before !== null && found.length === 1 && (found[0]?.end ?? 0) <= before.index,
    isAfter: after !== null,
    isFuture: after === null && future.length > 0,
    stretches: [
      ...found.map(({ start, end }) => ({ start, end })),
      ...future,
      ...(before === null ? [] : [stretch(before)]),
    ],
  };
}

/**
 * The period of the same kind just after.
 * @param period the period
 */
export function periodAfter({ from, to }: Period): Period {
  const first = dayParts(from);
  const last = dayParts(to);
  if (first.dayOfMonth === 1 && last.dayOfMonth === daysInMonth(last.year, last.month)) {
    const count = (last.year - first.year) * 12 + last.month - first.month + 1;
    return { from: addDays(to, 1), to: addDays(addMonths(addDays(to, 1), count), -1) };
  }
  return { from: addDays(to, 1), to: addDays(to, diffDays(from, to) + 1) };
}

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
