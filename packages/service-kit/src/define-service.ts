import type { Clock } from '@orrery/calendar';
import type { ReplySchema, RouteDefinition, ServiceName } from '@orrery/contracts';
import type { NewEvent, Subscription } from '@orrery/messaging';
import type { Request, Response } from 'express';
import type { ClientSession, Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { Identity } from './auth/identity.ts';
import type { ServiceClient } from './http/service-client.ts';

/** What a service is given when it starts. Nothing here is process-wide, so several services fit in one process. */
export interface Runtime<Config> {
  config: Config;
  /** The service's own database, `orrery_<service>`. */
  mongo: Connection;
  logger: Logger;
  clock: Clock;
  metrics: Registry;
  /** Runs `work` in one database transaction, retried on transient conflicts; nudges the outbox relay after commit. */
  inTransaction<Result>(work: (session: ClientSession) => Promise<Result>): Promise<Result>;
  /** Records events in the outbox, inside the transaction of `session`. */
  recordEvents(session: ClientSession, events: readonly NewEvent[]): Promise<void>;
  /** HTTP client for another service, carrying the caller's identity and request id. */
  client(service: ServiceName): ServiceClient;
}

/** What a handler gets: validated input, who calls, and the raw request for streams. */
export interface RouteInput<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  identity: Identity;
  requestId: string;
  request: Request;
  response: Response;
  /** Aborted when the client leaves. */
  signal: AbortSignal;
}

/** A typed reply. `body` is checked against the declared schema, so an undeclared field cannot leak. */
export type Reply<Replies extends Record<number, ReplySchema>> = {
  [Status in keyof Replies & number]: {
    status: Status;
    body: Replies[Status] extends z.ZodType ? z.input<Replies[Status]> : Buffer | string | AsyncIterable<Buffer | string>;
    headers?: Record<string, string>;
  };
}[keyof Replies & number];

/** A route with its handler, types erased; made by `handle`. */
export interface MountedRoute {
  definition: RouteDefinition;
  handle(input: RouteInput<unknown, unknown, unknown>): Promise<Reply<Record<number, ReplySchema>>>;
}

/** Scheduled work. One replica runs it at a time, by a lease. */
export interface Job {
  name: string;
  /** Five-field cron expression in `timeZone`; absent for a job that only runs on demand. */
  cron?: string;
  timeZone?: string;
  run(context: { signal: AbortSignal; input: unknown }): Promise<unknown>;
}

/** A started service. */
export interface ServiceInstance {
  routes: readonly MountedRoute[];
  subscriptions: readonly Subscription[];
  jobs: readonly Job[];
  /** Extra readiness: throw or return a reason when the service cannot serve yet. */
  readiness?(): Promise<string | undefined>;
  /** Removes everything about a user and says what was removed, by kind; for the erasure event. */
  stop?(): Promise<void>;
}

/** A service as a value: where it runs is decided elsewhere. */
export interface ServiceModule<Config extends z.ZodType = z.ZodType> {
  name: ServiceName;
  config: Config;
  create(runtime: Runtime<z.output<Config>>): Promise<ServiceInstance>;
}
