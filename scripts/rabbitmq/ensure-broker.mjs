/**
 * Gives the test suites a real RabbitMQ, whatever the machine has: a broker named by RABBITMQ_URL, one that already
 * listens on the usual port, or a private one started from the installed (if need be just installed) server.
 * Plain JavaScript on node:* modules only, because it also runs before the workspace is installed.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackage, isExecutable } from '../debian/install-package.mjs';

const USUAL_PORT = 5672;
const START_TIMEOUT_MS = 90_000;
/** Debian's own `rabbitmq-server` in /usr/sbin switches user; the script behind it runs as whoever calls it. */
const SERVER_CANDIDATES = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/homebrew/sbin/rabbitmq-server',
  '/usr/local/sbin/rabbitmq-server',
];

/**
 * Finds or starts a broker.
 * @param {{ install?: boolean, log?: (line: string) => void }} [options] `install: false` never calls apt-get
 * @returns {Promise<import('./ensure-broker.d.mts').Broker | { skipped: string }>} the broker, or why there is none
 */
export async function ensureBroker({ install = true, log = () => {} } = {}) {
  const given = process.env['RABBITMQ_URL'];
  if (given) {
    return { url: given, kind: 'given', stop: async () => {} };
  }
  if (await answersAmqp(USUAL_PORT)) {
    const url = `amqp://guest:guest@127.0.0.1:${USUAL_PORT}`;
    return { url, kind: 'found', stop: async () => {} };
  }
  return startPrivateBroker({ install, log });
}

/**
 * Starts a broker of our own on loopback ports and a throw-away directory; nothing of the machine's is touched.
 * @param {{ install?: boolean, log?: (line: string) => void }} [options] `install: false` never calls apt-get
 * @returns {Promise<import('./ensure-broker.d.mts').PrivateBroker | { skipped: string }>}
 */
