import { defineError } from '@orrery/service-kit';

/** Kinds of error of this service; the sentences are those of the legacy contract, which clients compare with. */
export const EMAIL_TAKEN = defineError('email-taken', 400, 'Email already registered');
export const USERNAME_TAKEN = defineError('username-taken', 400, 'Username already taken');
export const WRONG_CREDENTIALS = defineError('wrong-credentials', 401, 'Incorrect username or password');
export const NOT_AUTHENTICATED = defineError('not-authenticated', 401, 'Could not validate credentials');
export const INACTIVE_USER = defineError('inactive-user', 400, 'Inactive user');
export const USER_NOT_FOUND = defineError('user-not-found', 404, 'User not found');
export const ACT_REFUSED = defineError('act-refused', 400, 'This act is not allowed');
export const WRONG_PASSWORD = defineError('wrong-password', 400, 'Current password is incorrect');
export const REFRESH_REFUSED = defineError('refresh-token-refused', 401, 'The refresh token is not valid');
export const TOO_MANY_LOGINS = defineError('too-many-logins', 429, 'Too many failed logins; try again later');
export const ADMINS_ONLY = defineError('admins-only', 403, 'Admin access required');
