import { addDays, addMonths, dayNumber, dayParts, daysInMonth, toDay } from '@orrery/calendar';
import type { DetectorTransaction } from '../../src/domain/detector-transaction.ts';
import type { PeriodName } from '../../src/domain/recurring/period.ts';
import { seededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';

/** How hard the generated history is to read. */
export interface Difficulty {
  jitterDays: number;
  missProbability: number;
  priceChangeProbability: number;
  /** Share of streams whose amount varies from charge to charge. */
  variableShare: number;
  /** Share of streams whose merchant also sells other things to the user. */
  mixedShare: number;
}

export const CLEAN: Difficulty = {
  jitterDays: 0,
  missProbability: 0,
  priceChangeProbability: 0,
  variableShare: 0,
  mixedShare: 0,
};
export const HARD: Difficulty = {
  jitterDays: 3,
  missProbability: 0.08,
  priceChangeProbability: 0.25,
  variableShare: 0.35,
  mixedShare: 0,
};
export const MIXED: Difficulty = { ...HARD, jitterDays: 2, variableShare: 0.15, mixedShare: 0.6 };

/** A stream that was put in. */
export interface TrueStream {
  merchant: string;
  period: PeriodName;
  transactionIds: string[];
  /** The charge that comes after the history, when the stream goes on. */
  nextDay: string | null;
}

export interface GeneratedUser {
  transactions: DetectorTransaction[];
  streams: TrueStream[];
}

const START = '2023-01-01';
const DAYS = 600;

const PERIOD_MIX: readonly [PeriodName, ...PeriodName[]] = [
  'monthly',
  'monthly',
  'monthly',
  'monthly',
  'monthly',
  'weekly',
  'biweekly',
  'four-weekly',
  'semimonthly',
  'quarterly',
  'annual',
];

const beats = (period: PeriodName, from: string, anchor: number, until: number): string[] => {
  const days: string[] = [];
  const weeks = { weekly: 7, biweekly: 14, 'four-weekly': 28 }[period as 'weekly'];
  if (weeks !== undefined) {
    for (let day = from; dayNumber(day) <= until; day = addDays(day, weeks)) {
      days.push(day);
    }
    return days;
  }
  const months = { quarterly: 3, annual: 12 }[period as 'annual'] ?? 1;
  for (let month = `${from.slice(0, 7)}-01`; dayNumber(month) <= until; month = addMonths(month, months)) {
    const parts = dayParts(month);
    const length = daysInMonth(parts.year, parts.month);
    days.push(toDay(parts.year, parts.month, Math.min(anchor, length)));
    if (period === 'semimonthly') {
      days.push(toDay(parts.year, parts.month, Math.min(anchor + 15, length)));
    }
  }
  return days.filter((day) => day >= from);
};

const streamOf = (
  random: SeededRandom,
  index: number,
  difficulty: Difficulty,
): { transactions: DetectorTransaction[]; stream: TrueStream } => {
  const period = random.pick(PERIOD_MIX);
  const merchant = `Stream ${String.fromCharCode(65 + index)} Ltd`;
  const longest = period === 'annual' ? 60 : period === 'quarterly' ? 250 : 420;
  const from = addDays(START, random.whole(0, longest));
  const end = dayNumber(START) + DAYS;
  const anchor = period === 'semimonthly' ? random.whole(1, 15) : random.whole(1, 31);
  const isVariable = random.chance(difficulty.variableShare);
  let price = Math.round(500 * Math.exp(2.5 * random.next()));
  const jitter = period === 'weekly' ? Math.min(1, difficulty.jitterDays) : difficulty.jitterDays;
  const all = beats(period, from, anchor, end + 400);
  const changeAt = random.chance(difficulty.priceChangeProbability) ? random.whole(2, 9) : -1;
  const transactions: DetectorTransaction[] = [];
  let nextDay: string | null = null;
  all.forEach((beat, position) => {
    if (position === changeAt) {
      price = Math.round(price * (1.05 + 0.3 * random.next()));
    }
    const day = addDays(beat, random.whole(-jitter, jitter));
    if (dayNumber(day) > end) {
      nextDay ??= day;
      return;
    }
    if (random.chance(difficulty.missProbability)) {
      return;
    }
    const amount = isVariable ? Math.round(price * Math.exp(0.22 * random.normal())) : price;
    transactions.push({
      id: `s${String(index)}-${String(position)}`,
      date: day,
      merchant,
      amountMinor: -amount,
      currency: 'EUR',
    });
  });
  return {
    transactions,
    stream: { merchant, period, transactionIds: transactions.map(({ id }) => id), nextDay },
  };
};

/** Purchases of habit and chance, which are no streams. */
const otherPurchases = (random: SeededRandom): DetectorTransaction[] => {
  const habits = [
    { merchant: 'Corner Coffee', everyDays: 1.6, amount: () => 350 },
    {
      merchant: 'Big Grocer',
      everyDays: 4,
      amount: () => Math.round(4500 * Math.exp(0.5 * random.normal())),
    },
    {
      merchant: 'Fuel Stop',
      everyDays: 11,
      amount: () => Math.round(5200 * Math.exp(0.25 * random.normal())),
    },
    { merchant: 'Metro Ticket', everyDays: 3, amount: () => 215 },
    {
      merchant: 'Pizza Place',
      everyDays: 19,
      amount: () => Math.round(2600 * Math.exp(0.3 * random.normal())),
    },
    {
      merchant: 'Book Shop',
      everyDays: 45,
      amount: () => Math.round(1900 * Math.exp(0.6 * random.normal())),
    },
    { merchant: 'Pharmacy', everyDays: 33, amount: () => Math.round(1400 * Math.exp(0.7 * random.normal())) },
    { merchant: 'Cinema', everyDays: 38, amount: () => 1150 },
  ];
  const purchases: DetectorTransaction[] = [];
  habits.forEach(({ merchant, everyDays, amount }, habit) => {
    let day = random.next() * everyDays;
    while (day < DAYS) {
      purchases.push({
        id: `h${String(habit)}-${String(purchases.length)}`,
        date: addDays(START, Math.floor(day)),
        merchant,
        amountMinor: -amount(),
        currency: 'EUR',
      });
      day += -Math.log(1 - random.next()) * everyDays;
    }
  });
  for (let index = 0; index < 60; index += 1) {
    purchases.push({
      id: `o${String(index)}`,
      date: addDays(START, random.whole(0, DAYS)),
      merchant: `Shop ${String(random.whole(1, 40))}x`,
      amountMinor: -Math.round(3000 * Math.exp(random.normal())),
      currency: 'EUR',
    });
  }
  return purchases;
};

/**
 * A user's history of 600 days with 8 streams among habits and one-off purchases.
 * @param seed same seed, same user
 * @param difficulty how hard it is to read
 */
export const recurringUser = (seed: number, difficulty: Difficulty): GeneratedUser => {
  const random = seededRandom(seed);
  const parts = Array.from({ length: 8 }, (_unused, index) => streamOf(random, index, difficulty));
  const extras = parts.flatMap(({ stream }, index) =>
    random.chance(difficulty.mixedShare)
      ? Array.from({ length: random.whole(5, 25) }, (_unused, position) => ({
          id: `m${String(index)}-${String(position)}`,
          date: addDays(START, random.whole(0, DAYS)),
          merchant: stream.merchant,
          amountMinor: -Math.round(2500 * Math.exp(0.9 * random.normal())),
          currency: 'EUR',
        }))
      : [],
  );
  const streams = parts
    .map(({ stream }) => stream)
    .filter(({ period, transactionIds }) => transactionIds.length >= (period === 'annual' ? 2 : 3));
  return {
    transactions: [
      ...parts.flatMap(({ transactions }) => transactions),
      ...extras,
      ...otherPurchases(random),
    ].sort((left, right) => (left.date < right.date ? -1 : 1)),
    streams,
  };
};
