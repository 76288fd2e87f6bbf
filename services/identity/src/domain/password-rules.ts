import { z } from 'zod';
import { comparableName } from './account.ts';

// Longer input only costs time; argon2 reads all of it.
const MAX_CHARACTERS = 128;

const passwordOf = (minCharacters: number) =>
  z
    .string()
    .min(minCharacters, `must have at least ${String(minCharacters)} characters`)
    .max(MAX_CHARACTERS, `must have at most ${String(MAX_CHARACTERS)} characters`);

/** A password at the legacy registration, whose clients were promised six characters. */
export const FirstPassword = passwordOf(6);
/** A password that replaces another. */
export const NewPassword = passwordOf(8);
/** A password that is only compared. */
export const GivenPassword = z.string().min(1).max(1_024);

/**
 * Why a password is too easily guessed for this account, or undefined.
 * @param password the wanted password
 * @param account its names
 */
export function weaknessOf(
  password: string,
  account: { username: string; email: string },
): string | undefined {
  const plain = comparableName(password);
  const names = [account.username, account.email, account.email.split('@', 1)[0] ?? ''].map(comparableName);
  if (names.includes(plain)) {
    return 'must not be the user name or e-mail';
  }
  return new Set(plain).size < 2 ? 'must not repeat a single character' : undefined;
}
