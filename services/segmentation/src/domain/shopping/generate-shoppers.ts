import { seededRandom } from '../seeded-random.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { FREQUENCIES } from './shopper.ts';
import type { Frequency, Shopper } from './shopper.ts';

/** A kind of shopper: means and spreads, chance of a subscription, and how often they buy, by weight. */
interface Group {
  weight: number;
  age: readonly [mean: number, spread: number];
  amount: readonly [mean: number, spread: number];
  subscribed: number;
  /** In the order of `FREQUENCIES`. */
  frequency: readonly number[];
}

// Invented groups with the behaviour that the seven persona names speak of; no real shopper is behind them.
const GROUPS: readonly Group[] = [
  { weight: 15, age: [57, 6], amount: [31, 5], subscribed: 0.05, frequency: [0, 4, 4, 12, 0, 0, 0] },
  { weight: 13, age: [44, 6], amount: [86, 6], subscribed: 0.96, frequency: [10, 5, 5, 1, 0, 0, 0] },
  { weight: 14, age: [23, 3], amount: [84, 7], subscribed: 0.04, frequency: [1, 4, 4, 10, 0, 0, 0] },
  { weight: 14, age: [45, 7], amount: [55, 6], subscribed: 0.97, frequency: [0, 0, 0, 8, 4, 4, 0] },
  { weight: 17, age: [43, 5], amount: [62, 6], subscribed: 0.04, frequency: [0, 2, 2, 14, 0, 0, 0] },
  { weight: 13, age: [51, 6], amount: [90, 5], subscribed: 0.05, frequency: [0, 0, 0, 0, 4, 4, 10] },
  { weight: 14, age: [34, 5], amount: [32, 5], subscribed: 0.06, frequency: [18, 1, 1, 0, 0, 0, 0] },
];

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const drawn = <Item>(
  items: readonly Item[],
  weights: readonly number[],
  random: SeededRandom,
): Item | undefined => {
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  return items.find((_item, index) => {
    rest -= weights[index] ?? 0;
    return rest < 0;
  });
};

/**
 * Shoppers in the fields of the public "customer shopping trends" set, with seven kinds of behaviour in them.
 * @param count how many
 * @param seed the same seed gives the same shoppers
 */
export const generateShoppers = (count: number, seed: number): Shopper[] => {
  const random = seededRandom(seed);
  const weights = GROUPS.map(({ weight }) => weight);
  return Array.from({ length: count }, () => {
    const group = drawn(GROUPS, weights, random) ?? GROUPS[0];
    const [meanAge, ageSpread] = group?.age ?? [0, 0];
    const [meanAmount, amountSpread] = group?.amount ?? [0, 0];
    const frequency: Frequency = drawn(FREQUENCIES, group?.frequency ?? [], random) ?? 'Monthly';
    return {
      age: Math.round(within(meanAge + ageSpread * random.normal(), 18, 70)),
      purchaseAmount: Math.round(within(meanAmount + amountSpread * random.normal(), 20, 100)),
      isSubscribed: random.next() < (group?.subscribed ?? 0),
      frequency,
    };
  });
};
