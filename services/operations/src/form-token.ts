import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ServiceTokenKeys, UserIdentity } from '@orrery/service-kit';

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
 * Whether a form came from our own page, seen by the same person.
 * @param keys the keys between services
 * @param identity who is signed in
 * @param given what the form held
 */
export function isFormToken(keys: ServiceTokenKeys, identity: UserIdentity, given: string): boolean {
  const wanted = digestOf(keys, identity);
  const found = Buffer.from(given, 'base64url');
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}
