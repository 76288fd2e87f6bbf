import { type KeyObject, createHash } from 'node:crypto';
import { UserId } from '@orrery/contracts';
import { AppError, type UserRole } from '@orrery/service-kit';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import type { Issuer } from './issuers.ts';

/** Who a user token speaks for. `expiresAt` is in milliseconds since 1970. */
export interface VerifiedUser {
  userId: string;
  role: UserRole;
  issuer: string;
  /** `jti`, or a digest of the token when it has none. */
  tokenId: string;
  expiresAt: number;
  /** `iat` in milliseconds since 1970; 0 when the token has none. */
  issuedAt: number;
}

const MAX_TOKEN_BYTES = 4_096;
const CLOCK_TOLERANCE_S = 5;
const FUTURE_IAT_S = 60;
// Research bound: enough for every active user of a replica; an entry is a few hundred bytes.
const CACHE_ENTRIES = 20_000;
const CACHE_MS = 5 * 60_000;

// Texts of the contract that clients of the chat and analysis service compare with.
const INVALID = 'Invalid token';
const EXPIRED = 'Token has expired';
const NO_USER = 'User identifier not found in token';

const refuse = (detail: string, cause?: unknown): AppError =>
  new AppError('sign-in-required', {
    detail,
    cause,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });

// A good token that names nobody: the contract says 403 and not 401, because signing in again would not help.
const namesNobody = (): AppError => new AppError('sign-in-required', { detail: NO_USER, status: 403 });

/** Checks user tokens of all accepted issuers and remembers the good ones. */
export interface AccessTokenVerifier {
  /**
   * @param token compact JWT from the client
   * @returns at once for known keys; a promise only while the key set of an asymmetric issuer has to be fetched
   * @throws AppError `sign-in-required` with the contract's wording (or a promise rejected with it)
   */
  verify(token: string): VerifiedUser | Promise<VerifiedUser>;
  /** Forgets every remembered token, after a key has left an issuer's key set. */
  forget(): void;
}

function headerOf(token: string): { alg: unknown; kid: unknown } | undefined {
  try {
    const header: unknown = JSON.parse(
      Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString(),
    );
    return typeof header === 'object' && header !== null
      ? { alg: Reflect.get(header, 'alg'), kid: Reflect.get(header, 'kid') }
      : undefined;
  } catch {
    return undefined;
  }
}

function claimsOf(
  token: string,
  issuer: Issuer,
  keys: readonly KeyObject[],
): Record<string, unknown> | 'expired' | undefined {
  for (const key of keys) {
    try {
      const { header, payload } = jwt.verify(token, key, {
        algorithms: [...issuer.algorithms],
        clockTolerance: CLOCK_TOLERANCE_S,
        complete: true,
        ...(issuer.audience === undefined ? {} : { audience: issuer.audience }),
        ...(issuer.issuer === undefined ? {} : { issuer: issuer.issuer }),
      });
      const isPlain =
        !('crit' in header) && (header.typ === undefined || /^(jwt|at\+jwt)$/i.test(header.typ));
      return isPlain && typeof payload === 'object' ? payload : undefined;
    } catch (error) {
      if (error instanceof jwt.TokenExpiredError) {
        return 'expired';
      }
      // What a token decodes to is the sender's: text that is no JSON makes the library throw a SyntaxError or TypeError.
      const isAboutToken =
        error instanceof jwt.JsonWebTokenError || error instanceof SyntaxError || error instanceof TypeError;
      if (!isAboutToken) {
        throw error;
      }
    }
  }
  return undefined;
}

const isSeconds = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/**
 * A verifier over a list of issuers, tried in order.
 * @param issuers accepted issuers
 * @param now real time in milliseconds; tokens never follow the frozen business clock
 */
export function accessTokenVerifier(
  issuers: readonly Issuer[],
  now: () => number = Date.now,
): AccessTokenVerifier {
  const remembered = new LRUCache<string, VerifiedUser>({ max: CACHE_ENTRIES, ttl: CACHE_MS });

  function check(token: string): VerifiedUser | Promise<VerifiedUser> {
    const header = headerOf(token);
    const candidates = issuers.filter(({ algorithms }) => algorithms.some((known) => known === header?.alg));
    const keyId = typeof header?.kid === 'string' ? header.kid : undefined;
    const keys = candidates.map((issuer) => issuer.keysFor(keyId));
    const known = keys.flatMap((found) => (found instanceof Promise ? [] : [found]));
    return known.length === keys.length
      ? judge(token, candidates, known)
      : Promise.all(keys).then((found) => judge(token, candidates, found));
  }

  function judge(
    token: string,
    candidates: readonly Issuer[],
    keys: readonly (readonly KeyObject[])[],
  ): VerifiedUser {
    let expired = false;
    for (const [index, issuer] of candidates.entries()) {
      const claims = claimsOf(token, issuer, keys[index] ?? []);
      if (claims === 'expired') {
        expired = true;
      } else if (claims !== undefined) {
        const user = accept(token, issuer, claims);
        remembered.set(token, user);
        return user;
      }
    }
    throw refuse(expired ? EXPIRED : INVALID);
  }

  function accept(token: string, issuer: Issuer, claims: Record<string, unknown>): VerifiedUser {
    const { exp, iat, jti } = claims;
    if (
      !isSeconds(exp) ||
      (iat !== undefined && (!isSeconds(iat) || iat * 1000 > now() + FUTURE_IAT_S * 1000))
    ) {
      throw refuse(INVALID);
    }
    const named = issuer.userIdOf(claims);
    const userId = UserId.safeParse(
      typeof named === 'number' && Number.isSafeInteger(named) ? String(named) : named,
    );
    if (!userId.success) {
      throw named === undefined || named === null ? namesNobody() : refuse(INVALID);
    }
    return {
      userId: userId.data,
      role: issuer.roleOf(claims),
      issuer: issuer.name,
      tokenId:
        typeof jti === 'string' && jti.length <= 128
          ? jti
          : createHash('sha256').update(token).digest('base64url'),
      expiresAt: exp * 1000,
      issuedAt: isSeconds(iat) ? iat * 1000 : 0,
    };
  }

  return {
    verify(token) {
      if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
        throw refuse(INVALID);
      }
      const known = remembered.get(token);
      if (known !== undefined) {
        if (known.expiresAt + CLOCK_TOLERANCE_S * 1000 <= now()) {
          remembered.delete(token);
          throw refuse(EXPIRED);
        }
        return known;
      }
      return check(token);
    },
    forget: () => remembered.clear(),
  };
}
