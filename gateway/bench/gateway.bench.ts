import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';

/**
 * CPU of an authenticated proxied GET and requests per second, against nginx (one worker, keep-alive, no sign-in) and
 * against plain express with http-proxy-middleware and a token cache, in the same run, interleaved, medians of rounds.
 */
const SECRET = 'a-secret-of-the-benchmark-0123456789abcdef';
const USERS = 500;
const ROUNDS = 3;
const WARM_UP_S = 1;
const MEASURE_S = 3;
const CONNECTIONS = 32;
const GOALS = { cpuOfNginx: 6, throughputOfExpress: 2.5 };

interface Variant {
  name: string;
  port: number;
  pids: number[];
}
interface Result {
  perSecond: number;
  cpuMicros: number;
}

function install(tool: string): boolean {
  if (spawnSync('which', [tool]).status === 0) {
    return true;
  }
  if (process.getuid?.() !== 0) {
    return false;
  }
  const found = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', tool], { stdio: 'ignore' });
  return found.status === 0;
}

const children: ChildProcess[] = [];
async function start(script: string, ...args: string[]): Promise<{ port: number; pid: number }> {
  const path = join(import.meta.dirname, script);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(/port (\d+)/.exec(String(line))?.[1]), pid: child.pid ?? 0 };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startNginx(folder: string, upstream: number): Promise<Variant> {
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream service { server 127.0.0.1:${upstream}; keepalive 128; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
  );
  const child = spawn('nginx', ['-c', config], { stdio: 'ignore' });
  children.push(child);
  const master = child.pid ?? 0;
  for (;;) {
    const workers = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => parentOf(pid) === master);
    if (workers.length > 0) {
      return { name: 'nginx, one worker, no sign-in', port, pids: workers };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
const parentOf = (pid: number): number => Number(statOf(pid)[1] ?? -1);
const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']).toString());
const cpuMicros = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const stat = statOf(pid);
    return sum + ((Number(stat[11]) + Number(stat[12])) / TICKS_PER_S) * 1e6;
  }, 0);

async function load(port: number, script: string, seconds: number): Promise<number> {
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}/v1/transactions`,
  ];
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  wrk.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(wrk, 'close');
  if (/Non-2xx|Socket errors: connect [1-9]/.test(text)) {
    throw new Error(`some requests failed:\n${text}`);
  }
  return Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
}

async function measure(variant: Variant, script: string): Promise<Result> {
  await load(variant.port, script, WARM_UP_S);
  const before = cpuMicros(variant.pids);
  const requests = await load(variant.port, script, MEASURE_S);
  return { perSecond: requests / MEASURE_S, cpuMicros: (cpuMicros(variant.pids) - before) / requests };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const missing = ['wrk', 'nginx'].filter((tool) => !install(tool));
if (missing.length > 0) {
  console.log(`skipped: ${missing.join(' and ')} must be installed`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'orrery-gateway-bench-'));
try {
  const tokens = Array.from({ length: USERS }, (_value, index) =>
    jwt.sign({ id: `66a0000000000000000${String(index).padStart(5, '0')}`, role: 'USER' }, SECRET, {
      expiresIn: '1h',
    }),
  );
  const script = join(folder, 'tokens.lua');
  writeFileSync(
    script,
    `local tokens = { ${tokens.map((token) => `"${token}"`).join(', ')} }
local n = 0
request = function()
  n = n % #tokens + 1
  return wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. tokens[n] })
end`,
  );
  const upstream = await start('bench-upstream.ts');
  const origin = `http://127.0.0.1:${upstream.port}`;
  const nginx = await startNginx(folder, upstream.port);
  const node = async (name: string, file: string, ...args: string[]): Promise<Variant> => {
    const { port, pid } = await start(file, origin, SECRET, ...args);
    return { name, port, pids: [pid] };
  };
  const baseline = await node('express + http-proxy-middleware, token cache', 'express-baseline.ts');
  const fast = await node('gateway, everything on', 'bench-gateway.ts', 'on');
  const slow = await node('gateway, GATEWAY_FAST_PATH=off', 'bench-gateway.ts', 'off');
  const variants = [nginx, baseline, fast, slow];

  const results = new Map<Variant, Result[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of variants) {
      results.get(variant)?.push(await measure(variant, script));
    }
  }
  const of = (variant: Variant, field: keyof Result): number =>
    median((results.get(variant) ?? []).map((result) => result[field]));

  console.log('| Variant | requests/s | CPU µs per request | CPU, × nginx | throughput, × express |');
  console.log('|---|---|---|---|---|');
  for (const variant of variants) {
    const cpu = of(variant, 'cpuMicros');
    const rate = of(variant, 'perSecond');
    console.log(
      `| ${variant.name} | ${rate.toFixed(0)} | ${cpu.toFixed(0)} | ${(cpu / of(nginx, 'cpuMicros')).toFixed(1)} | ${(rate / of(baseline, 'perSecond')).toFixed(2)} |`,
    );
  }
  const cpuRatio = of(fast, 'cpuMicros') / of(nginx, 'cpuMicros');
  const rateRatio = of(fast, 'perSecond') / of(baseline, 'perSecond');
  const cpuOfExpress = of(baseline, 'cpuMicros') / of(fast, 'cpuMicros');
  console.log(`\nCPU: ${cpuRatio.toFixed(1)} × nginx (goal: at most ${GOALS.cpuOfNginx})`);
  console.log(
    `throughput: ${rateRatio.toFixed(2)} × express (goal: at least ${GOALS.throughputOfExpress}); CPU: 1/${cpuOfExpress.toFixed(1)} of it`,
  );
} finally {
  for (const child of children) {
    child.kill();
  }
  rmSync(folder, { recursive: true, force: true });
}
