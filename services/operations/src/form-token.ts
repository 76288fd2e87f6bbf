import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError, type ServiceTokenKeys, type UserIdentity } from '@orrery/service-kit';

const digestOf = (keys: ServiceTokenKeys, { userId, tokenId = '' }: UserIdentity): Buffer =>
  createHmac('sha256', keys.current).update(`operations form\n${userId}\n${tokenId}`).digest();

/**
 * What the page puts into its forms, so that a foreign page cannot send them with the browser's cookie: bound to the
 * person's token, so it ends with it and needs no store.
 * @param keys the keys between services
 * @param identity who is signed in
 */
export const formToken = (keys: ServiceTokenKeys, identity: UserIdentity): string =>
  digestOf(keys, identity).toString('base64url');

/**
 * Refuses a form that did not come from our own page.
 * @param keys the keys between services
 * @param identity who is signed in
 * @param given what the form held
 * @throws AppError `forbidden`
 */
export function requireFormToken(keys: ServiceTokenKeys, identity: UserIdentity, given: string): void {
  const wanted = digestOf(keys, identity);
  const found = Buffer.from(given, 'base64url');
  if (found.length !== wanted.length || !timingSafeEqual(found, wanted)) {
    throw new AppError('forbidden', { detail: 'This form has expired. Load the page again.' });
  }
}
