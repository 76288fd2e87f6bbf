import { createHash, createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { z } from 'zod';
import type { KeyRecord, SandboxDatabase } from '../state/records.ts';
import { PlaidError } from '../wire/plaid-error.ts';

const PrivateJwk = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});

const MS_PER_SECOND = 1000;
const STALE_SECONDS = 6 * 60;

/** What is wrong with a signature on purpose. */
export type SignatureFault = 'none' | 'unsigned' | 'wrong-key' | 'stale' | 'future';

/** The keys with which webhooks are signed. They and their dates follow the machine's clock, as receivers do. */
export interface SigningKeys {
  /**
   * The `Plaid-Verification` header for a body.
   * @param body exact text that is sent
   * @param fault deliberate fault
   * @returns compact JWS, ES256
   */
  sign(body: string, fault: SignatureFault): string;
  /**
   * The public key as `/webhook_verification_key/get` answers it.
   * @param id key id
   * @throws PlaidError when there is no such key
   */
  publicKey(id: string): Promise<Record<string, unknown>>;
  /**
   * Makes a new key.
   * @param graceSeconds how long the old one stays good
   * @returns id of the new key
   */
  rotate(graceSeconds: number): Promise<string>;
}

const base64Json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const inSeconds = (ms: number): number => Math.floor(ms / MS_PER_SECOND);

const newKey = (): KeyRecord => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    _id: randomUUID(),
    private_jwk: PrivateJwk.parse(privateKey.export({ format: 'jwk' })),
    created_at: Date.now(),
    expired_at: null,
  };
};

/**
 * Opens the signing keys of a database; the first one is made when there is none.
 * @param database where they stand
 */
export const openSigningKeys = async (database: SandboxDatabase): Promise<SigningKeys> => {
  const stored = await database.keys.findOne({ expired_at: null }, { sort: { created_at: -1 } });
  let current = stored ?? newKey();
  if (stored === null) {
    await database.keys.insertOne(current);
  }
  return {
    sign(body, fault) {
      // A key that nobody serves, under the name of one that is served.
      const key = fault === 'wrong-key' ? newKey() : current;
      const header = { alg: fault === 'unsigned' ? 'none' : 'ES256', kid: current._id, typ: 'JWT' };
      const shift = fault === 'stale' ? -STALE_SECONDS : fault === 'future' ? STALE_SECONDS : 0;
      const payload = {
        iat: inSeconds(Date.now()) + shift,
        request_body_sha256: createHash('sha256').update(body).digest('hex'),
      };
      const text = `${base64Json(header)}.${base64Json(payload)}`;
      if (fault === 'unsigned') {
        return `${text}.`;
      }
      const signature = sign('sha256', Buffer.from(text), {
        key: createPrivateKey({ key: key.private_jwk, format: 'jwk' }),
        dsaEncoding: 'ieee-p1363',
      });
      return `${text}.${signature.toString('base64url')}`;
    },
    async publicKey(id) {
      const key = await database.keys.findOne({ _id: id });
      if (key === null) {
        throw new PlaidError('INVALID_WEBHOOK_VERIFICATION_KEY_ID');
      }
      const { kty, crv, x, y } = key.private_jwk;
      return {
        alg: 'ES256',
        created_at: inSeconds(key.created_at),
        crv,
        expired_at: key.expired_at === null ? null : inSeconds(key.expired_at),
        kid: key._id,
        kty,
        use: 'sig',
        x,
        y,
      };
    },
    async rotate(graceSeconds) {
      const next = newKey();
      await database.keys.insertOne(next);
      await database.keys.updateOne(
        { _id: current._id },
        { $set: { expired_at: Date.now() + graceSeconds * MS_PER_SECOND } },
      );
      current = next;
      return next._id;
    },
  };
};
