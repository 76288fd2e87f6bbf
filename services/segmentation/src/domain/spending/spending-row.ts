import type { FeatureSpec } from '../transform.ts';
import { quantileOf } from '../transform.ts';
import { comparedSpending } from './spending-profile.ts';
import type { SpendingProfile } from './spending-profile.ts';

/** First part of the name of a share feature; the rest is the slug of its category. */
export const SHARE_PREFIX = 'share:';

/** What has to be known of all users to make a row of one. */
export interface SpendingScale {
  /** Compared categories that have a feature of their own, in their order. */
  categories: readonly string[];
  /** Median of the logarithm of the daily spending, by currency: levels are compared within a currency only. */
  levels: Readonly<Record<string, number>>;
}

/** A category that fewer users buy has no feature of its own. */
const LEAST_USERS = 0.05;
/** A user who never bought a category is taken to have spent half a typical purchase on it; a share of 0 has no logarithm. */
const UNSEEN_PURCHASES = 0.5;
const DAYS_A_WEEK = 7;

const spentOf = (profile: SpendingProfile): number =>
  profile.categories.reduce((sum, { spentMinor }) => sum + spentMinor, 0);

const levelOf = (profile: SpendingProfile): number => Math.log1p(spentOf(profile) / profile.days);

/** Learns what is common to all rows, one profile at a time. */
export interface ScaleBuilder {
  add(profile: SpendingProfile): void;
  finish(): SpendingScale;
}

/** Starts learning what is common to all rows of a training. */
export const startScale = (): ScaleBuilder => {
  const users = new Map<string, number>();
  const levels = new Map<string, number[]>();
  let profiles = 0;
  return {
    add(profile) {
      profiles += 1;
      for (const [category, { purchases }] of comparedSpending(profile)) {
        users.set(category, (users.get(category) ?? 0) + (purchases > 0 ? 1 : 0));
      }
      const ofCurrency = levels.get(profile.currency) ?? [];
      ofCurrency.push(levelOf(profile));
      levels.set(profile.currency, ofCurrency);
    },
    finish: () => ({
      categories: [...users]
        .filter(([, count]) => count > 0 && count >= profiles * LEAST_USERS)
        .map(([category]) => category)
        .sort(),
      levels: Object.fromEntries(
        [...levels].map(([currency, values]) => [
          currency,
          quantileOf(Float64Array.from(values).sort(), 0.5),
        ]),
      ),
    }),
  };
};

/**
 * Features of a spending row, in their order.
 * @param scale what is common to all rows
 */
export const spendingSpecs = ({ categories }: SpendingScale): FeatureSpec[] => [
  { name: 'spending_level', kind: 'level' },
  { name: 'purchases_per_week', kind: 'amount' },
  { name: 'night_share', kind: 'level' },
  ...categories.map((category): FeatureSpec => ({ name: `${SHARE_PREFIX}${category}`, kind: 'share' })),
];

/**
 * A user's profile as a row: level against users of the same currency, pace, nights, and the centred log-ratios of the
 * shares of spending (Aitchison 1986). Unseen categories get a pseudo-count in proportion to the user's own purchases.
 * @param profile the user's profile
 * @param scale what is common to all rows
 */
export const spendingRow = (profile: SpendingProfile, scale: SpendingScale): number[] => {
  const spending = comparedSpending(profile);
  const compared = [...spending.values()];
  const spent = compared.reduce((sum, { spentMinor }) => sum + spentMinor, 0);
  const purchases = compared.reduce((sum, row) => sum + row.purchases, 0);
  const unseen = Math.max(1, (UNSEEN_PURCHASES * spent) / Math.max(1, purchases));
  const logs = scale.categories.map((category) =>
    Math.log((spending.get(category)?.spentMinor ?? 0) + unseen),
  );
  const mean = logs.reduce((sum, log) => sum + log, 0) / Math.max(1, logs.length);
  const level = levelOf(profile);
  return [
    level - (scale.levels[profile.currency] ?? level),
    (profile.purchases / profile.days) * DAYS_A_WEEK,
    profile.timedPurchases === 0 ? 0 : profile.nightPurchases / profile.timedPurchases,
    ...logs.map((log) => log - mean),
  ];
};
