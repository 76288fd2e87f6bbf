import type { MissionState } from './life-cycle.ts';

/** A mission that came to an end. */
export interface Outcome {
  state: MissionState;
  points: number;
  currency: string;
  savedMinor: number | null;
}

/** What a user has achieved. */
export interface Achievements {
  /** Missions kept since the last one that was missed. */
  current: number;
  longest: number;
  points: number;
  succeeded: number;
  failed: number;
  /** Savings by currency, in minor units, most first. */
  saved: { amountMinor: number; currency: string }[];
}

/**
 * Adds up outcomes. Only missions that succeeded or failed count; one that was dismissed, or of which nobody can tell,
 * neither lengthens nor ends a streak.
 * @param outcomes in the order in which the windows ended, oldest first
 */
export const achievementsOf = (outcomes: readonly Outcome[]): Achievements => {
  const saved = new Map<string, number>();
  const sum: Achievements = { current: 0, longest: 0, points: 0, succeeded: 0, failed: 0, saved: [] };
  for (const { state, points, currency, savedMinor } of outcomes) {
    if (state === 'failed') {
      sum.failed += 1;
      sum.current = 0;
    }
    if (state === 'succeeded') {
      sum.succeeded += 1;
      sum.current += 1;
      sum.longest = Math.max(sum.longest, sum.current);
      sum.points += points;
      if (savedMinor !== null) {
        saved.set(currency, Math.min(Number.MAX_SAFE_INTEGER, (saved.get(currency) ?? 0) + savedMinor));
      }
    }
  }
  sum.saved = [...saved]
    .map(([currency, amountMinor]) => ({ currency, amountMinor }))
    .sort((left, right) => right.amountMinor - left.amountMinor || (left.currency < right.currency ? -1 : 1));
  return sum;
};
