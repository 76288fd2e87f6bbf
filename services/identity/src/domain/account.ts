import type { AccountRole } from '@orrery/contracts';

/** An account that we keep ourselves (standalone mode). */
export interface Account {
  userId: string;
  email: string;
  username: string;
  fullName: string | null;
  passwordHash: string;
  role: AccountRole;
  isActive: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * The form in which names and e-mails are compared: two that look alike to a person belong to one account.
 * @param text a user name or e-mail
 */
export const comparableName = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

/** What an account holds that others may see of it: everything but the password. */
export type VisibleAccount = Omit<Account, 'passwordHash'>;
