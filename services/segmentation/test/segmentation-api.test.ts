import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SegmentsTrained } from '@orrery/contracts';
import { anAdmin, aService, aUser, startTestService, type TestService } from '@orrery/testing';
import readXlsxFile from 'read-excel-file/node';
import { segmentation } from '../src/index.ts';

const EXAMPLE = { sex: 'Male', age: 35, annual_income: 65, spending_score: 75, purchase_frequency: 12 };
const PNG = /^data:image\/png;base64,iVBORw0KGgo/;

interface Clusters {
  total_customers: number;
  n_clusters: number;
  structure: string;
  clusters: {
    cluster_id: number;
    cluster_name: string;
    size: number;
    avg_income: number;
    avg_spending_score: number;
    avg_purchase_frequency: number;
  }[];
}
interface History {
  history: { id: string; cluster: number; created_at: string; customer_data: { age: number } }[];
  total: number;
}

let service: TestService;
const admin = anAdmin();

const predict = (as = aUser(), change: object = {}) =>
  service.call('/predict', { as, method: 'POST', json: { ...EXAMPLE, ...change } });

const slowestWhile = async (work: Promise<unknown>, probe: () => Promise<unknown>): Promise<number> => {
  let running = true;
  let slowest = 0;
  const ended = work.finally(() => {
    running = false;
  });
  while (running) {
    const startedAt = performance.now();
    await probe();
    slowest = Math.max(slowest, performance.now() - startedAt);
  }
  await ended;
  return slowest;
};

