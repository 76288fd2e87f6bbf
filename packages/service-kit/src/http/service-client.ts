import { SpanKind } from '@opentelemetry/api';
import { Problem, type ReplySchema, type RouteDefinition, type ServiceName } from '@orrery/contracts';
import { z } from 'zod';
import { serviceIdentity, type Identity } from '../auth/identity.ts';
import { SERVICE_TOKEN_HEADER, signServiceToken, type ServiceTokenKeys } from '../auth/service-token.ts';
import { AppError } from '../errors/app-error.ts';
import { isTransient } from '../errors/is-transient.ts';
import type { ServiceMetrics } from '../observability/metrics.ts';
import { acceptRequestId, currentContext } from '../observability/request-context.ts';
import { traceHeaders, type Tracing } from '../observability/tracing.ts';

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
  /** `Accept-Language`: in which language texts are wanted. */
  language?: string;
}

/** HTTP client for one of our services, typed by the route declarations in contracts. */
export interface ServiceClient {
  readonly service: ServiceName;
  /**
   * Calls a route of the service. A call with a safe verb, or with an idempotency key, is repeated once when the service
   * cannot be reached.
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

/** What clients of one service need. */
export interface ClientEnvironment {
  /** The calling service. */
  caller: ServiceName;
  keys: ServiceTokenKeys;
  metrics: ServiceMetrics;
  tracing: Tracing;
  /** Base address of a service without a trailing slash. */
  addressOf(service: ServiceName): string;
}

const TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const PAUSE_SPREAD_MS = 100;
const SAFE_METHODS: ReadonlySet<string> = new Set(['get', 'put', 'delete']);
const UNREACHED_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value);

const addressFor = (base: string, path: string, input: ClientInput<unknown, unknown, unknown>): string => {
  const params = isRecord(input.params) ? input.params : {};
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
    encodeURIComponent(textOf(params[name] ?? '')),
  );
  const query = new URLSearchParams(
    Object.entries(isRecord(input.query) ? input.query : {})
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]): [string, string] => [name, textOf(value)]),
  ).toString();
  return `${base}${filled}${query === '' ? '' : `?${query}`}`;
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });

const jsonOf = (bytes: Buffer): unknown => {
  if (bytes.length === 0) {
    return undefined;
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new AppError('upstream-failed', { cause: error });
  }
};

const refusalOf = (status: number, contentType: string, bytes: Buffer): AppError => {
  const problem = contentType.includes('json') ? Problem.safeParse(jsonOf(bytes)) : undefined;
  if (problem?.success !== true) {
    return new AppError('upstream-failed', {
      cause: new Error(`answered ${String(status)} without a problem document`),
    });
  }
  const { code, title, detail, errors } = problem.data;
  return new AppError(
    { code, status, title },
    { ...(detail === undefined ? {} : { detail }), ...(errors === undefined ? {} : { fields: errors }) },
  );
};

interface Exchange {
  status: number;
  contentType: string;
  bytes: Buffer;
}

const exchange = async (url: string, init: RequestInit): Promise<Exchange> => {
  const response = await fetch(url, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, contentType: response.headers.get('content-type') ?? '', bytes };
};

const outcomeOf = (error: unknown): string => {
  if (!(error instanceof AppError)) {
    return 'failed';
  }
  return error.status < 500 ? 'refused' : error.code === 'upstream-unavailable' ? 'unreachable' : 'failed';
};

/**
 * A client for one of our services.
 * @param environment the caller's name, keys, metrics and address book
 * @param service the service that is called
 */
export const createServiceClient = (environment: ClientEnvironment, service: ServiceName): ServiceClient => {
  const { caller, keys, metrics, tracing } = environment;

  const headersFor = (requestId: string, options: CallOptions, hasBody: boolean): Record<string, string> => {
    const identity = options.identity ?? currentContext()?.identity ?? serviceIdentity(caller);
    return {
      accept: 'application/json',
      'x-request-id': requestId,
      [SERVICE_TOKEN_HEADER]: signServiceToken(keys, {
        identity: { ...identity, caller },
        target: service,
        requestId,
      }),
      ...traceHeaders(),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey }),
      ...(options.language === undefined ? {} : { 'accept-language': options.language }),
    };
  };

  const reach = async (
    route: RouteDefinition,
    input: ClientInput<unknown, unknown, unknown>,
    options: CallOptions,
  ): Promise<Exchange> => {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
    const requestId = acceptRequestId(currentContext()?.requestId);
    const mayRepeat = SAFE_METHODS.has(route.method) || options.idempotencyKey !== undefined;
    const url = addressFor(environment.addressOf(service), route.path, input);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await exchange(url, {
          method: route.method.toUpperCase(),
          headers: headersFor(requestId, options, input.body !== undefined),
          signal,
          redirect: 'error',
          ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
        });
        if (!UNREACHED_STATUSES.has(answer.status)) {
          return answer;
        }
        throw new AppError('upstream-unavailable', {
          cause: new Error(`${service} answered ${String(answer.status)}`),
        });
      } catch (error) {
        const isOver = attempt > 1 || !mayRepeat || signal.aborted || !isTransient(error);
        if (isOver) {
          throw error instanceof AppError ? error : new AppError('upstream-unavailable', { cause: error });
        }
        await pause(FIRST_PAUSE_MS + Math.random() * PAUSE_SPREAD_MS, signal);
      }
    }
  };

  const read = (
    route: RouteDefinition,
    { status, contentType, bytes }: Exchange,
  ): { status: number; body: unknown } => {
    const schema = route.responses[status];
    if (schema === undefined) {
      if (status >= 400 && status < 500) {
        throw refusalOf(status, contentType, bytes);
      }
      throw new AppError(status >= 500 ? 'upstream-unavailable' : 'upstream-failed', {
        cause: new Error(`${service} answered ${route.operationId} with status ${String(status)}`),
      });
    }
    if (!(schema instanceof z.ZodType)) {
      return { status, body: bytes };
    }
    const parsed = schema.safeParse(jsonOf(bytes));
    if (!parsed.success) {
      throw new AppError('upstream-failed', {
        cause: new Error(
          `${service} answered ${route.operationId} outside its schema: ${z.prettifyError(parsed.error)}`,
        ),
      });
    }
    return { status, body: parsed.data };
  };

  return {
    service,
    call: async (route, input, options = {}) => {
      const labels = { target: service, operation: route.operationId };
      const stopTimer = metrics.clientDuration.startTimer(labels);
      try {
        const attributes = { 'http.request.method': route.method.toUpperCase(), 'url.template': route.path };
        const reply = await tracing.inSpan(
          `${service} ${route.operationId}`,
          { kind: SpanKind.CLIENT, attributes },
          async () => read(route, await reach(route, input, options)),
        );
        metrics.clientRequests.inc({ ...labels, outcome: 'ok' });
        // The status was looked up in the route's own table and the body parsed by its schema: this is the parse boundary.
        return reply as ClientReply<typeof route.responses>;
      } catch (error) {
        metrics.clientRequests.inc({ ...labels, outcome: outcomeOf(error) });
        throw error;
      } finally {
        stopTimer();
      }
    },
  };
};
