import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { frozenClock } from '@orrery/calendar';
import { eventually } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { newPeople, NOW, writePeople } from '../../services/advisor/test/main-backend-people.ts';
import { startConstellation, type Constellation } from './constellation.ts';

const SECRET = 'a-secret-that-the-main-back-end-signs-with';
const KEY = 'key-of-the-nightly-script';
const people = newPeople();
const rowan = people.rowan._id.toHexString();

let orrery: Constellation;

beforeAll(async () => {
  orrery = await startConstellation(
    { JWT_SECRET: SECRET, SCHEDULER_API_KEY: KEY },
    undefined,
    frozenClock(NOW),
  );
  await writePeople(orrery.client.db(`${orrery.namespace}_main`), people);
}, 90_000);
afterAll(async () => {
  await orrery.stop();
});

const sign = (claims: object, options: jwt.SignOptions = {}, secret = SECRET): string =>
  jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: '30d', ...options });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asUser = (userId: string, role: unknown = 'USER') =>
  bearer(sign({ id: userId, role, email: 'someone@people.example' }));
const boss = asUser(people.boss._id.toHexString(), 'ADMIN');

const call = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) => {
  const response = await fetch(`${orrery.url}${path}`, { ...init, headers });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
};

describe("tokens of the main back end on Reho's routes", () => {
  it('are taken as it signs them, with and without a partner, and with user_id in place of id', async () => {
    const claims = { role: 'USER', email: 'rowan@people.example' };

    for (const token of [
      sign({ id: rowan, ...claims }),
      sign({ id: rowan, ...claims, partnerId: people.ines._id.toHexString() }),
      sign({ user_id: rowan }),
    ]) {
      expect((await call('/suggestions', bearer(token))).status).toBe(200);
    }
  });

  const none = (claims: object): string =>
    `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
  it.each<[string, () => Record<string, string>, number, string]>([
    ['no header', () => ({}), 401, 'Not authenticated'],
    ['another scheme', () => ({ authorization: 'Basic YTpi' }), 401, 'Invalid authentication credentials'],
    [
      'another secret',
      () => bearer(sign({ id: rowan }, {}, 'not-the-secret-of-this-main-back-end')),
      401,
      'Invalid token',
    ],
    ['an expired token', () => bearer(sign({ id: rowan }, { expiresIn: -5 })), 401, 'Token has expired'],
    ['an unsigned token', () => bearer(none({ id: rowan, exp: 9e9 })), 401, 'Invalid token'],
    ['no user', () => bearer(sign({ role: 'USER' })), 403, 'User identifier not found in token'],
    ['an id of another form', () => asUser('66a0'), 401, 'Invalid token'],
  ])('are refused with %s in the contract’s words', async (_what, headers, status, detail) => {
    const reply = await call('/suggestions', headers());

    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ detail });
  });

  it.each([['USER'], [null], [7], [['ADMIN']]])(
    'with the role %j open nothing of administrators',
    async (role) => {
      for (const [method, path] of [
        ['GET', '/admin/alerts'],
        ['GET', `/admin/user-dashboard/${rowan}`],
        ['POST', '/admin/run-analysis'],
      ] as const) {
        const { status, json } = await call(path, asUser(rowan, role), { method });

        expect(status).toBe(403);
        expect(json).toMatchObject({ detail: 'Access denied: Administrator privileges required.' });
      }
    },
  );
});

describe('a day of Reho through the gateway', () => {
  it('goes from the nightly script to suggestions, reports, alerts and the dashboard', async () => {
    const refused = await call(
      '/schedule/run-daily-ai-jobs',
      { 'x-api-key': 'no' },
      { method: 'POST', body: '{}' },
    );
    const startedAt = performance.now();
    const started = await call(
      '/schedule/run-daily-ai-jobs',
      { 'x-api-key': KEY, 'content-type': 'application/json' },
      { method: 'POST', body: '{}' },
    );
    const answeredMs = performance.now() - startedAt;
    const suggestions = await eventually(
      () => call('/suggestions', asUser(rowan)),
      ({ json }) => (json as { suggestions: unknown[] }).suggestions.length === 3,
    );
    const alerts = await eventually(
      () => call('/admin/alerts', boss),
      ({ json }) => (json as { alerts: unknown[] }).alerts.length > 0,
    );

    expect(refused.status).toBe(401);
    expect(refused.json).toMatchObject({ detail: 'Invalid or missing scheduler API Key' });
    expect(started.status).toBe(200);
    expect(answeredMs).toBeLessThan(1_000);
    expect(suggestions.status).toBe(200);
    expect(alerts.json).toEqual({
      alerts: [expect.objectContaining({ userId: rowan, category: 'Overspending' })],
    });
    for (const method of ['GET', 'POST']) {
      const report = await call('/feedback/optimize-debt', asUser(rowan), { method });
      expect(report.json).toMatchObject({
        insights: expect.arrayContaining([
          expect.objectContaining({ insight: expect.stringMatching(/^Debt Avalanche Method/) }),
        ]),
      });
    }
    expect((await call(`/admin/user-dashboard/${rowan}`, boss)).json).toMatchObject({
      totalMonthlySpending: 1563.38,
    });
    expect((await call('/admin/user-dashboard/nope', boss)).json).toMatchObject({
      detail: 'Invalid user_id format provided: nope',
    });
    expect((await call(`/admin/user-dashboard/${'0'.repeat(24)}`, boss)).json).toMatchObject({
      totalMonthlySpending: 0,
    });
    expect((await call('/calculator/tips', asUser(people.mina._id.toHexString()))).status).toBe(200);
    expect((await call('/v1/summary', asUser(rowan))).json).toMatchObject({
      afterDebts: { amount: '-599.38', currency: 'GBP' },
    });
  });

  it('answers a wrong method as its clients know it', async () => {
    const { status, json } = await call('/suggestions', asUser(rowan), { method: 'PUT' });

    expect(status).toBe(405);
    expect(json).toMatchObject({ detail: 'Method Not Allowed' });
  });

  it('has nothing for a user without rows, and says so kindly', async () => {
    const headers = asUser(people.nobody._id.toHexString());

    expect((await call('/suggestions', headers)).json).toEqual({ suggestions: [] });
    for (const kind of ['expenses', 'budget', 'debt']) {
      const { status, json } = await call(`/feedback/optimize-${kind}`, headers);
      expect(status).toBe(200);
      expect(json).toMatchObject({ summary: expect.any(String), insights: [] });
    }
  });

  it.each([{ status: 'blocked' }, { isDeleted: true }])(
    'refuses a user with %j everywhere',
    async (change) => {
      const users = orrery.client.db(`${orrery.namespace}_main`).collection('users');
      await users.updateOne({ _id: people.karl._id }, { $set: change });
      const headers = asUser(people.karl._id.toHexString());

      for (const path of [
        '/suggestions',
        '/feedback/optimize-expenses',
        '/feedback/optimize-budget',
        '/feedback/optimize-debt',
        '/calculator/tips',
        '/calculator/savings-tip',
        '/v1/summary',
      ]) {
        // The gateway refuses the token; while it still believes the former standing, the service refuses the user.
        expect([401, 403]).toContain((await call(path, headers)).status);
      }
      await users.updateOne({ _id: people.karl._id }, { $set: { status: 'active', isDeleted: false } });
      await eventually(
        () => call('/suggestions', headers),
        ({ status }) => status === 200,
        { timeoutMs: 45_000 },
      );
    },
  );
});
