import { POCKETC_SUBS, categoryBySlug } from '@orrery/contracts';

/** Purchases of one category in the period of a profile. */
export interface CategorySpending {
  /** Slug of the taxonomy. */
  category: string;
  purchases: number;
  /** Minor units, refunds taken off; never negative. */
  spentMinor: number;
  /** Of that, in the last 14 days of the period. */
  lastTwoWeeksMinor: number;
  /** And in the 14 days before. */
  twoWeeksBeforeMinor: number;
}

/** What a user bought in a period that ends with their latest purchase, in their main currency. */
export interface SpendingProfile {
  userId: string;
  currency: string;
  /** Days of the period, at least one. */
  days: number;
  purchases: number;
  /** Purchases with a known time of the day. */
  timedPurchases: number;
  nightPurchases: number;
  categories: readonly CategorySpending[];
}

/** Below it a segment is a guess, and is marked so. */
export const FIRM_PURCHASES = 20;

const FREE_SUBS: ReadonlyMap<number, string> = new Map(
  POCKETC_SUBS.filter(({ fixed }) => !fixed).map(({ id, slug }) => [id, slug]),
);

/**
 * The category by which spending is compared: PocketC's subcategory, by the slug that stands for it. Rent, loans and
 * other fixed costs say little about a way of life and cannot be cut this month, so they have none.
 * @param slug a category of the taxonomy
 */
export const comparedCategory = (slug: string): string | undefined => {
  const category = categoryBySlug(slug);
  return category === undefined || category.fixed ? undefined : FREE_SUBS.get(category.pocketcSub);
};

/**
 * Spending by compared category.
 * @param profile the user's profile
 * @returns sums by the slug of the compared category
 */
export const comparedSpending = ({ categories }: SpendingProfile): Map<string, CategorySpending> => {
  const sums = new Map<string, CategorySpending>();
  for (const row of categories) {
    const category = comparedCategory(row.category);
    if (category === undefined) {
      continue;
    }
    const known = sums.get(category);
    sums.set(category, {
      category,
      purchases: (known?.purchases ?? 0) + row.purchases,
      spentMinor: (known?.spentMinor ?? 0) + row.spentMinor,
      lastTwoWeeksMinor: (known?.lastTwoWeeksMinor ?? 0) + row.lastTwoWeeksMinor,
      twoWeeksBeforeMinor: (known?.twoWeeksBeforeMinor ?? 0) + row.twoWeeksBeforeMinor,
    });
  }
  return sums;
};
