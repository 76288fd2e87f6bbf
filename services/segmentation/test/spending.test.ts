import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DailyMetricsUpdated, UserErasureRequested, UserSegmentAssigned } from '@orrery/contracts';
import { anAdmin, aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { segmentation } from '../src/index.ts';
import { seededRandom } from '../src/domain/seeded-random.ts';

const admin = anAdmin();

interface Profile {
  userId: string;
  currency: string;
  days: number;
  purchases: number;
  timedPurchases: number;
  nightPurchases: number;
  categories: {
    category: string;
    purchases: number;
    spentMinor: number;
    lastTwoWeeksMinor: number;
    twoWeeksBeforeMinor: number;
  }[];
}

/** Stands in for the insights service and speaks its two internal routes. */
class FakeInsights {
  readonly profiles = new Map<string, Profile>();
  isDown = false;
  /** Runs between reading the profiles and answering them. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = JSON.stringify(this.#answer(request.url ?? '', Buffer.concat(chunks).toString()));
        void this.beforeAnswer().then(() => {
          response.statusCode = this.isDown ? 503 : 200;
          response.setHeader('content-type', 'application/json');
          response.end(text);
        });
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  #answer(url: string, body: string): unknown {
    if (url.startsWith('/internal/spenders')) {
      const after = new URL(url, 'http://x').searchParams.get('after') ?? '';
      return {
        userIds: [...this.profiles.keys()]
          .sort()
          .filter((id) => id > after)
          .slice(0, 100),
      };
    }
    const { userIds } = JSON.parse(body) as { userIds: string[] };
    return { profiles: userIds.flatMap((userId) => this.profiles.get(userId) ?? []) };
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

const TASTES: readonly (readonly [string, number][])[] = [
  [
    ['food-delivery', 60],
    ['coffee', 10],
    ['groceries', 12],
    ['public-transit', 8],
  ],
  [
    ['groceries', 55],
    ['household-goods', 20],
    ['fuel', 15],
    ['coffee', 4],
  ],
  [
    ['online-marketplaces', 55],
    ['clothing', 25],
    ['coffee', 8],
    ['taxis', 6],
  ],
];

const aProfile = (userId: string, taste: number, seed: number): Profile => {
  const random = seededRandom(seed);
  const categories = (TASTES[taste] ?? []).map(([category, weight]) => {
    const purchases = 3 + random.integer(10);
    const spentMinor = Math.round(weight * 1_000 * (0.7 + 0.6 * random.next()));
    return {
      category,
      purchases,
      spentMinor,
      lastTwoWeeksMinor: Math.round(spentMinor / 12),
      twoWeeksBeforeMinor: Math.round(spentMinor / 14),
    };
  });
  return {
    userId,
    currency: 'KRW',
    days: 180,
    purchases: categories.reduce((sum, row) => sum + row.purchases, 0),
    timedPurchases: 20,
    nightPurchases: taste === 0 ? 10 : 2,
    categories: [
      ...categories,
      { ...(categories[0] as Profile['categories'][0]), category: 'rent', spentMinor: 500_000 },
    ],
  };
};

interface JobRun {
  state: string;
  result: { ok: boolean; inserted_rows: number; clusters: number; structure: string; users: number };
  error: { code: string; message: string } | null;
}

const insights = new FakeInsights();
let service: TestService;

const rebuild = async (): Promise<JobRun> => {
  const reply = await service.call('/admin/rebuild-clusters', { as: admin, method: 'POST' });
  expect(reply.status).toBe(200);
  const { task_id: id } = reply.json as { task_id: string };
  const run = await eventually(
    () => service.mongo.collection<{ _id: string } & JobRun>('jobs').findOne({ _id: id }),
    (row) => row?.state === 'succeeded' || row?.state === 'failed',
    { timeoutMs: 40_000, intervalMs: 30 },
  );
  if (run === null) {
    throw new Error('the job has no row');
  }
  return run;
};

interface Mine {
  segment: {
    id: string;
    name: string;
    topCategories: { slug: string; name: string }[];
    provisional: boolean;
  } | null;
  reason?: string;
  distance: number | null;
  margin: number | null;
  peers: { users: number; categories: { slug: string; share: number; yourShare: number }[] } | null;
}

const mine = async (userId: string, language = 'en') =>
  service.call('/v1/segments/me', { as: aUser({ userId }), headers: { 'accept-language': language } });

beforeAll(async () => {
  service = await startTestService(segmentation, { addresses: { insights: await insights.start() } });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await insights.stop();
});

describe('rebuilding the clusters of spending', () => {
  it('is for administrators, and says that there is not enough data when nobody has spent anything', async () => {
    expect((await service.call('/admin/rebuild-clusters', { method: 'POST' })).status).toBe(403);
    expect((await service.call('/admin/rebuild-clusters', { as: null, method: 'POST' })).status).toBe(401);

    const run = await rebuild();

    expect(run).toMatchObject({ state: 'failed', error: { code: 'not-enough-data' } });
    expect((await mine(`u-${randomUUID()}`)).status).toBe(503);
  });

  it('succeeds with five users and makes at most four clusters', async () => {
    for (let index = 0; index < 5; index += 1) {
      const userId = `few-${String(index)}`;
      insights.profiles.set(userId, aProfile(userId, index % 3, index));
    }

    const run = await rebuild();

    expect(run).toMatchObject({ state: 'succeeded', result: { ok: true, users: 5 } });
    expect(run.result.clusters).toBeGreaterThanOrEqual(1);
    expect(run.result.clusters).toBeLessThanOrEqual(4);
    expect((await mine('few-0')).json).toMatchObject({ segment: { id: expect.any(String) }, peers: null });
  });

  it('finds the three ways of spending, names them, and gives each user a stored one with top categories', async () => {
    insights.profiles.clear();
    await service.mongo.collection('spending_profiles').deleteMany({});
    for (let index = 0; index < 150; index += 1) {
      const userId = `many-${String(index).padStart(3, '0')}`;
      insights.profiles.set(userId, aProfile(userId, index % 3, index));
    }

    const run = await rebuild();
    const delivery = (await mine('many-000', 'ko')).json as Mine;
    const shopping = (await mine('many-002')).json as Mine;

    expect(run.result).toMatchObject({ clusters: 3, structure: 'clear', users: 150 });
    expect(run.result.inserted_rows).toBeGreaterThanOrEqual(6);
    expect(delivery.segment?.name).toContain('배달 음식');
    expect(delivery.segment?.topCategories.map(({ slug }) => slug)).toContain('food-delivery');
    expect(delivery.segment?.topCategories.map(({ slug }) => slug)).not.toContain('rent');
    expect(shopping.segment?.id).not.toBe(delivery.segment?.id);
    expect(delivery.peers?.users).toBe(50);
    expect(delivery.peers?.categories[0]).toMatchObject({ slug: 'food-delivery' });
    expect(delivery.margin).toBeGreaterThan(0.3);
    await eventually(
      () => service.captured.of(UserSegmentAssigned).filter(({ subject }) => subject.startsWith('many-')),
      (told) => told.length === 150,
    );
    const told = service.captured.of(UserSegmentAssigned).find(({ subject }) => subject === 'many-000');
    expect(told?.data).toMatchObject({ segmentId: delivery.segment?.id, model: 'spending', rowVersion: 1 });
    const { personas } = (await service.call('/v1/models/spending', { as: admin })).json as {
      personas: { id: string }[];
    };
    expect(personas.map(({ id }) => id)).toContain(delivery.segment?.id);
  }, 60_000);

  it('keeps segments and says nothing new when the same people are trained again', async () => {
    const before = (await mine('many-001')).json as Mine;
    const told = service.captured.of(UserSegmentAssigned).length;

    await rebuild();

    expect(((await mine('many-001')).json as Mine).segment?.id).toBe(before.segment?.id);
    expect(service.captured.of(UserSegmentAssigned)).toHaveLength(told);
  }, 60_000);

  it('goes back to an earlier version on demand, and everybody is placed by it again', async () => {
    const told = service.captured.of(UserSegmentAssigned).length;
    const back = await service.call('/v1/models/spending/rollback', {
      as: admin,
      method: 'POST',
      json: { version: 1 },
    });
    await eventually(
      () => service.captured.of(UserSegmentAssigned).length,
      (count) => count > told,
    );
    const forth = await service.call('/v1/models/spending/rollback', {
      as: admin,
      method: 'POST',
      json: { version: 3 },
    });

    expect([back.status, forth.status]).toEqual([200, 200]);
    await eventually(async () => {
      const rows = await service.mongo
        .collection<{ modelVersion: number }>('segment_assignments')
        .countDocuments({ modelVersion: { $ne: 3 }, _id: /^many-/ as never });
      return rows === 0;
    });
  }, 60_000);

  it('leaves the clusters in place when reading the spending fails', async () => {
    const before = (await mine('many-001')).json as Mine;
    insights.isDown = true;

    const run = await rebuild();
    insights.isDown = false;

    expect(run.state).toBe('failed');
    expect(((await mine('many-001')).json as Mine).segment?.id).toBe(before.segment?.id);
  }, 60_000);
});

describe('the segment of a user', () => {
  it('follows the metrics, whether the event comes once or twice, and is told once', async () => {
    const userId = `moved-${randomUUID()}`;
    insights.profiles.set(userId, aProfile(userId, 0, 1));
    const data = { userId, days: ['2026-03-16'] };
    const first = await service.publish(DailyMetricsUpdated, userId, data);
    await service.publish(DailyMetricsUpdated, userId, data, { id: first.id });
    const delivery = (
      await eventually(
        () => mine(userId),
        ({ json }) => (json as Mine).segment !== null,
      )
    ).json as Mine;

    insights.profiles.set(userId, aProfile(userId, 1, 1));
    await service.publish(DailyMetricsUpdated, userId, data);
    const groceries = (
      await eventually(
        () => mine(userId),
        ({ json }) => (json as Mine).segment?.id !== delivery.segment?.id,
      )
    ).json as Mine;

    expect(delivery.segment?.name).toContain('Food delivery');
    expect(groceries.segment?.topCategories.map(({ slug }) => slug)).toContain('groceries');
  });

  it('is not left behind by a change that comes while the spending is read', async () => {
    const userId = `raced-${randomUUID()}`;
    const rows = service.mongo.collection<{ _id: string; revision: number; isStale: boolean }>(
      'spending_profiles',
    );
    insights.profiles.set(userId, aProfile(userId, 0, 1));
    await service.publish(DailyMetricsUpdated, userId, { userId, days: ['2026-03-16'] });
    await eventually(() => rows.findOne({ _id: userId }));
    insights.beforeAnswer = async () => {
      insights.beforeAnswer = () => Promise.resolve();
      insights.profiles.set(userId, aProfile(userId, 1, 1));
      await service.publish(DailyMetricsUpdated, userId, { userId, days: ['2026-03-17'] });
      await eventually(async () => (await rows.findOne({ _id: userId }))?.revision === 2);
    };

    const read = (await mine(userId)).json as Mine;
    const readAgain = (await mine(userId)).json as Mine;

    expect(read.segment?.name).toContain('Food delivery');
    expect(readAgain.segment?.id).not.toBe(read.segment?.id);
    expect(await rows.findOne({ _id: userId })).toMatchObject({ isStale: false, revision: 2 });
  });

  it('is null with a reason for a user without purchases, and 503 while it has to be read and cannot be', async () => {
    const unknown = await mine(`u-${randomUUID()}`);
    const userId = `stale-${randomUUID()}`;
    insights.profiles.set(userId, aProfile(userId, 2, 4));
    await service.publish(DailyMetricsUpdated, userId, { userId, days: ['2026-03-16'] });
    await eventually(() =>
      service.mongo.collection<{ _id: string }>('spending_profiles').findOne({ _id: userId }),
    );
    insights.isDown = true;
    const away = await mine(userId);
    insights.isDown = false;

    expect(unknown.json).toMatchObject({ segment: null, reason: 'not-enough-data', peers: null });
    expect(away.status).toBe(503);
    expect((await mine(userId)).json).toMatchObject({ segment: { provisional: false } });
  });

  it('is forgotten with everything else when the user is erased', async () => {
    const userId = 'many-005';
    const before = await service.mongo
      .collection<{ _id: string }>('segment_assignments')
      .countDocuments({ _id: userId });
    await service.publish(UserErasureRequested, userId, {
      userId,
      erasureId: randomUUID(),
      round: 1,
      requestedAt: '2026-03-16T13:00:00Z',
    });

    await eventually(async () => {
      const counts = await Promise.all(
        ['spending_profiles', 'segment_assignments'].map((name) =>
          service.mongo.collection<{ _id: string }>(name).countDocuments({ _id: userId }),
        ),
      );
      return counts.every((count) => count === 0);
    });
    expect(before).toBe(1);
    expect((await mine(userId)).json).toMatchObject({ segment: null });
  });
});
