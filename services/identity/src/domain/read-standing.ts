import type { UserStanding } from '@orrery/contracts';
import type { Account } from './account.ts';

/** What the main back end says about a user, as far as standing goes. */
export interface MainBackendUser {
  isAdmin: boolean;
  isBlocked: boolean;
  isDeleted: boolean;
}

/** What is known about a user, from wherever accounts are kept. */
export interface KnownUser {
  account: Pick<Account, 'role' | 'isActive'> | undefined;
  /** The user had an account that was deleted. */
  wasDeleted: boolean;
  /** The user of the main back end whose token this may be, when we keep no account. */
  mainUser: MainBackendUser | undefined;
  revokedTokens: string[];
}

type Verdict = Pick<UserStanding, 'mayEnter' | 'reason' | 'role'>;

const barredVerdict = ({ isDeleted, isBlocked }: MainBackendUser): Verdict | undefined =>
  isDeleted || isBlocked ? { reason: isDeleted ? 'deleted' : 'blocked', mayEnter: false } : undefined;

function standaloneVerdict({ account, wasDeleted, mainUser }: KnownUser): Verdict {
  if (account !== undefined) {
    return account.isActive
      ? { reason: 'active', mayEnter: true, role: account.role }
      : { reason: 'inactive', mayEnter: false, role: account.role };
  }
  if (wasDeleted) {
    return { reason: 'deleted', mayEnter: false };
  }
  const barred = mainUser === undefined ? undefined : barredVerdict(mainUser);
  return barred ?? { reason: 'token-only', mayEnter: true };
}

/**
 * The standing of a user where we keep accounts ourselves. A token whose user we do not know lets in, with the role in
 * it, unless the main back end has blocked or deleted that user.
 * @param userId the user
 * @param known what is known
 */
export const standaloneStanding = (userId: string, known: KnownUser): UserStanding => ({
  userId,
  ...standaloneVerdict(known),
  tokensValidFrom: null,
  revokedTokenIds: known.revokedTokens,
});

function mainVerdict(user: MainBackendUser | undefined): Verdict {
  if (user === undefined) {
    return { reason: 'unknown', mayEnter: false };
  }
  return barredVerdict(user) ?? { reason: 'active', mayEnter: true, role: user.isAdmin ? 'admin' : 'user' };
}

/**
 * The standing of a user of the main back end. The role of an administrator who lost it there ends here too.
 * @param userId the user
 * @param user the main back end's user, undefined when there is none
 * @param revokedTokens token ids that were logged out here
 */
export const mainStanding = (
  userId: string,
  user: MainBackendUser | undefined,
  revokedTokens: string[],
): UserStanding => ({
  userId,
  ...mainVerdict(user),
  tokensValidFrom: null,
  revokedTokenIds: revokedTokens,
});

/**
 * The standing of another issuer's user, who never inherits an account or a right here.
 * @param userId the user
 * @param revokedTokens token ids that were logged out here
 */
export const externalStanding = (userId: string, revokedTokens: string[]): UserStanding => ({
  userId,
  reason: 'external',
  mayEnter: true,
  role: 'user',
  tokensValidFrom: null,
  revokedTokenIds: revokedTokens,
});
