import { generateKeyPairSync, hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, nobody } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { createWebhookVerifier } from '../src/clients/webhook-verifier.ts';
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

const verifierWith = (expiredAt: Date | null = null) => {
  const asked: string[] = [];
  const exported = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x: exported.x ?? '', y: exported.y ?? '' };
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

  it.each([
    ['is missing', '', BODY],
    ['is no token', 'x.y.z', BODY],
    [
      'has the algorithm none',
      `${Buffer.from('{"alg":"none","kid":"key-1"}').toString('base64url')}.e30.`,
      BODY,
    ],
    [
      'is an HS256 forgery with the public key',
      jwt.sign({ iat, request_body_sha256: digest(BODY) }, 'any secret that an attacker knows', {
        algorithm: 'HS256',
        keyid: 'key-1',
      }),
      BODY,
    ],
    ['is by another key', sign({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), BODY],
    ['is six minutes old', sign({ iat: iat - 360 }), BODY],
    ['is from the future', sign({ iat: iat + 60 }), BODY],
    ['is over another byte', sign({}), Buffer.concat([BODY, Buffer.from(' ')])],
    [
      'is over the same JSON written anew',
      sign({}),
      Buffer.from(JSON.stringify(JSON.parse(BODY.toString()))),
    ],
    ['states no digest', sign({ request_body_sha256: undefined }), BODY],
  ])('is refused when it %s', async (_what, token, body) => {
    await expect(verifierWith().verifier.verify(token, body)).rejects.toThrow();
  });

  it('is refused when its key has expired', async () => {
    await expect(verifierWith(new Date(NOW - 1000)).verifier.verify(sign({}), BODY)).rejects.toThrow(
      'expired',
    );
  });

  it('does not make us ask for unknown keys without end', async () => {
    let asked = 0;
    const verifier = createWebhookVerifier(
      () => {
        asked += 1;
        return Promise.reject(new Error('unknown key'));
      },
      () => NOW,
    );

    for (let index = 0; index < 100; index += 1) {
      await verifier.verify(sign({}, { keyid: `key-${String(index)}` }), BODY).catch(() => undefined);
    }

    expect(asked).toBeLessThanOrEqual(30);
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

  it('answers 401 to a message without a signature', async () => {
    const reply = await bank.service.call('/webhooks/plaid', {
      as: nobody,
      method: 'POST',
      json: { webhook_type: 'ITEM', webhook_code: 'ERROR', item_id: 'x' },
    });

    expect(reply).toMatchObject({ status: 401, json: { code: 'webhook-not-verified' } });
  });

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
