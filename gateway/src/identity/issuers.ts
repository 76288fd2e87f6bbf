import { type KeyObject, createHash, createSecretKey } from 'node:crypto';
import type { UserRole } from '@orrery/service-kit';
import type { JwksKeys } from './jwks-keys.ts';

/** One accepted issuer of user tokens. Algorithms are pinned per issuer; keys are key objects, never strings. */
export interface Issuer {
  name: string;
  algorithms: readonly ('HS256' | 'RS256' | 'ES256')[];
  /** Keys that may have signed a token with this key id: the present and the previous secret, or one of a key set. */
  keysFor(keyId: string | undefined): readonly KeyObject[] | Promise<readonly KeyObject[]>;
  /** Required `iss`, when the issuer sets one. */
  issuer?: string;
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

/** Ids that Supabase gives; neither the main back end's (24 hex digits) nor integers look like them. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Our id of a user whom another issuer names: a digest of both, so that no name an issuer gives can be the id of somebody
 * else's user, and a name of any form is a legal id.
 * @param issuer the `iss` of the issuer, which stays when its name in the settings changes
 * @param subject what the issuer calls the user; undefined names nobody
 */
export const outsideUserId = (issuer: string, subject: unknown): string | undefined =>
  typeof subject === 'string' && subject !== ''
    ? `x-${createHash('sha256')
        .update(JSON.stringify([issuer, subject]))
        .digest('base64url')}`
    : undefined;

const roleByWord: ReadonlyMap<unknown, UserRole> = new Map([
  ['ADMIN', 'admin'],
  ['ANALYST', 'analyst'],
]);

/**
 * The main back end (and our own identity service, which signs alike): HS256, user id in `user_id`, `id`, else `sub`,
 * role as a word in any case. It sets neither issuer nor audience.
 * @param secrets current secret first, then the previous one during a rotation
 */
export const mainBackendIssuer = (secrets: readonly string[]): Issuer => {
  const keys = secrets.map(hmacKey);
  return {
    name: 'main-backend',
    algorithms: ['HS256'],
    keysFor: () => keys,
    userIdOf: (claims) => claims['user_id'] ?? claims['id'] ?? claims['sub'],
    roleOf: ({ role }) =>
      (typeof role === 'string' ? roleByWord.get(role.toUpperCase()) : undefined) ?? 'user',
  };
};

/**
 * Supabase: HS256, `aud: authenticated`, user id in `sub`: as it is when it is a UUID, as all of Supabase's are, else the
 * id of an outside user. Its `role` claim names a database role and gives no rights here.
 * @param secret SUPABASE_JWT_SECRET
 */
export const supabaseIssuer = (secret: string): Issuer => {
  const keys = [hmacKey(secret)];
  return {
    name: 'supabase',
    algorithms: ['HS256'],
    keysFor: () => keys,
    audience: 'authenticated',
    userIdOf: ({ sub }) => (typeof sub === 'string' && UUID.test(sub) ? sub : outsideUserId('supabase', sub)),
    roleOf: () => 'user',
  };
};

/**
 * An issuer that publishes its public keys: user named by `iss` and `sub`, `aud` required, no role by its word.
 * @param settings who it is and what it signs with
 * @param keys its key set
 */
export const jwksIssuer = (
  settings: { name: string; issuer: string; audience: string; algorithms: readonly ('RS256' | 'ES256')[] },
  keys: JwksKeys,
): Issuer => ({
  ...settings,
  keysFor: (keyId) => keys.keysFor(keyId),
  userIdOf: ({ sub }) => outsideUserId(settings.issuer, sub),
  roleOf: () => 'user',
});
