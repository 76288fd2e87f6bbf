import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { MongoClient } from 'mongodb';
import { nodeArguments } from '../../../scripts/bootstrap/prepare.mjs';
import { outputUntil } from '../../../tests/setup/servers.ts';
import { bankStatement, type StatementLine, statementCsv } from '../src/demo/bank-statement.ts';

/**
 * Rows per second through the whole journey (upload, categorise, ledger, metrics) against a plain bulk insert of the
 * same rows into the same database, and the memory of the idle constellation. Goals: ratio at least 0.15, at most
 * 400 MB. The constellation runs as `npm start` runs it, with a durable embedded database. The two are done in turn,
 * each time for another user: the first round meets a process that has just started, the others one that has worked.
 */
const SECRET = 'a-secret-only-for-this-benchmark-0123456789';
const ROWS = 20_000;
const DAYS = 730;
const ROUNDS = 3;
/** Clock ticks per second in which Linux counts processor time. */
const TICKS = 100;

async function startAllInOne(
  directory: string,
): Promise<{ url: string; mongoUri: string; pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, nodeArguments('infra/all-in-one/src/main.ts'), {
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
  });
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

/** Memory of a process by its own account of it: all resident pages, and those that it shares with no file. */
async function memoryOf(pid: number): Promise<{ resident: number; anonymous: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { resident: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}

/** Processor time of a process with all its threads, in seconds. */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

interface Measured {
  seconds: number;
  /** Of the constellation and of this process, which stands for a client. */
  processor: number;
}

async function measured(pid: number, work: () => Promise<void>): Promise<Measured> {
  const [before, own, startedAt] = [await processorSeconds(pid), process.cpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(own);
  return { seconds, processor: (await processorSeconds(pid)) - before + (user + system) / 1e6 };
}

const middleOf = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

const scratch = await mkdtemp(join(tmpdir(), 'orrery-journey-'));
const constellation = await startAllInOne(scratch);
const client = await new MongoClient(constellation.mongoUri).connect();
try {
  await pause(3_000);
  const idle = await memoryOf(constellation.pid);
  const lines = busyHousehold();
  const csv = statementCsv(lines);
  const plain = client.db('bench_plain').collection('rows');
  // The only users of these databases: the counters answer without a scan, which would slow down what is measured.
  const ledger = client.db('orrery_insights').collection('ledger');
  const messages = client.db('orrery_bus').collection('messages');

  const insertPlainly = async (userId: string): Promise<void> => {
    for (let first = 0; first < lines.length; first += 200) {
      await plain.insertMany(
        lines.slice(first, first + 200).map((line) => ({ userId, currency: 'GBP', ...line })),
      );
    }
  };
  const importFile = async (userId: string, rowsAfter: number): Promise<void> => {
    const token = jwt.sign({ id: userId }, SECRET, { expiresIn: '1h' });
    const form = new FormData();
    form.set('file', new File([csv], 'statement.csv'));
    form.set('currency', 'GBP');
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${constellation.url}/v1/imports`, { method: 'POST', headers, body: form });
    if (!response.ok) {
      throw new Error(`the import was refused: ${response.status} ${await response.text()}`);
    }
    while ((await ledger.estimatedDocumentCount()) < rowsAfter) {
      await pause(50);
    }
  };

  const rate = ({ seconds }: Measured): string => `${Math.round(lines.length / seconds)} rows/s`.padEnd(13);
  const ratios: { rows: number; processor: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const userId = `bench-user-${String(round)}`;
    const inserted = await measured(constellation.pid, () => insertPlainly(userId));
    const journey = await measured(constellation.pid, () => importFile(userId, lines.length * round));
    while ((await messages.estimatedDocumentCount()) > 0) {
      await pause(50);
    }
    const ratio = {
      rows: inserted.seconds / journey.seconds,
      processor: inserted.processor / journey.processor,
    };
    ratios.push(ratio);
    console.log(
      `round ${String(round)}: plain ${rate(inserted)} journey ${rate(journey)} ratio ${ratio.rows.toFixed(3)}` +
        `   processor time ${inserted.processor.toFixed(2)} s and ${journey.processor.toFixed(2)} s, ratio ${ratio.processor.toFixed(3)}`,
    );
  }
  const middle = middleOf(ratios.map(({ rows }) => rows));
  console.log(`ratio journey / insert   ${middle.toFixed(3)} (goal >= 0.15, ${String(lines.length)} rows)`);
  console.log(
    `idle memory              ${idle.resident.toFixed(0)} MB resident, of which ${idle.anonymous.toFixed(0)} MB are its own (goal <= 400 MB resident)`,
  );
} finally {
  await client.close();
  await constellation.stop();
  await rm(scratch, { recursive: true, force: true });
}
