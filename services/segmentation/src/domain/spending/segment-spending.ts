import { comparedSpending } from './spending-profile.ts';
import type { CategorySpending, SpendingProfile } from './spending-profile.ts';

/** One category of a segment. */
export interface SegmentCategory {
  category: string;
  /** Mean over the members of the share of their spending; 0 to 1. */
  share: number;
  purchases: number;
  /** Members who bought it. */
  users: number;
}

/** What the members of a segment do, in sum. */
export interface SegmentSpending {
  users: number;
  /** Largest share first. */
  categories: SegmentCategory[];
  /** Where the segment could save: at most three categories, most telling first. */
  topCategories: string[];
}

/** Adds up members. */
export interface SegmentSums {
  add(profile: SpendingProfile): void;
  total(): SegmentSpending;
}

/** Less is too little to speak of: the legacy rule. */
const LEAST_PURCHASES = 3;
const LEAST_SHARE = 0.015;
const TOP = 3;
/** Weights of the legacy score. */
const WEIGHT = { share: 0.5, trend: 0.3, ticket: 0.2 };

interface Running {
  shares: number;
  purchases: number;
  users: number;
  /** Sum over members of the change from the two weeks before to the last two, each -1 to 1. */
  trend: number;
  /** Sum over members of the mean purchase against the member's mean purchase. */
  ticket: number;
}

const standardised = (values: readonly number[]): number[] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length),
  );
  return values.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation));
};

const trendOf = ({ lastTwoWeeksMinor: last, twoWeeksBeforeMinor: before }: CategorySpending): number =>
  last + before === 0 ? 0 : (last - before) / (last + before);

/** Makes an empty sum. Everything in it is a ratio, so members with different currencies add up. */
export const segmentSums = (): SegmentSums => {
  const running = new Map<string, Running>();
  let users = 0;
  return {
    add(profile) {
      users += 1;
      const spending = [...comparedSpending(profile).values()].filter(({ purchases }) => purchases > 0);
      const spent = spending.reduce((sum, { spentMinor }) => sum + spentMinor, 0);
      const purchases = spending.reduce((sum, row) => sum + row.purchases, 0);
      const meanTicket = spent / Math.max(1, purchases);
      for (const row of spending) {
        const sums = running.get(row.category) ?? { shares: 0, purchases: 0, users: 0, trend: 0, ticket: 0 };
        running.set(row.category, {
          shares: sums.shares + (spent === 0 ? 0 : row.spentMinor / spent),
          purchases: sums.purchases + row.purchases,
          users: sums.users + 1,
          trend: sums.trend + trendOf(row),
          ticket: sums.ticket + (meanTicket === 0 ? 0 : row.spentMinor / row.purchases / meanTicket),
        });
      }
    },
    total() {
      const rows = [...running].map(([category, sums]) => ({
        category,
        share: sums.shares / Math.max(1, users),
        purchases: sums.purchases,
        users: sums.users,
        trend: sums.trend / sums.users,
        ticket: sums.ticket / sums.users,
      }));
      const eligible = rows.filter(
        ({ share, purchases }) => purchases >= LEAST_PURCHASES && share >= LEAST_SHARE,
      );
      const shares = standardised(eligible.map(({ share }) => share));
      const trends = standardised(eligible.map(({ trend }) => trend));
      const tickets = standardised(eligible.map(({ ticket }) => ticket));
      const scored = eligible.map(({ category }, index) => ({
        category,
        score:
          WEIGHT.share * (shares[index] ?? 0) +
          WEIGHT.trend * (trends[index] ?? 0) +
          WEIGHT.ticket * (tickets[index] ?? 0),
      }));
      scored.sort((left, right) => right.score - left.score || left.category.localeCompare(right.category));
      return {
        users,
        categories: rows
          .map(({ category, share, purchases, users: buyers }) => ({
            category,
            share,
            purchases,
            users: buyers,
          }))
          .sort((left, right) => right.share - left.share),
        topCategories: scored.slice(0, TOP).map(({ category }) => category),
      };
    },
  };
};
