import { readFileSync } from 'node:fs';
import { SpanKind } from '@opentelemetry/api';
import { frozenClock, systemClock, type Clock } from '@orrery/calendar';
import { EVENTS, eventType, type EventEnvelope, type ServiceName } from '@orrery/contracts';
import {
  createDeliver,
  createMessagingMetrics,
  createOutboxStore,
  openBus,
  OutboxRelay,
  prepareMessaging,
  registerOutboxGauges,
  type EventBus,
} from '@orrery/messaging';
import { inTransaction, migrate, openDatabase } from '@orrery/mongo';
import type { ClientSession, Connection } from 'mongoose';
import type { DestinationStream, Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { serviceIdentity } from './auth/identity.ts';
import { serviceTokenKeys } from './auth/service-token.ts';
import { loadServiceConfig, type CommonConfig, type LoadedConfig } from './config/common-config.ts';
import type { Environment } from './config/load-config.ts';
import type { Runtime, ServiceInstance, ServiceModule } from './define-service.ts';
import { AppError } from './errors/app-error.ts';
import { isTransient } from './errors/is-transient.ts';
import {
  createHealthProbe,
  internalListener,
  type Dependency,
  type HealthProbe,
} from './health/health-routes.ts';
import { createApp } from './http/create-app.ts';
import { listen, type ListeningServer } from './http/http-server.ts';
import { createIdempotencyStore } from './http/idempotency-key.ts';
import { createServiceClient } from './http/service-client.ts';
import type { JobDesk } from './jobs/job-desk.ts';
import { createJobRunner, type JobRunner } from './jobs/schedule.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { readInTime } from './observability/read-in-time.ts';
import { acceptRequestId, currentContext, runWithContext } from './observability/request-context.ts';
import { watchDatabasePool, watchQueues } from './observability/resource-metrics.ts';
import { startTracing, type Tracing } from './observability/tracing.ts';
import { operationsRoutes } from './operations/operations-routes.ts';
import { forgettingDeadLetters } from './privacy/forget-dead-letters.ts';

export interface StartOptions {
  /** Settings; default `process.env`. */
  env?: Environment;
  /** Addresses of the services in this process; each adds its own when it listens. They win over settings. */
  addresses?: Map<ServiceName, string>;
  /** A started bus that several services share; without it the service opens and closes one of its own. */
  bus?: EventBus;
  /** Business time; default from `ORRERY_NOW`, else the machine's clock. */
  clock?: Clock;
  /** Where log lines go; default standard output. */
  logDestination?: DestinationStream;
  /** Collect figures of the whole process in this service's metrics. */
  processMetrics?: boolean;
  /** Takes what only the person who started it may read; default standard output. */
  tellOperator?: (sentence: string) => void;
}

/** A service that serves. */
export interface StartedService {
  name: ServiceName;
  url: string;
  /** Base address of the internal port: `/metrics`, `/health/live`, `/health/ready`. */
  metricsUrl: string;
  mongo: Connection;
  /** Its metrics, for whoever documents or tests them. */
  metrics: Registry;
  logger: Logger;
  /** Starts its jobs and reads their state. */
  jobs: JobDesk;
  /** Routing keys of the events that it handles. */
  consumes: readonly string[];
  /** Says "not ready" and lets the service part with long-lived connections. */
  drain(): Promise<void>;
  /**
   * Drains and stops in order: no new requests, events or jobs; those at work end; everything is closed.
   * @returns whether all work ended in time
   */
  stop(): Promise<boolean>;
}

/** Version of the whole; a module may have one of its own. */
const { version: RELEASE } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const CONNECT_PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/**
 * Repeats a first contact until it succeeds; gives up after a minute, or at once for an error that will not pass.
 * @param what named in the log
 * @param connect the attempt
 * @param logger where failures go
 * @param mayPass whether an error can pass by itself
 */
const withPatience = async <Result>(
  what: string,
  connect: () => Promise<Result>,
  logger: Logger,
  mayPass: (error: unknown) => boolean = isTransient,
): Promise<Result> => {
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      if (!mayPass(error) || performance.now() - startedAt > CONNECT_PATIENCE_MS) {
        throw error;
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
      logger.warn({ err: error, attempt, pauseMs }, `${what} cannot be reached yet`);
      await sleep(pauseMs);
    }
  }
};

