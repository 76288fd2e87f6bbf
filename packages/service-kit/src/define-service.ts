import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '@orrery/calendar';
import type { OperationalFact, ReplySchema, RouteDefinition, ServiceName } from '@orrery/contracts';
import type { NewEvent, Subscription } from '@orrery/messaging';
import type { Migration } from '@orrery/mongo';
import type { Express, Request, Response } from 'express';
import type { ClientSession, Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { Identity } from './auth/identity.ts';
import type { ServiceTokenKeys } from './auth/service-token.ts';
import type { ServiceClient } from './http/service-client.ts';
import type { JobDesk } from './jobs/job-desk.ts';
import type { Tracing } from './observability/tracing.ts';

/** What a service is given when it starts. Nothing here is process-wide, so several services fit in one process. */
export interface Runtime<Config> {
  service: ServiceName;
  config: Config;
  /** The service's own database, `orrery_<service>`. */
  mongo: Connection;
  logger: Logger;
  /** Business time; frozen by `ORRERY_NOW`. */
  clock: Clock;
  metrics: Registry;
  /** Starts jobs of this service and reads their state. */
  jobs: JobDesk;
  /** Runs `work` in one database transaction, retried on transient conflicts; nudges the outbox relay after commit. */
  inTransaction<Result>(work: (session: ClientSession) => Promise<Result>): Promise<Result>;
  /** Records events in the outbox, inside the transaction of `session`. */
  recordEvents(session: ClientSession, events: readonly NewEvent[]): Promise<void>;
  /** HTTP client for another service, carrying the caller's identity and request id. */
  client(service: ServiceName): ServiceClient;
  /** Base address of another service without a trailing slash; throws AppError `upstream-unavailable` when unknown. */
  addressOf(service: ServiceName): string;
  /** Keys of calls between services; the gateway signs what it forwards. */
  serviceTokenKeys: ServiceTokenKeys;
  /** Traces of this service. */
  tracing: Tracing;
  /** Says something once to the person who started it that no log may hold, such as a one-time password. */
  tellOperator(sentence: string): void;
}

/** What a handler gets: validated input, who calls, and the raw request for streams. */
export interface RouteInput<Params, Query, Body> {
  params: Params;
  query: Query;
  /** Undefined for `multipart` and `raw` routes, which read `stream`. */
  body: Body;
  /** The body as it arrives; fails with `body-too-large` beyond the route's limit. Empty for JSON and form routes. */
  stream: Readable;
  identity: Identity;
  requestId: string;
  request: Request;
  response: Response;
  /** Aborted when the client leaves or the deadline has passed. */
  signal: AbortSignal;
  /**
   * Stores the reply of an idempotent request in the same transaction as its effect, so that a kill between the two
   * cannot make a repeated request double the effect. Does nothing without an `Idempotency-Key`.
   */
  keepReply(session: ClientSession, reply: { status: number; body: unknown }): Promise<void>;
}

/** A typed reply. `body` is checked against the declared schema, so an undeclared field cannot leak. */
export type Reply<Replies extends Record<number, ReplySchema>> = {
  [Status in keyof Replies & number]: {
    status: Status;
    body: Replies[Status] extends z.ZodType
      ? z.input<Replies[Status]>
      : Buffer | string | AsyncIterable<Buffer | string>;
    headers?: Record<string, string>;
  };
}[keyof Replies & number];

/** A route with its handler, types erased; made by `handle`. */
export interface MountedRoute {
  definition: RouteDefinition;
  handle(input: RouteInput<unknown, unknown, unknown>): Promise<UntypedReply>;
}

export interface UntypedReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** Work that is scheduled, or run on demand, with a row in `jobs` for each run. */
export interface Job {
  name: string;
  /** Five-field cron expression in `timeZone`; absent for a job that only runs on demand. One replica runs each tick. */
  cron?: string;
  /** IANA name; default `UTC`. */
  timeZone?: string;
  /** Refuses a run while another one is queued or running; default true. */
  oneAtATime?: boolean;
  /** @returns a small JSON value that is kept as the result of the run */
  run(context: { signal: AbortSignal; input: unknown; jobId: string }): Promise<unknown>;
}

/** A started service. */
export interface ServiceInstance {
  routes?: readonly MountedRoute[];
  subscriptions?: readonly Subscription[];
  jobs?: readonly Job[];
  /** Extra readiness: the reason why the service cannot serve yet, or undefined. A throw counts as a reason. */
  readiness?(): Promise<string | undefined>;
  /** What operators see about the service beside queues and jobs: versions of models, states of links, spend. */
  facts?(): Promise<readonly OperationalFact[]>;
  /** Wraps or replaces the HTTP application; the gateway answers outside traffic itself. */
  listener?(app: Express): RequestListener;
  /** Takes over upgraded connections such as WebSockets; without it an upgrade is refused. */
  onUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Called when draining starts and the service is no longer ready: say goodbye to long-lived connections. */
  drain?(): Promise<void>;
  /** Releases what the instance itself opened (workers, timers, sockets), after its last request, event and job. */
  stop?(): Promise<void>;
}

/** A service as a value: where it runs is decided elsewhere. */
export interface ServiceModule<Config extends z.ZodType = z.ZodType> {
  name: ServiceName;
  version?: string;
  /** Object schema whose keys are the names of settings, for instance `PLAID_CLIENT_ID`. */
  config: Config;
  /** Services that it calls by HTTP; production refuses to start without their addresses. */
  calls?: readonly ServiceName[];
  /** Steps of the database's history, oldest first; applied before `create`. */
  migrations?: readonly Migration[];
  create(runtime: Runtime<z.output<Config>>): Promise<ServiceInstance>;
}

/**
 * Joins a route's declaration and its handler.
 * @param definition the declaration in the service's contract
 * @param work the handler: validated input in, declared reply out
 */
export const handle = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Replies extends Record<number, ReplySchema>,
>(
  definition: RouteDefinition<Params, Query, Body, Replies>,
  work: (
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<NoInfer<Replies>>>,
): MountedRoute => ({ definition, handle: work });

/**
 * Declares a service; returns its argument with the type of its settings kept.
 * @param module the service
 */
export const defineService = <Config extends z.ZodType>(
  module: ServiceModule<Config>,
): ServiceModule<Config> => module;
