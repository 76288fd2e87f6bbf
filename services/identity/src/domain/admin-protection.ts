import type { AccountRole } from '@orrery/contracts';
import type { Account } from './account.ts';

/** What an administrator wants to do to an account. */
export type AdminAct =
  { kind: 'set-role'; role: AccountRole } | { kind: 'toggle-active' } | { kind: 'delete' };

const SELF_REFUSALS: Readonly<Record<AdminAct['kind'], string>> = {
  'set-role': 'Cannot change your own admin role',
  'toggle-active': 'Cannot deactivate your own account',
  delete: 'Cannot delete your own account',
};

const endsAdministration = (target: Account, act: AdminAct): boolean =>
  target.role === 'admin' && target.isActive && (act.kind !== 'set-role' || act.role !== 'admin');

/**
 * Why an administrator may not do something to an account, in the words of the contract, or undefined.
 * @param adminId who acts
 * @param target the account
 * @param act what is wanted
 * @param activeAdmins number of active administrators, the target included
 */
export function refusalOf(
  adminId: string,
  target: Account,
  act: AdminAct,
  activeAdmins: number,
): string | undefined {
  const changesNothing = act.kind === 'set-role' && act.role === target.role;
  if (target.userId === adminId && !changesNothing) {
    return SELF_REFUSALS[act.kind];
  }
  return endsAdministration(target, act) && activeAdmins <= 1 ? LAST_ADMIN : undefined;
}

/** Told to whoever would leave the system without an administrator. */
export const LAST_ADMIN = 'Cannot remove the last active admin';
