import { LRUCache } from 'lru-cache';

/** So many requests in each window; windows start at multiples of their length, so that replicas agree on them. */
export interface RatePolicy {
  name: string;
  limit: number;
  windowMs: number;
}

/** What a charge found. */
export interface RateState {
  policy: RatePolicy;
  isOver: boolean;
  remaining: number;
  resetSeconds: number;
}

/** One counter of one window, as replicas exchange it. */
export interface SharedCount {
  /** Policy, key and number of the window. */
  id: string;
  expiresAt: Date;
  added: number;
}

/** Where replicas add up their counts. */
export interface SharedCounts {
  /**
   * @param counts what this replica counted since the last exchange
   * @returns totals of all replicas by id
   */
  exchange(counts: readonly SharedCount[]): Promise<ReadonlyMap<string, number>>;
}

interface Counter {
  id: string;
  window: number;
  expiresAt: number;
  limit: number;
  /** Counted here. */
  own: number;
  /** Of these, already added to the shared count. */
  sent: number;
  /** Counted by other replicas, as of the last exchange. */
  others: number;
}

const COUNTERS = 100_000;
/** A key under this share of its limit on one replica is not worth a write. */
const WORTH_SHARING = 0.1;

/** Counts requests by key. */
export interface RateLimiter {
  /**
   * Counts one request; never waits.
   * @param policy which limit
   * @param key user id or address
   */
  charge(policy: RatePolicy, key: string): RateState;
  /** What the next charge would find, without counting. */
  look(policy: RatePolicy, key: string): RateState;
  /** Adds this replica's counts to the shared ones and learns the totals; does nothing without a shared store. */
  exchange(): Promise<void>;
}

/**
 * A limiter that decides in memory and exchanges counts beside the requests. One replica is exact. With several, a key
 * can pass its limit by what arrives at the others between two exchanges (a second), and by a tenth of the limit for
 * each replica on which it stays below that; without the shared store each replica counts alone.
 * @param shared where replicas add up
 * @param now milliseconds
 */
export function rateLimiter(shared?: SharedCounts, now: () => number = Date.now): RateLimiter {
  const counters = new LRUCache<string, Counter>({ max: COUNTERS });

  function counterOf(policy: RatePolicy, key: string): Counter {
    const window = Math.floor(now() / policy.windowMs);
    const name = `${policy.name}:${key}`;
    const known = counters.get(name);
    if (known?.window === window) {
      return known;
    }
    const fresh: Counter = {
      id: `${name}:${window}`,
      window,
      expiresAt: (window + 1) * policy.windowMs,
      limit: policy.limit,
      own: 0,
      sent: 0,
      others: 0,
    };
    counters.set(name, fresh);
    return fresh;
  }

  const stateOf = (policy: RatePolicy, counter: Counter, used: number): RateState => ({
    policy,
    isOver: used > policy.limit,
    remaining: Math.max(0, policy.limit - used),
    resetSeconds: Math.max(1, Math.ceil((counter.expiresAt - now()) / 1_000)),
  });

  return {
    charge(policy, key) {
      const counter = counterOf(policy, key);
      counter.own += 1;
      return stateOf(policy, counter, counter.own + counter.others);
    },
    look(policy, key) {
      const counter = counterOf(policy, key);
      return stateOf(policy, counter, counter.own + counter.others + 1);
    },
    async exchange() {
      const changed = [...counters.values()].filter(
        ({ own, sent, limit, expiresAt }) => own > sent && own >= limit * WORTH_SHARING && expiresAt > now(),
      );
      if (shared === undefined || changed.length === 0) {
        return;
      }
      const sending = changed.map((counter) => ({ counter, upTo: counter.own }));
      const totals = await shared.exchange(
        sending.map(({ counter: { id, sent, expiresAt }, upTo }) => ({
          id,
          expiresAt: new Date(expiresAt),
          added: upTo - sent,
        })),
      );
      for (const { counter, upTo } of sending) {
        counter.sent = upTo;
        counter.others = Math.max(0, (totals.get(counter.id) ?? upTo) - upTo);
      }
    },
  };
}

/**
 * The `RateLimit` and `RateLimit-Policy` fields of draft-ietf-httpapi-ratelimit-headers-10: structured lists with the
 * quota `q`, the window `w`, the rest `r` and the seconds `t` until the window ends.
 * @param states what the charges found
 */
export const rateHeaders = (states: readonly RateState[]): Record<string, string> => ({
  'RateLimit-Policy': states
    .map(({ policy: { name, limit, windowMs } }) => `"${name}";q=${limit};w=${windowMs / 1_000}`)
    .join(', '),
  RateLimit: states
    .map(({ policy: { name }, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
    .join(', '),
});
