import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { SERVICE_NAMES, UserId, type ServiceName } from '@orrery/contracts';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import type { Identity } from './identity.ts';

/** Header that carries a service token; every other header about identity is ignored. */
export const SERVICE_TOKEN_HEADER = 'x-service-token';

/** Longest life of a service token in seconds. */
export const SERVICE_TOKEN_LIFE_S = 60;

const ISSUER = 'orrery';
const ALGORITHM = 'HS256';
// Written here instead of by jsonwebtoken, which takes twice the time; the gateway signs every request.
const HEADER = Buffer.from(JSON.stringify({ alg: ALGORITHM, typ: 'JWT' })).toString('base64url');
const MAX_TOKEN_LENGTH = 4096;
const CLOCK_TOLERANCE_S = 5;
const MIN_SECRET_BYTES = 32;

const Claims = z.object({
  iss: z.literal(ISSUER),
  aud: z.enum(SERVICE_NAMES),
  azp: z.enum(SERVICE_NAMES),
  kind: z.enum(['user', 'service', 'anonymous']),
  sub: UserId.optional(),
  role: z.enum(['user', 'analyst', 'admin', 'service', 'anonymous']),
  tid: z.string().max(256).optional(),
  rid: z.string().max(128).optional(),
  iat: z.int(),
  exp: z.int(),
});
type Claims = z.output<typeof Claims>;

/** Keys that sign and verify; `previous` is accepted during a rotation and never signs. */
export interface ServiceTokenKeys {
  current: KeyObject;
  previous?: KeyObject;
}

const keyOf = (secret: string): KeyObject => {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new RangeError(`SERVICE_TOKEN_SECRET needs at least ${String(MIN_SECRET_BYTES)} bytes`);
  }
  return createSecretKey(bytes);
};

/**
 * Makes keys from the configured secrets.
 * @param secret the secret that signs, at least 32 bytes
 * @param previous the secret before it, still accepted
 * @throws RangeError for a short secret
 */
export const serviceTokenKeys = (secret: string, previous?: string): ServiceTokenKeys => ({
  current: keyOf(secret),
  ...(previous === undefined ? {} : { previous: keyOf(previous) }),
});

export interface SignedCall {
  identity: Identity;
  /** The service that is called; no other accepts the token. */
  target: ServiceName;
  requestId: string;
}

/**
 * Signs one call to a service; the token lives 60 s.
 * @param keys the keys
 * @param call who calls, which service and for which request
 */
export const signServiceToken = (
  keys: ServiceTokenKeys,
  { identity, target, requestId }: SignedCall,
): string => {
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = {
    iss: ISSUER,
    aud: target,
    azp: identity.caller,
    kind: identity.kind,
    role: identity.role,
    rid: requestId,
    iat: now,
    exp: now + SERVICE_TOKEN_LIFE_S,
    ...(identity.userId === undefined ? {} : { sub: identity.userId }),
    ...(identity.tokenId === undefined ? {} : { tid: identity.tokenId }),
  };
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', keys.current).update(signed).digest('base64url')}`;
};

const identityOf = (claims: Claims): Identity | undefined => {
  const caller = claims.azp;
  if (claims.kind === 'user') {
    if (claims.sub === undefined || claims.role === 'service' || claims.role === 'anonymous') {
      return undefined;
    }
    return {
      kind: 'user',
      userId: claims.sub,
      role: claims.role,
      caller,
      ...(claims.tid === undefined ? {} : { tokenId: claims.tid }),
    };
  }
  if (claims.sub !== undefined || claims.role !== claims.kind) {
    return undefined;
  }
  return claims.kind === 'service'
    ? { kind: 'service', role: 'service', caller }
    : { kind: 'anonymous', role: 'anonymous', caller };
};

const decode = (token: string, key: KeyObject, target: ServiceName): jwt.Jwt | undefined => {
  try {
    return jwt.verify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: target,
      clockTolerance: CLOCK_TOLERANCE_S,
      complete: true,
    });
  } catch (error) {
    if (error instanceof jwt.JsonWebTokenError) {
      return undefined;
    }
    throw error;
  }
};

/**
 * Verifies the token of an incoming call.
 * @param keys the keys
 * @param token value of the header
 * @param target the service that received it
 * @returns who calls and the request id inside the signature
 * @throws AppError `sign-in-required` for anything but a fresh token of ours for this service
 */
export const verifyServiceToken = (
  keys: ServiceTokenKeys,
  token: string,
  target: ServiceName,
): { identity: Identity; requestId: string | undefined } => {
  const refuse = (): AppError => new AppError('sign-in-required');
  if (token.length > MAX_TOKEN_LENGTH) {
    throw refuse();
  }
  const decoded =
    decode(token, keys.current, target) ??
    (keys.previous === undefined ? undefined : decode(token, keys.previous, target));
  if (decoded === undefined || 'crit' in decoded.header) {
    throw refuse();
  }
  const parsed = Claims.safeParse(decoded.payload);
  if (!parsed.success) {
    throw refuse();
  }
  const { iat, exp, rid } = parsed.data;
  const identity = identityOf(parsed.data);
  const now = Math.floor(Date.now() / 1000);
  if (identity === undefined || exp - iat > SERVICE_TOKEN_LIFE_S || iat > now + CLOCK_TOLERANCE_S) {
    throw refuse();
  }
  return { identity, requestId: rid };
};
