import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@orrery/service-kit';
import { type Dispatcher, Pool, errors } from 'undici';
import type { RouteRule } from '../routing/route-table.ts';
import { isPassedToClient } from './forwarded-headers.ts';
import { type LimitedBody, limitedBody } from './limited-body.ts';

/** A request ready to be forwarded. */
export interface Forward {
  rule: RouteRule;
  /** Path and query. */
  target: string;
  headers: Record<string, string>;
}

/** Forwards requests to services and streams the answers back. */
export interface UpstreamProxy {
  /**
   * Answers `response` with what the upstream answers. Returns as well when the client has left.
   * @throws AppError `upstream-unavailable`, `deadline-exceeded` or `body-too-large` while nothing has been sent yet;
   *   an answer that breaks off in the middle ends with a destroyed connection, so that nobody takes it for a whole one
   */
  forward(
    origin: string,
    request: IncomingMessage,
    response: ServerResponse,
    forward: Forward,
  ): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** Shorter than the services' own keep-alive of 65 s, so that a service never closes a connection we are about to use. */
export const KEEP_ALIVE_MS = 55_000;
const CONNECTIONS_PER_UPSTREAM = 128;
const NO_TIMEOUT = 0;

/** Seconds after which a client may try again when a service is down or slow. */
const RETRY_AFTER_S = '2';

/**
 * Whether a request brings a body.
 * @param request the request
 */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  (headers['content-length'] !== undefined && headers['content-length'] !== '0') ||
  headers['transfer-encoding'] !== undefined;

/** The error of an answer that took longer than its route allows. */
const tooLate = (cause?: unknown): AppError =>
  new AppError('deadline-exceeded', { cause, headers: { 'Retry-After': RETRY_AFTER_S } });

/**
 * The error of an exchange whose time is over: the client's when its body has not come in yet, so that slow bodies
 * never open the circuit breaker of a service that waits for them.
 * @param request the request
 */
export const outOfTime = (request: IncomingMessage): AppError =>
  hasBody(request) && !request.complete
    ? new AppError(
        { code: 'request-timeout', status: 408, title: 'The body took too long' },
        { headers: { Connection: 'close' } },
      )
    : tooLate();

/**
 * What a failed exchange with a service means for the client. Reasons stay in the log.
 * @param error what undici or the socket threw
 */
export function upstreamError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return tooLate(error);
  }
  return new AppError('upstream-unavailable', { cause: error, headers: { 'Retry-After': RETRY_AFTER_S } });
}

const isEventStream = (contentType: string | string[] | undefined): boolean =>
  typeof contentType === 'string' && contentType.startsWith('text/event-stream');

/** One exchange: what undici reports goes straight to the client's response. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #rule: RouteRule;
  readonly #body: LimitedBody | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;
  #hasLeft = false;
  /** Bytes of the body that are still to come; undefined when the service does not say how many. */
  #missing: number | undefined;

  constructor(
    response: ServerResponse,
    rule: RouteRule,
    body: LimitedBody | undefined,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#response = response;
    this.#rule = rule;
    this.#body = body;
    this.#resolve = resolve;
    this.#reject = reject;
    response.once('close', this.#onClose);
    if (rule.streaming !== true) {
      this.#deadline = setTimeout(() => {
        this.#abort(outOfTime(response.req));
      }, rule.timeoutMs);
    }
  }

  readonly #onClose = (): void => {
    if (!this.#isOver) {
      this.#hasLeft = true;
      this.#abort(new Error('the client left'));
    }
  };

  #abort(error: Error): void {
    if (this.#controller === undefined) {
      this.#end(error);
    } else {
      this.#controller.abort(error);
    }
  }

  #end(error?: unknown): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#response.off('close', this.#onClose);
    this.#body?.release();
    if (error === undefined || this.#hasLeft) {
      this.#resolve();
    } else if (this.#response.headersSent) {
      this.#response.destroy();
      this.#resolve();
    } else {
      this.#reject(upstreamError(error));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) {
      controller.abort(new Error('the exchange is over'));
    }
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) {
      return;
    }
    const response = this.#response;
    response.statusCode = status;
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined && isPassedToClient(name)) {
        response.setHeader(name, value);
      }
    }
    const length = headers['content-length'];
    this.#missing = typeof length === 'string' ? Number(length) : undefined;
    if (this.#rule.streaming === true || isEventStream(headers['content-type'])) {
      clearTimeout(this.#deadline);
      response.flushHeaders();
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#missing !== undefined) {
      this.#missing -= chunk.length;
      if (this.#missing === 0) {
        // Head, body and end of a short answer leave in one write instead of three.
        this.#response.end(chunk);
        this.#end();
        return;
      }
    }
    if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once('drain', () => {
        controller.resume();
      });
    }
  }

  onResponseEnd(): void {
    if (!this.#isOver) {
      this.#response.end();
      this.#end();
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(this.#body?.failure ?? error);
  }
}

/** The proxy for authenticated traffic: undici's pools, no body parsing, no Express on the way. */
export function fastProxy(): UpstreamProxy {
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known !== undefined) {
      return known;
    }
    const pool = new Pool(origin, {
      connections: CONNECTIONS_PER_UPSTREAM,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // Time limits that reach over both are kept by the exchange.
      headersTimeout: NO_TIMEOUT,
      bodyTimeout: NO_TIMEOUT,
    });
    pools.set(origin, pool);
    return pool;
  }

  return {
    forward: (origin, request, response, { rule, target, headers }) =>
      new Promise((resolve, reject) => {
        const body = hasBody(request) ? limitedBody(request, rule.bodyLimitBytes) : undefined;
        const silence = rule.streaming === true ? rule.timeoutMs : NO_TIMEOUT;
        poolOf(origin).dispatch(
          {
            path: target,
            method: request.method ?? 'GET',
            headers,
            body: body?.stream ?? null,
            headersTimeout: silence,
            bodyTimeout: silence,
          },
          new Exchange(response, rule, body, resolve, reject),
        );
      }),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}
