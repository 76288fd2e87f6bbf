import { UserId } from '@orrery/contracts';
import { AppError, requireUserId } from '@orrery/service-kit';
import type { Identity } from '@orrery/service-kit';
import { z } from 'zod';
import type { LinkName } from '../../../use-cases/link-bank.ts';

const Id = z.union([z.string(), z.int()]).transform(String).pipe(UserId);

/** The user, as clients of Cash Sense name them in a body. */
export const NAMED_USER = { user_id: Id.nullish(), userId: Id.nullish() };

/** The bank link, as clients of Cash Sense name it in a body. */
export const NAMED_LINK = {
  access_token: z.string().max(512).nullish(),
  item_id: z.string().max(64).nullish(),
};

/**
 * Whose data is meant: the signed-in user's, or for an administrator those of the user that the body names.
 * @param identity who calls
 * @param body what was sent
 * @throws AppError `not-found` for the id of somebody else, as for one that does not exist
 */
export const namedUser = (
  identity: Identity,
  body: { user_id?: string | null | undefined; userId?: string | null | undefined } = {},
): string => {
  const userId = requireUserId(identity);
  const named = body.user_id ?? body.userId ?? userId;
  if (named !== userId && identity.role !== 'admin') {
    throw new AppError('not-found', { detail: 'User not found' });
  }
  return named;
};

/**
 * The bank link that a body names.
 * @param body what was sent
 * @throws AppError `validation-failed` with the legacy sentence when it names none
 */
export const namedLink = (
  body: { access_token?: string | null | undefined; item_id?: string | null | undefined } = {},
): LinkName => {
  const accessToken = body.access_token ?? undefined;
  const itemId = body.item_id ?? undefined;
  if ((accessToken ?? '') === '' && (itemId ?? '') === '') {
    throw new AppError('validation-failed', {
      detail: 'Access token is required',
      fields: [{ field: 'access_token', message: 'is required, or item_id' }],
    });
  }
  return { accessToken, itemId };
};
