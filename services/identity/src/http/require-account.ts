import type { IncomingMessage } from 'node:http';
import { AppError, type Identity, requireUserId } from '@orrery/service-kit';
import type { Account } from '../domain/account.ts';
import { ADMINS_ONLY, INACTIVE_USER, NOT_AUTHENTICATED, USER_NOT_FOUND } from '../identity-errors.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { SessionStore } from '../store/session-store.ts';

/** Who stands behind a request, judged by the present state and not by what the token said when it was signed. */
export interface Gatekeeper {
  /** @throws AppError `not-authenticated`, `inactive-user`, `user-not-found` for a user known by token only */
  requireAccount(identity: Identity): Promise<Account>;
  /**
   * The acting administrator's id. A user known by token only is one if the token says so.
   * @throws AppError as above, and `admins-only` in the given words
   */
  requireAdmin(identity: Identity, refusal: string): Promise<string>;
}

/**
 * The gatekeeper of account routes. Tokens that ended a moment ago are refused here at once.
 * @param stores accounts and sessions
 */
export function createGatekeeper({
  accounts,
  sessions,
}: {
  accounts: AccountStore;
  sessions: SessionStore;
}): Gatekeeper {
  const findAlive = async (identity: Identity): Promise<Account | undefined> => {
    const userId = requireUserId(identity);
    const account = await accounts.find(userId);
    // Before the token: a deactivation ends all of them, and the contract tells such a user why.
    if (account?.isActive === false) {
      throw new AppError(INACTIVE_USER);
    }
    if (identity.tokenId !== undefined && (await sessions.hasEnded(userId, identity.tokenId))) {
      throw new AppError(NOT_AUTHENTICATED, { headers: { 'WWW-Authenticate': 'Bearer' } });
    }
    return account;
  };
  return {
    async requireAccount(identity) {
      const account = await findAlive(identity);
      if (account === undefined) {
        throw new AppError(USER_NOT_FOUND);
      }
      return account;
    },
    async requireAdmin(identity, refusal) {
      const account = await findAlive(identity);
      if ((account?.role ?? identity.role) !== 'admin') {
        throw new AppError(ADMINS_ONLY, { detail: refusal });
      }
      return requireUserId(identity);
    },
  };
}

/**
 * The client's network address as the gateway saw it; the gateway overwrites what clients send.
 * @param request the request
 */
export function clientAddressOf(request: Pick<IncomingMessage, 'headers'>): string {
  const forwarded = request.headers['x-forwarded-for'];
  return (typeof forwarded === 'string' ? forwarded : '').split(',', 1)[0]?.trim() ?? '';
}
