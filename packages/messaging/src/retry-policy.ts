/** 5 seconds, 1 minute, 10 minutes: past a hiccup, past a restart, past a short outage; then a person looks. */
export const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [5_000, 60_000, 600_000];

export type RetryDecision = { kind: 'retry'; step: number; delayMs: number } | { kind: 'park' };

/**
 * What follows a failed attempt.
 * @param attempt number of the attempt that failed; 1 is the first
 * @param delaysMs pause before each further attempt, in milliseconds
 * @param options `endless`: after the last step repeat it instead of giving up, because an outage says nothing against
 *   the message
 * @returns the next step, or `park` when all attempts (one more than there are delays) are used
 */
export function decideRetry(
  attempt: number,
  delaysMs: readonly number[],
  options: { endless?: boolean | undefined } = {},
): RetryDecision {
  const step = options.endless === true ? Math.min(attempt, delaysMs.length) - 1 : attempt - 1;
  const delayMs = delaysMs[step];
  return delayMs === undefined ? { kind: 'park' } : { kind: 'retry', step, delayMs };
}

/**
 * Whether the policy allows no attempt after this one.
 * @param attempt number of the attempt; 1 is the first
 * @param delaysMs pause before each further attempt, in milliseconds
 */
export const isLastAttempt = (attempt: number, delaysMs: readonly number[]): boolean =>
  attempt > delaysMs.length;

/**
 * Pause before repeating something that must succeed in the end: exponential with full jitter.
 * @param failures how often it failed in a row, at least 1
 * @param bounds `firstMs` ceiling of the first pause, `maxMs` ceiling of all
 * @param random a number in [0, 1); default `Math.random`
 * @returns milliseconds, at least a tenth of the ceiling so that a loop never spins
 */
export function backOffMs(
  failures: number,
  bounds: { firstMs: number; maxMs: number },
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(bounds.maxMs, bounds.firstMs * 2 ** Math.min(failures - 1, 30));
  return ceiling * (0.1 + 0.9 * random());
}
