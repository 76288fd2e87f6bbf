import type { Limit } from './endpoints/endpoint.ts';
import { PlaidError } from './wire/plaid-error.ts';

const MINUTE_MS = 60_000;

/** Counts calls of the last minute. */
export interface RateLimits {
  /**
   * Counts one call.
   * @param path endpoint
   * @param limit its limits, if it has any
   * @param itemId the Item, if any
   * @throws PlaidError with status 429 when it is one too many; such a call does not count
   */
  admit(path: string, limit: Limit | undefined, itemId: string | undefined): void;
}

/**
 * Limits per Item and client in a sliding minute.
 * @param now real time in epoch milliseconds
 */
export const createRateLimits = (now: () => number): RateLimits => {
  const calls = new Map<string, number[]>();
  const recent = (key: string): number[] => {
    const since = now() - MINUTE_MS;
    const kept = (calls.get(key) ?? []).filter((at) => at > since);
    calls.set(key, kept);
    return kept;
  };
  return {
    admit(path, limit, itemId) {
      if (limit === undefined) {
        return;
      }
      const ofClient = recent(path);
      const ofItem = itemId === undefined ? [] : recent(`${path} ${itemId}`);
      if (
        ofClient.length >= limit.perClient ||
        (limit.perItem !== undefined && ofItem.length >= limit.perItem)
      ) {
        throw new PlaidError(limit.code);
      }
      ofClient.push(now());
      ofItem.push(now());
    },
  };
};
