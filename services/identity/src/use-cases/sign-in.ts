import { randomUUID } from 'node:crypto';
import { UserRegistered } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { isDuplicateKey } from '@orrery/mongo';
import { AppError, type Runtime } from '@orrery/service-kit';
import type { Account } from '../domain/account.ts';
import { weaknessOf } from '../domain/password-rules.ts';
import {
  EMAIL_TAKEN,
  INACTIVE_USER,
  REFRESH_REFUSED,
  USERNAME_TAKEN,
  WRONG_CREDENTIALS,
} from '../identity-errors.ts';
import type { PasswordDesk } from '../passwords/password-desk.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { SessionStore } from '../store/session-store.ts';
import { newUserId } from '../tokens/new-user-id.ts';
import { randomPart, readRefreshToken, writeRefreshToken } from '../tokens/refresh-token.ts';
import type { SignAccessToken } from '../tokens/sign-access-token.ts';
import type { ThrottleLogins } from './throttle-logins.ts';

export interface SignInParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents' | 'logger'> {
  accounts: AccountStore;
  sessions: SessionStore;
  passwords: PasswordDesk;
  throttle: ThrottleLogins;
  sign: SignAccessToken;
}

/** Tokens of a session. */
export interface Tokens {
  account: Account;
  accessToken: string;
  refreshToken: string;
}

/** Opening accounts and sessions. */
export interface SignIn {
  /**
   * Opens an account; its role is always user.
   * @throws AppError `email-taken`, `username-taken`, `validation-failed` for a weak password, `too-many-logins`
   */
  register(
    wanted: { email: string; username: string; fullName: string | null; password: string },
    address: string,
  ): Promise<Account>;
  /** @throws AppError `wrong-credentials`, `inactive-user`, `too-many-logins` */
  logIn(name: string, password: string, address: string): Promise<Tokens>;
  /** @throws AppError `refresh-token-refused` */
  refresh(refreshToken: string): Promise<Tokens>;
}

/**
 * Refuses a password that is too easily guessed.
 * @param password the wanted password
 * @param names names of the account
 * @throws AppError `validation-failed`
 */
export function refuseWeak(password: string, names: { username: string; email: string }): void {
  const weakness = weaknessOf(password, names);
  if (weakness !== undefined) {
    throw new AppError('validation-failed', { fields: [{ field: 'password', message: weakness }] });
  }
}

/**
 * Opening accounts and sessions.
 * @param parts stores, password desk, throttle and signer
 */
export function createSignIn(parts: SignInParts): SignIn {
  const { accounts, sessions, passwords, throttle, sign, inTransaction, recordEvents, logger } = parts;

  const refuseTaken = async (names: { email: string; username: string }): Promise<void> => {
    const taken = await accounts.taken(undefined, names);
    if (taken.email || taken.username) {
      throw new AppError(taken.email ? EMAIL_TAKEN : USERNAME_TAKEN);
    }
  };

  return {
    async register({ email, username, fullName, password }, address) {
      refuseWeak(password, { username, email });
      // Asking for taken names is how accounts are found out here, so it is slowed down like guessing.
      const succeeded = await throttle.begin(undefined, address);
      await refuseTaken({ email, username });
      const passwordHash = await passwords.hash(password);
      const now = new Date();
      const userId = newUserId();
      const account: Omit<Account, 'userId'> = {
        email,
        username,
        fullName,
        passwordHash,
        role: 'user',
        isActive: true,
        createdAt: now,
        updatedAt: now,
      };
      try {
        await inTransaction(async (session) => {
          await accounts.insert(userId, account, session);
          await recordEvents(session, [newEvent(UserRegistered, userId, { userId })]);
        });
      } catch (error) {
        if (isDuplicateKey(error)) {
          throw new AppError(isDuplicateKey(error, 'emailKey') ? EMAIL_TAKEN : USERNAME_TAKEN, {
            cause: error,
          });
        }
        throw error;
      }
      await succeeded();
      return { userId, ...account };
    },

    async logIn(name, password, address) {
      const succeeded = await throttle.begin(name, address);
      const account = await accounts.findByName(name);
      const isRight = await passwords.matches(password, account?.passwordHash);
      if (account === undefined || !isRight) {
        throw new AppError(WRONG_CREDENTIALS, { headers: { 'WWW-Authenticate': 'Bearer' } });
      }
      await succeeded();
      if (!account.isActive) {
        throw new AppError(INACTIVE_USER);
      }
      const begun = { sessionId: randomUUID(), family: randomPart(), secret: randomPart() };
      await sessions.begin(account.userId, begun);
      return {
        account,
        accessToken: sign(account, begun.sessionId),
        refreshToken: writeRefreshToken(begun),
      };
    },

    async refresh(refreshToken) {
      const token = readRefreshToken(refreshToken);
      const secret = randomPart();
      const rotation =
        token === undefined
          ? ({ kind: 'unknown' } as const)
          : await sessions.rotate(token.family, token.secret, secret);
      if (rotation.kind === 'reused') {
        logger.warn('a refresh token was used twice; its session ended');
      }
      const account = rotation.kind === 'rotated' ? await accounts.find(rotation.userId) : undefined;
      if (token === undefined || rotation.kind !== 'rotated' || account?.isActive !== true) {
        throw new AppError(REFRESH_REFUSED);
      }
      return {
        account,
        accessToken: sign(account, rotation.sessionId),
        refreshToken: writeRefreshToken({ family: token.family, secret }),
      };
    },
  };
}
