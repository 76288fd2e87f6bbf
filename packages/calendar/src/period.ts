import { addDays, addMonths, dayOfWeek, dayParts, daysInMonth, toDay } from './calendar-date.ts';
import type { CalendarDay } from './calendar-date.ts';

export type PeriodKind = 'week' | 'month' | 'year';

/** A run of days, both ends included. Weeks start on Monday. */
export interface Period {
  kind: PeriodKind;
  from: CalendarDay;
  to: CalendarDay;
}

const CONTAINING: Record<PeriodKind, (day: CalendarDay) => Omit<Period, 'kind'>> = {
  week: (day) => {
    const from = addDays(day, 1 - dayOfWeek(day));
    return { from, to: addDays(from, 6) };
  },
  month: (day) => {
    const { year, month } = dayParts(day);
    return { from: toDay(year, month, 1), to: toDay(year, month, daysInMonth(year, month)) };
  },
  year: (day) => {
    const { year } = dayParts(day);
    return { from: toDay(year, 1, 1), to: toDay(year, 12, 31) };
  },
};

/**
 * The week, month or year that contains a day.
 * @throws InvalidDayError
 */
export const periodContaining = (kind: PeriodKind, day: CalendarDay): Period => ({
  kind,
  ...CONTAINING[kind](day),
});

/**
 * The period of the same kind before this one.
 * @throws InvalidDayError
 */
export const previousPeriod = (period: Period): Period =>
  periodContaining(period.kind, addDays(period.from, -1));

/**
 * The period of the same kind after this one.
 * @throws InvalidDayError
 */
export const nextPeriod = (period: Period): Period => periodContaining(period.kind, addDays(period.to, 1));

/**
 * First and last day of the `months` whole months that end with the month of `day`, for "the last six months".
 * @param day any day of the last month
 * @param months at least 1
 * @throws InvalidDayError
 */
export const lastMonths = (day: CalendarDay, months: number): { from: CalendarDay; to: CalendarDay } => {
  const last = periodContaining('month', day);
  return { from: addMonths(last.from, 1 - months), to: last.to };
};
