import { AppError, requireUserId, type Identity } from '@orrery/service-kit';

/** The main back end's form of an id. */
export const MAIN_USER_ID = /^[0-9a-fA-F]{24}$/;

/** Everybody's id at the gateway with `DISABLE_AUTH=1`. */
const LOCAL_USER_ID = 'local-user';

/**
 * The caller of a route of the former AI service, whose users all have ids of the main back end's form. Where
 * sign-in is switched off, everybody is one user of another form.
 * @param identity who calls
 * @throws AppError `sign-in-required` for a token that names somebody else
 */
export const requireRehoUser = (identity: Identity): string => {
  const userId = requireUserId(identity);
  if (userId === LOCAL_USER_ID) {
    return userId;
  }
  if (!MAIN_USER_ID.test(userId)) {
    throw new AppError('sign-in-required', { detail: 'Invalid token' });
  }
  return userId.toLowerCase();
};
