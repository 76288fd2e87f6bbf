import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@orrery/contracts';
import { aUser, eventually, signedHeaders, TEST_SERVICE_TOKEN_SECRET } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { startPrivateBroker } from '../../scripts/rabbitmq/ensure-broker.mjs';
import { freePorts } from '../setup/free-ports.ts';
import { endWithUs } from '../setup/servers.ts';
import { seededRandom } from './seeded-random.ts';

/**
 * Sends rows through the whole journey while its processes and the broker are killed with SIGKILL at random moments,
 * then compares what arrived with what was sent. Every service is a process of its own and the broker is a real one.
 */

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SERVICES = ['ingestion', 'categorization', 'insights'] as const satisfies readonly ServiceName[];
type Target = (typeof SERVICES)[number] | 'broker';
const TARGETS: readonly Target[] = [...SERVICES, 'broker'];
const ROWS_PER_FILE = 1_000;
const SETTLE_MS = 240_000;

export interface KillRunOptions {
  mongoUri: string;
  rows: number;
  kills: number;
  /** Decides what is killed and when; printed by the caller so that a run can be repeated. */
  seed: number;
  log(line: string): void;
}

/** What a run ended with; every list is empty when all promises were kept. */
export interface KillRunResult {
  kills: { target: Target; afterMs: number }[];
  raw: number;
  ledger: number;
  /** Stored decisions. */
  decisions: number;
  /** Transactions decided more than once, by id. */
  decidedAgain: string[];
  /** Daily metrics that differ from a count of the raw rows: key, stored and expected value. */
  wrongMetrics: { key: string; stored: string; expected: string }[];
  seconds: number;
}

/** A row as it was sent. */
export interface SentRow {
  day: string;
  description: string;
  amountMinor: number;
}

const MERCHANTS = [
  'TESCO STORES',
  'SHELL OIL',
  'NETFLIX.COM',
  'STARBUCKS',
  'ACME PAYROLL',
  'UNKNOWN TRADER',
  'BOULANGERIE PAUL',
  '스타벅스 강남점',
];

/**
 * Rows over most of a year, among them income.
 * @param count how many
 */
export function makeRows(count: number): SentRow[] {
  return Array.from({ length: count }, (_row, index) => {
    const day = new Date(Date.UTC(2026, 0, 1 + (index % 300))).toISOString().slice(0, 10);
    const merchant = MERCHANTS[index % MERCHANTS.length] ?? '';
    const amountMinor = merchant === 'ACME PAYROLL' ? 200_000 + (index % 7) : -(100 + (index % 5_000));
    return { day, description: `${merchant} ${String(index).padStart(6, '0')}`, amountMinor };
  });
}

const toCsv = (rows: readonly SentRow[]): string =>
  [
    'Date,Description,Amount',
    ...rows.map((row) => `${row.day},"${row.description}",${(row.amountMinor / 100).toFixed(2)}`),
  ].join('\n');

/** A service process that is started again each time it was killed. */
class ServiceProcess {
  readonly name: ServiceName;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(name: ServiceName, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#env = env;
  }

