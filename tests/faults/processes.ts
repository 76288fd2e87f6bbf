import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_NAMES, type ServiceName } from '@orrery/contracts';
import { addressSetting } from '@orrery/service-kit';
import { TEST_SERVICE_TOKEN_SECRET, eventually } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { type Collection, type Document, MongoClient } from 'mongodb';
import { freePorts } from '../setup/free-ports.ts';
import { endWithUs, root } from '../setup/servers.ts';

const USER_SECRET = 'the-secret-of-a-main-back-end-under-faults';

/** How one service process is started. */
export interface ProcessOptions {
  /** Settings beside the usual ones. */
  env?: Record<string, string>;
  /** Arguments of Node before the program. */
  nodeArguments?: readonly string[];
  /** File that takes its log in place of nothing. */
  logTo?: string;
}

/** One service as a process that can be killed, frozen and started again. */
export class ServiceProcess {
  readonly name: ServiceName;
  readonly port: number;
  readonly metricsPort: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  /** Ends of the process that nobody asked for. */
  unexpectedExits = 0;
  #isWanted = false;

  constructor(
    name: ServiceName,
    ports: { port: number; metricsPort: number },
    env: NodeJS.ProcessEnv,
    options: ProcessOptions,
  ) {
    this.name = name;
    this.port = ports.port;
    this.metricsPort = ports.metricsPort;
    this.#env = { ...env, PORT: String(ports.port), METRICS_PORT: String(ports.metricsPort), ...options.env };
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Changes a setting of its next start. */
  setting(name: string, value: string): void {
    this.#env[name] = value;
  }

  /** Another process of the same service on ports of its own; not started. */
  async replica(): Promise<ServiceProcess> {
    const [port = 0, metricsPort = 0] = await freePorts(2);
    return new ServiceProcess(this.name, { port, metricsPort }, this.#env, this.#options);
  }

  start(): void {
    const program = this.name === 'gateway' ? 'gateway/src/main.ts' : `services/${this.name}/src/main.ts`;
    const { logTo, nodeArguments = [] } = this.#options;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...nodeArguments, program],
      {
        cwd: root,
        env: this.#env,
        stdio: ['ignore', logTo === undefined ? 'ignore' : openSync(logTo, 'a'), 'inherit'],
      },
    );
    endWithUs(child);
    this.#isWanted = true;
    child.once('exit', () => {
      if (this.#isWanted && this.#child === child) {
        this.unexpectedExits += 1;
      }
    });
    this.#child = child;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#isWanted = false;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
  }

  /** Stops or continues it without ending it. */
  freeze(isFrozen: boolean): void {
    this.#child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Memory that it holds, in bytes. */
  residentBytes(): number {
    const [, kilobytes = '0'] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child?.pid ?? 0}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1_024;
  }

  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.metricsPort}/health/ready`, {
        signal: AbortSignal.timeout(2_000),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  /**
   * Waits until it is ready.
   * @returns milliseconds that it took
   */
  async untilReady(timeoutMs: number): Promise<number> {
    const startedAt = performance.now();
    await eventually(() => this.isReady(), Boolean, { timeoutMs, intervalMs: 50 });
    return performance.now() - startedAt;
  }
}

/** Every service as a process of its own, or some of them. */
export interface Processes {
  namespace: string;
  client: MongoClient;
  of(name: ServiceName): ServiceProcess;
  all: readonly ServiceProcess[];
  /** `Authorization` header of a user. */
  signIn(userId: string): { authorization: string };
  collection<Row extends Document = Document>(service: ServiceName, name: string): Collection<Row>;
  /** Ends them and removes their databases. */
  stop(): Promise<void>;
}

/**
 * Prepares processes; none is started yet.
 * @param options servers, which services, and what is special about some of them
 */
export async function prepareProcesses(options: {
  mongoUri: string;
  rabbitmqUrl: string;
  names?: readonly ServiceName[];
  env?: Record<string, string>;
  special?: Partial<Record<ServiceName, ProcessOptions>>;
  /** Directory for their logs; without it they are not kept. */
  logs?: string | undefined;
}): Promise<Processes> {
  const { mongoUri, rabbitmqUrl, names = SERVICE_NAMES, special = {} } = options;
  const namespace = `f${randomBytes(5).toString('hex')}`;
  const ports = await freePorts(names.length * 2);
  const portOf = new Map(names.map((name, index) => [name, ports[index] ?? 0]));
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'test',
    APP_ENV: 'local',
    RATE_LIMIT: 'off',
    LOG_LEVEL: options.logs === undefined ? 'fatal' : 'info',
    MONGODB_URI: mongoUri,
    DATABASE_URL: mongoUri,
    MONGO_DB_NAME: `${namespace}_main`,
    RABBITMQ_URL: rabbitmqUrl,
    ORRERY_NAMESPACE: namespace,
    SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
    JWT_SECRET: USER_SECRET,
    ADMIN_PASSWORD: 'the-first-administrator-under-faults',
    EVENT_RETRY_DELAYS_MS: '200,1000,3000',
    IMPORT_LEASE_MS: '2000',
    ...Object.fromEntries(
      SERVICE_NAMES.map((name) => [addressSetting(name), `http://127.0.0.1:${portOf.get(name) ?? 9}`]),
    ),
    ...options.env,
  };
  const all = names.map(
    (name, index) =>
      new ServiceProcess(
        name,
        { port: ports[index] ?? 0, metricsPort: ports[names.length + index] ?? 0 },
        env,
        {
          ...(options.logs === undefined ? {} : { logTo: join(options.logs, `${name}.log`) }),
          ...special[name],
        },
      ),
  );
  const client = await new MongoClient(mongoUri).connect();
  return {
    namespace,
    client,
    all,
    of: (name) => {
      const found = all.find((service) => service.name === name);
      if (found === undefined) {
        throw new Error(`${name} does not take part`);
      }
      return found;
    },
    signIn: (userId) => ({
      authorization: `Bearer ${jwt.sign({ id: userId, role: 'USER' }, USER_SECRET, { expiresIn: '1h' })}`,
    }),
    collection: (service, name) => client.db(`${namespace}_${service}`).collection(name),
    stop: async () => {
      for (const service of all) {
        service.freeze(false);
      }
      await Promise.all(all.map((service) => service.end('SIGKILL')));
      const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
      for (const { name } of databases.filter((database) => database.name.startsWith(`${namespace}_`))) {
        await client.db(name).dropDatabase();
      }
      await client.close();
    },
  };
}
