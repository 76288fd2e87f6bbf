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
  it('is signed with a key that is served, over the bytes as sent, and just now', async () => {
    const received = await fired();
    const found = await inspect(received);

    expect(found).toMatchObject({ alg: 'ES256', signed: true, sameBody: true });
    expect(found.age).toBeLessThan(10);
    expect(found.key).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig', expired_at: null });
    expect(received.body['environment']).toBe('sandbox');
    expect(received.raw).toContain('{\n  "environment"');
    expect(await refusal(sandbox.sdk.webhookVerificationKeyGet({ key_id: 'unknown' }))).toMatchObject({
      status: 400,
      error_code: 'INVALID_WEBHOOK_VERIFICATION_KEY_ID',
    });
  });

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

describe('a receiver that fails', () => {
  it('is tried again after 30 s, 2 min, 8 min … with fresh signatures, and given up after a day', async () => {
    const own = await openSandbox({ now: () => NOW });
    const failing = await openReceiver();
    failing.state.status = 500;
    const { token } = await own.link({ webhook: failing.url, products: [Products.Auth] });
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.LoginRepaired });
    await failing.waitFor('LOGIN_REPAIRED');

    for (const [done, seconds] of [30, 120, 480, 1_920, 7_680, 30_720].entries()) {
      // The answer to an attempt is noted a moment after it has arrived here.
      await own.stored('deliveries', ({ attempts }) => attempts === done + 1);
      await own.advance(seconds - 5);
      expect(failing.received).toHaveLength(done + 1);
      await own.advance(5);
      await failing.waitFor('LOGIN_REPAIRED', done + 2);
    }
    await own.stored('deliveries', undefined);
    expect(failing.received).toHaveLength(7);
    await failing.close();
    await own.close();
  });

  it('is left alone as long as it asks for with 429', async () => {
    const own = await openSandbox({ now: () => NOW });
    const busy = await openReceiver();
    busy.state.status = 429;
    busy.state.headers = { 'retry-after': '600' };
    const { token } = await own.link({ webhook: busy.url, products: [Products.Auth] });
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.LoginRepaired });
    await busy.waitFor('LOGIN_REPAIRED');
    await own.stored('deliveries', ({ attempts }) => attempts === 1);
    busy.state.status = 200;
    await own.advance(590);
    expect(busy.received).toHaveLength(1);

    await own.advance(10);
    await busy.waitFor('LOGIN_REPAIRED', 2);
    await busy.close();
    await own.close();
  });
});

describe('news of transactions', () => {
  it('reach an Item on which sync was never called by the old webhooks only', async () => {
    const { token, itemId } = await sandbox.link({ webhook: receiver.url });
    const mine = () =>
      receiver.received
        .filter(({ body }) => body['item_id'] === itemId)
        .map(({ body }) => body['webhook_code']);
    await eventually(mine, (codes) => codes.includes('HISTORICAL_UPDATE'));
    expect(mine().toSorted()).toEqual(['HISTORICAL_UPDATE', 'INITIAL_UPDATE']);

    const account = (await sandbox.sdk.accountsGet({ access_token: token })).data.accounts[0]?.account_id;
    const add = [
      {
        account_id: account,
        date_transacted: '2026-03-10',
        date_posted: '2026-03-11',
        amount: 1,
        description: 'A',
      },
    ];
    await sandbox.control(`items/${itemId}/transactions`, { add });
    await eventually(mine, (codes) => codes.includes('DEFAULT_UPDATE'));
    expect(mine()).not.toContain('SYNC_UPDATES_AVAILABLE');

    await sandbox.sdk.transactionsSync({ access_token: token });
    await sandbox.control(`items/${itemId}/transactions`, { add });
    await eventually(mine, (codes) => codes.includes('SYNC_UPDATES_AVAILABLE'));
    const news = receiver.received.find(
      ({ body }) => body['item_id'] === itemId && body['webhook_code'] === 'SYNC_UPDATES_AVAILABLE',
    );
    expect(news?.body).toEqual({
      environment: 'sandbox',
      historical_update_complete: true,
      initial_update_complete: true,
      item_id: itemId,
      webhook_code: 'SYNC_UPDATES_AVAILABLE',
      webhook_type: 'TRANSACTIONS',
    });
  });

  it('tell first the last month, then the whole history', async () => {
    const own = await openSandbox({ now: () => NOW, initialMs: 60_000, historicalMs: 120_000 });
    const { token, itemId } = await own.link({ webhook: receiver.url });
    await own.sdk.transactionsSync({ access_token: token });
    const flags = () =>
      receiver.received
        .filter(({ body }) => body['item_id'] === itemId && body['webhook_code'] === 'SYNC_UPDATES_AVAILABLE')
        .map(({ body }) => body['historical_update_complete']);
    await own.advance(60);
    expect(await eventually(flags, (seen) => seen.length > 0)).not.toContain(true);
    await own.advance(60);
    await eventually(flags, (seen) => seen.includes(true));

    // A webhook whose answer is still on its way when the clock jumps comes again.
    expect([...new Set(flags())]).toEqual([false, true]);
    await own.close();
  });
});

describe('firing and moving webhooks', () => {
  it('needs an address and the product', async () => {
    const { token } = await sandbox.link();
    const silent = sandbox.sdk.sandboxItemFireWebhook({
      access_token: token,
      webhook_code: Code.DefaultUpdate,
    });
    expect(await refusal(silent)).toMatchObject({
      error_type: 'SANDBOX_ERROR',
      error_code: 'SANDBOX_WEBHOOK_INVALID',
    });
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
