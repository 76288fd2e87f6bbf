import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anAdmin, aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { segmentation } from '../src/index.ts';
import { generateCustomers } from '../src/domain/customers/generate-customers.ts';
import { mallVisitors } from './generators.ts';

const admin = anAdmin();
const analyst = aUser({ role: 'analyst' });
const EXAMPLE = { sex: 'Male', age: 35, annual_income: 65, spending_score: 75, purchase_frequency: 12 };

interface Versions {
  data: { version: number; rows: number; promoted: boolean; objections: string[]; structure: string }[];
  servingVersion: number | null;
}
interface Run {
  state: string;
  result: { version: number; promoted: boolean; reasons: string[] } & Record<string, unknown>;
  error: unknown;
}

let service: TestService;

const jobEnd = async (id: string): Promise<Run> => {
  const run = await eventually(
    () => service.mongo.collection<{ _id: string } & Run>('jobs').findOne({ _id: id }),
    (row) => row?.state === 'succeeded' || row?.state === 'failed',
    { timeoutMs: 40_000, intervalMs: 30 },
  );
  if (run === null) {
    throw new Error('the job has no row');
  }
  return run;
};

/**
 * Two hundred customers in five clear groups, with ages and frequencies that say nothing.
 * @param options with the scores of others every column stays as it was, and the groups are gone
 */
const clearTable = (options: { scoresOfOthers?: boolean } = {}): string => {
  const { rows } = mallVisitors(4);
  const noise = generateCustomers(rows.length, 3);
  return [
    'CustomerID,Age,Annual Income (k$),Spending Score (1-100),Purchase_Frequency',
    ...rows.map(([income = 0, own = 0], index) => {
      const score = options.scoresOfOthers === true ? (rows[(index * 37) % rows.length]?.[1] ?? 0) : own;
      const { age, purchase_frequency: frequency } = noise[index] ?? { age: 30, purchase_frequency: 1 };
      return [index + 1, age, (income * 3).toFixed(1), score.toFixed(0), 20 + frequency / 50].join(',');
    }),
  ].join('\n');
};

const noiseTable = (): string =>
  [
    'Age,Annual_Income,Spending_Score,Purchase_Frequency',
    ...generateCustomers(600, 8).map((one) =>
      [one.age, one.annual_income, one.spending_score, one.purchase_frequency].join(','),
    ),
  ].join('\n');

const train = async (table?: string, query = ''): Promise<Run> => {
  const form = new FormData();
  form.set('file', new File([table ?? ''], 'rows.csv'));
  const reply = await service.call(`/v1/models/customers/train${query}`, {
    as: admin,
    method: 'POST',
    ...(table === undefined ? {} : { body: form }),
  });
  expect([reply.status, reply.json]).toEqual([202, expect.objectContaining({ name: 'train-customers' })]);
  return jobEnd((reply.json as { jobId: string }).jobId);
};

const versions = async (): Promise<Versions> =>
  (await service.call('/v1/models/customers/versions', { as: analyst })).json as Versions;