// A broker that starts or dies breaks connections in many ways; only a refused sign-in (AMQP 403) says "never".
const mayComeUp = (error: unknown): boolean =>
  !(
    error instanceof Error &&
    error.cause instanceof Error &&
    'code' in error.cause &&
    error.cause.code === 403
  );

/** Things to undo, last first. */
class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step);
  }

  async run(logger: Logger): Promise<void> {
    for (const step of this.#steps.splice(0)) {
      try {
        await step();
      } catch (error) {
        logger.error({ err: error }, 'a step of the shutdown failed');
      }
    }
  }
}

/**
 * Opens the bus that the settings ask for: RabbitMQ by its address, else one inside this process whose messages are kept
 * in a database of its own.
 * @param common settings
 * @param logger where the bus reports
 * @returns the started bus and what closes it
 */
export const startBus = async (
  common: CommonConfig,
  logger: Logger,
): Promise<{ bus: EventBus; stop: () => Promise<void> }> => {
  const namespace = common.ORRERY_NAMESPACE;
  const connection =
    common.RABBITMQ_URL === undefined
      ? await withPatience('the database', () => openDatabase(common.MONGODB_URI, `${namespace}_bus`), logger)
      : undefined;
  const retryDelaysMs = common.EVENT_RETRY_DELAYS_MS?.split(',').map(Number);
  const bus = openBus({
    rabbitmqUrl: common.RABBITMQ_URL,
    connection,
    logger,
    namespace,
    ...(retryDelaysMs === undefined ? {} : { retryDelaysMs }),
  });
  try {
    await withPatience('the message broker', () => bus.start(), logger, mayComeUp);
  } catch (error) {
    await connection?.close();
    throw error;
  }
  return {
    bus,
    stop: async () => {
      await bus.stop();
      await connection?.close();
    },
  };
};

const databaseDependency = (connection: Connection): Dependency => ({
  name: 'database',
  check: async () => {
    await connection.db?.command({ ping: 1 });
    return connection.readyState === 1 ? undefined : 'not connected';
  },
});

const busDependency = (bus: EventBus): Dependency => ({
  name: 'events',
  check: async () => Promise.resolve(bus.isReady() ? undefined : 'not connected'),
});

const inEventContext =
  (service: ServiceName, tracing: Tracing) =>
  <Result>(envelope: EventEnvelope, work: () => Promise<Result>): Promise<Result> => {
    const context = {
      service,
      requestId: acceptRequestId(envelope.requestid),
      userId: envelope.subject,
      workId: envelope.id,
      identity: serviceIdentity(service),
    };
    const attributes = { 'messaging.message.id': envelope.id, 'messaging.operation.type': 'process' };
    const options = { kind: SpanKind.CONSUMER, attributes, traceparent: envelope.traceparent };
    return runWithContext(context, () => tracing.inSpan(`${envelope.type} process`, options, work));
  };

const tellTerminal = (sentence: string): void => {
  process.stdout.write(`\n  ${sentence}\n\n`);
};

interface Parts {
  instance: ServiceInstance;
  probe: HealthProbe;
  server: ListeningServer;
  internal: ListeningServer;
  jobs: JobRunner;
  relay: OutboxRelay;
}

/**
 * Starts one service in this process: settings, logger, traces, database, bus, wiring, subscriptions, outbox relay,
 * ports, schedules. A start that fails undoes what it had opened.
 * @param module the service
 * @param options settings and what it shares with other services of the process
 * @throws ConfigError for unusable settings; the last error when the database or broker stays away for a minute
 */
export const startService = async <Config extends z.ZodType>(
  module: ServiceModule<Config>,
  options: StartOptions = {},
): Promise<StartedService> => {
  const loaded = loadServiceConfig(module, options.env ?? process.env);
  const logger = createLogger(module.name, loaded.common.LOG_LEVEL, options.logDestination);
  const undo = new Undo();
  try {
    return await assemble(module, loaded, options, logger, undo);
  } catch (error) {
    logger.fatal({ err: error }, 'the service could not start');
    await undo.run(logger);
    throw error;
  }
};

const prepareDatabase = async (
  { migrations = [] }: Pick<ServiceModule, 'migrations'>,
  mongo: Connection,
  logger: Logger,
): Promise<void> => {
  await prepareMessaging(mongo);
  await createIdempotencyStore(mongo).prepare();
  if (migrations.length > 0) {
    const applied = await migrate(mongo, migrations);
    logger.info({ applied }, 'migrations are up to date');
  }
};

