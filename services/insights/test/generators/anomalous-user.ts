import { addDays, dayOfWeek, dayParts } from '@orrery/calendar';
import type { AnomalyKind } from '../../src/domain/anomalies/detect-anomalies.ts';
import type { DetectorTransaction } from '../../src/domain/detector-transaction.ts';
import { seededRandom } from './seeded-random.ts';

export interface AnomalousUser {
  transactions: DetectorTransaction[];
  /** Kind of each transaction that was put in as unusual, by id. */
  injected: Map<string, AnomalyKind>;
  /** First day of the part that is scored. */
  scoredFrom: string;
}

const START = '2024-01-01';
const DAYS = 540;
const HISTORY_DAYS = 360;

/**
 * A user's purchases of 540 days: habits with fixed and varying prices, subscriptions, a costly December, trips abroad
 * by day and rare one-off shops; after day 360 about one purchase in fifty is unusual, of five kinds.
 * @param seed same seed, same user
 */
export const anomalousUser = (seed: number): AnomalousUser => {
  const random = seededRandom(seed);
  const level = Math.exp(0.4 * random.normal());
  const price = (base: number): number => Math.round(base * level);
  const vary = (base: number, spread: number): number =>
    Math.round(base * level * Math.exp(spread * random.normal()));
  const transactions: DetectorTransaction[] = [];
  const injected = new Map<string, AnomalyKind>();
  const put = (
    day: number,
    fields: { merchant: string; category: string; size: number; hour?: number; country?: string },
  ) => {
    const { size, hour, country = 'FR', ...rest } = fields;
    const id = `t${String(transactions.length)}`;
    transactions.push({
      id,
      date: addDays(START, day),
      hour: hour ?? random.whole(8, 21),
      amountMinor: -Math.max(50, size),
      currency: 'EUR',
      country,
      ...rest,
    });
    return id;
  };
  const coffee = price(320);
  const fare = price(190);
  const subscriptions = [799, 1099, 1399, 2999, 4500].map((base, index) => ({
    merchant: `Subscription ${String.fromCharCode(65 + index)}`,
    size: price(base),
    dayOfMonth: random.whole(1, 28),
    raisedAt: random.chance(0.6) ? random.whole(HISTORY_DAYS, DAYS - 40) : Infinity,
    ratio: 1.06 + 0.34 * random.next(),
  }));
  const trips = [random.whole(60, 300), random.whole(365, 520)];

  for (let day = 0; day < DAYS; day += 1) {
    const date = addDays(START, day);
    const { month, dayOfMonth } = dayParts(date);
    const festive = month === 12 ? 1.4 : 1;
    const isAbroad = trips.some((from) => day >= from && day < from + 8);
    const weekday = dayOfWeek(date);
    if (isAbroad) {
      const meals = random.whole(1, 3);
      for (let meal = 0; meal < meals; meal += 1) {
        put(day, {
          merchant: `Abroad ${String(random.whole(1, 30))} Bistro`,
          category: 'restaurants',
          size: vary(2600, 0.4),
          country: 'ES',
          hour: random.whole(9, 22),
        });
      }
      continue;
    }
    if (weekday <= 5 && random.chance(0.5)) {
      put(day, { merchant: 'Corner Coffee', category: 'coffee', size: coffee });
      if (random.chance(0.25)) {
        put(day, { merchant: 'Corner Coffee', category: 'coffee', size: coffee });
      }
    }
    if (weekday <= 5 && random.chance(0.4)) {
      put(day, { merchant: 'City Transit', category: 'public-transit', size: fare });
      put(day, { merchant: 'City Transit', category: 'public-transit', size: fare });
    }
    if (random.chance(0.3)) {
      put(day, {
        merchant: random.pick(['Big Grocer', 'Local Market', 'Discount Food']),
        category: 'groceries',
        size: vary(4200 * festive, 0.4),
      });
    }
    if (random.chance(0.18)) {
      put(day, {
        merchant: `Restaurant ${String(random.whole(1, 12))}`,
        category: 'restaurants',
        size: vary(3100 * festive, 0.35),
      });
    }
    if (random.chance(0.08)) {
      put(day, { merchant: 'Fuel Stop', category: 'fuel', size: vary(5600, 0.2) });
    }
    if (random.chance(0.1 * festive)) {
      put(day, {
        merchant: `Store ${String(random.whole(1, 60))} Retail`,
        category: 'clothing',
        size: vary(3800 * festive, 0.6),
      });
    }
    for (const subscription of subscriptions) {
      if (dayOfMonth !== subscription.dayOfMonth) {
        continue;
      }
      const isRaised = day >= subscription.raisedAt;
      const size = isRaised ? Math.round(subscription.size * subscription.ratio) : subscription.size;
      const id = put(day, { merchant: subscription.merchant, category: 'streaming', size });
      if (isRaised && subscription.raisedAt !== Infinity) {
        injected.set(id, 'price-rise');
        subscription.raisedAt = Infinity;
        subscription.size = size;
      }
    }
    if (day < HISTORY_DAYS) {
      continue;
    }
    if (random.chance(0.008)) {
      const usual = random.pick([
        { merchant: 'Big Grocer', category: 'groceries', base: 4200 },
        { merchant: 'Fuel Stop', category: 'fuel', base: 5600 },
        { merchant: 'Local Market', category: 'groceries', base: 4200 },
      ]);
      const { base, ...shop } = usual;
      injected.set(put(day, { ...shop, size: price(base * (4 + 5 * random.next())) }), 'large');
    }
    if (random.chance(0.008)) {
      const size = vary(4300, 0.4);
      const shop = random.pick([
        { merchant: 'Big Grocer', category: 'groceries' },
        { merchant: 'Discount Food', category: 'groceries' },
        { merchant: 'Fuel Stop', category: 'fuel' },
      ]);
      put(day, { ...shop, size, hour: 12 });
      injected.set(put(day, { ...shop, size, hour: 13 }), 'duplicate');
    }
    if (random.chance(0.007)) {
      injected.set(
        put(day, {
          merchant: `Unknown Outlet ${String.fromCharCode(65 + random.whole(0, 25))}${String.fromCharCode(65 + random.whole(0, 25))}`,
          category: 'electronics',
          size: price(40_000 + 60_000 * random.next()),
        }),
        'new-merchant',
      );
    }
    if (random.chance(0.007)) {
      injected.set(
        put(day, {
          merchant: `Far Away ${String(random.whole(1, 99))} Shop`,
          category: 'clothing',
          size: vary(6500, 0.5),
          country: random.pick(['US', 'BR', 'NG']),
          hour: random.whole(1, 4),
        }),
        'foreign',
      );
    }
  }
  return { transactions, injected, scoredFrom: addDays(START, HISTORY_DAYS) };
};
