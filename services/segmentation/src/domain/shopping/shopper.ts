/** How often a shopper buys, as the public data set words it. */
export const FREQUENCIES = [
  'Weekly',
  'Bi-Weekly',
  'Fortnightly',
  'Monthly',
  'Quarterly',
  'Every 3 Months',
  'Annually',
] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** Purchases in a year. Two pairs of words mean the same, so they must not be told apart. */
const PER_YEAR: Readonly<Record<Frequency, number>> = {
  Weekly: 52,
  'Bi-Weekly': 26,
  Fortnightly: 26,
  Monthly: 12,
  Quarterly: 4,
  'Every 3 Months': 4,
  Annually: 1,
};

/** What is known of a shopper. */
export interface Shopper {
  age: number;
  /** US dollars. */
  purchaseAmount: number;
  isSubscribed: boolean;
  frequency: Frequency;
}

/** Features of the shopping-personas model, in the order of its rows. */
export const SHOPPER_FEATURES = [
  { name: 'age', kind: 'level' },
  { name: 'purchase_amount', kind: 'level' },
  { name: 'subscription', kind: 'flag' },
  { name: 'purchases_per_year', kind: 'amount' },
] as const;

/**
 * A shopper as a row of the model.
 * @param shopper the shopper
 */
export const shopperRow = ({ age, purchaseAmount, isSubscribed, frequency }: Shopper): number[] => [
  age,
  purchaseAmount,
  isSubscribed ? 1 : 0,
  PER_YEAR[frequency],
];
