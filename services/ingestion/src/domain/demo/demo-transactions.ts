import { addDays, dayParts } from '@orrery/calendar';

/** One made-up transaction; amounts are minor units of the demo's currency, negative is money out. */
export interface DemoTransaction {
  /** Tells it from the others of its generation. */
  key: string;
  day: string;
  merchantName: string;
  amountMinor: number;
  /** Category and subcategory of Cash Sense. */
  category: readonly [string, string];
  paymentChannel: 'in store' | 'online';
}

/** Transactions of a month, everyday purchases included, as the older system had it. */
const PER_MONTH = 15;
const CENTS = 100;

/** A small generator of evenly spread numbers in [0, 1): the same seed gives the same demo. Mulberry32, public domain. */
const randomNumbers = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

type Category = readonly [string, string];

/** Bills and income of each month: earliest day, latest day, who, category, least and most euros; income is negative. */
const MONTHLY: readonly (readonly [number, number, string, Category, number, number])[] = [
  [1, 5, 'Entreprise SA', ['income', 'salary'], -2000, -1800],
  [1, 5, 'Agence Immobilière', ['payment', 'bills'], 600, 1200],
  [1, 5, 'Orange', ['payment', 'bills'], 30, 60],
  [1, 5, 'EDF', ['payment', 'bills'], 40, 120],
  [1, 5, 'Netflix', ['payment', 'subscription'], 9, 18],
];

/** Now and then: months it can happen in (empty: any), chance, who, category, least and most euros. */
const OCCASIONAL: readonly (readonly [readonly number[], number, string, Category, number, number])[] = [
  [[], 0.2, 'Restaurant Gastronomique', ['foodAndDrink', 'restaurants'], 60, 150],
  [[], 0.15, 'Fnac', ['shopping', 'electronics'], 80, 600],
  [[], 0.1, 'Entreprise SA', ['income', 'gifts'], -500, -150],
  [[6, 7, 8], 0.6, 'SNCF', ['travel', 'trainTickets'], 40, 180],
  [[12], 0.8, 'Galeries Lafayette', ['shopping', 'clothing'], 50, 250],
];

const EVERYDAY: readonly (readonly [string, Category, 'in store' | 'online'])[] = [
  ['Carrefour', ['foodAndDrink', 'groceries'], 'in store'],
  ['Boulangerie Paul', ['foodAndDrink', 'cafe'], 'in store'],
  ['Zara', ['shopping', 'clothing'], 'in store'],
  ['Decathlon', ['shopping', 'sportingGoods'], 'in store'],
  ['RATP', ['transport', 'publicTransport'], 'in store'],
  ['TotalEnergies', ['transport', 'fuel'], 'in store'],
  ['Booking.com', ['travel', 'hotels'], 'online'],
  ['Pharmacie Centrale', ['health', 'pharmacy'], 'in store'],
  ['Cabinet Dentaire', ['health', 'dental'], 'in store'],
  ['Spotify', ['entertainment', 'music'], 'online'],
  ['Pathé', ['entertainment', 'movies'], 'in store'],
];

const monthOf = (day: string): string => day.slice(0, 7);

/**
 * Made-up transactions of some days, newest first: salary and bills at the beginning of each month, now and then
 * something larger, and everyday purchases up to fifteen a month. None lies outside the days asked for.
 * @param seed equal seeds give equal transactions
 * @param from first day
 * @param to last day
 */
export const demoTransactions = (seed: number, from: string, to: string): DemoTransaction[] => {
  const made: DemoTransaction[] = [];
  const months = new Set<string>();
  for (let day = from; day <= to; day = addDays(day, 1)) {
    months.add(monthOf(day));
  }
  for (const month of months) {
    const { year, month: number } = dayParts(`${month}-01`);
    // Each month has its own numbers, so that it is the same whichever days around it are asked for.
    const random = randomNumbers(seed * 10_000 + year * 12 + number);
    const before = made.length;
    const between = (least: number, most: number): number =>
      Math.round((least + (most - least) * random()) * CENTS);
    const add = (
      dayOfMonth: number,
      who: string,
      category: Category,
      cents: number,
      paymentChannel: 'in store' | 'online',
    ): void => {
      made.push({
        key: `${month}:${String(made.length - before)}`,
        day: `${month}-${String(dayOfMonth).padStart(2, '0')}`,
        merchantName: who,
        amountMinor: cents === 0 ? 0 : -cents,
        category,
        paymentChannel,
      });
    };
    for (const [first, last, who, category, least, most] of MONTHLY) {
      add(first + Math.floor(random() * (last - first + 1)), who, category, between(least, most), 'online');
    }
    for (const [only, chance, who, category, least, most] of OCCASIONAL) {
      const happens = random() < chance && (only.length === 0 || only.includes(number));
      const dayOfMonth = 6 + Math.floor(random() * 20);
      const cents = between(least, most);
      if (happens) {
        add(dayOfMonth, who, category, cents, 'in store');
      }
    }
    while (made.length - before < PER_MONTH) {
      const [who, category, channel] = EVERYDAY[Math.floor(random() * EVERYDAY.length)] ??
        EVERYDAY[0] ?? ['Carrefour', ['foodAndDrink', 'groceries'], 'in store'];
      add(1 + Math.floor(random() * 28), who, category, between(5, 200), channel);
    }
  }
  return made
    .filter(({ day }) => day >= from && day <= to)
    .sort((left, right) => (left.day < right.day ? 1 : left.day > right.day ? -1 : 0));
};
