import { type JsonWebKey, type KeyObject, createPublicKey } from 'node:crypto';
import { z } from 'zod';

const Jwks = z.object({
  keys: z
    .array(
      z.looseObject({ kty: z.string(), kid: z.string().max(256).optional(), use: z.string().optional() }),
    )
    .max(50),
});

const FRESH_MS = 10 * 60_000;
/** An unknown key id causes at most one request in this time, so that forged ids cannot flood the issuer. */
const PAUSE_MS = 30_000;
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 256 * 1_024;
const MIN_RSA_BITS = 2_048;

export interface JwksOptions {
  /** Address of the key set; only this one is ever asked, whatever a token's `jku` or `x5u` says. */
  url: string;
  /** Called when a key has left the set, so that remembered tokens can be forgotten. */
  onRemoved: () => void;
  onFailure: (error: unknown) => void;
  now?: () => number;
}

/** Keys of an asymmetric issuer. */
export interface JwksKeys {
  /**
   * Keys that may have signed a token with this key id. Known keys answer at once; old ones are still used while the
   * issuer cannot be reached.
   * @param keyId `kid` of the token's header
   */
  keysFor(keyId: string | undefined): readonly KeyObject[] | Promise<readonly KeyObject[]>;
}

const isUsable = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ec'
    ? key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    : key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;

function readKeySet(text: string): Map<string, KeyObject> {
  const found = new Map<string, KeyObject>();
  for (const [index, { kid, use, ...jwk }] of Jwks.parse(JSON.parse(text)).keys.entries()) {
    if ((jwk.kty === 'RSA' || jwk.kty === 'EC') && (use === undefined || use === 'sig')) {
      const { n, e, x, y, crv } = z
        .object(Object.fromEntries(['n', 'e', 'x', 'y', 'crv'].map((name) => [name, z.string().optional()])))
        .parse(jwk);
      const parts = Object.entries({ kty: jwk.kty, n, e, x, y, crv }).filter(
        ([, part]) => part !== undefined,
      );
      const key = createPublicKey({ key: Object.fromEntries(parts) as JsonWebKey, format: 'jwk' });
      if (isUsable(key)) {
        found.set(kid ?? `#${index}`, key);
      }
    }
  }
  return found;
}

/**
 * A key set by address: kept for ten minutes, refreshed in the background, used on while the issuer is away.
 * @param options address and what to tell
 */
export function jwksKeys({ url, onRemoved, onFailure, now = Date.now }: JwksOptions): JwksKeys {
  let known = new Map<string, KeyObject>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function fetchSet(): Promise<void> {
    try {
      const response = await fetch(url, {
        redirect: 'error',
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok || text.length > MAX_BYTES) {
        throw new Error(`the key set answered ${response.status} with ${text.length} characters`);
      }
      const fresh = readKeySet(text);
      const isKeyGone = [...known.keys()].some((keyId) => !fresh.has(keyId));
      known = fresh;
      if (isKeyGone) {
        onRemoved();
      }
    } catch (error) {
      onFailure(error);
    }
  }

  function ask(): Promise<void> {
    askedAt = now();
    asking ??= fetchSet().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  const find = (keyId: string | undefined): readonly KeyObject[] => {
    if (keyId === undefined) {
      return known.size === 1 ? [...known.values()] : [];
    }
    const key = known.get(keyId);
    return key === undefined ? [] : [key];
  };

  return {
    keysFor(keyId) {
      const keys = find(keyId);
      const age = now() - askedAt;
      if (keys.length > 0) {
        if (age > FRESH_MS) {
          void ask();
        }
        return keys;
      }
      return asking !== undefined || age > PAUSE_MS ? (asking ?? ask()).then(() => find(keyId)) : keys;
    },
  };
}
