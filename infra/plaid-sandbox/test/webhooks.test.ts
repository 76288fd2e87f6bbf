import { createHash, createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Products, SandboxItemFireWebhookRequestWebhookCodeEnum as Code, WebhookType } from 'plaid';
import { eventually } from '@orrery/testing';
import { z } from 'zod';
import { openReceiver, openSandbox, refusal, type Received } from './open-sandbox.ts';

const NOW = new Date('2026-03-15T12:00:00Z');

let sandbox: Awaited<ReturnType<typeof openSandbox>>;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
beforeAll(async () => {
  sandbox = await openSandbox({ now: () => NOW });
  receiver = await openReceiver();
});
afterAll(async () => {
  await receiver.close();
  await sandbox.close();
  expect(sandbox.faults).toEqual([]);
});

const Header = z.object({ alg: z.string(), kid: z.string(), typ: z.string() });
const Payload = z.object({ iat: z.number(), request_body_sha256: z.string() });
const decoded = (part: string | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));

/** What a careful receiver finds out. */
const inspect = async ({ header, raw }: Received) => {
  const [head, payload, signature] = (header ?? '').split('.');
  const { alg, kid } = Header.parse(decoded(head));
  const { iat, request_body_sha256 } = Payload.parse(decoded(payload));
  const { key } = (await sandbox.sdk.webhookVerificationKeyGet({ key_id: kid })).data;
  const publicKey = createPublicKey({
    key: { kty: key.kty, crv: key.crv, x: key.x, y: key.y },
    format: 'jwk',
  });
  return {
    alg,
    kid,
    key,
    age: Date.now() / 1000 - iat,
    signed: verify(
      'sha256',
      Buffer.from(`${head ?? ''}.${payload ?? ''}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature ?? '', 'base64url'),
    ),
    sameBody: createHash('sha256').update(raw).digest('hex') === request_body_sha256,
  };
};

const fired = async (mode?: string): Promise<Received> => {
  const { token, itemId } = await sandbox.link({ webhook: receiver.url });
  if (mode !== undefined) {
    await sandbox.control('webhooks', { mode, times: 1_000 });
  }
  await sandbox.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.NewAccountsAvailable });
  const found = await eventually(() =>
    receiver.received.find(
      ({ body }) => body['item_id'] === itemId && body['webhook_code'] === 'NEW_ACCOUNTS_AVAILABLE',
    ),
  );
  await sandbox.control('webhooks', { mode: 'normal' });
  if (found === undefined) {
    throw new Error('no webhook');
  }
  return found;
};

describe('a webhook', () => {
  it.each([
    ['tampered', { signed: true, sameBody: false }],
    ['wrong-key', { signed: false, sameBody: true }],
    ['unsigned', { alg: 'none', signed: false }],
    ['stale', { signed: true, sameBody: true, age: expect.closeTo(360, -1) }],
    ['future', { signed: true, sameBody: true, age: expect.closeTo(-360, -1) }],
  ])('can be %s on purpose', async (mode, expected) => {
    expect(await inspect(await fired(mode))).toMatchObject(expected);
  });

  it('is signed with the new key after a rotation, and the old key gets an end', async () => {
    const before = await inspect(await fired());
    const { key_id } = await sandbox.control('keys/rotate', { graceSeconds: 0 });
    const after = await inspect(await fired());

    expect(after.kid).toBe(key_id);
    expect(after.signed).toBe(true);
    const { key } = (await sandbox.sdk.webhookVerificationKeyGet({ key_id: before.kid })).data;
    expect(key.expired_at ?? Infinity).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('comes twice, late or never when asked', async () => {
    const { token, itemId } = await sandbox.link({ webhook: receiver.url, products: [Products.Auth] });
    const fire = () =>
      sandbox.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.LoginRepaired });
    const mine = () => receiver.received.filter(({ body }) => body['item_id'] === itemId);

    await sandbox.control('webhooks', { mode: 'drop', times: 1 });
    await fire();
    await sandbox.control('webhooks', { mode: 'duplicate', times: 1 });
    await fire();
    await eventually(mine, (found) => found.length === 2);
    await sandbox.control('webhooks', { mode: 'delay', times: 1 });
    await fire();
    await fire();
    await eventually(mine, (found) => found.length >= 3);
    await sandbox.advance(3);
    await eventually(mine, (found) => found.length >= 4);
  });
});

describe('firing and moving webhooks', () => {
  it('needs the product', async () => {
    const linked = await sandbox.link({ webhook: receiver.url, products: [Products.Auth] });
    const lacking = sandbox.sdk.sandboxItemFireWebhook({
      access_token: linked.token,
      webhook_code: Code.DefaultUpdate,
      webhook_type: WebhookType.Holdings,
    });
    expect(await refusal(lacking)).toMatchObject({ error_code: 'SANDBOX_PRODUCT_NOT_ENABLED' });
  });

  it('acknowledges a new address there, and refuses one that is neither https nor on loopback', async () => {
    const { token } = await sandbox.link();
    const { data } = await sandbox.sdk.itemWebhookUpdate({ access_token: token, webhook: receiver.url });
    expect(data.item.webhook).toBe(receiver.url);
    const [told] = await receiver.waitFor('WEBHOOK_UPDATE_ACKNOWLEDGED');
    expect(told?.body['new_webhook_url']).toBe(receiver.url);

    const plain = sandbox.sdk.itemWebhookUpdate({ access_token: token, webhook: 'http://example.com/hook' });
    expect(await refusal(plain)).toMatchObject({ error_code: 'INVALID_FIELD' });
  });
});
