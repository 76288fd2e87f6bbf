import { AppError } from '@orrery/service-kit';
import { comparableName } from '../domain/account.ts';
import { TOO_MANY_LOGINS } from '../identity-errors.ts';
import type { AttemptStore } from '../store/attempt-store.ts';

export interface LoginLimits {
  perAccount: number;
  perAddress: number;
  isOn: boolean;
}

/** Slows down guessing. */
export interface ThrottleLogins {
  /**
   * Counts an attempt before it is judged.
   * @param name the account as typed, whether it exists or not; undefined to count the address alone
   * @param address the client's network address
   * @returns what to call after a success
   * @throws AppError `too-many-logins` with `Retry-After` in seconds
   */
  begin(name: string | undefined, address: string): Promise<() => Promise<void>>;
}

/**
 * The throttle of logins, by account and by address.
 * @param attempts where attempts are counted
 * @param limits failed attempts allowed within the window
 */
export function createThrottleLogins(attempts: AttemptStore, limits: LoginLimits): ThrottleLogins {
  const countOrRefuse = async (subject: string, limit: number): Promise<void> => {
    const { failures, windowEndsAt } = await attempts.count(subject);
    if (failures > limit) {
      const seconds = Math.max(1, Math.ceil((windowEndsAt.getTime() - Date.now()) / 1_000));
      throw new AppError(TOO_MANY_LOGINS, { headers: { 'Retry-After': String(seconds) } });
    }
  };
  return {
    async begin(name, address) {
      if (!limits.isOn) {
        return () => Promise.resolve();
      }
      const byAddress = `address:${address}`;
      const byAccount = name === undefined ? undefined : `account:${comparableName(name)}`;
      await countOrRefuse(byAddress, limits.perAddress);
      if (byAccount !== undefined) {
        await countOrRefuse(byAccount, limits.perAccount);
      }
      return async () => {
        await attempts.takeBack(byAddress);
        if (byAccount !== undefined) {
          await attempts.clear(byAccount);
        }
      };
    },
  };
}
