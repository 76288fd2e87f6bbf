import { randomBytes } from 'node:crypto';
import { startService } from '@orrery/service-kit';
import {
  anAdmin,
  aUser,
  eventually,
  signedHeaders,
  TEST_SERVICE_TOKEN_SECRET,
  useTestDatabase,
} from '@orrery/testing';
import { segmentation } from '../src/index.ts';
import { seededRandom } from '../src/domain/seeded-random.ts';

/**
 * One batch job over many users with the database in it: how fast, with how much memory, and what others feel of it.
 * `PLACING_USERS` sets how many, so that two runs show whether memory grows with them.
 */
const USERS = Number(process.env['PLACING_USERS'] ?? 20_000);
const CATEGORIES = [
  'coffee',
  'food-delivery',
  'groceries',
  'taxis',
  'clothing',
  'online-marketplaces',
  'fuel',
];
const random = seededRandom(6);

const database = await useTestDatabase();
const service = await startService(segmentation, {
  env: {
    NODE_ENV: 'test',
    APP_ENV: 'local',
    MONGODB_URI: database.uri,
    ORRERY_NAMESPACE: `b${randomBytes(5).toString('hex')}`,
    SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
    LOG_LEVEL: 'silent',
  },
});
const call = (path: string, as = aUser(), method = 'GET'): Promise<Response> =>
  fetch(`${service.url}${path}`, { method, headers: signedHeaders(as, 'segmentation') });
const rows = service.mongo.collection<{ _id: string }>('spending_profiles');
for (let start = 0; start < USERS; start += 1_000) {
  await rows.insertMany(
    Array.from({ length: 1_000 }, (_unused, index) => ({
      _id: `user-${String(start + index).padStart(7, '0')}`,
      isStale: false,
      revision: 1,
      profile: {
        currency: 'EUR',
        days: 180,
        purchases: 70,
        timedPurchases: 70,
        nightPurchases: random.integer(30),
        categories: CATEGORIES.map((category, place) => ({
          category,
          purchases: 10,
          spentMinor: Math.round(20_000 * Math.exp(random.normal() + (place === index % 3 ? 2 : 0))),
          lastTwoWeeksMinor: 1_000,
          twoWeeksBeforeMinor: 900,
        })),
      },
    })),
  );
}

const before = process.memoryUsage.rss();
const startedAt = performance.now();
const started = await call('/v1/models/spending/train', anAdmin(), 'POST');
const { id } = (await started.json()) as { id: string };
let peak = before;
let slowest = 0;
const run = await eventually(
  async () => {
    const askedAt = performance.now();
    await (await call('/history')).text();
    slowest = Math.max(slowest, performance.now() - askedAt);
    peak = Math.max(peak, process.memoryUsage.rss());
    return service.mongo
      .collection<{ _id: string; state: string; result: { users: number; clusters: number } }>('jobs')
      .findOne({ _id: id });
  },
  (row) => row?.state === 'succeeded' || row?.state === 'failed',
  { timeoutMs: 900_000, intervalMs: 20 },
);
const seconds = (performance.now() - startedAt) / 1_000;
await service.mongo.dropDatabase();
await service.stop();
await database.release();

process.stdout.write(
  [
    `trained on and placed:    ${(run?.result.users ?? 0).toLocaleString('en')} users in ${seconds.toFixed(1)} s, ${String(run?.result.clusters)} segments, an event for each`,
    `memory above the start:   ${((peak - before) / 1e6).toFixed(0)} MB`,
    `slowest other request:    ${slowest.toFixed(0)} ms (goal 200 ms)`,
    '',
  ].join('\n'),
);
