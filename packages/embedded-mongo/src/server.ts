import { createServer, type Server } from 'node:net';
import { AggregationThread } from './aggregation-thread.ts';
import { DEFAULT_HISTORY_LIMITS, type HistoryLimits } from './changes/history.ts';
import { Connection } from './connection.ts';
import { Dispatcher } from './dispatcher.ts';
import { Engine } from './engine.ts';
import { FailPoints } from './fail-points.ts';
import { discardInterruptedBuilds } from './index-builds.ts';
import { lockDirectory } from './lock-file.ts';
import type { ServerState } from './server-state.ts';
import { SESSION_TIMEOUT_MINUTES } from './sessions.ts';
import { openLmdbStore } from './storage/lmdb-store.ts';
import type { Store } from './storage/store.ts';
import { clearGarbage, forgetOldSessions, sweepExpiredDocuments } from './ttl.ts';

/** Where the server writes about itself. */
export interface Logger {
  info(message: string): void;
  error(message: string, error?: unknown): void;
}

/** Settings of `startEmbeddedMongo`. */
export interface EmbeddedMongoOptions {
  /** Directory of the data; created when it does not exist. One server at a time may use it. */
  dataDirectory: string;
  /** Port to listen on; 0 (the default) takes any free one. */
  port?: number;
  /** Only the loopback address is allowed, because there is no authentication. */
  host?: '127.0.0.1';
  /**
   * 'sync' (the default) flushes each commit to disk before it is acknowledged. 'nosync' leaves that to the
   * operating system: safe when the process is killed, not when the power fails.
   */
  durability?: 'sync' | 'nosync';
  /** 21 announces MongoDB 7.0 (the default), 25 announces 8.0. */
  wireVersion?: 21 | 25;
  /** Milliseconds between two searches for expired documents; 60,000 by default. */
  ttlIntervalMs?: number;
  /** How much is kept for change streams: 64 MiB and a week by default. */
  changeHistory?: Partial<HistoryLimits>;
  /** Nothing is written without one. */
  logger?: Logger;
}

/** A running server. */
export interface EmbeddedMongo {
  /** Connection string for drivers. */
  uri: string;
  port: number;
  /** Closes connections, waits for running writes and closes the store. */
  stop(): Promise<void>;
}

const DEFAULT_TTL_INTERVAL_MS = 60_000;
const TRANSACTION_LIFETIME_MS = 60_000;
const HOUSEKEEPING_MS = 1_000;
const SILENT: Logger = { info: () => undefined, error: () => undefined };

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Work that is repeated at intervals, never twice at the same time. */
class Repeated {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private readonly work: () => Promise<void>;
  private readonly onError: (error: unknown) => void;

  constructor(work: () => Promise<void>, onError: (error: unknown) => void) {
    this.work = work;
    this.onError = onError;
  }

  every(milliseconds: number): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      void this.now();
    }, milliseconds);
    this.timer.unref();
  }

  now(): Promise<void> {
    this.running ??= this.work()
      .catch(this.onError)
      .finally(() => {
        this.running = undefined;
      });
    return this.running;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}

