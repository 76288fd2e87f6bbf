import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type StartedService } from '@orrery/service-kit';
import {
  anAdmin,
  aUser,
  signedHeaders,
  startTestService,
  TEST_SERVICE_TOKEN_SECRET,
  useTestDatabase,
  type TestDatabase,
  type TestService,
} from '@orrery/testing';
import { segmentation } from '../src/index.ts';

const CUSTOMER = { sex: 'Female', age: 35, annual_income: 65, spending_score: 75, purchase_frequency: 12 };

let first: TestService;
let second: StartedService;
let database: TestDatabase;

/** Another process of the same service: its own port and memory, the same database. */
const startReplica = async (of: TestService, uri: string): Promise<StartedService> =>
  startService(segmentation, {
    env: {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      MONGODB_URI: uri,
      ORRERY_NAMESPACE: of.mongo.name.replace(/_segmentation$/, ''),
      SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
      LOG_LEVEL: 'silent',
    },
    bus: of.bus,
    clock: of.clock,
  });

const ask = async (url: string, path: string, json?: object): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(`${url}${path}`, {
    method: json === undefined ? 'GET' : 'POST',
    headers: { ...signedHeaders(aUser(), 'segmentation'), 'content-type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: await response.json() };
};

beforeAll(async () => {
  database = await useTestDatabase();
  first = await startTestService(segmentation);
  second = await startReplica(first, database.uri);
}, 60_000);

afterAll(async () => {
  await second.stop();
  await first.stop();
  await database.release();
});

describe('two replicas', () => {
  it('serve the same model as soon as one of them has trained it, without a restart', async () => {
    expect((await ask(second.url, '/predict', CUSTOMER)).status).toBe(400);

    const trained = await first.call('/train', { as: anAdmin(), method: 'POST' });
    const here = await ask(first.url, '/predict', CUSTOMER);
    const there = await ask(second.url, '/predict', CUSTOMER);

    expect(trained.status).toBe(200);
    expect(here.status).toBe(200);
    expect(there).toEqual(here);
    expect((await ask(second.url, '/clusters')).body).toEqual((await ask(first.url, '/clusters')).body);
  }, 60_000);
});
