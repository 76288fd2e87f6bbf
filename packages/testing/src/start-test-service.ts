import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '@orrery/calendar';
import { SERVICE_NAMES, type EventDefinition, type EventEnvelope, type ServiceName } from '@orrery/contracts';
import { createEvent, encodeEvent, newEvent, openBus, type EventBus } from '@orrery/messaging';
import { openDatabase } from '@orrery/mongo';
import {
  createLogger,
  startService,
  type Environment,
  type Identity,
  type ServiceModule,
  type StartedService,
} from '@orrery/service-kit';
import type { Connection } from 'mongoose';
import type { z } from 'zod';
import { CapturedEvents, capturingBus } from './captured-events.ts';
import { eventually } from './eventually.ts';
import { fakeClock } from './fake-clock.ts';
import { useTestDatabase } from './test-database.ts';
import { aUser, signedHeaders, TEST_SERVICE_TOKEN_SECRET } from './test-identity.ts';

export interface TestServiceOptions {
  /** Settings beside the usual ones. */
  env?: Environment;
  /** Business time; default a fake clock at noon of 16 March 2026. */
  clock?: Clock;
  /** Addresses of services that it calls, for instance of a fake one. */
  addresses?: Partial<Record<ServiceName, string>>;
  /** `rabbitmq` needs RABBITMQ_URL; default `in-process`. */
  bus?: 'in-process' | 'rabbitmq';
  /** Pauses before an event is tried again; default 20 and 40 ms. */
  retryDelaysMs?: readonly number[];
}

/** A call to the service under test. */
export interface TestCall {
  /** Who calls; default a user of its own. `null` sends no service token. */
  as?: Identity | null;
  method?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, for instance `FormData`. */
  body?: NonNullable<RequestInit['body']>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface TestReply {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed JSON body; undefined for any other. */
  json: unknown;
}

/** One service with a database of its own, on a free port. */
export interface TestService {
  url: string;
  metricsUrl: string;
  mongo: Connection;
  bus: EventBus;
  clock: Clock;
  /** What it has published. */
  captured: CapturedEvents;
  /** Its log lines as JSON text. */
  logs: readonly string[];
  /** Calls it with a really signed identity. */
  call(path: string, options?: TestCall): Promise<TestReply>;
  /** The same, with the reply unread, for streams. */
  fetch(path: string, options?: TestCall): Promise<Response>;
  /** Delivers an event to it as its producer would; returns the envelope. */
  publish<Data extends z.ZodType>(
    definition: EventDefinition<Data>,
    subject: string,
    data: z.output<Data>,
    envelope?: Partial<EventEnvelope>,
  ): Promise<EventEnvelope>;
  /**
   * Runs one of its jobs to the end; returns the kept result.
   * @throws Error when the job fails
   */
  runJob(name: string, input?: unknown): Promise<unknown>;
  /** Stops it and drops its databases. */
  stop(): Promise<void>;
}

const busUrl = (options: TestServiceOptions): string | undefined => {
  if (options.bus !== 'rabbitmq') {
    return undefined;
  }
  const url = process.env['RABBITMQ_URL'];
  if (url === undefined) {
    throw new Error(`This test needs RABBITMQ_URL. ${process.env['ORRERY_BROKER_SKIPPED'] ?? ''}`);
  }
  return url;
};

const isServiceName = (name: string): name is ServiceName => SERVICE_NAMES.some((known) => known === name);

const parsed = (response: Response, text: string): unknown =>
  (response.headers.get('content-type') ?? '').includes('json') && text !== '' ? JSON.parse(text) : undefined;

/**
 * Starts one service as it runs in production, with a fresh database, a bus of its own and a port of its own.
 * @param module the service
 * @param options settings and clock
 */
export const startTestService = async <Config extends z.ZodType>(
  module: ServiceModule<Config>,
  options: TestServiceOptions = {},
): Promise<TestService> => {
  const namespace = `t${randomBytes(6).toString('hex')}`;
  const clock = options.clock ?? fakeClock();
  const logs: string[] = [];
  const logDestination = {
    write: (line: string) => {
      logs.push(line);
    },
  };
  const database = await useTestDatabase();
  const busDatabase = await openDatabase(database.uri, `${namespace}_bus`);
  const captured = new CapturedEvents();
  const inner = openBus({
    rabbitmqUrl: busUrl(options),
    connection: busDatabase,
    namespace,
    retryDelaysMs: options.retryDelaysMs ?? [20, 40],
    logger: createLogger(module.name, 'info', logDestination),
  });
  const bus = capturingBus(inner, captured);
  await bus.start();
  const addresses = new Map<ServiceName, string>();
  for (const [name, address] of Object.entries(options.addresses ?? {})) {
    if (isServiceName(name)) {
      addresses.set(name, address);
    }
  }
  const started: StartedService = await startService(module, {
    env: {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      MONGODB_URI: database.uri,
      ORRERY_NAMESPACE: namespace,
      SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
      DRAIN_TIMEOUT_MS: '5000',
      LOG_LEVEL: 'debug',
      ...options.env,
    },
    addresses,
    bus,
    clock,
    logDestination,
  });

  const send = async (path: string, call: TestCall = {}): Promise<Response> => {
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const identity = call.as === undefined ? aUser() : call.as;
    return fetch(`${started.url}${path}`, {
      method: call.method ?? 'GET',
      headers: {
        ...(identity === null ? {} : signedHeaders(identity, module.name)),
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  };

  return {
    url: started.url,
    metricsUrl: started.metricsUrl,
    mongo: started.mongo,
    bus,
    clock,
    captured,
    logs,
    fetch: send,
    call: async (path, call) => {
      const response = await send(path, call);
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parsed(response, text) };
    },
    publish: async (definition, subject, data, fields = {}) => {
      const made = createEvent(newEvent(definition, subject, data), definition.producer, clock, {
        requestId: randomUUID(),
      });
      const envelope = { ...made, ...fields };
      await inner.publish([encodeEvent(envelope)]);
      return envelope;
    },
    runJob: async (name, input) => {
      const id = await started.jobs.run(name, input);
      const run = await eventually(async () => {
        const found = await started.jobs.find(id);
        return found?.state === 'succeeded' || found?.state === 'failed' ? found : undefined;
      });
      if (run?.state !== 'succeeded') {
        throw new Error(`Job ${name} failed: ${run?.error?.message ?? 'its row is gone'}`);
      }
      return run.result;
    },
    stop: async () => {
      await bus.stopConsuming();
      const dropped = await openDatabase(database.uri, `${namespace}_${module.name}`);
      await started.stop();
      await bus.stop();
      await dropped.dropDatabase();
      await dropped.close();
      await busDatabase.dropDatabase();
      await busDatabase.close();
      await database.release();
    },
  };
};