/**
 * Starts a server that speaks MongoDB's wire protocol, as a replica set of one node, over an embedded store.
 * Throws when the address is not the loopback address, the port is taken, or another server uses the directory.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const host: string = options.host ?? '127.0.0.1';
  if (host !== '127.0.0.1') {
    throw new Error(`the server has no authentication and listens on 127.0.0.1 only, not on ${host}`);
  }
  const logger = options.logger ?? SILENT;
  const wireVersion = options.wireVersion ?? 21;
  const lock = lockDirectory(options.dataDirectory);
  let opened: Store | undefined;
  try {
    const store = openLmdbStore(options.dataDirectory, { durability: options.durability ?? 'sync' });
    opened = store;
    const engine = new Engine(store, { ...DEFAULT_HISTORY_LIMITS, ...options.changeHistory });
    await discardInterruptedBuilds(engine);
    const { clock } = engine.history;
    const aggregationThread = new AggregationThread(options.dataDirectory);
    const connections = new Map<number, Connection>();
    let created = 0;
    const report = (message: string) => (error: unknown) => {
      logger.error(message, error);
    };
    const ttl = new Repeated(async () => {
      await sweepExpiredDocuments(engine, Date.now());
    }, report('the search for expired documents failed'));
    const garbage = new Repeated(() => clearGarbage(engine), report('clearing dropped collections failed'));
    const housekeeping = new Repeated(async () => {
      keepHouse(engine);
      await forgetOldSessions(engine, Date.now() - SESSION_TIMEOUT_MINUTES * 60_000);
      await engine.trimHistory(Date.now());
    }, report('housekeeping failed'));
    const ttlInterval = options.ttlIntervalMs ?? DEFAULT_TTL_INTERVAL_MS;
    const state: ServerState = {
      address: '',
      port: 0,
      startedAt: new Date(),
      wireVersion,
      version: wireVersion >= 25 ? '8.0.0' : '7.0.0',
      failPoints: new FailPoints(),
      aggregationThread,
      parameters: new Map<string, unknown>([
        ['ttlMonitorSleepSecs', ttlInterval / 1000],
        ['ttlMonitorEnabled', true],
        ['transactionLifetimeLimitSeconds', TRANSACTION_LIFETIME_MS / 1000],
        ['featureCompatibilityVersion', { version: wireVersion >= 25 ? '8.0' : '7.0' }],
        ['authenticationMechanisms', []],
        ['requireApiVersion', false],
        ['enableTestCommands', true],
        ['notablescan', false],
        ['logLevel', 0],
      ]),
      connections: () => ({ current: connections.size, totalCreated: created }),
      tick: () => clock.tick(),
      lastTime: () => clock.last(),
      sweepExpired: () => ttl.now(),
      setTtlInterval: (milliseconds) => {
        ttl.every(milliseconds);
      },
      commandsRun: 0,
    };
    const dispatcher = new Dispatcher(engine, state, (message, error) => {
      logger.error(message, error);
    });
    const server = createServer((socket) => {
      created += 1;
      const id = created;
      const connection = new Connection(
        id,
        socket,
        dispatcher,
        () => connections.delete(id),
        (reason) => {
          logger.error(`connection ${id} closed: ${reason}`);
        },
      );
      connections.set(id, connection);
    });
    const port = await listen(server, options.port ?? 0, host);
    state.port = port;
    state.address = `${host}:${port}`;
    ttl.every(ttlInterval);
    garbage.every(HOUSEKEEPING_MS);
    housekeeping.every(HOUSEKEEPING_MS * 10);
    logger.info(`listening on ${state.address}, data in ${options.dataDirectory}`);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      const open = [...connections.values()];
      for (const connection of open) {
        connection.close();
      }
      await closed;
      // Ending the sessions aborts their transactions, so that no write waits for one of them any more.
      for (const session of engine.sessions.all()) {
        engine.sessions.end(session.id);
      }
      await aggregationThread.stop();
      await Promise.all(open.map((connection) => connection.idle()));
      for (const repeated of [ttl, garbage, housekeeping]) {
        await repeated.stop();
      }
      await store.close();
      lock.release();
    };
    return {
      uri: `mongodb://${state.address}/?replicaSet=rs0`,
      port,
      stop: () => (stopping ??= stop()),
    };
  } catch (error) {
    await opened?.close();
    lock.release();
    throw error;
  }
}

function keepHouse(engine: Engine): void {
  const now = Date.now();
  engine.cursors.expire(now);
  engine.sessions.expire(now);
  for (const session of engine.sessions.all()) {
    const { transaction } = session;
    if (transaction?.state === 'active' && transaction.lastUse < now - TRANSACTION_LIFETIME_MS) {
      engine.abortTransaction(session);
    }
  }
}