/**
 * Prepares the database of a service: outbox, inbox, stored replies and its own migrations. Safe to repeat.
 * @param module the service
 * @param env settings
 * @param logDestination where log lines go; default standard output
 * @throws the last error when the database stays away for a minute
 */
export const migrateService = async (
  module: ServiceModule,
  env: Environment,
  logDestination?: DestinationStream,
): Promise<void> => {
  const { common } = loadServiceConfig(module, env);
  const logger = createLogger(module.name, common.LOG_LEVEL, logDestination);
  const databaseName = `${common.ORRERY_NAMESPACE}_${module.name}`;
  const mongo = await withPatience(
    'the database',
    () => openDatabase(common.MONGODB_URI, databaseName),
    logger,
  );
  try {
    await prepareDatabase(module, mongo, logger);
  } finally {
    await mongo.close();
  }
};

const assemble = async <Config extends z.ZodType>(
  module: ServiceModule<Config>,
  { common, own, addresses: configured }: LoadedConfig<z.output<Config>>,
  options: StartOptions,
  logger: Logger,
  undo: Undo,
): Promise<StartedService> => {
  const service = module.name;
  const metrics = createMetrics(service, { process: options.processMetrics ?? false });
  const otlpEndpoint = common.OTEL_EXPORTER_OTLP_ENDPOINT;
  const tracing = await startTracing(service, otlpEndpoint === undefined ? {} : { otlpEndpoint });
  undo.add(() => tracing.stop());

  const databaseName = `${common.ORRERY_NAMESPACE}_${service}`;
  const mongo = await withPatience(
    'the database',
    () => openDatabase(common.MONGODB_URI, databaseName),
    logger,
  );
  undo.add(() => mongo.close());
  const opened = options.bus === undefined ? await startBus(common, logger) : undefined;
  const bus = options.bus ?? opened?.bus;
  if (bus === undefined) {
    throw new Error('No event bus was opened');
  }
  undo.add(async () => opened?.stop());

  if (common.MIGRATE_ON_START) {
    await prepareDatabase(module, mongo, logger);
  }
  const idempotency = createIdempotencyStore(mongo);

  const clock =
    options.clock ??
    (common.ORRERY_NOW === undefined ? systemClock : frozenClock(new Date(common.ORRERY_NOW)));
  const messagingMetrics = createMessagingMetrics(
    metrics.registry,
    EVENTS.filter(({ producer }) => producer === service).map(eventType),
  );
  const outbox = createOutboxStore({
    connection: mongo,
    producer: service,
    clock,
    origin: () => ({ requestId: currentContext()?.requestId }),
  });
  const relay = new OutboxRelay({
    connection: mongo,
    producer: service,
    bus,
    logger,
    metrics: messagingMetrics,
  });
  watchDatabasePool(metrics.registry, mongo);
  watchQueues(metrics.registry, bus, service);
  registerOutboxGauges(metrics.registry, () => readInTime(() => relay.state(), undefined));

  const keys = serviceTokenKeys(common.SERVICE_TOKEN_SECRET, common.SERVICE_TOKEN_SECRET_PREVIOUS);
  const addressOf = (other: ServiceName): string => {
    const address = options.addresses?.get(other) ?? configured.get(other);
    if (address === undefined) {
      throw new AppError('upstream-unavailable', {
        cause: new Error(`No address of the ${other} service is known`),
      });
    }
    return address;
  };
  const jobs = createJobRunner({ service, connection: mongo, logger, metrics, tracing });
  const sessionsWithEvents = new WeakSet<ClientSession>();

  const runtime: Runtime<z.output<Config>> = {
    service,
    config: own,
    mongo,
    logger,
    clock,
    metrics: metrics.registry,
    jobs: jobs.desk,
    inTransaction: async (work) => {
      let used: ClientSession | undefined;
      const result = await inTransaction(mongo, (session) => {
        used = session;
        return work(session);
      });
      if (used !== undefined && sessionsWithEvents.has(used)) {
        relay.nudge();
      }
      return result;
    },
    recordEvents: async (session, events) => {
      sessionsWithEvents.add(session);
      await outbox.recordEvents(session, events);
    },
    client: (other) => createServiceClient({ caller: service, keys, metrics, tracing, addressOf }, other),
    addressOf,
    serviceTokenKeys: keys,
    tracing,
    tellOperator: options.tellOperator ?? tellTerminal,
  };
  const instance = await module.create(runtime);
  undo.add(async () => instance.stop?.());

  const readiness = instance.readiness?.bind(instance);
  const probe = createHealthProbe(
    [
      databaseDependency(mongo),
      busDependency(bus),
      ...(readiness === undefined ? [] : [{ name: 'service', check: readiness }]),
    ],
    metrics,
  );
  const app = createApp({
    service,
    version: module.version ?? RELEASE,
    routes: [
      ...(instance.routes ?? []),
      ...operationsRoutes({
        service,
        version: module.version ?? RELEASE,
        probe,
        bus,
        relay,
        jobs: jobs.desk,
        logger,
        metrics: metrics.registry,
        ...(instance.facts === undefined ? {} : { facts: instance.facts.bind(instance) }),
      }),
    ],
    keys,
    probe,
    logger,
    metrics,
    tracing,
    idempotency,
  });

  const subscriptions = instance.subscriptions ?? [];
  if (subscriptions.length > 0) {
    const deliver = createDeliver({
      consumer: service,
      subscriptions,
      connection: mongo,
      outbox,
      logger,
      metrics: messagingMetrics,
      runInContext: inEventContext(service, tracing),
      isOutage: isTransient,
      onRecorded: () => {
        relay.nudge();
      },
    });
    const definitions = subscriptions.map(({ definition }) => definition);
    const forgetting = forgettingDeadLetters(deliver, { bus, consumer: service, logger });
    await bus.consume(service, definitions, forgetting);
  }
  relay.start();
  undo.add(() => relay.stop());
  await jobs.start(instance.jobs ?? []);
  undo.add(() => jobs.stop(0));

  const host = common.HOST;
  const server = await listen(
    instance.listener?.(app) ?? app,
    { host, port: common.PORT },
    instance.onUpgrade?.bind(instance),
  );
  undo.add(() => server.close(0));
  const internal = await listen(internalListener(probe, metrics), { host, port: common.METRICS_PORT });
  undo.add(() => internal.close(0));
  options.addresses?.set(service, server.url);
  logger.info({ url: server.url, metricsUrl: internal.url }, 'service started');

  const stop = stopper({
    common,
    parts: { instance, probe, server, internal, jobs, relay },
    finish: async () => {
      await instance.stop?.();
      await opened?.stop();
      await mongo.close();
      await tracing.stop();
    },
    stopConsuming: async () => opened?.bus.stopConsuming(),
    logger,
  });
  return {
    name: service,
    url: server.url,
    metricsUrl: internal.url,
    mongo,
    metrics: metrics.registry,
    logger,
    consumes: subscriptions.map(({ definition }) => eventType(definition)),
    jobs: jobs.desk,
    ...stop,
  };
};