  start(): void {
    this.#child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', `services/${this.name}/src/main.ts`],
      {
        cwd: root,
        env: this.#env,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    endWithUs(this.#child);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
  }
}

/**
 * One run.
 * @param options how much, how often, and the seed
 * @throws Error when there is no broker or the journey does not come to rest within four minutes
 */
export async function runKills(options: KillRunOptions): Promise<KillRunResult> {
  const startedAt = performance.now();
  const random = seededRandom(options.seed);
  const namespace = `k${randomBytes(5).toString('hex')}`;
  const broker = await startPrivateBroker({ log: options.log });
  if ('skipped' in broker) {
    throw new Error(broker.skipped);
  }
  const privateBroker = broker;
  const [ingestionPort = 0] = await freePorts(1);
  const env = {
    ...process.env,
    NODE_ENV: 'test',
    APP_ENV: 'local',
    LOG_LEVEL: 'fatal',
    MONGODB_URI: options.mongoUri,
    RABBITMQ_URL: broker.url,
    ORRERY_NAMESPACE: namespace,
    SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
    EVENT_RETRY_DELAYS_MS: '200,1000,3000',
    IMPORT_LEASE_MS: '2000',
    INGESTION_PORT: String(ingestionPort),
  };
  const processes = SERVICES.map((name) => new ServiceProcess(name, env));
  const client = await new MongoClient(options.mongoUri).connect();
  const kills: KillRunResult['kills'] = [];
  try {
    processes.forEach((service) => {
      service.start();
    });
    const rows = makeRows(options.rows);
    const user = aUser();
    const uploading = upload(`http://127.0.0.1:${ingestionPort}`, user, rows);
    const killing = killAtRandom();
    await Promise.all([uploading, killing]);
    const raw = client.db(`${namespace}_ingestion`).collection('raw_transactions');
    const ledger = client.db(`${namespace}_insights`).collection('ledger');
    await eventually(
      () => ledger.countDocuments(),
      (count) => count >= options.rows,
      { timeoutMs: SETTLE_MS, intervalMs: 250 },
    );
    await eventually(
      () => pendingWork(client, namespace),
      (pending) => pending === 0,
      { timeoutMs: SETTLE_MS, intervalMs: 250 },
    );
    return {
      kills,
      raw: await raw.countDocuments(),
      ledger: await ledger.countDocuments(),
      decisions: await client.db(`${namespace}_categorization`).collection('decisions').countDocuments(),
      decidedAgain: await decidedAgain(client, namespace),
      wrongMetrics: await wrongMetrics(client, namespace, rows),
      seconds: Math.round((performance.now() - startedAt) / 1000),
    };
  } finally {
    await Promise.all(processes.map((service) => service.end('SIGTERM')));
    await broker.stop();
    for (const name of [...SERVICES, 'bus']) {
      await client.db(`${namespace}_${name}`).dropDatabase();
    }
    await client.close();
  }

  async function killAtRandom(): Promise<void> {
    for (let count = 0; count < options.kills; count += 1) {
      await pause(400 + random() * 2_600);
      const target = TARGETS[Math.floor(random() * TARGETS.length)] ?? 'broker';
      const afterMs = Math.round(performance.now() - startedAt);
      options.log(`kill ${count + 1} of ${options.kills}: ${target} after ${afterMs} ms`);
      kills.push({ target, afterMs });
      const service = processes.find(({ name }) => name === target);
      if (service === undefined) {
        await privateBroker.kill9();
        await privateBroker.restart();
      } else {
        await service.end('SIGKILL');
        service.start();
      }
    }
  }
}

/** Uploads the rows as files of a thousand; each file is sent again until ingestion says that it is stored. */
export async function upload(
  origin: string,
  user: ReturnType<typeof aUser>,
  rows: readonly SentRow[],
): Promise<void> {
  for (let first = 0; first < rows.length; first += ROWS_PER_FILE) {
    const csv = toCsv(rows.slice(first, first + ROWS_PER_FILE));
    await eventually(
      async () => {
        const form = new FormData();
        form.set('file', new File([csv], 'rows.csv'));
        form.set('currency', 'GBP');
        form.set('mapping', JSON.stringify({ dateFormat: 'YYYY-MM-DD' }));
        const response = await fetch(`${origin}/v1/imports`, {
          method: 'POST',
          headers: signedHeaders(user, 'ingestion'),
          body: form,
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        if (response.status >= 400 && response.status < 500) {
          throw new Error(`ingestion refused the rows: ${text}`);
        }
        return response.ok;
      },
      Boolean,
      { timeoutMs: 120_000, intervalMs: 200 },
    );
  }
}

/** Rows of outboxes that are not published yet, and imports that are not done. */
export async function pendingWork(client: MongoClient, namespace: string): Promise<number> {
  const counts = await Promise.all([
    ...SERVICES.map((name) => client.db(`${namespace}_${name}`).collection('outbox').countDocuments()),
    client.db(`${namespace}_ingestion`).collection('imports').countDocuments({ status: 'processing' }),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Transactions that were decided more than once. */
export async function decidedAgain(client: MongoClient, namespace: string): Promise<string[]> {
  const entries = await client
    .db(`${namespace}_insights`)
    .collection<{ _id: string }>('ledger')
    .find({ decisionVersion: { $ne: 1 } })
    .limit(20)
    .toArray();
  return entries.map(({ _id }) => _id);
}

/** Counts spending by day from what was sent, and compares it with the stored metrics added up over categories. */
export async function wrongMetrics(
  client: MongoClient,
  namespace: string,
  rows: readonly SentRow[],
): Promise<KillRunResult['wrongMetrics']> {
  const expected = new Map<string, number[]>();
  for (const { day, amountMinor } of rows) {
    const sums = expected.get(day) ?? [0, 0, 0, 0];
    const index = amountMinor < 0 ? 0 : 2;
    sums[index] = (sums[index] ?? 0) + 1;
    sums[index + 1] = (sums[index + 1] ?? 0) + Math.abs(amountMinor);
    expected.set(day, sums);
  }
  const stored = new Map<string, number[]>();
  const metrics = client
    .db(`${namespace}_insights`)
    .collection<{ day: string } & Record<string, number>>('daily_metrics');
  for await (const metric of metrics.find()) {
    const sums = stored.get(metric.day) ?? [0, 0, 0, 0];
    const fields = [metric['count'], metric['spentMinor'], metric['receivedCount'], metric['receivedMinor']];
    stored.set(
      metric.day,
      sums.map((sum, index) => sum + (fields[index] ?? 0)),
    );
  }
  return [...new Set([...expected.keys(), ...stored.keys()])]
    .map((key) => ({ key, stored: String(stored.get(key)), expected: String(expected.get(key)) }))
    .filter((row) => row.stored !== row.expected);
}
