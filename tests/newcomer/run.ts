import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputUntil, root } from '../setup/servers.ts';
import { curlCommands, typeCommand } from './document-commands.ts';

/**
 * `npm run test:newcomer`: does what the README tells a new user to do, in scratch directories, and times it: the first
 * start with demo data, a useful answer, a stop by Ctrl-C, a second start that kept everything, and a new service.
 */

const FIRST_START_MS = 120_000;
const SECOND_START_MS = 5_000;
const STOP_MS = 10_000;
const NEW_SERVICE_MS = 60_000;

const results: { name: string; passed: boolean; detail: string }[] = [];

function record(name: string, passed: boolean, detail: string): void {
  results.push({ name, passed, detail });
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${detail})`);
}

interface Started {
  child: ChildProcess;
  gatewayUrl: string;
  userToken: string;
  adminToken: string;
  readyMs: number;
}

async function npmStart(dataDirectory: string): Promise<Started> {
  const startedAt = performance.now();
  // A group of its own, so that an interrupt reaches everything that a Ctrl-C in a terminal would reach.
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: {
      ...process.env,
      PORT: '0',
      EMBEDDED_MONGO_PORT: '0',
      PLAID_SANDBOX_PORT: '0',
      MODEL_SANDBOX_PORT: '0',
      DATA_DIR: dataDirectory,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const tooLate = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), FIRST_START_MS);
  const text = await outputUntil(child, (printed) => printed.includes('Ctrl-C stops it.'));
  clearTimeout(tooLate);
  const pick = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  return {
    child,
    gatewayUrl: pick(/Gateway\s+(\S+)/),
    userToken: pick(/USER_TOKEN=(\S+)/),
    adminToken: pick(/ADMIN_TOKEN=(\S+)/),
    readyMs: performance.now() - startedAt,
  };
}

/** Sends what Ctrl-C sends, and says how long the end took. */
async function interrupt({ child }: Started): Promise<{ ms: number; status: number | null }> {
  const startedAt = performance.now();
  const gone = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  const [status] = (await gone) as [number | null];
  return { ms: performance.now() - startedAt, status };
}

async function transactions({
  gatewayUrl,
  userToken,
}: Started): Promise<{ id: string; date: string; category: unknown }[]> {
  const response = await fetch(`${gatewayUrl}/v1/transactions?limit=500`, {
    headers: { authorization: `Bearer ${userToken}` },
  });
  if (!response.ok) {
    throw new Error(`GET /v1/transactions answered ${response.status}`);
  }
  return ((await response.json()) as { data: { id: string; date: string; category: unknown }[] }).data;
}

/** Types every request of the README. */
async function tryDocuments(started: Started, directory: string): Promise<void> {
  await writeFile(
    join(directory, 'statement.csv'),
    'Date,Description,Amount\n2026-11-02,CORNER BAKERY,-4.20\n2026-11-03,CITY BOOKS,-19.99\n',
  );
  for (const command of curlCommands('README.md')) {
    const { passed, answer } = typeCommand(command, { ...started, directory });
    const address = [...command.matchAll(/http:\/\/127\.0\.0\.1:8080([^\s'"]*)/g)].at(-1)?.[1] ?? command;
    record(`README: ${address}`, passed, passed ? 'answered' : answer.slice(0, 300));
    if (address === '/v1/chat/messages') {
      const isAnswered = /£\d+\.\d{2}/.test(answer) && answer.includes('event: done');
      record('the assistant answers with an amount', isAnswered, answer.slice(-160).replaceAll('\n', ' '));
    }
  }
}

async function tryStarts(): Promise<void> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'orrery-newcomer-'));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  try {
    const first = await npmStart(dataDirectory);
    record('first start loads the demo', first.gatewayUrl !== '', seconds(first.readyMs));
    const before = await transactions(first);
    const categorised = before.filter(({ category }) => category !== null).length;
    record(
      'the demo user sees categorised transactions',
      before.length === 500 && categorised > 400,
      `${categorised} of ${before.length}`,
    );
    const report = await fetch(`${first.gatewayUrl}/api/spending_report`, {
      headers: { authorization: `Bearer ${first.userToken}` },
    });
    record('the spending report answers', report.status === 200, `status ${report.status}`);
    const anonymous = await fetch(`${first.gatewayUrl}/v1/transactions`);
    record('nobody gets in without a token', anonymous.status === 401, `status ${anonymous.status}`);
    const stopped = await interrupt(first);
    record('Ctrl-C drains and stops', stopped.ms < STOP_MS, seconds(stopped.ms));

    const second = await npmStart(dataDirectory);
    record(
      'second start is ready in time',
      second.readyMs < SECOND_START_MS,
      `${seconds(second.readyMs)} of ${seconds(SECOND_START_MS)}`,
    );
    const after = await transactions(second);
    // Rows of the main back end may have come in meanwhile and pushed the oldest off the page.
    const found = new Map(after.map((row) => [row.id, JSON.stringify(row)]));
    const oldest = after.at(-1)?.date ?? '';
    const lost = before.filter((row) => row.date > oldest && found.get(row.id) !== JSON.stringify(row));
    record(
      'second start kept the data',
      after.length >= before.length && lost.length === 0,
      `${before.length} transactions, ${lost.length} lost or changed`,
    );
    await tryDocuments(second, dataDirectory);
    await interrupt(second);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

function inClone(clone: string, command: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: clone,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  }
}

/** Adds a service to a clone with one command and runs its checks there. */
async function tryNewService(): Promise<void> {
  const clone = await mkdtemp(join(tmpdir(), 'orrery-clone-'));
  const pnpm = join(root, '.tools/node_modules/pnpm/bin/pnpm.mjs');
  try {
    inClone(root, 'git', 'clone', '--quiet', root, clone);
    await symlink(join(root, '.tools'), join(clone, '.tools'));
    inClone(clone, process.execPath, pnpm, 'install', '--prefer-offline', '--frozen-lockfile');
    const startedAt = performance.now();
    inClone(clone, 'npm', 'run', 'new:service', '--', 'pledges');
    const ms = performance.now() - startedAt;
    record('a new service takes one command', ms < NEW_SERVICE_MS, `${(ms / 1000).toFixed(1)} s`);
    inClone(clone, process.execPath, join(clone, 'node_modules/typescript-native/bin/tsc'), '-p', '.');
    record('the constellation with it type-checks', true, 'tsc');
    inClone(clone, process.execPath, join(clone, 'node_modules/prettier/bin/prettier.cjs'), '--check', '.');
    record('its files are formatted', true, 'prettier');
    const suites = [
      'services/pledges',
      'tests/architecture',
      'tests/kubernetes',
      'tests/containers/compose',
      'gateway/src/routing',
    ];
    inClone(clone, 'npm', 'test', '--', ...suites);
    record('its tests and those about every service pass', true, `npm test -- ${suites.join(' ')}`);
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}

for (const step of [tryStarts, tryNewService]) {
  try {
    await step();
  } catch (error) {
    record(step.name, false, error instanceof Error ? error.message : String(error));
  }
}
const failed = results.filter(({ passed }) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
