import { dayNumber } from '@orrery/calendar';
import { detectRecurring } from '../../src/domain/recurring/detect-recurring.ts';
import { recurringUser } from './recurring-user.ts';
import type { Difficulty } from './recurring-user.ts';

export interface RecurringScore {
  precision: number;
  recall: number;
  f1: number;
  /** Share of found streams with the right period. */
  periodRight: number;
  /** Share of next dates within three days. */
  nextDateRight: number;
}

/**
 * Scores the detector on generated users. A stream is found when a detected one shares at least half of all charges
 * of the two.
 * @param seeds one user per seed
 * @param difficulty how hard the users are to read
 */
export const scoreRecurring = (seeds: readonly number[], difficulty: Difficulty): RecurringScore => {
  const totals = { detected: 0, real: 0, hits: 0, periods: 0, dated: 0, dates: 0 };
  for (const seed of seeds) {
    const { transactions, streams } = recurringUser(seed, difficulty);
    const detected = detectRecurring(transactions);
    const taken = new Set<number>();
    totals.detected += detected.length;
    totals.real += streams.length;
    for (const stream of streams) {
      const ids = new Set(stream.transactionIds);
      const index = detected.findIndex(({ transactionIds }, position) => {
        const shared = transactionIds.filter((id) => ids.has(id)).length;
        return !taken.has(position) && shared / (ids.size + transactionIds.length - shared) >= 0.5;
      });
      const hit = detected[index];
      if (hit === undefined) {
        continue;
      }
      taken.add(index);
      totals.hits += 1;
      totals.periods += Number(hit.period === stream.period);
      if (stream.nextDay !== null && hit.nextDate !== null) {
        totals.dated += 1;
        totals.dates += Number(Math.abs(dayNumber(hit.nextDate) - dayNumber(stream.nextDay)) <= 3);
      }
    }
  }
  const precision = totals.hits / Math.max(1, totals.detected);
  const recall = totals.hits / Math.max(1, totals.real);
  return {
    precision,
    recall,
    f1: (2 * precision * recall) / Math.max(1e-9, precision + recall),
    periodRight: totals.periods / Math.max(1, totals.hits),
    nextDateRight: totals.dates / Math.max(1, totals.dated),
  };
};