beforeAll(async () => {
  service = await startTestService(segmentation);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

describe('before the first training', () => {
  it.each([
    ['POST', '/predict'],
    ['GET', '/clusters'],
    ['GET', '/charts/clusters'],
  ])('%s %s says 400 Model not trained, never 500', async (method, path) => {
    const reply = await service.call(path, { method, ...(method === 'POST' ? { json: EXAMPLE } : {}) });

    expect([reply.status, reply.json]).toEqual([
      400,
      expect.objectContaining({ detail: 'Model not trained', code: 'model-not-trained' }),
    ]);
  });

  it('measures the elbow once and answers it at once the second time', async () => {
    const first = await service.call('/elbow');
    const startedAt = performance.now();
    const second = await service.call('/elbow');
    const chart = await service.call('/charts/elbow');

    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(second.json).toEqual(first.json);
    const body = first.json as {
      optimal_k: number;
      k_range: number[];
      inertias: number[];
      silhouette_scores: number[];
      structure: string;
    };
    expect(body.k_range).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(body.inertias).toHaveLength(9);
    expect(body.silhouette_scores).toHaveLength(9);
    expect(body.inertias).toEqual([...body.inertias].sort((a, b) => b - a));
    expect(body.k_range).toContain(body.optimal_k);
    expect(body.structure).toBe('weak');
    expect(chart.json).toMatchObject({ chart: expect.stringMatching(PNG), optimal_k: body.optimal_k });
  });
});

describe('training', () => {
  it('is for administrators, and other requests are answered meanwhile', async () => {
    expect((await service.call('/train', { as: null, method: 'POST' })).status).toBe(401);
    expect((await service.call('/train', { method: 'POST' })).status).toBe(403);
    expect((await service.call('/train', { as: aUser({ role: 'analyst' }), method: 'POST' })).status).toBe(
      403,
    );

    const training = service.call('/train', { as: admin, method: 'POST' });
    let asked = 0;
    await slowestWhile(training, async () => {
      asked += 1;
      expect((await service.call('/history')).status).toBe(200);
    });
    const reply = await training;

    expect(reply.status).toBe(200);
    expect(asked).toBeGreaterThan(10);
    const body = reply.json as { n_clusters: number; silhouette_score: number; inertia: number };
    expect(reply.json).toMatchObject({
      message: 'Model trained successfully',
      structure: 'weak',
      promoted: true,
    });
    expect(body.n_clusters).toBeGreaterThanOrEqual(2);
    expect(body.n_clusters).toBeLessThanOrEqual(10);
    expect(Math.abs(body.silhouette_score)).toBeLessThanOrEqual(1);
    expect(body.inertia).toBeGreaterThan(0);
    const [stated] = await service.captured.waitFor(SegmentsTrained);
    expect(stated?.data).toMatchObject({ model: 'customers', modelVersion: 1, clusters: body.n_clusters });
  });

  it('lists clusters whose sizes add up and whose names are true of their averages', async () => {
    const {
      total_customers: total,
      n_clusters: count,
      clusters,
    } = (await service.call('/clusters')).json as Clusters;

    expect(total).toBe(5_000);
    expect(clusters).toHaveLength(count);
    expect(clusters.map(({ cluster_id: id }) => id)).toEqual(clusters.map((_unused, index) => index));
    expect(clusters.reduce((sum, { size }) => sum + size, 0)).toBe(total);
    expect(clusters.every(({ size }) => size > 0)).toBe(true);
    expect(new Set(clusters.map(({ cluster_name: name }) => name)).size).toBe(count);
    for (const cluster of clusters) {
      const isRich = cluster.avg_income > 82;
      const isSpending = cluster.avg_spending_score > 50;
      const isFrequent = cluster.avg_purchase_frequency > 25;
      const claims: Record<string, boolean> = {
        'High Value': isRich && isSpending,
        'Premium Customer': isRich && isSpending,
        'VIP Elite': isRich && isSpending && isFrequent,
        'Budget Conscious': !isRich && !isSpending,
        'Loyal Shopper': isFrequent,
        'Occasional Buyer': !isFrequent,
        'Window Shopper': !isSpending,
      };
      expect([cluster.cluster_name, claims[cluster.cluster_name] ?? true]).toEqual([
        cluster.cluster_name,
        true,
      ]);
    }
  });

  it('draws pie, bars and sizes as PNG', async () => {
    const reply = await service.call('/charts/clusters');

    expect(reply.json).toMatchObject({
      total_customers: 5_000,
      charts: {
        pie_chart: expect.stringMatching(PNG),
        bar_chart: expect.stringMatching(PNG),
        size_chart: expect.stringMatching(PNG),
      },
    });
  });
});

describe('predictions', () => {
  it('answer the README example with four keys and put it first in the history', async () => {
    const as = aUser();
    await predict(as, { age: 20 });
    const reply = await predict(as);
    const { n_clusters: count } = (await service.call('/clusters')).json as Clusters;
    const { history, total } = (await service.call('/history', { as })).json as History;

    expect(reply.status).toBe(200);
    const body = reply.json as { cluster: number; cluster_name: string; confidence: number };
    expect(Object.keys(body).sort()).toEqual(['cluster', 'cluster_name', 'confidence', 'customer_data']);
    expect(reply.json).toMatchObject({ customer_data: EXAMPLE });
    expect(body.cluster).toBeGreaterThanOrEqual(0);
    expect(body.cluster).toBeLessThan(count);
    expect(body.confidence).toBeGreaterThanOrEqual(0);
    expect(body.confidence).toBeLessThanOrEqual(1);
    expect(total).toBe(2);
    expect(history[0]).toMatchObject({ customer_data: EXAMPLE, ...body });
    expect((await service.call('/history', { as: aUser() })).json).toEqual({ history: [], total: 0 });
  });

  it.each([
    ['age', 17],
    ['age', 101],
    ['annual_income', -1],
    ['spending_score', 0],
    ['spending_score', 101],
    ['purchase_frequency', -1],
    ['sex', undefined],
    ['sex', 'yes please'],
  ])('refuse %s %s with 422 and name the field', async (field, value) => {
    const reply = await predict(aUser(), { [field]: value });

    expect(reply.status).toBe(422);
    expect(JSON.stringify((reply.json as { detail: unknown }).detail)).toContain(field);
  });

  it('speak French and Korean to those who ask for it', async () => {
    const english = (await predict()).json as { cluster_name: string };
    const french = await service.call('/predict', {
      method: 'POST',
      json: EXAMPLE,
      headers: { 'accept-language': 'fr-CA, en;q=0.5' },
    });

    expect((french.json as { cluster_name: string }).cluster_name).not.toBe(english.cluster_name);
  });

  it('come in batches with certainty and reasons, without a trace in the history', async () => {
    const as = aUser();
    const reply = await service.call('/v1/predict', {
      as,
      method: 'POST',
      json: { customers: [EXAMPLE, { ...EXAMPLE, annual_income: 140 }] },
    });
    const body = reply.json as {
      results: { confidence: number; distance: number; margin: number; explanation: { weight: number }[] }[];
    };

    expect(reply.status).toBe(200);
    expect(body.results).toHaveLength(2);
    for (const { explanation, distance, margin, confidence } of body.results) {
      expect(explanation.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 2);
      expect(distance).toBeGreaterThan(0);
      expect(margin).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    expect((await service.call('/history', { as })).json).toMatchObject({ total: 0 });
    for (const customers of [[], Array.from({ length: 1_001 }, () => EXAMPLE)]) {
      expect((await service.call('/v1/predict', { method: 'POST', json: { customers } })).status).toBe(422);
    }
    expect(
      (await service.call('/v1/predict', { method: 'POST', json: { customers: [{ ...EXAMPLE, agee: 3 }] } }))
        .status,
    ).toBe(422);
  });
});

describe('the history', () => {
  it('pages through 120 predictions without overlap, filters them, and exports the same rows', async () => {
    const as = aUser();
    for (let index = 0; index < 120; index += 1) {
      await predict(as, { age: 18 + (index % 80) });
    }
    const page = async (query: string): Promise<History> =>
      (await service.call(`/history?${query}`, { as })).json as History;
    const first = await page('skip=0&limit=50');
    const second = await page('skip=50&limit=50');
    const third = await page('skip=100&limit=50');
    const all = [...first.history, ...second.history, ...third.history];

    expect([first.total, second.history.length, third.history.length]).toEqual([120, 50, 20]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(120);
    for (const limit of ['0', '-1', '100000']) {
      expect((await service.call(`/history?limit=${limit}`, { as })).status).toBe(422);
    }
    expect((await service.call('/history?skip=-1', { as })).status).toBe(422);
    const wanted = all[0]?.cluster ?? 0;
    const filtered = await page(`cluster=${String(wanted)}&limit=500`);
    expect(filtered.total).toBe(all.filter(({ cluster }) => cluster === wanted).length);
    expect((await page('from=2026-03-17')).total).toBe(0);
    expect((await page('from=2026-03-16&to=2026-03-16')).total).toBe(120);
    expect((await service.call('/history?from=2026-03-17&to=2026-03-16', { as })).status).toBe(422);

    const csv = await service.call('/history/export?format=csv', { as });
    const lines = csv.text.replace('\uFEFF', '').trimEnd().split('\r\n');
    expect(csv.headers.get('content-disposition')).toContain('history.csv');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(all.map(({ id }) => id));
    const xlsx = await service.fetch('/history/export?format=xlsx', { as });
    const sheets = await readXlsxFile(Buffer.from(await xlsx.arrayBuffer()));
    const rows = sheets[0]?.data ?? [];
    expect(rows).toHaveLength(121);
    expect(rows[1]?.[0]).toBe(all[0]?.id);
  }, 60_000);

  it('of everybody is for analysts and names no user', async () => {
    const as = aUser();
    await predict(as);
    const refused = await service.call('/history/export?scope=all', { as });
    const report = await service.call('/history/export?scope=all', { as: aUser({ role: 'analyst' }) });

    expect(refused.status).toBe(403);
    expect(report.status).toBe(200);
    expect(report.text.split('\r\n').length).toBeGreaterThan(2);
    expect(report.text).not.toContain(as.userId);
  });
});

describe('saved profiles', () => {
  const fields = { name: 'Regular', ...EXAMPLE, annual_income: 65.5, notes: 'likes tea' };
  const create = async (as = aUser()) => {
    const reply = await service.call('/profiles/', { as, method: 'POST', json: fields });
    return { as, reply, id: (reply.json as { id: string }).id };
  };

  it('are created, listed, changed in part and deleted by their owner', async () => {
    const { as, reply, id } = await create();
    const changed = await service.call(`/profiles/${id}`, { as, method: 'PUT', json: { age: 36 } });
    const listed = await service.call('/profiles/', { as });
    const removed = await service.call(`/profiles/${id}`, { as, method: 'DELETE' });

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({ ...fields, user_id: as.userId });
    expect(changed.json).toMatchObject({ ...fields, age: 36 });
    expect(listed.json).toEqual([changed.json]);
    expect(removed.json).toEqual({ message: 'Profile deleted successfully' });
    expect((await service.call(`/profiles/${id}`, { as })).status).toBe(404);
  });

  it.each(['GET', 'PUT', 'DELETE'])('of another user answer %s like missing ones', async (method) => {
    const { id, as } = await create();
    const ask = async (which: string) => {
      const reply = await service.call(`/profiles/${which}`, {
        as: aUser(),
        method,
        ...(method === 'PUT' ? { json: { age: 40 } } : {}),
      });
      return [reply.status, (reply.json as { detail: string }).detail];
    };

    expect(await ask(id)).toEqual([404, 'Profile not found']);
    expect(await ask('0195a000-0000-7000-8000-000000000000')).toEqual([404, 'Profile not found']);
    expect((await service.call(`/profiles/${id}`, { as })).json).toMatchObject(fields);
  });

  it('refuse a null name and an empty change with 422', async () => {
    const { as, id } = await create();

    for (const json of [{ name: null }, {}, { age: 5 }, { name: ' ' }]) {
      expect((await service.call(`/profiles/${id}`, { as, method: 'PUT', json })).status).toBe(422);
    }
    expect((await service.call('/profiles/?limit=0', { as })).status).toBe(422);
  });
});

describe('counts for the account pages', () => {
  it('tell predictions and profiles by user, to services only', async () => {
    const as = aUser();
    await predict(as);
    await service.call('/profiles/', { as, method: 'POST', json: { name: 'One', ...EXAMPLE } });
    const body = { userIds: [as.userId, aUser().userId] };
    const reply = await service.call('/internal/users/activity', {
      as: aService('identity'),
      method: 'POST',
      json: body,
    });

    expect(reply.json).toMatchObject({ users: [{ userId: as.userId, predictions: 1, profiles: 1 }] });
    expect((await service.call('/internal/users/activity', { method: 'POST', json: body })).status).toBe(404);
  });
});
