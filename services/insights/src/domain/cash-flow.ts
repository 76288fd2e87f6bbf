import { addDays, addMonths, dayNumber, dayOfWeek, diffDays } from '@orrery/calendar';
import type { CalendarDate } from '@orrery/contracts';
import type { PeriodName } from './recurring/period.ts';

/** A payment or income that is expected again and again. */
export interface ExpectedStream {
  period: PeriodName;
  nextDate: CalendarDate;
  /** Signed minor units. */
  amountMinor: number;
}

/** What the simulation starts from; all amounts in one currency. */
export interface CashFlowInput {
  today: CalendarDate;
  /** Days to look ahead. */
  days: number;
  balanceMinor: number;
  streams: readonly ExpectedStream[];
  /** Sum of everything else on each past day, oldest first, up to and without today; at least two weeks. */
  otherDays: readonly { day: CalendarDate; netMinor: number }[];
}

/** A simulated future; minor units. */
export interface CashFlow {
  days: { day: CalendarDate; balanceMinor: number; lowerMinor: number; upperMinor: number }[];
  lowest: { day: CalendarDate; balanceMinor: number };
  /** Share of the simulated futures that are below zero at the end of any day. */
  probabilityBelowZero: number;
  /** What can be spent at once so that nine futures of ten stay above zero throughout. */
  safeToSpendMinor: number;
}

const PATHS = 1000;

/** The same question gets the same answer. */
const SEED = 0x9e3779b9;

/** Bounds of the shown range and of what is safe. */
const LOW = 0.1;
const HIGH = 0.9;

/** Uniform numbers from 0 to 1 (Mulberry32, T. Ettinger, public domain). */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const STEP: Readonly<Record<PeriodName, (first: CalendarDate, count: number) => CalendarDate>> = {
  weekly: (first, count) => addDays(first, 7 * count),
  biweekly: (first, count) => addDays(first, 14 * count),
  'four-weekly': (first, count) => addDays(first, 28 * count),
  semimonthly: (first, count) => addDays(addMonths(first, Math.floor(count / 2)), count % 2 === 0 ? 0 : 15),
  monthly: addMonths,
  quarterly: (first, count) => addMonths(first, 3 * count),
  annual: (first, count) => addMonths(first, 12 * count),
};

const expectedByDay = ({ today, days, streams }: CashFlowInput): number[] => {
  const byDay = Array.from({ length: days }, () => 0);
  for (const { period, nextDate, amountMinor } of streams) {
    for (let count = 0; ; count += 1) {
      // What is overdue is expected at once.
      const index = Math.max(count === 0 ? 0 : -1, diffDays(today, STEP[period](nextDate, count)) - 1);
      if (index >= days) {
        break;
      }
      if (index >= 0) {
        byDay[index] = (byDay[index] ?? 0) + amountMinor;
      }
    }
  }
  return byDay;
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

/**
 * Simulates the balance day by day: recurring items fall on their days, everything else is drawn from whole past weeks
 * (a bootstrap of blocks of seven days, so that weekdays and the runs of a week stay together). Deterministic.
 * @param input balance, recurring items and past days
 * @returns medians per day with the range of eight futures of ten
 */
export const simulateCashFlow = (input: CashFlowInput): CashFlow => {
  const { today, days, balanceMinor, otherDays } = input;
  const random = randomFrom(SEED);
  const expected = expectedByDay(input);
  const tomorrow = addDays(today, 1);
  const startsOfWeek = otherDays
    .map((_day, index) => index)
    .filter(
      (index) =>
        index + 7 <= otherDays.length && dayOfWeek(otherDays[index]?.day ?? today) === dayOfWeek(tomorrow),
    );
  const balances = Array.from({ length: days }, () => new Float64Array(PATHS));
  const minima = new Float64Array(PATHS);
  for (let path = 0; path < PATHS; path += 1) {
    let balance = balanceMinor;
    let minimum = balance;
    let block = 0;
    for (let day = 0; day < days; day += 1) {
      if (day % 7 === 0) {
        block = startsOfWeek[Math.floor(random() * startsOfWeek.length)] ?? 0;
      }
      balance += (expected[day] ?? 0) + (otherDays[block + (day % 7)]?.netMinor ?? 0);
      minimum = Math.min(minimum, balance);
      const column = balances[day];
      if (column !== undefined) {
        column[path] = balance;
      }
    }
    minima[path] = minimum;
  }
  const shown = balances.map((column, index) => {
    const sorted = [...column.sort()];
    return {
      day: addDays(tomorrow, index),
      balanceMinor: Math.round(quantile(sorted, 0.5)),
      lowerMinor: Math.round(quantile(sorted, LOW)),
      upperMinor: Math.round(quantile(sorted, HIGH)),
    };
  });
  const sortedMinima = [...minima.sort()];
  const lowest = shown.reduce((low, each) => (each.balanceMinor < low.balanceMinor ? each : low));
  return {
    days: shown,
    lowest: { day: lowest.day, balanceMinor: lowest.balanceMinor },
    probabilityBelowZero: sortedMinima.filter((minimum) => minimum < 0).length / PATHS,
    safeToSpendMinor: Math.max(0, Math.floor(quantile(sortedMinima, LOW))),
  };
};

/**
 * Sum per day of rows, days without any included.
 * @param rows day and signed amount
 * @param from first day
 * @param to last day
 */
export const dailyNets = (
  rows: Iterable<{ date: CalendarDate; amountMinor: number }>,
  from: CalendarDate,
  to: CalendarDate,
): { day: CalendarDate; netMinor: number }[] => {
  const first = dayNumber(from);
  const days = Array.from({ length: diffDays(from, to) + 1 }, (_unused, index) => ({
    day: addDays(from, index),
    netMinor: 0,
  }));
  for (const { date, amountMinor } of rows) {
    const entry = days[dayNumber(date) - first];
    if (entry !== undefined) {
      entry.netMinor += amountMinor;
    }
  }
  return days;
};
