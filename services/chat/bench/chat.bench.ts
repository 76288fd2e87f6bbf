import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { WebSocket } from 'ws';
import { outputUntil } from '../../../tests/setup/servers.ts';
import { startBenchModel, type BenchModel } from './bench-model.ts';

/**
 * Time from the model's first word to the client's, through gateway and service against straight from the model; memory
 * of 1,000 idle sockets; 200 conversations at once. Goals: at most 15 ms more (p50), 300 MB, no frame lost or reordered.
 */
const SECRET = 'a-secret-only-for-this-benchmark-0123456789';
const ROUNDS = 60;
const WARM_UP = 10;
const IDLE_SOCKETS = 1_000;
const CONVERSATIONS = 200;
const QUESTIONS = 3;
const SETTLE_MS = 3_000;

async function startAllInOne(
  directory: string,
  modelUrl: string,
): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
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
        OPENAI_BASE_URL: modelUrl,
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
    pid: child.pid ?? 0,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

const idOf = (index: number): string => `66d${index.toString(16).padStart(21, '0')}`;
const tokenOf = (index: number): string =>
  jwt.sign({ id: idOf(index), role: 'USER' }, SECRET, { expiresIn: '1h' });
const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

/** Reads a stream to its end; returns when a text was in it first. */
async function seenAt(response: Response, wanted: string): Promise<number> {
  let text = '';
  let at = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (at === 0 && text.includes(wanted)) {
      at = performance.now();
    }
  }
  return at;
}

async function firstWords(url: string, model: BenchModel): Promise<{ direct: number; through: number }> {
  const direct: number[] = [];
  const through: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const plain = await fetch(`${model.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: 'hello' }] }),
    });
    const plainMs = (await seenAt(plain, 'Good')) - model.firstWordAt();
    const whole = await fetch(`${url}/v1/chat/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf(1)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'hello', conversationId: 'bench' }),
    });
    const wholeMs = (await seenAt(whole, 'Good')) - model.firstWordAt();
    if (round >= WARM_UP) {
      direct.push(plainMs);
      through.push(wholeMs);
    }
  }
  return { direct: median(direct), through: median(through) };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? '0') / 1024;
}

interface Seen {
  type?: string;
  data?: unknown;
}

/** A client that keeps its frames from the first one on. */
interface OpenSocket {
  socket: WebSocket;
  frames: Seen[];
  onFrame(): void;
}

async function open(url: string, index: number, dialect: string): Promise<OpenSocket> {
  const address = `${url.replace('http', 'ws')}/chat/ws?dialect=${dialect}&token=${tokenOf(index)}`;
  const socket = new WebSocket(address, { perMessageDeflate: false });
  const client: OpenSocket = { socket, frames: [], onFrame: () => undefined };
  socket.on('message', (data) => {
    client.frames.push(JSON.parse(String(data)) as Seen);
    client.onFrame();
  });
  await once(socket, 'open');
  return client;
}

async function openMany(url: string, count: number, from: number, dialect: string): Promise<OpenSocket[]> {
  const sockets: OpenSocket[] = [];
  for (let index = 0; index < count; index += 50) {
    const some = Array.from({ length: Math.min(50, count - index) }, (_value, at) =>
      open(url, from + index + at, dialect),
    );
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Asks questions one after the other; returns how many answers were not whole or out of order. */
async function converse(client: OpenSocket): Promise<number> {
  const { frames, socket } = client;
  let wake = (): void => undefined;
  client.onFrame = () => {
    wake();
  };
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  // The welcome comes first; it belongs to no question.
  while (frames.length === 0) {
    await more();
  }
  let broken = 0;
  for (let question = 0; question < QUESTIONS; question += 1) {
    const from = frames.length;
    socket.send('hello');
    while (!frames.slice(from).some(({ type }) => type === 'status' || type === 'error')) {
      await more();
    }
    const mine = frames.slice(from).filter(({ type }) => type !== 'title');
    const words = mine
      .filter(({ type }) => type === 'stream')
      .map(({ data }) => String(data))
      .join('');
    const whole = mine.find(({ type }) => type === 'full_response')?.data;
    broken += words.trim() === whole && mine.at(-1)?.type === 'status' ? 0 : 1;
  }
  return broken;
}

const directory = await mkdtemp(join(tmpdir(), 'orrery-chat-bench-'));
const model = await startBenchModel();
const orrery = await startAllInOne(directory, model.url);
try {
  const { direct, through } = await firstWords(orrery.url, model);
  console.log(
    `first word after the model's: ${direct.toFixed(1)} ms straight, ${through.toFixed(1)} ms through gateway and service (p50; goal: at most 15 ms more)`,
  );

  await pause(SETTLE_MS);
  const before = await residentMb(orrery.pid);
  const idle = await openMany(orrery.url, IDLE_SOCKETS, 1_000, 'readme');
  await pause(SETTLE_MS);
  const after = await residentMb(orrery.pid);
  console.log(
    `${String(idle.length)} idle sockets: ${(after - before).toFixed(0)} MB more, ${((1024 * (after - before)) / idle.length).toFixed(0)} KB each, gateway and service together (goal: 300 MB)`,
  );
  for (const { socket } of idle) {
    socket.terminate();
  }

  const talking = await openMany(orrery.url, CONVERSATIONS, 5_000, 'both');
  const startedAt = performance.now();
  const broken = (await Promise.all(talking.map(converse))).reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${String(CONVERSATIONS)} conversations of ${String(QUESTIONS)} questions at once: ${String(broken)} answers lost or out of order in ${seconds.toFixed(1)} s (goal: none)`,
  );
  for (const { socket } of talking) {
    socket.terminate();
  }
} finally {
  await orrery.stop();
  await model.stop();
  await rm(directory, { recursive: true, force: true });
}
