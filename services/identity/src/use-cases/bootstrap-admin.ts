import { randomBytes } from 'node:crypto';
import { isDuplicateKey } from '@orrery/mongo';
import type { Runtime } from '@orrery/service-kit';
import type { PasswordDesk } from '../passwords/password-desk.ts';
import type { AccountStore } from '../store/account-store.ts';
import { newUserId } from '../tokens/new-user-id.ts';

export interface FirstAdmin {
  username: string;
  email: string;
  /** Undefined: a random one is made. */
  password: string | undefined;
}

/** What came of the bootstrap; `password` is the random one, which nothing else knows. */
export type BootstrapOutcome =
  { kind: 'made'; password: string | undefined } | { kind: 'there-already' } | { kind: 'name-taken' };

/**
 * Makes the first administrator. Any administrator, active or not, means that there is nothing to do.
 * @param parts stores and password desk
 * @param first name, e-mail and password from the settings
 */
export async function bootstrapAdmin(
  parts: Pick<Runtime<unknown>, 'inTransaction'> & { accounts: AccountStore; passwords: PasswordDesk },
  first: FirstAdmin,
): Promise<BootstrapOutcome> {
  const { accounts, passwords, inTransaction } = parts;
  if (await accounts.hasAdmin()) {
    return { kind: 'there-already' };
  }
  const password = first.password ?? randomBytes(18).toString('base64url');
  const passwordHash = await passwords.hash(password);
  const now = new Date();
  try {
    await inTransaction((session) =>
      accounts.insert(
        newUserId(),
        {
          username: first.username,
          email: first.email,
          fullName: null,
          passwordHash,
          role: 'admin',
          isActive: true,
          createdAt: now,
          updatedAt: now,
        },
        session,
      ),
    );
  } catch (error) {
    if (!isDuplicateKey(error)) {
      throw error;
    }
    // Another replica was faster, or a user has the name; nobody is made an administrator for having a name.
    return (await accounts.hasAdmin()) ? { kind: 'there-already' } : { kind: 'name-taken' };
  }
  return { kind: 'made', password: first.password === undefined ? password : undefined };
}
