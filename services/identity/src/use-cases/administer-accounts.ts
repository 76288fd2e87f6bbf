import { type AccountRole, UserStandingChanged } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError, type Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from '../domain/account.ts';
import { type AdminAct, refusalOf } from '../domain/admin-protection.ts';
import { ACT_REFUSED, USER_NOT_FOUND } from '../identity-errors.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { AuditStore, AuditedAct } from '../store/audit-store.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { EndAccount } from './end-account.ts';

export interface AdministerParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  accounts: AccountStore;
  sessions: SessionStore;
  audit: AuditStore;
  endAccount: EndAccount;
}

/** Who acts, and in which request, for the audit log. */
export interface ActingAdmin {
  adminId: string;
  requestId: string;
}

/**
 * Acts of administrators. Both families of routes come here, so both protect the acting and the last administrator.
 * All throw AppError `user-not-found` and `act-refused` with the reason.
 */
export interface AdministerAccounts {
  setRole(admin: ActingAdmin, userId: string, role: AccountRole): Promise<Account>;
  toggleActive(admin: ActingAdmin, userId: string): Promise<Account>;
  remove(admin: ActingAdmin, userId: string): Promise<Account>;
}

/**
 * Acts of administrators.
 * @param parts stores and events
 */
export function createAdministerAccounts(parts: AdministerParts): AdministerAccounts {
  const { accounts, sessions, audit, endAccount, inTransaction, recordEvents } = parts;

  const requireAllowed = async (
    { adminId }: ActingAdmin,
    userId: string,
    act: AdminAct,
    session: ClientSession,
  ): Promise<Account> => {
    const target = await accounts.find(userId, session);
    if (target === undefined) {
      throw new AppError(USER_NOT_FOUND);
    }
    const refusal = refusalOf(adminId, target, act, await accounts.countActiveAdmins(session));
    if (refusal !== undefined) {
      throw new AppError(ACT_REFUSED, { detail: refusal });
    }
    return target;
  };

  const note = (
    { adminId, requestId }: ActingAdmin,
    act: AuditedAct,
    targetId: string,
    [before, after]: [string | null, string | null],
    session: ClientSession,
  ): Promise<void> =>
    audit.note({ _id: uuidv7(), at: new Date(), adminId, act, targetId, before, after, requestId }, session);

  const tell = (account: Account, session: ClientSession): Promise<void> =>
    recordEvents(session, [
      newEvent(UserStandingChanged, account.userId, {
        userId: account.userId,
        state: account.isActive ? 'active' : 'inactive',
        role: account.role,
      }),
    ]);

  return {
    setRole: (admin, userId, role) =>
      inTransaction(async (session) => {
        const target = await requireAllowed(admin, userId, { kind: 'set-role', role }, session);
        const changed = { ...target, role, updatedAt: new Date() };
        if (role !== target.role) {
          await accounts.update(userId, { role, updatedAt: changed.updatedAt }, session);
          await note(admin, 'set-role', userId, [target.role, role], session);
          await tell(changed, session);
        }
        return changed;
      }),

    toggleActive: (admin, userId) =>
      inTransaction(async (session) => {
        const target = await requireAllowed(admin, userId, { kind: 'toggle-active' }, session);
        const changed = { ...target, isActive: !target.isActive, updatedAt: new Date() };
        await accounts.update(userId, { isActive: changed.isActive, updatedAt: changed.updatedAt }, session);
        if (!changed.isActive) {
          await sessions.endAll(userId, undefined, session);
        }
        await note(admin, changed.isActive ? 'activate' : 'deactivate', userId, [null, null], session);
        await tell(changed, session);
        return changed;
      }),

    remove: (admin, userId) =>
      inTransaction(async (session) => {
        const target = await requireAllowed(admin, userId, { kind: 'delete' }, session);
        await note(admin, 'delete', userId, [target.role, null], session);
        await endAccount(userId, session);
        return target;
      }),
  };
}
