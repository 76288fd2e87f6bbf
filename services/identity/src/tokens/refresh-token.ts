import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A refresh token is `<family>.<secret>`; only a digest of the secret is stored. */
export interface RefreshToken {
  /** Names the chain of tokens of one login; nobody but the holder of one of them knows it. */
  family: string;
  secret: string;
}

/** A new, unguessable part of a token: 256 bits. */
export const randomPart = (): string => randomBytes(32).toString('base64url');

/**
 * Writes a refresh token.
 * @param token its parts
 */
export const writeRefreshToken = ({ family, secret }: RefreshToken): string => `${family}.${secret}`;

/**
 * Reads a refresh token; undefined for anything of another form.
 * @param text what the client sent
 */
export function readRefreshToken(text: string): RefreshToken | undefined {
  const [, family, secret] = /^([\w-]{43})\.([\w-]{43})$/.exec(text) ?? [];
  return family === undefined || secret === undefined ? undefined : { family, secret };
}

/**
 * The stored form of a secret. It is random, so a plain digest suffices.
 * @param secret one part of a token
 */
export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/**
 * Compares digests in constant time.
 * @param one a digest
 * @param other a digest
 */
export const sameDigest = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
