import type { UserStanding } from '@orrery/contracts';
import type { UserMark } from '@orrery/service-kit';
import {
  type MainBackendUser,
  externalStanding,
  mainStanding,
  standaloneStanding,
} from '../domain/read-standing.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { ErasureStore } from '../store/erasure-store.ts';
import type { SessionStore } from '../store/session-store.ts';

/** Issuer under which the gateway knows the main back end, and us, since both sign with one secret. */
const SHARED_ISSUER = 'main-backend';

export interface StandingParts {
  accounts: AccountStore;
  sessions: SessionStore;
  erasures: ErasureStore;
  markOf: UserMark;
  /** Told of each user of the main back end who is there. */
  onSeen(userId: string): Promise<void>;
  /** `main`: the main back end decides alone; `standalone`: its users are known by their tokens, beside our accounts. */
  mode: 'standalone' | 'main';
  findMainUser(userId: string): Promise<MainBackendUser | undefined>;
}

export type FindStanding = (userId: string, issuer: string) => Promise<UserStanding>;

/**
 * Finds the standing of a user, from our accounts or the main back end's.
 * @param parts stores, and the main back end in main mode
 */
export function createFindStanding(parts: StandingParts): FindStanding {
  const { accounts, sessions, erasures, markOf, onSeen, mode, findMainUser } = parts;
  return async (userId, issuer) => {
    const revokedTokens = await sessions.endedTokens(userId);
    if (issuer !== SHARED_ISSUER) {
      return externalStanding(userId, revokedTokens);
    }
    if (mode === 'main') {
      const user = await findMainUser(userId);
      if (user?.isDeleted === false) {
        await onSeen(userId);
      }
      return mainStanding(userId, user, revokedTokens);
    }
    const [account, wasDeleted] = await Promise.all([
      accounts.find(userId),
      erasures.hasEndedAccount(markOf(userId)),
    ]);
    const mainUser = account === undefined && !wasDeleted ? await findMainUser(userId) : undefined;
    return standaloneStanding(userId, { account, wasDeleted, mainUser, revokedTokens });
  };
}