export async function startPrivateBroker({ install = true, log = () => {} } = {}) {
  let program = findServer();
  if (program === undefined) {
    const refusal = install
      ? installPackage('rabbitmq-server', log)?.reason
      : 'rabbitmq-server is not on this machine';
    if (refusal !== undefined) {
      return { skipped: refusal };
    }
    program = findServer();
    if (program === undefined) {
      return { skipped: 'rabbitmq-server was installed but its program was not found' };
    }
  }
  try {
    return await launch(program, log);
  } catch (error) {
    return {
      skipped: `the private broker did not start: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/**
 * Whether an AMQP 0-9-1 server answers on a loopback port: it must reply to the protocol header with Connection.Start.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answersAmqp(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const finish = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])));
    // A method frame (1) on channel 0 whose payload begins with class 10, method 10: Connection.Start.
    socket.once('data', (data) => {
      finish(
        data.length >= 11 && data[0] === 1 && data.readUInt16BE(7) === 10 && data.readUInt16BE(9) === 10,
      );
    });
  });
}

function findServer() {
  const onPath = (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, 'rabbitmq-server'));
  const candidates = [...SERVER_CANDIDATES, ...onPath.filter((path) => !path.startsWith('/usr/sbin/'))];
  return candidates.find(isExecutable);
}

async function launch(/** @type {string} */ program, /** @type {(line: string) => void} */ log) {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-rabbitmq-'));
  const [port, distributionPort, portMapperPort] = await freePorts(3);
  const environment = privateEnvironment({ directory, port, distributionPort, portMapperPort });
  let server = startServer(program, environment, directory);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;

  const killEverything = () => void killGroup(server);
  process.once('exit', killEverything);

  const cleanUp = () => {
    process.removeListener('exit', killEverything);
    killEverything();
    rmSync(directory, { recursive: true, force: true });
  };

  try {
    await untilReady(server, port, directory);
  } catch (error) {
    cleanUp();
    throw error;
  }
  log(`private broker on 127.0.0.1:${port}`);
  return {
    url,
    kind: /** @type {const} */ ('private'),
    port,
    directory,
    async stop() {
      await endGroup(server);
      cleanUp();
    },
    /** Ends the broker at once, as a power cut would; its data stay. */
    kill9: () => endGroup(server),
    /** Starts the broker again on the same port and data, ending it first when it still runs. */
    async restart() {
      await endGroup(server);
      server = startServer(program, environment, directory);
      await untilReady(server, port, directory);
    },
  };
}

/** Every path and port that the server would otherwise take from the machine. */
function privateEnvironment(
  /** @type {{ directory: string, port: number, distributionPort: number, portMapperPort: number }} */ place,
) {
  const { directory, port, distributionPort, portMapperPort } = place;
  const at = (/** @type {string} */ name) => join(directory, name);
  mkdirSync(at('home'));
  writeFileSync(at('rabbitmq-env.conf'), '');
  writeFileSync(at('enabled_plugins'), '[].\n');
  const settings = [
    `listeners.tcp.default = 127.0.0.1:${port}`,
    'loopback_users.guest = true',
    'disk_free_limit.absolute = 50MB',
    'log.console = false',
    'log.file.level = warning',
  ];
  writeFileSync(at('rabbitmq.conf'), `${settings.join('\n')}\n`);
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: at('home'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(portMapperPort),
    RABBITMQ_NODENAME: `orrery-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('no-advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('config'),
  };
}

/**
 * Runs the server and Erlang's port mapper (which would else become a daemon that outlives us) in a process group of
 * their own. The shell waits for the end of its input, which is the end of this process however it comes, and for the
 * end of the server; either ends the whole group, the former also removes the directory.
 */
function startServer(
  /** @type {string} */ program,
  /** @type {NodeJS.ProcessEnv} */ environment,
  /** @type {string} */ directory,
) {
  const script = 'epmd & ("$0"; kill -KILL 0) & read -r _; rm -rf "$1"; kill -KILL 0';
  const server = spawn('/bin/sh', ['-c', script, program, directory], {
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  server.unref();
  if (server.stdin !== null && 'unref' in server.stdin && typeof server.stdin.unref === 'function') {
    server.stdin.unref();
  }
  server.stdin?.on('error', () => server.stdin?.destroy());
  return server;
}

async function untilReady(
  /** @type {import('node:child_process').ChildProcess} */ server,
  /** @type {number} */ port,
  /** @type {string} */ directory,
) {
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < giveUpAt) {
    if (server.exitCode !== null || server.signalCode !== null) {
      throw new Error(`rabbitmq-server ended at once${logTail(directory)}`);
    }
    if (await answersAmqp(port)) {
      return;
    }
    await pause(100);
  }
  throw new Error(`rabbitmq-server did not answer within ${START_TIMEOUT_MS / 1000} s${logTail(directory)}`);
}

function logTail(/** @type {string} */ directory) {
  const logs = join(directory, 'log');
  if (!existsSync(logs)) {
    return '';
  }
  const lines = readdirSync(logs).flatMap((name) =>
    readFileSync(join(logs, name), 'utf8').trim().split('\n'),
  );
  return `; its log ends: ${lines.slice(-3).join(' | ')}`;
}

/** Kills a process group and waits until the last of it has gone, so that its ports are free. */
async function endGroup(/** @type {import('node:child_process').ChildProcess} */ leader) {
  while (killGroup(leader)) {
    await pause(20);
  }
}

/** Returns false when the group has already gone. */
function killGroup(/** @type {import('node:child_process').ChildProcess} */ leader) {
  if (leader.pid === undefined) {
    return false;
  }
  try {
    process.kill(-leader.pid, 'SIGKILL');
    return true;
  } catch (error) {
    // No `instanceof`: inside Jest this error comes from another realm.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') {
      return false;
    }
    throw error;
  }
}

function pause(/** @type {number} */ milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Ports that are free now; held together so that they differ. */
async function freePorts(/** @type {number} */ count) {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @returns {Promise<import('node:net').Server>} */
function listenAnywhere() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
