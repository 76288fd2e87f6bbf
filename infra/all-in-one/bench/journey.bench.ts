import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { MongoClient } from 'mongodb';
import { outputUntil } from '../../../tests/setup/servers.ts';
import { bankStatement, type StatementLine, statementCsv } from '../src/demo/bank-statement.ts';

/**
 * Rows per second through the whole journey (upload, categorise, ledger, metrics) against a plain bulk insert of the
 * same rows into the same database, and the memory of the idle constellation. Goals: ratio at least 0.15, at most
 * 400 MB. The constellation runs as `npm start` runs it, with a durable embedded database.
 */
const SECRET = 'a-secret-only-for-this-benchmark-0123456789';
const ROWS = 20_000;
const DAYS = 730;

async function startAllInOne(
  directory: string,
): Promise<{ url: string; mongoUri: string; pid: number; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'infra/all-in-one/src/main.ts'],
    {
      env: {
        ...process.env,
        MONGODB_URI: '',
        RABBITMQ_URL: '',
        PORT: '0',
        EMBEDDED_MONGO_PORT: '0',
        PLAID_SANDBOX_PORT: '0',
        MODEL_SANDBOX_PORT: '0',
        DATA_DIR: directory,
        DEMO: '0',
        JWT_SECRET: SECRET,
        RATE_LIMIT: 'off',
        APP_ENV: 'local',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const text = await outputUntil(child, (printed) => printed.includes('Ctrl-C'));
  return {
    url: /Gateway\s+(\S+)/.exec(text)?.[1] ?? '',
    mongoUri: /Database\s+(\S+)/.exec(text)?.[1] ?? '',
    pid: child.pid ?? 0,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Two years of a household with many accounts: the statements of several people in one file, by day. */
function busyHousehold(): StatementLine[] {
  const lines: StatementLine[] = [];
  for (let person = 1; lines.length < ROWS; person += 1) {
    lines.push(...bankStatement('2026-11-20', DAYS, person));
  }
  return lines.slice(0, ROWS).sort((left, right) => (left.day < right.day ? -1 : 1));
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

const scratch = await mkdtemp(join(tmpdir(), 'orrery-journey-'));
const constellation = await startAllInOne(scratch);
try {
  await pause(3_000);
  const idle = await residentMegabytes(constellation.pid);
  const lines = busyHousehold();
  const client = await new MongoClient(constellation.mongoUri).connect();

  const plainStart = performance.now();
  const plain = client.db('bench_plain').collection('rows');
  for (let first = 0; first < lines.length; first += 200) {
    await plain.insertMany(
      lines.slice(first, first + 200).map((line) => ({ userId: 'bench', currency: 'GBP', ...line })),
    );
  }
  const plainSeconds = (performance.now() - plainStart) / 1000;

  const token = jwt.sign({ id: 'bench-user' }, SECRET, { expiresIn: '1h' });
  const headers = { authorization: `Bearer ${token}` };
  const form = new FormData();
  form.set('file', new File([statementCsv(lines)], 'statement.csv'));
  form.set('currency', 'GBP');
  const journeyStart = performance.now();
  const response = await fetch(`${constellation.url}/v1/imports`, { method: 'POST', headers, body: form });
  if (!response.ok) {
    throw new Error(`the import was refused: ${response.status} ${await response.text()}`);
  }
  const ledger = client.db('orrery_insights').collection('ledger');
  // The only user of these databases: the counter answers without a scan, which would slow down what is measured.
  while ((await ledger.estimatedDocumentCount()) < lines.length) {
    await pause(50);
  }
  const journeySeconds = (performance.now() - journeyStart) / 1000;
  await client.close();

  const rate = (seconds: number): string => `${Math.round(lines.length / seconds)} rows/s`;
  console.log(`plain bulk insert        ${rate(plainSeconds)}`);
  console.log(`whole journey            ${rate(journeySeconds)}`);
  console.log(
    `ratio journey / insert   ${(plainSeconds / journeySeconds).toFixed(3)} (goal >= 0.15, ${lines.length} rows)`,
  );
  console.log(`idle memory              ${idle.toFixed(0)} MB (goal <= 400 MB)`);
} finally {
  await constellation.stop();
  await rm(scratch, { recursive: true, force: true });
}