beforeAll(async () => {
  service = await startTestService(segmentation);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

describe('versions of a model', () => {
  it('are listed with their figures, serve when they are fit, and can be rolled back', async () => {
    expect(
      (await service.call('/v1/models/customers/rollback', { as: admin, method: 'POST', json: {} })).status,
    ).toBe(503);
    const clusters = async () => (await service.call('/clusters')).json;
    await train(clearTable());
    const before = await clusters();
    await train();
    const { data, servingVersion } = await versions();

    expect(await clusters()).toEqual(before);

    expect(data.map(({ version, rows, promoted }) => [version, rows, promoted])).toEqual([
      [2, 200, true],
      [1, 200, true],
    ]);
    expect(servingVersion).toBe(2);
    const back = await service.call('/v1/models/customers/rollback', { as: admin, method: 'POST', json: {} });
    expect(back.json).toMatchObject({ version: 1 });
    expect((await versions()).servingVersion).toBe(1);
    const none = await service.call('/v1/models/customers/rollback', { as: admin, method: 'POST', json: {} });
    expect([none.status, none.json]).toEqual([409, expect.objectContaining({ code: 'no-earlier-version' })]);
    const missing = await service.call('/v1/models/customers/rollback', {
      as: admin,
      method: 'POST',
      json: { version: 99 },
    });
    expect(missing.status).toBe(404);
  }, 60_000);

  it('that are worse do not serve unless an administrator insists', async () => {
    const before = (await versions()).servingVersion;
    const worse = await train(clearTable({ scoresOfOthers: true }));
    const served = (await versions()).servingVersion;
    const insisted = await train(undefined, '?force=true');

    expect(worse).toMatchObject({ state: 'succeeded', result: { promoted: false } });
    expect(worse.result.reasons.join()).toContain('silhouette fell');
    expect(served).toBe(before);
    expect(insisted.result).toMatchObject({ promoted: true });
    expect((await versions()).servingVersion).toBe(insisted.result.version);
  }, 60_000);

  it('keep a training from starting twice', async () => {
    const replies = await Promise.all(
      [1, 2].map(() => service.call('/v1/models/customers/train', { as: admin, method: 'POST' })),
    );
    const started = replies.find(({ status }) => status === 202);

    expect(replies.map(({ status }) => status).sort()).toEqual([202, 409]);
    await jobEnd((started?.json as { jobId: string }).jobId);
  }, 60_000);
});

describe('roles', () => {
  it.each([
    ['GET', '/v1/models/customers/versions', 'analyst'],
    ['GET', '/v1/models/customers/drift', 'analyst'],
    ['POST', '/v1/models/customers/train', 'admin'],
    ['POST', '/v1/models/customers/rollback', 'admin'],
  ] as const)('%s %s is for %s', async (method, path, least) => {
    const ask = async (role: 'user' | 'analyst') =>
      (await service.call(path, { as: aUser({ role }), method, ...(method === 'POST' ? { json: {} } : {}) }))
        .status;

    expect(await ask('user')).toBe(403);
    expect((await ask('analyst')) === 403).toBe(least === 'admin');
  });

  it('let every user read models and pictures', async () => {
    const models = await service.call('/v1/models');
    const card = await service.call('/v1/models/customers');

    expect(models.json).toMatchObject({
      data: [
        { name: 'customers' },
        { name: 'shopping-personas', serving: null },
        { name: 'spending', serving: null },
      ],
    });
    expect(card.json).toMatchObject({ name: 'customers', personas: expect.any(Array) });
    expect((await service.call('/v1/models/nothing')).status).toBe(422);
    expect((await service.call('/v1/models/spending')).status).toBe(503);
  });
});

describe('pictures', () => {
  it.each(['pie', 'sizes', 'profile', 'elbow', 'silhouette', 'scatter'])(
    'of %s come as SVG and PNG',
    async (chart) => {
      const svg = await service.fetch(`/v1/models/customers/charts/${chart}`, {
        as: aUser(),
        headers: { 'accept-language': 'fr' },
      });
      const text = await svg.text();
      const png = await service.fetch(`/v1/models/customers/charts/${chart}?format=png`, { as: aUser() });
      const bytes = Buffer.from(await png.arrayBuffer());

      expect(svg.headers.get('content-type')).toContain('image/svg+xml');
      expect(text).toMatch(/^<svg [^>]*width="720"/);
      expect(text).not.toMatch(/NaN|undefined|Infinity/);
      expect(png.headers.get('content-type')).toBe('image/png');
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      // Width and height are big-endian numbers in the first chunk.
      expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([720, 440]);
    },
  );

  it('of an unknown kind are 422', async () => {
    expect((await service.call('/v1/models/customers/charts/map')).status).toBe(422);
  });
});

describe('drift', () => {
  it('is told by feature once enough rows were asked about, and only where they differ', async () => {
    await train(noiseTable(), '?force=true');
    const report = async () =>
      (await service.call('/v1/models/customers/drift', { as: analyst })).json as {
        state: string;
        rows: number;
        features: { feature: string; psi: number; state: string }[];
        personas: { recentShare: number | null }[];
      };
    const before = await report();
    const customers = generateCustomers(500, 77).map((customer) => ({
      ...customer,
      annual_income: 140 + customer.annual_income / 20,
    }));
    await service.call('/v1/predict', { method: 'POST', json: { customers } });
    const after = await report();

    expect(before).toMatchObject({ state: 'not-enough-data', rows: 0 });
    expect(after).toMatchObject({ state: 'retrain', rows: 500 });
    expect(after.features.map(({ feature, state }) => [feature, state])).toEqual([
      ['age', 'stable'],
      ['annual_income', 'retrain'],
      ['spending_score', 'stable'],
      ['purchase_frequency', 'stable'],
    ]);
    expect(after.personas.reduce((sum, { recentShare }) => sum + (recentShare ?? 0), 0)).toBeCloseTo(1, 2);
  }, 60_000);
});

describe('uploads', () => {
  it('refuse what is no form, a form without a file, and a file for the spending model', async () => {
    const form = new FormData();
    form.set('other', 'x');
    const send = (name: string, call: object) =>
      service.call(`/v1/models/${name}/train`, { as: admin, method: 'POST', ...call });
    const file = new FormData();
    file.set('file', new File(['Age\n1\n'], 'a.csv'));

    expect((await send('customers', { json: { rows: [] } })).status).toBe(415);
    expect((await send('customers', { body: form })).status).toBe(422);
    expect(
      (await send('customers', { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=y' } }))
        .status,
    ).toBe(400);
    expect((await send('spending', { body: file })).status).toBe(422);
  });
});

describe('predictions of a table', () => {
  it('serve from the version that was rolled back to, at once', async () => {
    const name = async () =>
      ((await service.call('/predict', { method: 'POST', json: EXAMPLE })).json as { cluster_name: string })
        .cluster_name;
    const before = await name();
    const { servingVersion } = await versions();
    await service.call('/v1/models/customers/rollback', { as: admin, method: 'POST', json: { version: 1 } });
    const rolled = await versions();
    await service.call('/v1/models/customers/rollback', {
      as: admin,
      method: 'POST',
      json: { version: servingVersion },
    });

    expect(rolled.servingVersion).toBe(1);
    expect(await name()).toBe(before);
  });
});
