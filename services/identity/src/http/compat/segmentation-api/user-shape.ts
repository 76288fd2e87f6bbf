import { AccountRole } from '@orrery/contracts';
import type { MainUser } from '@orrery/main-backend';
import { z } from 'zod';
import type { VisibleAccount } from '../../../domain/account.ts';

/** A user as the legacy contract writes it; never with a password. */
export const UserBody = z
  .object({
    id: z.string(),
    email: z.string(),
    username: z.string(),
    full_name: z.string().nullable(),
    role: AccountRole,
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'LegacyUser' });

/** A user with counts of what they did. */
export const CountedUser = UserBody.extend({
  total_predictions: z.int().min(0),
  total_saved_profiles: z.int().min(0),
}).meta({ id: 'LegacyUserWithCounts' });

export const Message = z.object({ message: z.string() });

/** Answer to a deletion: where the erasure's result can be read, beside the legacy sentence. */
export const Deleted = Message.extend({ erasure_id: z.string() });

/**
 * A user as the legacy contract writes it.
 * @param account the account
 */
export const toUserBody = (account: VisibleAccount): z.input<typeof UserBody> => ({
  id: account.userId,
  email: account.email,
  username: account.username,
  full_name: account.fullName,
  role: account.role,
  is_active: account.isActive,
  created_at: account.createdAt.toISOString(),
});

const HEX_SECONDS = 8;

/**
 * A user of the main back end in the same shape. Its ids begin with the second of their making.
 * @param user the main back end's user
 */
export const mainUserBody = (user: MainUser): z.input<typeof UserBody> => ({
  id: user.userId,
  email: user.email,
  username: user.name,
  full_name: user.name,
  role: user.isAdmin ? 'admin' : 'user',
  is_active: !user.isBlocked && !user.isDeleted,
  created_at: new Date(Number.parseInt(user.userId.slice(0, HEX_SECONDS), 16) * 1_000).toISOString(),
});

// No `@`, so that a user name can never be somebody's e-mail; nothing that looks like nothing.
export const Username = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} _.-]{0,63}$/u, 'must be 1 to 64 letters, digits, spaces, _, . or -');

export const Email = z.email('must be an e-mail address').max(254);

export const FullName = z.string().trim().max(200).nullable();
