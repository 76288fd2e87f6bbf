import { DAY_MINUTES } from './mission-window.ts';
import type { NetPurchase } from './purchases.ts';

/** A user's spending over a run of days. */
export interface History {
  currency: string;
  /** First and last day, as numbers; both belong to it. */
  fromDay: number;
  toDay: number;
  purchases: readonly NetPurchase[];
}

/** Parts of the day that a mission may forbid. */
export const TIME_BANDS = [
  { start: '18:00', end: '22:00', from: 1080, to: 1320 },
  { start: '22:00', end: '06:00', from: 1320, to: 1800 },
  { start: '06:00', end: '11:00', from: 360, to: 660 },
] as const;

/** One subcategory of a history, day by day. */
export interface SubHistory {
  sub: number;
  /** Purchases of each day. */
  counts: number[];
  /** Spending of each day in minor units, refunds taken off, never below zero. */
  sums: number[];
  /** Largest purchase of each day in minor units. */
  largest: number[];
  /** For each of `TIME_BANDS`: purchases and spending of each day. */
  bands: { counts: number[]; sums: number[] }[];
  purchases: number;
  /** Purchases with a time of day. */
  timed: number;
}

const zeros = (days: number): number[] => new Array<number>(days).fill(0);

const emptyHistory = (sub: number, days: number): SubHistory => ({
  sub,
  counts: zeros(days),
  sums: zeros(days),
  largest: zeros(days),
  bands: TIME_BANDS.map(() => ({ counts: zeros(days), sums: zeros(days) })),
  purchases: 0,
  timed: 0,
});

const bump = (values: number[], index: number, by: number): void => {
  values[index] = (values[index] ?? 0) + by;
};

const addToBands = (history: SubHistory, day: number, minute: number, spentMinor: number): void => {
  const days = history.counts.length;
  for (const [index, { from, to }] of TIME_BANDS.entries()) {
    // The small hours belong to the band that began the evening before.
    const [at, on] = minute + DAY_MINUTES < to ? [minute + DAY_MINUTES, day - 1] : [minute, day];
    const band = history.bands[index];
    if (band !== undefined && at >= from && at < to && on >= 0 && on < days) {
      bump(band.counts, on, 1);
      bump(band.sums, on, spentMinor);
    }
  }
};

/**
 * Splits a history by subcategory.
 * @param history spending after refunds
 * @param rollMinute minutes after midnight at which a day begins
 * @returns by id of the subcategory
 */
export const splitBySub = (history: History, rollMinute: number): Map<number, SubHistory> => {
  const days = history.toDay - history.fromDay + 1;
  const subs = new Map<number, SubHistory>();
  for (const { dayNumber, minute, sub, spentMinor } of history.purchases) {
    const calendarDay = dayNumber - history.fromDay;
    const day = minute >= 0 && minute < rollMinute ? calendarDay - 1 : calendarDay;
    if (day < 0 || day >= days) {
      continue;
    }
    const known = subs.get(sub) ?? emptyHistory(sub, days);
    subs.set(sub, known);
    bump(known.sums, day, spentMinor);
    if (spentMinor > 0) {
      bump(known.counts, day, 1);
      known.largest[day] = Math.max(known.largest[day] ?? 0, spentMinor);
      known.purchases += 1;
      if (minute >= 0) {
        known.timed += 1;
        addToBands(known, calendarDay, minute, spentMinor);
      }
    }
  }
  for (const { sums } of subs.values()) {
    for (const [index, sum] of sums.entries()) {
      sums[index] = Math.max(0, sum);
    }
  }
  return subs;
};
