import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import { aCategorizedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface Waiting {
  _id: string;
  userId: string;
  alertId: string;
  body: string;
  attempts: number;
  dueAt: Date;
}

let service: TestService;
let server: Server;
let base: string;
const received: Received[] = [];
/** Status of the next answers per path; 204 when there is none. */
const answers = new Map<string, number[]>();

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body });
      response.writeHead(answers.get(path)?.shift() ?? 204, { location: `${base}/redirected` }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  service = await startTestService(insights, { env: { ALERT_WEBHOOKS: 'any' } });
});

afterAll(async () => {
  await service.stop();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

type User = ReturnType<typeof aUser>;

const patch = (user: User, json: unknown, on = service) =>
  on.call('/v1/alerts/settings', { method: 'PATCH', as: user, json });

const Set = z.looseObject({ webhook: z.looseObject({ url: z.string(), secret: z.string() }) });

const setWebhook = async (user: User, path: string): Promise<string> => {
  const reply = await patch(user, { webhook: { url: `${base}${path}` } });
  return Set.parse(reply.json).webhook.secret;
};

const deliveries = () => service.mongo.collection<Waiting>('webhook_deliveries');

const waiting = (user: User, count = 1) =>
  eventually(
    () => deliveries().countDocuments({ userId: user.userId }),
    (found) => found === count,
  );

/** Raises one alert: a purchase above the user's limit. */
const raise = async (user: User, amountMinor = -20_000): Promise<void> => {
  await patch(user, {
    rules: [{ kind: 'large_purchase', threshold: { amount: '100.00', currency: 'EUR' } }],
  });
  await service.publish(TransactionsCategorized, user.userId, {
    userId: user.userId,
    transactions: [aCategorizedTransaction({ postedOn: '2026-03-10', amountMinor })],
  });
};

const makeDue = (user: User) =>
  deliveries().updateMany({ userId: user.userId }, { $set: { dueAt: new Date(0) } });

const at = (path: string): Received[] => received.filter((each) => each.path === path);

describe('alerts to the server of a user', () => {
  it('are posted once, signed, and forgotten; the secret is shown once', async () => {
    const user = aUser();
    const secret = await setWebhook(user, '/signed');
    await raise(user);
    await waiting(user);
    await service.runJob('deliver-webhooks');

    const [message, ...others] = at('/signed');
    expect(others).toEqual([]);
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      type: 'alert.raised',
      data: { kind: 'large_purchase', title: expect.stringContaining('Carrefour') },
    });
    const {
      'webhook-id': id,
      'webhook-timestamp': time,
      'webhook-signature': signature,
    } = message?.headers ?? {};
    const expected = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
      .update(`${String(id)}.${String(time)}.${message?.body ?? ''}`)
      .digest('base64');
    expect(signature).toBe(`v1,${expected}`);
    expect(Math.abs(Number(time) * 1000 - Date.now())).toBeLessThan(600_000);
    await waiting(user, 0);

    const shown = await service.call('/v1/alerts/settings', { as: user });
    expect(shown.json).toMatchObject({ webhook: { url: `${base}/signed`, lastFailure: null } });
    expect(shown.text).not.toContain(secret);
  });

  it('are tried again later under the same id after a failure, which the user sees, and follow no redirect', async () => {
    const user = aUser();
    await setWebhook(user, '/flaky');
    answers.set('/flaky', [500, 302]);
    await raise(user);
    await waiting(user);

    await service.runJob('deliver-webhooks');
    await service.runJob('deliver-webhooks');
    expect(at('/flaky')).toHaveLength(1);
    expect((await service.call('/v1/alerts/settings', { as: user })).json).toMatchObject({
      webhook: { lastFailure: { reason: 'status_500' } },
    });
    for (const tries of [2, 3]) {
      await makeDue(user);
      await service.runJob('deliver-webhooks');
      expect(at('/flaky')).toHaveLength(tries);
    }

    expect(at('/redirected')).toEqual([]);
    expect(new Map(at('/flaky').map(({ headers, body }) => [headers['webhook-id'], body])).size).toBe(1);
    await waiting(user, 0);
  });

  it('are given up after six attempts, and at once when the server says that it is gone', async () => {
    const [stubborn, gone] = [aUser(), aUser()];
    await setWebhook(stubborn, '/down');
    await setWebhook(gone, '/gone');
    answers.set(
      '/down',
      Array.from({ length: 9 }, () => 503),
    );
    answers.set('/gone', [410]);
    await raise(stubborn);
    await raise(gone);
    await waiting(stubborn);
    await waiting(gone);

    await service.runJob('deliver-webhooks');
    await waiting(gone, 0);
    for (let attempt = 2; attempt <= 7; attempt += 1) {
      await makeDue(stubborn);
      await service.runJob('deliver-webhooks');
    }

    expect(at('/down')).toHaveLength(6);
    await waiting(stubborn, 0);
  });

  it('leave a server that failed alone until the next run, without costing the others an attempt', async () => {
    const user = aUser();
    await setWebhook(user, '/busy');
    answers.set('/busy', [503]);
    await raise(user);
    await raise(user, -30_000);
    await waiting(user, 2);

    await service.runJob('deliver-webhooks');

    expect(at('/busy')).toHaveLength(1);
    const attempts = await deliveries().find({ userId: user.userId }).toArray();
    expect(attempts.map((each) => each.attempts).sort()).toEqual([0, 1]);
  });

  it('stop with the setting, also those that wait', async () => {
    const user = aUser();
    await setWebhook(user, '/stopped');
    await raise(user);
    await waiting(user);
    expect((await patch(user, { webhook: null })).json).toMatchObject({ webhook: null });

    await service.runJob('deliver-webhooks');

    expect(at('/stopped')).toEqual([]);
    await waiting(user, 0);
  });
});

describe('where alerts may be sent', () => {
  const refused = async (on: TestService, url: string) =>
    (await patch(aUser(), { webhook: { url } }, on)).status;

  it('is nowhere unless it is switched on, and never with a password or another protocol', async () => {
    const off = await startTestService(insights);
    expect(await refused(off, 'https://example.com/hook')).toBe(422);
    expect((await off.call('/v1/alerts/settings', { as: aUser() })).json).toMatchObject({ webhook: null });
    await off.stop();

    expect(await refused(service, 'https://user:password@example.com/hook')).toBe(422);
    expect(await refused(service, 'ftp://example.com/hook')).toBe(422);
    expect(await refused(service, 'nonsense')).toBe(422);
  });

  it('is https and the public internet only, also when a name leads elsewhere', async () => {
    const open = await startTestService(insights, { env: { ALERT_WEBHOOKS: 'public' } });
    for (const url of [
      'http://example.com/hook',
      'https://127.0.0.1/hook',
      'https://[::1]/hook',
      'https://169.254.169.254/latest',
      'https://2130706433/',
      'https://[::ffff:10.0.0.1]/',
    ]) {
      expect(await refused(open, url)).toBe(422);
    }
    const user = aUser();
    expect((await patch(user, { webhook: { url: 'https://localhost/hook' } }, open)).status).toBe(200);
    await open.mongo.collection<Waiting>('webhook_deliveries').insertOne({
      _id: `${user.userId}:alert-1`,
      userId: user.userId,
      alertId: 'alert-1',
      body: '{}',
      attempts: 0,
      dueAt: new Date(0),
    });

    await open.runJob('deliver-webhooks');

    expect((await open.call('/v1/alerts/settings', { as: user })).json).toMatchObject({
      webhook: { lastFailure: { reason: 'private_address' } },
    });
    await open.stop();
  });
});
