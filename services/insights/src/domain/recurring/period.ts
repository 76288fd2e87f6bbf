import { dayFromNumber, dayNumber, dayParts, daysInMonth, toDay } from '@orrery/calendar';

export const PERIOD_NAMES = [
  'weekly',
  'biweekly',
  'four-weekly',
  'semimonthly',
  'monthly',
  'quarterly',
  'annual',
] as const;
export type PeriodName = (typeof PERIOD_NAMES)[number];

/** A rhythm of payments. */
export interface PeriodRule {
  name: PeriodName;
  /** Average length in days. */
  days: number;
  /** How far from its expected day a charge may lie. */
  toleranceDays: number;
  /** Charges that make a stream. */
  minCharges: number;
  /** Charges from which it is mature. */
  matureCharges: number;
}

/** Tolerances cover three days of jitter, and a weekend more for bills that follow the calendar. */
export const PERIODS: readonly PeriodRule[] = [
  { name: 'weekly', days: 7, toleranceDays: 2, minCharges: 4, matureCharges: 6 },
  { name: 'biweekly', days: 14, toleranceDays: 4, minCharges: 3, matureCharges: 5 },
  { name: 'semimonthly', days: 15.22, toleranceDays: 4, minCharges: 4, matureCharges: 6 },
  { name: 'four-weekly', days: 28, toleranceDays: 4, minCharges: 4, matureCharges: 5 },
  { name: 'monthly', days: 30.44, toleranceDays: 5, minCharges: 3, matureCharges: 4 },
  { name: 'quarterly', days: 91.31, toleranceDays: 8, minCharges: 3, matureCharges: 4 },
  { name: 'annual', days: 365.25, toleranceDays: 12, minCharges: 2, matureCharges: 3 },
];

const MONTHS: Partial<Record<PeriodName, number>> = { monthly: 1, quarterly: 3, annual: 12 };
const WEEKS: Partial<Record<PeriodName, number>> = { weekly: 1, biweekly: 2, 'four-weekly': 4 };

/**
 * Where a rhythm stands. Months keep their anchor days (1 to 31), so that bills of the 31st do not creep to the 28th.
 */
export interface Beat {
  /** Days since 1970-01-01. */
  day: number;
  /** Months since year 0, of `day`. */
  month: number;
  /** Days of the month on which charges fall: one, or two for semimonthly; empty for rhythms of weeks. */
  anchors: readonly number[];
}

interface Month {
  /** Day number of the first. */
  start: number;
  length: number;
}

/** The walk asks for the same few months thousands of times. */
const months = new Map<number, Month>();

const monthAt = (index: number): Month => {
  const known = months.get(index);
  if (known !== undefined) {
    return known;
  }
  const [year, month] = [Math.floor(index / 12), (index % 12) + 1];
  const fresh = { start: dayNumber(toDay(year, month, 1)), length: daysInMonth(year, month) };
  months.set(index, fresh);
  return fresh;
};

/**
 * The day of a month on which an anchor falls: the last one in months that are too short.
 * @param index months since year 0
 * @param anchor 1 to 31
 */
export const onAnchor = (index: number, anchor: number): number => {
  const { start, length } = monthAt(index);
  return start + Math.min(anchor, length) - 1;
};

/**
 * Months since year 0 and day of the month of a day.
 * @param day days since 1970-01-01
 */
export const placeInMonth = (day: number): { month: number; dayOfMonth: number } => {
  const { year, month, dayOfMonth } = dayParts(dayFromNumber(day));
  return { month: year * 12 + month - 1, dayOfMonth };
};

/**
 * The next expected day of a rhythm.
 * @param period the rhythm
 * @param beat the last expected day and its anchors
 */
export const nextBeat = (period: PeriodName, beat: Beat): Beat => {
  const weeks = WEEKS[period];
  if (weeks !== undefined) {
    return { ...beat, day: beat.day + 7 * weeks };
  }
  const step = MONTHS[period];
  if (step !== undefined) {
    const month = beat.month + step;
    return { ...beat, month, day: onAnchor(month, beat.anchors[0] ?? 1) };
  }
  let next = { ...beat, day: beat.day + 15 };
  let nearest = Infinity;
  for (const month of [beat.month, beat.month + 1]) {
    for (const anchor of beat.anchors) {
      const day = onAnchor(month, anchor);
      // Anchors that clamp to the same short month end are one beat.
      if (day > beat.day + 3 && day < nearest) {
        nearest = day;
        next = { ...beat, month, day };
      }
    }
  }
  return next;
};
