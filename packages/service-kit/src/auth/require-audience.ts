import type { Audience } from '@orrery/contracts';
import { AppError } from '../errors/app-error.ts';
import type { Identity, Role } from './identity.ts';

const RANK: Record<Role, number> = { anonymous: 0, user: 1, analyst: 2, admin: 3, service: 3 };

const NEEDED: Record<Exclude<Audience, 'service'>, number> = { public: 0, user: 1, analyst: 2, admin: 3 };

/**
 * Refuses a caller whose role does not reach the audience of a route. Routes between our own services do not exist for
 * anybody outside; those for analysts and administrators are documented, so the refusal may say 403.
 * @param identity who calls
 * @param audience whom the route is for
 * @throws AppError `sign-in-required`, `forbidden` or `route-not-found`
 */
export const requireAudience = (identity: Identity, audience: Audience): void => {
  if (audience === 'service') {
    if (identity.kind !== 'service' && identity.caller === 'gateway') {
      throw new AppError('route-not-found');
    }
    return;
  }
  if (RANK[identity.role] >= NEEDED[audience]) {
    return;
  }
  if (identity.kind === 'anonymous') {
    throw new AppError('sign-in-required', { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  throw new AppError('forbidden');
};

/**
 * The signed-in person's id, for routes that act on the caller's own data.
 * @param identity who calls
 * @throws AppError `sign-in-required` when no person is signed in
 */
export const requireUserId = (identity: Identity): string => {
  if (identity.kind !== 'user') {
    throw new AppError('sign-in-required', { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  return identity.userId;
};

/**
 * Checks a user id that a path or body names: the caller's own, or any for an admin or a service.
 * @param identity who calls
 * @param userId the id that was named
 * @param options `reveal`: answer 403 for somebody else's id where the contract names users openly; default 404
 * @returns the id
 * @throws AppError `not-found` or `forbidden`
 */
export const requireOwnUser = (
  identity: Identity,
  userId: string,
  options: { reveal?: boolean } = {},
): string => {
  if (identity.kind === 'service' || identity.role === 'admin' || identity.userId === userId) {
    return userId;
  }
  throw new AppError(options.reveal === true ? 'forbidden' : 'not-found');
};
