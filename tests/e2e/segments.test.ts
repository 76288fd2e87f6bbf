import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { eventually } from '../../packages/testing/src/index.ts';
import { type Constellation, startConstellation } from './constellation.ts';

const SUPABASE_SECRET = 'the-secret-of-a-supabase-project-in-a-journey';
const SHOPPER = {
  Age: 35,
  'Purchase Amount (USD)': 50,
  'Subscription Status': 'Yes',
  'Frequency of Purchases': 'Monthly',
};
const CUSTOMER = { sex: 'Male', age: 35, annual_income: 65, spending_score: 75, purchase_frequency: 12 };

let orrery: Constellation;
const logs: string[] = [];

beforeAll(async () => {
  orrery = await startConstellation({ SUPABASE_JWT_SECRET: SUPABASE_SECRET, LOG_LEVEL: 'info' }, (line) => {
    logs.push(line);
  });
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

const admin = () => orrery.signIn('the-admin', 'ADMIN');
const ask = (path: string, method = 'GET', headers: Record<string, string> = {}, json?: unknown) =>
  fetch(`${orrery.url}${path}`, {
    method,
    headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
const bodyOf = async (response: Response): Promise<unknown> => response.json();
const supabase = (
  claims: object,
  options: jwt.SignOptions = { expiresIn: '1h' },
  secret = SUPABASE_SECRET,
) => ({
  authorization: `Bearer ${jwt.sign({ sub: randomUUID(), role: 'authenticated', ...claims }, secret, options)}`,
});

const jobEnd = (id: string): Promise<{ state: string; result: Record<string, unknown> }> =>
  eventually(
    async () =>
      (await bodyOf(await ask(`/admin/jobs/${id}`, 'GET', admin()))) as {
        state: string;
        result: Record<string, unknown>;
      },
    ({ state }) => state === 'succeeded' || state === 'failed',
    { timeoutMs: 60_000, intervalMs: 50 },
  );

describe('the shopper analysis through the gateway', () => {
  it('is not ready without a model, becomes ready by a training, and never stops the process', async () => {
    const before = await ask('/readyz');
    const health = await ask('/healthz');
    const untrained = await ask('/api/analysis', 'POST', orrery.signIn('somebody'), SHOPPER);

    expect(before.status).toBe(503);
    expect(await bodyOf(before)).toMatchObject({
      status: 'not ready',
      details: { segmentation: true, model: false, scaler: false, columns: false },
    });
    expect([health.status, await bodyOf(health)]).toEqual([
      500,
      { status: 'error', details: 'Missing: model, scaler, columns' },
    ]);
    expect((await ask('/health')).status).toBe(200);
    expect((await ask('/health/ready')).status).toBe(200);
    expect([untrained.status, await bodyOf(untrained)]).toEqual([
      503,
      expect.objectContaining({ error_code: 'MODEL_NOT_TRAINED' }),
    ]);

    const started = await ask('/v1/models/shopping-personas/train', 'POST', admin());
    const { jobId } = (await bodyOf(started)) as { jobId: string };
    expect(await jobEnd(jobId)).toMatchObject({ state: 'succeeded' });

    const ready = await eventually(
      () => ask('/readyz'),
      ({ status }) => status === 200,
    );
    expect(await bodyOf(ready)).toMatchObject({
      status: 'ready',
      details: { model: true, scaler: true, columns: true },
    });
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/api/analysis', 'POST', orrery.signIn('somebody'), SHOPPER)).status).toBe(200);
  }, 90_000);

  it('takes genuine Supabase tokens and refuses all others in the words of the contract', async () => {
    const genuine = await ask('/api/analysis', 'POST', supabase({ aud: 'authenticated' }), SHOPPER);
    const refused = [
      await ask('/api/analysis', 'POST', {}, SHOPPER),
      await ask('/api/analysis', 'POST', { authorization: 'Bearer nonsense' }, SHOPPER),
      await ask('/api/analysis', 'POST', supabase({ aud: 'authenticated' }, { expiresIn: -60 }), SHOPPER),
      await ask('/api/analysis', 'POST', supabase({ aud: 'others' }), SHOPPER),
      await ask(
        '/api/analysis',
        'POST',
        supabase({ aud: 'authenticated' }, { expiresIn: '1h' }, 'x'.repeat(40)),
        SHOPPER,
      ),
    ];

    expect(genuine.status).toBe(200);
    for (const response of refused) {
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
      expect(await bodyOf(response)).toMatchObject({
        error_code: 'HTTP_EXCEPTION',
        message: 'Could not validate credentials',
      });
    }
  });

  it('answers 1,000 shoppers in one batch and refuses 100,001', async () => {
    const profiles = (count: number) => ({ profiles: Array.from({ length: count }, () => SHOPPER) });
    const thousand = await ask('/api/analysis/batch', 'POST', orrery.signIn('batches'), profiles(1_000));
    const tooMany = await ask('/api/analysis/batch', 'POST', orrery.signIn('batches'), profiles(100_001));

    expect(await bodyOf(thousand)).toHaveLength(1_000);
    expect(tooMany.status).toBe(413);
  });

  it('keeps the request id in the answer and in the log, and bodies and tokens out of it', async () => {
    const requestId = randomUUID();
    const response = await ask(
      '/api/analysis',
      'POST',
      { ...orrery.signIn('traced'), 'x-request-id': requestId },
      SHOPPER,
    );

    expect(response.headers.get('x-request-id')).toBe(requestId);
    await eventually(() => logs.some((line) => line.includes(requestId)));
    expect(logs.join('')).not.toMatch(/Purchase Amount|Bearer ey/);
  });
});

describe('the segmentation API through the gateway', () => {
  it('refuses strangers, lets administrators train, and keeps predictions for their user', async () => {
    const user = orrery.signIn(`user-${randomUUID()}`);
    expect(await bodyOf(await ask('/predict', 'POST', user, CUSTOMER))).toMatchObject({
      detail: 'Model not trained',
    });
    const stranger = await ask('/train', 'POST');
    expect([stranger.status, await bodyOf(stranger)]).toEqual([
      401,
      expect.objectContaining({ detail: 'Could not validate credentials' }),
    ]);
    expect((await ask('/train', 'POST', user)).status).toBe(403);

    const trained = await ask('/train', 'POST', admin());
    const predicted = await ask('/predict', 'POST', user, CUSTOMER);
    const history = await ask('/history', 'GET', user);
    const saved = await ask('/profiles/', 'POST', user, { name: 'One', ...CUSTOMER });

    expect(trained.status).toBe(200);
    expect(await bodyOf(predicted)).toMatchObject({ customer_data: CUSTOMER });
    expect(await bodyOf(history)).toMatchObject({ total: 1 });
    expect(saved.status).toBe(201);
    expect(await bodyOf(await ask('/admin/stats', 'GET', admin()))).toMatchObject({
      total_predictions: 1,
      total_profiles: 1,
    });
  }, 120_000);
});

describe('spending segments, from a bank file to a name', () => {
  it('are rebuilt by an administrator and read by their user', async () => {
    const shops = ['STARBUCKS', 'TESCO STORES', 'DELIVEROO', 'SHELL', 'AMAZON MARKETPLACE', 'NETFLIX'];
    const users = Array.from({ length: 5 }, (_unused, index) => orrery.signIn(`spender-${String(index)}`));
    for (const [index, user] of users.entries()) {
      const rows = Array.from({ length: 40 }, (_unused, row) => {
        const day = String(1 + (row % 28)).padStart(2, '0');
        const shop = shops[(row * (index + 1)) % (3 + (index % 3))] ?? 'TESCO STORES';
        return `2026-0${String(1 + (row % 3))}-${day},${shop},-${String(3 + ((row * 7) % 40))}.50`;
      });
      const form = new FormData();
      form.set('file', new File([['Date,Description,Amount', ...rows].join('\n')], 'bank.csv'));
      form.set('currency', 'GBP');
      expect(
        (await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers: user, body: form })).status,
      ).toBeLessThan(300);
    }
    for (const user of users) {
      await eventually(
        async () =>
          ((await bodyOf(await ask('/v1/transactions?limit=100', 'GET', user))) as { data: unknown[] }).data
            .length,
        (count) => count >= 39,
        { timeoutMs: 30_000, intervalMs: 50 },
      );
    }

    const { task_id: id } = (await bodyOf(await ask('/admin/rebuild-clusters', 'POST', admin()))) as {
      task_id: string;
    };
    const run = await jobEnd(id);

    expect(run).toMatchObject({ state: 'succeeded', result: { ok: true, users: 5 } });
    expect(run.result['clusters']).toBeLessThanOrEqual(4);
    for (const user of users) {
      const mine = (await bodyOf(
        await ask('/v1/segments/me', 'GET', { ...user, 'accept-language': 'ko' }),
      )) as {
        segment: { name: string; topCategories: { name: string }[] };
        peers: unknown;
      };
      expect(mine.segment.name.length).toBeGreaterThan(1);
      expect(mine.segment.topCategories.length).toBeGreaterThan(0);
      expect(mine.peers).toBeNull();
    }
    expect((await ask('/admin/rebuild-clusters', 'POST')).status).toBe(401);
    expect((await ask('/admin/rebuild-clusters', 'POST', users[0])).status).toBe(403);
  }, 120_000);
});
