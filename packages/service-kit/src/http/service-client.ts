import type { ReplySchema, RouteDefinition, ServiceName } from '@orrery/contracts';
import type { z } from 'zod';
import type { Identity } from '../auth/identity.ts';

/** A validated reply of another service; `body` is what the route's schema says for that status. */
export type ClientReply<Replies extends Record<number, ReplySchema>> = {
  [Status in keyof Replies & number]: {
    status: Status;
    body: Replies[Status] extends z.ZodType ? z.output<Replies[Status]> : Buffer;
  };
}[keyof Replies & number];

export interface ClientInput<Params, Query, Body> {
  params?: Params;
  query?: Query;
  body?: Body;
}

export interface CallOptions {
  /** Default: the identity of the request at work, else the calling service itself. */
  identity?: Identity;
  /** Default 5 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Makes a POST safe to repeat. */
  idempotencyKey?: string;
}

/** HTTP client for one of our services, typed by the route declarations in contracts. */
export interface ServiceClient {
  readonly service: ServiceName;
  /**
   * Calls a route of the service. A call with a safe verb is repeated once when the service cannot be reached.
   * @param route the declaration in contracts
   * @param input parameters, query and body as the route's schemas take them
   * @param options deadline and identity
   * @throws AppError with the service's own code for a 4xx, `upstream-unavailable` when it cannot be reached or fails,
   *   `upstream-failed` when its answer does not fit the declaration
   */
  call<
    Params extends z.ZodType,
    Query extends z.ZodType,
    Body extends z.ZodType,
    Replies extends Record<number, ReplySchema>,
  >(
    route: RouteDefinition<Params, Query, Body, Replies>,
    input: ClientInput<z.input<Params>, z.input<Query>, z.input<Body>>,
    options?: CallOptions,
  ): Promise<ClientReply<Replies>>;
}
