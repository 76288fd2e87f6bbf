import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { PlaidFailure } from '../src/clients/plaid-failure.ts';
import { createWebhookVerifier, UnverifiedWebhookError } from '../src/clients/webhook-verifier.ts';
import { newUser, openBank, type Bank } from './open-bank.ts';

let bank: Bank;

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const NOW = Date.parse('2026-03-16T12:00:00Z');
const BODY = Buffer.from('{\n  "webhook_code": "SYNC_UPDATES_AVAILABLE"\n}');
const iat = NOW / 1000;
const digest = (body: Buffer): string => hash('sha256', body, 'hex');

const sign = (claims: object, options: jwt.SignOptions = {}, key: jwt.Secret = privateKey): string =>
  jwt.sign({ iat, request_body_sha256: digest(BODY), ...claims }, key, {
    algorithm: 'ES256',
    keyid: 'key-1',
    ...options,
  });

const fetchedKey = () => {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { jwk: { kty: 'EC', crv: 'P-256', x, y } };
};

const unknownKey = (): PlaidFailure =>
  new PlaidFailure({
    status: 400,
    errorType: 'INVALID_INPUT',
    errorCode: 'INVALID_WEBHOOK_VERIFICATION_KEY_ID',
    requestId: undefined,
    endpoint: '/webhook_verification_key/get',
    kind: 'fault',
    retryAfterS: undefined,
  });

const verifierWith = (expiredAt: Date | null = null) => {
  const asked: string[] = [];
  const { jwk } = fetchedKey();
  const verifier = createWebhookVerifier(
    (keyId) => {
      asked.push(keyId);
      return Promise.resolve({ jwk, expiredAt });
    },
    () => NOW,
  );
  return { verifier, asked };
};

describe('the signature of a webhook', () => {
  it('is accepted over the exact bytes, with one fetch of the key for many messages', async () => {
    const { verifier, asked } = verifierWith();

    await Promise.all([1, 2, 3].map(() => verifier.verify(sign({}), BODY)));
    await verifier.verify(sign({}), BODY);

    expect(asked).toEqual(['key-1']);
  });

  it('is refused when it states no digest of the body', async () => {
    const token = sign({ request_body_sha256: undefined });

    await expect(verifierWith().verifier.verify(token, BODY)).rejects.toBeInstanceOf(UnverifiedWebhookError);
  });

  it('is refused when its key has expired', async () => {
    await expect(verifierWith(new Date(NOW - 1000)).verifier.verify(sign({}), BODY)).rejects.toThrow(
      'expired',
    );
  });

  it('is judged by the clock to the second', async () => {
    const { verifier } = verifierWith();

    await verifier.verify(sign({ iat: iat - 300 }), BODY);
    await verifier.verify(sign({ iat: iat + 5 }), BODY);
    await expect(verifier.verify(sign({ iat: iat - 301 }), BODY)).rejects.toThrow('this machine is ahead');
    await expect(verifier.verify(sign({ iat: iat + 6 }), BODY)).rejects.toThrow('this machine is behind');
  });

  it('is refused when its key ended after we had fetched it, as soon as a message names the next key', async () => {
    const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwkOf = (key: KeyObject) => {
      const { x = '', y = '' } = key.export({ format: 'jwk' });
      return { kty: 'EC', crv: 'P-256', x, y };
    };
    const served = new Map<string, { jwk: ReturnType<typeof jwkOf>; expiredAt: Date | null }>([
      ['key-1', { jwk: jwkOf(publicKey), expiredAt: null }],
      ['key-2', { jwk: jwkOf(next.publicKey), expiredAt: null }],
    ]);
    const asked: string[] = [];
    let now = NOW;
    const verifier = createWebhookVerifier(
      (keyId) => {
        asked.push(keyId);
        const key = served.get(keyId);
        return key === undefined ? Promise.reject(unknownKey()) : Promise.resolve(key);
      },
      () => now,
    );
    const old = sign({});
    const fresh = sign({}, { keyid: 'key-2' }, next.privateKey);
    await verifier.verify(old, BODY);

    served.set('key-1', { jwk: jwkOf(publicKey), expiredAt: new Date(NOW + 60_000) });
    for (let count = 0; count < 5; count += 1) {
      await verifier.verify(fresh, BODY);
      await verifier.verify(old, BODY);
    }
    expect(asked).toEqual(['key-1', 'key-2', 'key-1']);

    now = NOW + 61_000;
    await expect(verifier.verify(old, BODY)).rejects.toThrow('expired');
    await expect(verifier.verify(sign({}, { keyid: 'key-3' }), BODY)).rejects.toThrow('not known');
    await verifier.verify(fresh, BODY);
    expect(asked).toEqual(['key-1', 'key-2', 'key-1', 'key-3']);
  });

  it('of an unknown key makes us ask once a minute, and of many unknown keys thirty times a minute', async () => {
    let asked = 0;
    let now = NOW;
    const verifier = createWebhookVerifier(
      () => {
        asked += 1;
        return Promise.reject(unknownKey());
      },
      () => now,
    );
    const send = async (keyid: string) => {
      await expect(verifier.verify(sign({}, { keyid }), BODY)).rejects.toBeInstanceOf(UnverifiedWebhookError);
    };

    for (let count = 0; count < 10; count += 1) {
      await send('key-x');
    }
    expect(asked).toBe(1);
    for (let index = 0; index < 100; index += 1) {
      await send(`key-${String(index)}`);
    }
    expect(asked).toBe(30);
    now += 60_001;
    await send('key-after-a-minute');
    expect(asked).toBe(31);
  });

  it('that cannot be judged because the provider fails is no forgery', async () => {
    const failure = new PlaidFailure({
      status: 400,
      errorType: 'INVALID_INPUT',
      errorCode: 'INVALID_API_KEYS',
      requestId: undefined,
      endpoint: '/webhook_verification_key/get',
      kind: 'fault',
      retryAfterS: undefined,
    });
    let isDown = true;
    const { jwk } = fetchedKey();
    const verifier = createWebhookVerifier(
      () => (isDown ? Promise.reject(failure) : Promise.resolve({ jwk, expiredAt: null })),
      () => NOW,
    );

    await expect(verifier.verify(sign({}), BODY)).rejects.toBe(failure);
    isDown = false;
    await verifier.verify(sign({}), BODY);
  });
});

