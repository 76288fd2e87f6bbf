import type { ServiceName } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import type { WeightedOrigin } from '../config.ts';

const WINDOW_MS = 10_000;
const MIN_FAILURES = 10;
const FAILING_SHARE = 0.5;
/** So many in a row mean that it is down, however well it did before. */
const FAILURES_IN_A_ROW = 5;
const OPEN_MS = 1_000;
const BUDGET_SHARE = 0.1;
/** Enough for the requests that are under way when one of several addresses goes down. */
const BUDGET_RESERVE = 30;

/** Stops asking an address that keeps failing; lets one request through to see whether it is back. */
interface Breaker {
  mayTry(): boolean;
  succeeded(): void;
  failed(): void;
  /** The request ended without telling anything about the upstream. */
  abandoned(): void;
}

function breaker(now: () => number): Breaker {
  let windowStart = now();
  let failures = 0;
  let inARow = 0;
  let total = 0;
  let openUntil = 0;
  let isProbing = false;
  const roll = (): void => {
    if (now() - windowStart > WINDOW_MS) {
      windowStart = now();
      failures = 0;
      total = 0;
    }
  };
  return {
    mayTry() {
      if (openUntil === 0) {
        return true;
      }
      if (now() < openUntil || isProbing) {
        return false;
      }
      isProbing = true;
      return true;
    },
    succeeded() {
      roll();
      total += 1;
      inARow = 0;
      openUntil = 0;
      isProbing = false;
    },
    failed() {
      roll();
      total += 1;
      failures += 1;
      inARow += 1;
      const wasProbe = isProbing;
      isProbing = false;
      const isFailing =
        inARow >= FAILURES_IN_A_ROW || (failures >= MIN_FAILURES && failures / total >= FAILING_SHARE);
      if (wasProbe || isFailing) {
        openUntil = now() + OPEN_MS;
      }
    },
    abandoned() {
      isProbing = false;
    },
  };
}

/** One address of a service and what is known about it. */
export interface Upstream {
  origin: string;
  weight: number;
  breaker: Breaker;
}

/** Addresses of services: which one takes a request, and whether a failed one may be repeated. */
export interface Upstreams {
  /**
   * Picks an address by weight; a user stays with the same one as long as it works.
   * @param service the service
   * @param userId the user, or undefined
   * @param except an address that has just failed; used again only when there is no other
   * @throws AppError `upstream-unavailable` with `Retry-After` when all addresses are known to fail
   */
  pick(service: ServiceName, userId: string | undefined, except?: Upstream): Upstream;
  /** Takes one repeat from the budget: at most a tenth of all requests, and thirty to begin with. */
  mayRepeat(): boolean;
}

const shareOf = (userId: string): number => {
  // FNV-1a: spreads ids of any form evenly, and alike on every replica.
  let hash = 0x811c9dc5;
  for (let index = 0; index < userId.length; index += 1) {
    hash = Math.imul(hash ^ userId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
};

/**
 * @param addressOf the one address of a service
 * @param weighted several addresses, for services that have them
 * @param now milliseconds
 */
export function upstreams(
  addressOf: (service: ServiceName) => string,
  weighted: ReadonlyMap<string, readonly WeightedOrigin[]>,
  now: () => number = Date.now,
): Upstreams {
  const byOrigin = new Map<string, Upstream>();
  const lists = new Map<string, Upstream[]>();
  let budget = BUDGET_RESERVE;

  const upstreamAt = ({ origin, weight }: WeightedOrigin): Upstream => {
    const known = byOrigin.get(origin) ?? { origin, weight, breaker: breaker(now) };
    byOrigin.set(origin, known);
    return known;
  };

  function listOf(service: ServiceName): readonly Upstream[] {
    const configured = weighted.get(service);
    if (configured === undefined) {
      const origin = addressOf(service);
      const known = byOrigin.get(origin) ?? upstreamAt({ origin, weight: 1 });
      return [known];
    }
    const list = lists.get(service) ?? configured.filter(({ weight }) => weight > 0).map(upstreamAt);
    lists.set(service, list);
    return list;
  }

  function byWeight(list: readonly Upstream[], share: number): Upstream | undefined {
    let rest = share * list.reduce((sum, { weight }) => sum + weight, 0);
    return list.find(({ weight }) => (rest -= weight) < 0) ?? list.at(-1);
  }

  return {
    pick(service, userId, except) {
      budget = Math.min(BUDGET_RESERVE, budget + BUDGET_SHARE);
      const all = listOf(service);
      const preferred = all.length > 1 && except !== undefined ? all.filter((one) => one !== except) : all;
      const first =
        preferred.length === 1
          ? preferred[0]
          : byWeight(preferred, userId === undefined ? Math.random() : shareOf(userId));
      for (const one of first === undefined ? [] : [first, ...all.filter((other) => other !== first)]) {
        if (one.breaker.mayTry()) {
          return one;
        }
      }
      throw new AppError('upstream-unavailable', { headers: { 'Retry-After': String(OPEN_MS / 1_000) } });
    },
    mayRepeat() {
      if (budget < 1) {
        return false;
      }
      budget -= 1;
      return true;
    },
  };
}
