import { percentOf } from '../percent-of.ts';
import { count, percent, phrase, type Phrase } from '../phrase.ts';

/** Fewer users would let an administrator guess at a single one. */
export const LEAST_PEERS = 20;
/** Shares above this count as this. */
const MOST_PERCENT = 500;

/** How many users spend how much of their income: one counter for each whole percent, 0 to 500. */
export type ShareCounts = number[];

/** Counters at zero. */
export const noShares = (): ShareCounts => new Array<number>(MOST_PERCENT + 1).fill(0);

/**
 * The whole percent of income that a user spends, or undefined without income.
 * @param month income and expenses, minor units
 */
export const spentShare = (month: { incomeMinor: number; expensesMinor: number }): number | undefined => {
  const share = percentOf(month.expensesMinor, month.incomeMinor);
  return share === null ? undefined : Math.min(MOST_PERCENT, Math.max(0, Math.floor(share)));
};

/**
 * The middle of all counted users, in whole percent, or undefined below 20 users.
 * @param counts one counter for each percent
 */
export const medianShare = (counts: ShareCounts): { users: number; medianPercent: number } | undefined => {
  const users = counts.reduce((sum, counted) => sum + counted, 0);
  if (users < LEAST_PEERS) {
    return undefined;
  }
  let below = 0;
  const medianPercent = counts.findIndex((counted) => {
    below += counted;
    return below * 2 >= users;
  });
  return { users, medianPercent };
};

/**
 * One sentence that compares a user with all others.
 * @param month the user's income and expenses, minor units
 * @param counts of all users
 */
export const comparePeers = (
  month: { incomeMinor: number; expensesMinor: number },
  counts: ShareCounts | undefined,
): Phrase => {
  const peers = counts === undefined ? undefined : medianShare(counts);
  if (peers === undefined) {
    return phrase`A comparison is not available: it needs the figures of at least ${count(LEAST_PEERS)} users.`;
  }
  const share = percentOf(month.expensesMinor, month.incomeMinor);
  const others = phrase`half of ${count(peers.users)} users spend at most about ${percent(peers.medianPercent)} of theirs`;
  return share === null
    ? phrase`No income is recorded for this user this month; ${others}.`
    : phrase`This user spends ${percent(share)} of income this month; ${others}.`;
};