describe('POST /webhooks/plaid', () => {
  const receipts = () => bank.service.mongo.collection('webhooks').countDocuments({});

  it.each(['unsigned', 'wrong-key', 'stale', 'future', 'tampered'])(
    'refuses a message that is %s, and stores nothing',
    async (mode) => {
      const user = newUser();
      const { itemId } = await bank.linkCustom(user, [{ transactions: [] }]);
      await bank.healthy(user, itemId);
      const refusedBefore = bank.service.logs.filter((line) => line.includes('a webhook was refused')).length;
      await eventually(
        async () =>
          (await bank.service.mongo.collection('webhooks').countDocuments({ state: 'waiting' })) === 0,
      );
      const before = await receipts();
      await bank.control('webhooks', { mode, times: 1 });

      await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });

      await eventually(
        () => bank.service.logs.filter((line) => line.includes('a webhook was refused')).length,
        (count) => count > refusedBefore,
      );
      expect(await receipts()).toBe(before);
    },
  );

  it('goes on after the keys were changed', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [] }]);
    await bank.healthy(user, itemId);
    await bank.control('keys/rotate');

    await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });

    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.status === 'login_required',
    );
  });

  it('survives messages that come twice, late, or not at all', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [] }]);
    await bank.healthy(user, itemId);
    const account = await bank.service.mongo.collection('accounts').findOne({ itemId });
    const add = (description: string) =>
      bank.control(`items/${itemId}/transactions`, {
        add: [
          {
            account_id: String(account?._id),
            date_transacted: '2026-03-14',
            date_posted: '2026-03-15',
            amount: 5,
            description,
          },
        ],
      });

    await bank.control('webhooks', { mode: 'duplicate', times: 2 });
    await add('ONE');
    await bank.control('webhooks', { mode: 'drop', times: 2 });
    await add('TWO');
    await bank.control('webhooks', { mode: 'normal' });
    await add('THREE');

    await eventually(async () => (await bank.rows(itemId)).length === 3);
  });
});
