import { createPublicKey, hash, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { PlaidFailure } from './plaid-failure.ts';

/** A webhook is not what Plaid signed. The reason is for the log; callers learn nothing. */
export class UnverifiedWebhookError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'UnverifiedWebhookError';
  }
}

/** A key as it is fetched. */
export interface FetchedKey {
  jwk: { kty: string; crv: string; x: string; y: string };
  expiredAt: Date | null;
}

interface CachedKey {
  key: KeyObject;
  expiredAt: Date | null;
}

const MAX_AGE_S = 5 * 60;
/** Clocks of two machines differ a little. */
const LEEWAY_S = 5;
const KEY_LIFE_MS = 24 * 60 * 60 * 1000;
const MAX_KEYS = 100;
/** Anybody can send names of keys that do not exist; they must not make us call Plaid each time. */
const UNKNOWN_LIFE_MS = 60_000;
const MAX_FETCHES_A_MINUTE = 30;
const UNKNOWN_KEY = 'INVALID_WEBHOOK_VERIFICATION_KEY_ID';

const Header = z.object({ alg: z.literal('ES256'), kid: z.string().min(1).max(128) });
const Claims = z.object({ iat: z.number(), request_body_sha256: z.string().regex(/^[0-9a-f]{64}$/i) });

const headerOf = (token: string): z.output<typeof Header> => {
  const [encoded = ''] = token.split('.');
  try {
    return Header.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')));
  } catch (error) {
    throw new UnverifiedWebhookError('the signature header is not one of ES256', { cause: error });
  }
};

/**
 * Checks webhooks: an ES256 signature over a digest of the exact bytes, not older than five minutes.
 * @param fetchKey gets a key of our environment by its id
 * @param now the machine's time in epoch milliseconds
 */
export const createWebhookVerifier = (
  fetchKey: (keyId: string) => Promise<FetchedKey>,
  now: () => number = Date.now,
) => {
  const keys = new LRUCache<string, CachedKey>({ max: MAX_KEYS, ttl: KEY_LIFE_MS });
  const unknown = new LRUCache<string, true>({ max: 1000, ttl: UNKNOWN_LIFE_MS });
  const met = new LRUCache<string, true>({ max: MAX_KEYS });
  const inFlight = new Map<string, Promise<CachedKey>>();
  let fetches: number[] = [];

  /** A new key means that the keys were changed: what we remember of the others may have an end by now. */
  const meet = (keyId: string): void => {
    if (!met.has(keyId)) {
      met.set(keyId, true);
      for (const [other, { expiredAt }] of [...keys.entries()]) {
        if (expiredAt === null) {
          keys.delete(other);
        }
      }
    }
  };

  const fetchOnce = async (keyId: string): Promise<CachedKey> => {
    fetches = fetches.filter((at) => at > now() - 60_000);
    if (unknown.has(keyId) || fetches.length >= MAX_FETCHES_A_MINUTE) {
      throw new UnverifiedWebhookError('the signing key is not known');
    }
    fetches.push(now());
    try {
      const { jwk, expiredAt } = await fetchKey(keyId);
      const cached = { key: createPublicKey({ key: jwk, format: 'jwk' }), expiredAt };
      meet(keyId);
      keys.set(keyId, cached);
      return cached;
    } catch (error) {
      if (error instanceof PlaidFailure && error.facts.errorCode === UNKNOWN_KEY) {
        unknown.set(keyId, true);
        throw new UnverifiedWebhookError('the signing key is not known', { cause: error });
      }
      throw error;
    }
  };

  const keyOf = async (keyId: string): Promise<CachedKey> => {
    const known = keys.get(keyId);
    if (known !== undefined) {
      return known;
    }
    const running = inFlight.get(keyId) ?? fetchOnce(keyId).finally(() => inFlight.delete(keyId));
    inFlight.set(keyId, running);
    return running;
  };

  const claimsOf = (token: string, key: KeyObject): z.output<typeof Claims> => {
    try {
      // The age is judged below with a leeway for the future, which this library does not check.
      return Claims.parse(jwt.verify(token, key, { algorithms: ['ES256'] }));
    } catch (error) {
      throw new UnverifiedWebhookError('the signature does not verify', { cause: error });
    }
  };

  return {
    /**
     * Checks a webhook.
     * @param token value of the header `Plaid-Verification`, '' when there is none
     * @param body the exact bytes that came
     * @throws UnverifiedWebhookError; PlaidFailure when the key cannot be fetched now
     */
    async verify(token: string, body: Buffer): Promise<void> {
      if (token === '') {
        throw new UnverifiedWebhookError('there is no signature');
      }
      const { kid } = headerOf(token);
      const { key, expiredAt } = await keyOf(kid);
      if (expiredAt !== null && expiredAt.getTime() <= now()) {
        throw new UnverifiedWebhookError('the signing key has expired');
      }
      const { iat, request_body_sha256: stated } = claimsOf(token, key);
      const age = now() / 1000 - iat;
      if (age > MAX_AGE_S) {
        throw new UnverifiedWebhookError('the signature is too old, or the clock of this machine is ahead');
      }
      if (age < -LEEWAY_S) {
        throw new UnverifiedWebhookError(
          'the signature is from the future, or the clock of this machine is behind',
        );
      }
      const actual = Buffer.from(hash('sha256', body, 'hex'), 'hex');
      if (!timingSafeEqual(actual, Buffer.from(stated, 'hex'))) {
        throw new UnverifiedWebhookError('the body is not the one that was signed');
      }
    },
  };
};

export type WebhookVerifier = ReturnType<typeof createWebhookVerifier>;
