import type { z } from 'zod';

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who may call a route. `service` is for calls between our own services and never reachable from outside. */
export type Audience = 'public' | 'user' | 'analyst' | 'admin' | 'service';

/** Which error body a route answers with: RFC 9457, or the body of the legacy system it stands in for. */
export type ErrorShape = 'problem' | 'detail' | 'error' | 'error-code';

/** How the request body arrives. `multipart` and `raw` bodies reach the handler as a stream. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'raw';

/** A reply that is not JSON: a file, an event stream, a page. */
export interface StreamReply {
  contentType: string;
  description: string;
}

export type ReplySchema = z.ZodType | StreamReply;

/** The one declaration of a route: validation, handler types and OpenAPI all come from it. */
export interface RouteDefinition<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Replies extends Record<number, ReplySchema> = Record<number, ReplySchema>,
> {
  method: HttpMethod;
  /** OpenAPI form: `/v1/imports/{importId}`. */
  path: string;
  operationId: string;
  summary: string;
  tag: string;
  audience: Audience;
  params?: Params;
  query?: Query;
  body?: Body;
  /** Default `json`. */
  bodyKind?: BodyKind;
  /** Largest body in bytes; default 1 MiB. */
  bodyLimitBytes?: number;
  /** Longest time for receiving the body and answering, in milliseconds; default 25 s. For uploads on slow lines. */
  deadlineMs?: number;
  responses: Replies;
  /** Codes of the errors that a caller should expect besides validation and sign-in. */
  problems?: readonly string[];
  /** Default `problem`. */
  errorShape?: ErrorShape;
  /** Accepts an `Idempotency-Key` header; for POSTs that create. */
  idempotent?: boolean;
}

/**
 * Declares a route; returns its argument with the literal types kept.
 * @param route the declaration
 */
export const defineRoute = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  const Replies extends Record<number, ReplySchema>,
>(
  route: RouteDefinition<Params, Query, Body, Replies>,
): RouteDefinition<Params, Query, Body, Replies> => route;
