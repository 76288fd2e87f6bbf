import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Account } from '../domain/account.ts';

/** Signs access tokens as the main back end does, so that one verifier serves both. */
export type SignAccessToken = (
  account: Pick<Account, 'userId' | 'role' | 'email'>,
  sessionId: string,
) => string;

/**
 * A signer of access tokens: HS256, bound to the user id, so that a renamed user keeps the session and a re-registered
 * name inherits none. `jti` names the session, whose end revokes every access token of it.
 * @param secret JWT_SECRET
 * @param lifeSeconds life of a token
 */
export function accessTokenSigner(secret: string, lifeSeconds: number): SignAccessToken {
  const key = createSecretKey(Buffer.from(secret, 'utf8'));
  return ({ userId, role, email }, sessionId) =>
    jwt.sign({ id: userId, role: role.toUpperCase(), email }, key, {
      algorithm: 'HS256',
      expiresIn: lifeSeconds,
      jwtid: sessionId,
    });
}
