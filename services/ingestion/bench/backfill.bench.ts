import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { startService } from '@orrery/service-kit';
import { aUser, signedHeaders, TEST_SERVICE_TOKEN_SECRET } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { Configuration, PlaidApi } from 'plaid';
import { z } from 'zod';
import { newTokenKey, openToken, parseTokenKeys } from '../src/domain/bank/token-cipher.ts';
import { ingestion } from '../src/index.ts';

/**
 * Rows per second of a first load of 100,000 transactions from the sandbox, through ingestion (rows, events and cursor
 * stored), against the bare SDK that reads the same pages and keeps nothing. Goals: ratio at least 0.3, and memory that
 * does not grow with the number of rows: `BACKFILL_ROWS` sets another number to compare with. The sandbox and the
 * database are processes of their own.
 */
const ROWS = Number(process.env['BACKFILL_ROWS'] ?? 100_000);
const PAGE = 500;
const CLIENT = 'sandbox-client';
const SECRET = 'sandbox-secret';
const NAMESPACE = `bench_${String(Date.now())}`;
const LOOK_MS = 25;
const MIB = 1024 * 1024;

const mongoUri = process.env['TEST_MONGODB_URI'] ?? '';

const startSandbox = async (): Promise<{ url: string; stop(): Promise<void> }> => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'infra/plaid-sandbox/src/main.ts'],
    {
      env: {
        ...process.env,
        MONGODB_URI: mongoUri,
        PLAID_SANDBOX_PORT: '0',
        PLAID_SANDBOX_RATE_LIMITS: 'off',
        PLAID_SANDBOX_INITIAL_MS: '4000',
        PLAID_SANDBOX_HISTORICAL_MS: '4500',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: /http:\S+/.exec(printed.toString())?.[0] ?? '',
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
};

const sandbox = await startSandbox();
const client = await new MongoClient(mongoUri).connect();
const db = client.db(`${NAMESPACE}_ingestion`);
const keys = newTokenKey('bench');
const service = await startService(ingestion, {
  env: {
    NODE_ENV: 'test',
    APP_ENV: 'local',
    MONGODB_URI: mongoUri,
    ORRERY_NAMESPACE: NAMESPACE,
    SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
    LOG_LEVEL: 'warn',
    PLAID_CLIENT_ID: CLIENT,
    PLAID_SECRET_sand: SECRET,
    PLAID_ENV_sand: sandbox.url,
    PLAID_TOKEN_KEYS: keys,
    BANK_POLL_MS: '25',
  },
});

const user = aUser();
const post = async <Schema extends z.ZodType>(schema: Schema, path: string, body: object) => {
  const response = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { ...signedHeaders(user, 'ingestion'), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${path} answered ${await response.text()}`);
  }
  return schema.parse(await response.json());
};

interface Item {
  _id: string;
  status: string;
  historyComplete: boolean;
  lastSyncedAt: Date | null;
}
const items = db.collection<Item>('items');
const untilRead = async (itemId: string): Promise<void> => {
  for (;;) {
    const item = await items.findOne({ _id: itemId });
    if (item?.historyComplete === true && item.lastSyncedAt !== null) {
      return;
    }
    await pause(LOOK_MS);
  }
};

try {
  const token = await post(z.object({ public_token: z.string() }), '/api/create_sandbox_token', {
    options: { override_username: `user_volume_${String(ROWS)}` },
  });
  const { item_id: itemId } = await post(z.object({ item_id: z.string() }), '/api/exchange_token', token);
  await untilRead(itemId);

  const sealed = await db
    .collection<{ _id: string; keyId: string; sealed: string }>('item_secrets')
    .findOne({ _id: itemId });
  const accessToken = openToken(parseTokenKeys(keys), itemId, sealed ?? { keyId: '', sealed: '' });
  const sdk = new PlaidApi(
    new Configuration({
      basePath: sandbox.url,
      baseOptions: { headers: { 'PLAID-CLIENT-ID': CLIENT, 'PLAID-SECRET': SECRET } },
    }),
  );
  const readBare = async (): Promise<{ rows: number; seconds: number }> => {
    const startedAt = performance.now();
    let cursor: string | undefined;
    let rows = 0;
    for (let hasMore = true; hasMore;) {
      const { data } = await sdk.transactionsSync({
        access_token: accessToken,
        count: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      rows += data.added.length;
      cursor = data.next_cursor;
      hasMore = data.has_more;
    }
    return { rows, seconds: (performance.now() - startedAt) / 1000 };
  };

  const readThrough = async (): Promise<{ rows: number; seconds: number; peakMib: number }> => {
    await db.collection('raw_transactions').deleteMany({});
    await db.collection('outbox').deleteMany({});
    let peak = process.memoryUsage().rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, LOOK_MS);
    const startedAt = performance.now();
    await items.updateOne({ _id: itemId }, {
      $set: { cursor: null, historyComplete: false, lastSyncedAt: null, nextSyncAt: new Date() },
    } as object);
    await untilRead(itemId);
    const seconds = (performance.now() - startedAt) / 1000;
    clearInterval(watch);
    return {
      rows: await db.collection('raw_transactions').countDocuments({}),
      seconds,
      peakMib: Math.round(peak / MIB),
    };
  };

  const bare = await readBare();
  const through = await readThrough();
  const perSecond = ({ rows, seconds }: { rows: number; seconds: number }): number => rows / seconds;
  console.log(`bare SDK    ${bare.rows} rows, ${Math.round(perSecond(bare))} a second`);
  console.log(
    `ingestion   ${through.rows} rows, ${Math.round(perSecond(through))} a second, peak ${through.peakMib} MiB`,
  );
  console.log(`ratio       ${(perSecond(through) / perSecond(bare)).toFixed(2)} (goal 0.30)`);
} finally {
  await service.stop();
  await sandbox.stop();
  const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
  for (const { name } of databases.filter(({ name }) => name.startsWith(NAMESPACE))) {
    await client.db(name).dropDatabase();
  }
  await client.close();
}
