import { type KeyObject, createSecretKey } from 'node:crypto';
import type { UserRole } from '@orrery/service-kit';

/** One accepted issuer of user tokens. Algorithms are pinned per issuer; keys are key objects, never strings. */
export interface Issuer {
  name: string;
  algorithms: readonly ('HS256' | 'RS256' | 'ES256')[];
  /** Present and previous key; more than two never. */
  keys: readonly KeyObject[];
  /** Required `aud`, when the issuer sets one. */
  audience?: string;
  /** The user id of the claims, or undefined when they name none. */
  userIdOf(claims: Readonly<Record<string, unknown>>): unknown;
  roleOf(claims: Readonly<Record<string, unknown>>): UserRole;
}

/**
 * A key object for an HMAC secret: jsonwebtoken tries to parse a string as a public key first, which costs a
 * hundred times more than the check itself.
 * @param secret the shared secret
 */
export const hmacKey = (secret: string): KeyObject => createSecretKey(Buffer.from(secret, 'utf8'));

const roleByWord: ReadonlyMap<unknown, UserRole> = new Map([
  ['ADMIN', 'admin'],
  ['ANALYST', 'analyst'],
]);

/**
 * The main back end (and our own identity service, which signs alike): HS256, user id in `user_id`, `id`, else `sub`,
 * role as a word in any case. It sets neither issuer nor audience.
 * @param secrets current secret first, then the previous one during a rotation
 */
export const mainBackendIssuer = (secrets: readonly string[]): Issuer => ({
  name: 'main-backend',
  algorithms: ['HS256'],
  keys: secrets.map(hmacKey),
  userIdOf: (claims) => claims['user_id'] ?? claims['id'] ?? claims['sub'],
  roleOf: ({ role }) => (typeof role === 'string' ? roleByWord.get(role.toUpperCase()) : undefined) ?? 'user',
});

/**
 * Supabase: HS256, `aud: authenticated`, user id in `sub`. Its `role` claim names a database role and gives no rights here.
 * @param secret SUPABASE_JWT_SECRET
 */
export const supabaseIssuer = (secret: string): Issuer => ({
  name: 'supabase',
  algorithms: ['HS256'],
  keys: [hmacKey(secret)],
  audience: 'authenticated',
  userIdOf: (claims) => claims['sub'],
  roleOf: () => 'user',
});
