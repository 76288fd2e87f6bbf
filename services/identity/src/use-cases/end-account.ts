import { UserStandingChanged } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError, type Runtime, type UserMark } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { LAST_ADMIN } from '../domain/admin-protection.ts';
import { ACT_REFUSED } from '../identity-errors.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { ErasureStore } from '../store/erasure-store.ts';
import type { SessionStore } from '../store/session-store.ts';
import { beginErasure } from './erase-user.ts';

export interface EndAccountParts extends Pick<Runtime<unknown>, 'recordEvents'> {
  accounts: AccountStore;
  sessions: SessionStore;
  erasures: ErasureStore;
  markOf: UserMark;
}

/**
 * Ends an account within a transaction: it is gone at once, its tokens end, its names are free, and every service is
 * asked to erase the user.
 * @returns id of the erasure
 */
export type EndAccount = (userId: string, session: ClientSession) => Promise<string>;

/**
 * How accounts end.
 * @param parts stores and events
 */
export function createEndAccount(parts: EndAccountParts): EndAccount {
  const { accounts, sessions, erasures, markOf, recordEvents } = parts;
  return async (userId, session) => {
    const account = await accounts.find(userId, session);
    const isActiveAdmin = account?.role === 'admin' && account.isActive;
    if (isActiveAdmin && (await accounts.countActiveAdmins(session)) <= 1) {
      throw new AppError(ACT_REFUSED, { detail: LAST_ADMIN });
    }
    await erasures.noteEndedAccount(markOf(userId), session);
    await sessions.endAll(userId, undefined, session);
    await accounts.remove(userId, session);
    await recordEvents(session, [
      newEvent(UserStandingChanged, userId, { userId, state: 'deleted', role: null }),
    ]);
    return beginErasure({ erasures, recordEvents }, userId, session);
  };
}
