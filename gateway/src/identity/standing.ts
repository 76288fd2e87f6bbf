import type { UserStanding } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import { LRUCache } from 'lru-cache';

const ENTRIES = 50_000;
/** Beyond this age an answer is renewed in the background. */
const RENEW_MS = 10_000;
/** Beyond this age nobody is let in by it while identity can be asked; with RENEW_MS it keeps the promise of 30 s. */
const BELIEVED_MS = 25_000;

/**
 * So long after its last answer a user who was seen stays in while identity cannot be asked. It bounds how long somebody
 * who was blocked meanwhile can go on; the shortest life of an access token is of the same size.
 */
export const OUTAGE_GRACE_MS = 15 * 60_000;

interface Known {
  standing: UserStanding;
  at: number;
  renewing?: Promise<UserStanding>;
}

const keyOf = (userId: string, issuer: string): string => `${issuer} ${userId}`;

const outOfReach = (cause: unknown): AppError =>
  new AppError('unavailable', { cause, headers: { 'Retry-After': '2' } });

/** Whether users may enter, as the identity service says. */
export interface StandingStore {
  /**
   * @param userId the user
   * @param issuer who signed the token
   * @returns at once for a user who was seen in the last 25 s
   * @throws AppError `unavailable` for a user never seen while identity cannot be reached; one that was seen keeps the
   *   last answer for 15 minutes, so that a short outage of identity locks nobody out who is at work and lets nobody in
   *   who is new
   */
  standingOf(userId: string, issuer: string): UserStanding | Promise<UserStanding>;
  /**
   * Drops what is known of a user, so that the next request asks again: after something that passed here may have changed
   * it. Other replicas notice in their own time.
   * @param userId the user, of whichever issuer
   */
  forget(userId: string): void;
}

/**
 * A store over an asking function.
 * @param ask asks the identity service for one user
 * @param now milliseconds
 */
export function standingStore(
  ask: (userId: string, issuer: string) => Promise<UserStanding>,
  now: () => number = Date.now,
): StandingStore {
  const known = new LRUCache<string, Known>({ max: ENTRIES });
  const firstAsks = new Map<string, Promise<UserStanding>>();
  // A handful: the list of accepted issuers bounds it.
  const issuers = new Set<string>();

  function renew(userId: string, issuer: string, entry: Known): Promise<UserStanding> {
    entry.renewing ??= ask(userId, issuer)
      .then((standing) => {
        // Forgotten meanwhile: what was answered may be from before.
        if (known.peek(keyOf(userId, issuer)) === entry) {
          known.set(keyOf(userId, issuer), { standing, at: now() });
        }
        return standing;
      })
      .catch((cause: unknown) => {
        delete entry.renewing;
        if (now() - entry.at > OUTAGE_GRACE_MS) {
          known.delete(keyOf(userId, issuer));
          throw outOfReach(cause);
        }
        return entry.standing;
      });
    return entry.renewing;
  }

  function meet(userId: string, issuer: string): Promise<UserStanding> {
    issuers.add(issuer);
    const key = keyOf(userId, issuer);
    const asking =
      firstAsks.get(key) ??
      ask(userId, issuer)
        .then((standing) => {
          known.set(key, { standing, at: now() });
          return standing;
        })
        .catch((cause: unknown) => {
          throw outOfReach(cause);
        })
        .finally(() => firstAsks.delete(key));
    firstAsks.set(key, asking);
    return asking;
  }

  return {
    standingOf(userId, issuer) {
      const entry = known.get(keyOf(userId, issuer));
      if (entry === undefined) {
        return meet(userId, issuer);
      }
      const age = now() - entry.at;
      if (age <= RENEW_MS) {
        return entry.standing;
      }
      const renewed = renew(userId, issuer, entry);
      return age <= BELIEVED_MS ? entry.standing : renewed;
    },
    forget(userId) {
      for (const issuer of issuers) {
        known.delete(keyOf(userId, issuer));
      }
    },
  };
}
