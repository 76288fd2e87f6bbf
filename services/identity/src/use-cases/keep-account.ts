import { isDuplicateKey } from '@orrery/mongo';
import { AppError, type Runtime } from '@orrery/service-kit';
import { defineError } from '@orrery/service-kit';
import type { Account } from '../domain/account.ts';
import { USER_NOT_FOUND, WRONG_PASSWORD } from '../identity-errors.ts';
import type { PasswordDesk } from '../passwords/password-desk.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { EndAccount } from './end-account.ts';
import { refuseWeak } from './sign-in.ts';
import type { ThrottleLogins } from './throttle-logins.ts';

const USERNAME_IN_USE = defineError('username-in-use', 400, 'Username already in use');
const EMAIL_IN_USE = defineError('email-in-use', 400, 'Email already in use');

export interface KeepAccountParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  accounts: AccountStore;
  sessions: SessionStore;
  passwords: PasswordDesk;
  throttle: ThrottleLogins;
  endAccount: EndAccount;
}

/** What a user may change of the own account; the role is not among it. */
export interface AccountChange {
  username?: string | undefined;
  email?: string | undefined;
  fullName?: string | null | undefined;
  password?: string | undefined;
  currentPassword?: string | undefined;
}

/** Who changes an account: the session is kept when the others end. */
export interface AccountHolder {
  userId: string;
  sessionId: string | undefined;
  address: string;
}

/** A user's own account. */
export interface KeepAccount {
  /** @throws AppError `username-in-use`, `email-in-use`, `wrong-password`, `validation-failed`, `too-many-logins` */
  change(holder: AccountHolder, change: AccountChange): Promise<Account>;
  /** @returns id of the erasure. Throws AppError `act-refused` for the last active administrator */
  end(userId: string): Promise<string>;
}

/**
 * A user's own account: change and end.
 * @param parts stores and password desk
 */
export function createKeepAccount(parts: KeepAccountParts): KeepAccount {
  const { accounts, sessions, passwords, throttle, endAccount, inTransaction } = parts;

  const checkPasswordChange = async (
    account: Account,
    { password, currentPassword, username, email }: AccountChange,
    address: string,
  ): Promise<void> => {
    if (password === undefined) {
      return;
    }
    refuseWeak(password, { username: username ?? account.username, email: email ?? account.email });
    if (currentPassword === undefined) {
      throw new AppError('validation-failed', {
        fields: [{ field: 'current_password', message: 'is needed to change the password' }],
      });
    }
    // A stolen session must not become a way to guess the password without limit.
    const succeeded = await throttle.begin(account.username, address);
    if (!(await passwords.matches(currentPassword, account.passwordHash))) {
      throw new AppError(WRONG_PASSWORD);
    }
    await succeeded();
  };

  return {
    async change({ userId, sessionId, address }, change) {
      const account = await accounts.find(userId);
      if (account === undefined) {
        throw new AppError(USER_NOT_FOUND);
      }
      await checkPasswordChange(account, change, address);
      const taken = await accounts.taken(userId, change);
      if (taken.username || taken.email) {
        throw new AppError(taken.username ? USERNAME_IN_USE : EMAIL_IN_USE);
      }
      const { username, email, fullName, password } = change;
      const values: Partial<Omit<Account, 'userId'>> = {
        ...(username === undefined ? {} : { username }),
        ...(email === undefined ? {} : { email }),
        ...(fullName === undefined ? {} : { fullName }),
        ...(password === undefined ? {} : { passwordHash: await passwords.hash(password) }),
        updatedAt: new Date(),
      };
      try {
        await inTransaction(async (session) => {
          await accounts.update(userId, values, session);
          if (password !== undefined) {
            await sessions.endAll(userId, sessionId, session);
          }
        });
      } catch (error) {
        if (isDuplicateKey(error)) {
          throw new AppError(isDuplicateKey(error, 'emailKey') ? EMAIL_IN_USE : USERNAME_IN_USE, {
            cause: error,
          });
        }
        throw error;
      }
      return { ...account, ...values };
    },

    end: (userId) => inTransaction((session) => endAccount(userId, session)),
  };
}
