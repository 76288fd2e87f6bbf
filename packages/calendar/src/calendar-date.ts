/** A calendar day `YYYY-MM-DD`: a day, not an instant. Years run from 0001 to 9999. */
export type CalendarDay = string;

/** A text is not a day that exists, or day arithmetic left the years 0001 to 9999. */
export class InvalidDayError extends Error {
  readonly code = 'invalid-day';

  constructor(reason: string) {
    super(reason);
    this.name = 'InvalidDayError';
  }
}

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Whether a year of the Gregorian calendar has 366 days.
 * @param year full year
 */
export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/**
 * Number of days of a month.
 * @param year full year
 * @param month 1 to 12
 * @throws InvalidDayError for another month
 */
export const daysInMonth = (year: number, month: number): number => {
  const length = MONTH_LENGTHS[month - 1];
  if (length === undefined) {
    throw new InvalidDayError('month must be 1 to 12');
  }
  return month === 2 && isLeapYear(year) ? 29 : length;
};

/**
 * Whether year, month and day name a day that exists.
 * @param year 1 to 9999
 * @param month 1 to 12
 * @param day 1 to the month's length
 */
export const isRealDay = (year: number, month: number, day: number): boolean =>
  year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);

const twoDigits = (value: number): string => (value < 10 ? `0${String(value)}` : String(value));

/**
 * The day as text.
 * @throws InvalidDayError when there is no such day
 */
export const toDay = (year: number, month: number, day: number): CalendarDay => {
  if (!isRealDay(year, month, day)) {
    throw new InvalidDayError('there is no such day');
  }
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
};

/**
 * Whether a text is a day that exists, written `YYYY-MM-DD`.
 * @param text anything
 */
export const isValidDay = (text: string): text is CalendarDay =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  isRealDay(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)));

/**
 * Year, month (1 to 12) and day of the month.
 * @throws InvalidDayError when the text is no day
 */
export const dayParts = (day: CalendarDay): { year: number; month: number; dayOfMonth: number } => {
  if (!isValidDay(day)) {
    throw new InvalidDayError('must be a day written YYYY-MM-DD');
  }
  return {
    year: Number(day.slice(0, 4)),
    month: Number(day.slice(5, 7)),
    dayOfMonth: Number(day.slice(8, 10)),
  };
};

/**
 * Days since 1970-01-01, negative before it; for arithmetic over many days.
 * Source: "days_from_civil" of Howard Hinnant, chrono-compatible low-level date algorithms.
 * @throws InvalidDayError when the text is no day
 */
export const dayNumber = (day: CalendarDay): number => {
  const { year, month, dayOfMonth } = dayParts(day);
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

/**
 * The day with that number of days since 1970-01-01; the inverse of `dayNumber` ("civil_from_days", same source).
 * @throws InvalidDayError outside the years 0001 to 9999
 */
export const dayFromNumber = (days: number): CalendarDay => {
  if (!Number.isSafeInteger(days)) {
    throw new InvalidDayError('the number of days must be an integer');
  }
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return toDay(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth);
};

/**
 * The day `days` later, or earlier when negative.
 * @throws InvalidDayError
 */
export const addDays = (day: CalendarDay, days: number): CalendarDay => dayFromNumber(dayNumber(day) + days);

/**
 * Number of days from `from` to `to`; negative when `to` is earlier.
 * @throws InvalidDayError
 */
export const diffDays = (from: CalendarDay, to: CalendarDay): number => dayNumber(to) - dayNumber(from);

/**
 * The same day of the month `months` later (earlier when negative), or the month's last day when it is shorter.
 * @throws InvalidDayError
 */
export const addMonths = (day: CalendarDay, months: number): CalendarDay => {
  const { year, month, dayOfMonth } = dayParts(day);
  const count = year * 12 + (month - 1) + months;
  const targetYear = Math.floor(count / 12);
  const targetMonth = count - targetYear * 12 + 1;
  return toDay(targetYear, targetMonth, Math.min(dayOfMonth, daysInMonth(targetYear, targetMonth)));
};

/**
 * Day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
 * @throws InvalidDayError
 */
export const dayOfWeek = (day: CalendarDay): number => ((((dayNumber(day) + 3) % 7) + 7) % 7) + 1;

/**
 * Order of two days: -1, 0 or 1.
 * @throws InvalidDayError
 */
export const compareDays = (left: CalendarDay, right: CalendarDay): -1 | 0 | 1 => {
  const difference = dayNumber(left) - dayNumber(right);
  if (difference === 0) {
    return 0;
  }
  return difference < 0 ? -1 : 1;
};

/**
 * Every day from `from` to `to`, both included; none when `to` is earlier.
 * @throws InvalidDayError
 */
export function* dayRange(from: CalendarDay, to: CalendarDay): Generator<CalendarDay> {
  const last = dayNumber(to);
  for (let current = dayNumber(from); current <= last; current += 1) {
    yield dayFromNumber(current);
  }
}