const stopper = (started: {
  common: CommonConfig;
  parts: Parts;
  stopConsuming: () => Promise<void>;
  finish: () => Promise<void>;
  logger: Logger;
}): Pick<StartedService, 'drain' | 'stop'> => {
  const { common, parts, stopConsuming, finish, logger } = started;
  const { instance, probe, server, internal, jobs, relay } = parts;
  let draining: Promise<void> | undefined;
  let stopping: Promise<boolean> | undefined;

  const drain = async (): Promise<void> => {
    draining ??= (async () => {
      probe.startDraining();
      await instance.drain?.();
    })();
    return draining;
  };

  const stopInOrder = async (): Promise<boolean> => {
    await drain();
    if (common.DRAIN_DELAY_MS > 0) {
      await sleep(common.DRAIN_DELAY_MS);
    }
    const timeoutMs = common.DRAIN_TIMEOUT_MS;
    const undo = new Undo();
    let inTime = true;
    undo.add(() => internal.close(1_000));
    undo.add(finish);
    undo.add(() => relay.stop());
    undo.add(async () => {
      const ended = await Promise.all([
        server.close(timeoutMs),
        within(timeoutMs, stopConsuming()),
        jobs.stop(timeoutMs).then(() => true),
      ]);
      inTime = ended.every(Boolean);
    });
    await undo.run(logger);
    logger.info({ inTime }, 'service stopped');
    return inTime;
  };

  return {
    drain,
    stop: () => {
      stopping ??= stopInOrder();
      return stopping;
    },
  };
};

const within = async (timeoutMs: number, work: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
};
