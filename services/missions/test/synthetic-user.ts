import { dayNumber, dayOfWeek, dayFromNumber } from '@orrery/calendar';
import type { Purchase } from '../src/domain/purchases.ts';

/** A generator of numbers between 0 and 1 that repeats for a seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** How a synthetic user spends in one subcategory. */
export interface Habit {
  sub: number;
  /** Mean purchases a day. */
  rate: number;
  /** Factor of the rate on Saturday and Sunday. */
  weekend: number;
  /** Median price in won, and the spread of its logarithm. */
  price: number;
  spread: number;
  /** Most usual hour, and its spread in hours. */
  hour: number;
  hourSpread: number;
}

const HABITS: readonly (Omit<Habit, 'rate' | 'weekend'> & { rates: [number, number] })[] = [
  { sub: 1, rates: [0.3, 1.8], price: 4_800, spread: 0.25, hour: 9, hourSpread: 3 },
  { sub: 4, rates: [0.2, 1.2], price: 3_900, spread: 0.5, hour: 15, hourSpread: 4 },
  { sub: 5, rates: [0.1, 0.8], price: 21_000, spread: 0.35, hour: 20, hourSpread: 2 },
  { sub: 6, rates: [0.2, 1.1], price: 14_000, spread: 0.6, hour: 13, hourSpread: 4 },
  { sub: 7, rates: [0.1, 0.6], price: 28_000, spread: 0.7, hour: 18, hourSpread: 3 },
  { sub: 8, rates: [0.5, 2], price: 1_400, spread: 0.05, hour: 8, hourSpread: 5 },
  { sub: 9, rates: [0.02, 0.3], price: 11_000, spread: 0.5, hour: 24, hourSpread: 2 },
  { sub: 25, rates: [0.02, 0.2], price: 45_000, spread: 0.8, hour: 16, hourSpread: 4 },
  { sub: 27, rates: [0.1, 0.7], price: 24_000, spread: 0.9, hour: 21, hourSpread: 4 },
  { sub: 30, rates: [0.02, 0.4], price: 5_500, spread: 0.6, hour: 23, hourSpread: 2 },
];

/**
 * Draws the habits of a user: four to eight subcategories, each with a rate, a taste for weekends and prices of its own.
 * @param random source of chance
 */
export const drawHabits = (random: () => number): Habit[] => {
  const wanted = 4 + Math.floor(random() * 5);
  const shuffled = HABITS.map((habit) => ({ habit, order: random() }))
    .sort((left, right) => left.order - right.order)
    .slice(0, wanted);
  return shuffled.map(({ habit: { rates, ...habit } }) => ({
    ...habit,
    rate: rates[0] + random() * (rates[1] - rates[0]),
    weekend: 0.5 + random() * 1.5,
    price: Math.round(habit.price * (0.6 + 0.8 * random())),
  }));
};

const poisson = (mean: number, random: () => number): number => {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) {
    count += 1;
  }
  return count;
};

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * Purchases of some days by the same habits on every one of them: the number by a Poisson law, the price by a
 * log-normal one, in won.
 * @param habits how the user spends
 * @param range first and last day
 * @param random source of chance
 */
export const spendAsBefore = (
  habits: readonly Habit[],
  range: { from: string; to: string },
  random: () => number,
): Purchase[] => {
  const purchases: Purchase[] = [];
  for (let day = dayNumber(range.from); day <= dayNumber(range.to); day += 1) {
    const isWeekend = dayOfWeek(dayFromNumber(day)) > 5;
    for (const { sub, rate, weekend, price, spread, hour, hourSpread } of habits) {
      const count = poisson(isWeekend ? rate * weekend : rate, random);
      for (let index = 0; index < count; index += 1) {
        const minute = Math.round((hour + hourSpread * gaussian(random)) * 60);
        const shiftedDay = day + Math.floor(minute / 1440);
        purchases.push({
          dayNumber: shiftedDay,
          minute: ((minute % 1440) + 1440) % 1440,
          sub,
          amountMinor: -Math.max(100, Math.round((price * Math.exp(spread * gaussian(random))) / 100) * 100),
          shop: Math.floor(random() * 1000),
        });
      }
    }
  }
  return purchases.filter(({ dayNumber: day }) => day >= dayNumber(range.from) && day <= dayNumber(range.to));
};
