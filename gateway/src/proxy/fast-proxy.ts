import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@orrery/service-kit';
import { Pool, errors } from 'undici';
import type { RouteRule } from '../routing/route-table.ts';
import { limitedBody } from './limited-body.ts';
import { isPassedToClient } from './forwarded-headers.ts';

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
   * Answers `response` with what the upstream answers.
   * @throws AppError `upstream-unavailable` or `deadline-exceeded` while nothing has been sent yet
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

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;

/**
 * What a failed exchange with a service means for the client. Reasons stay in the log.
 * @param error what undici or the socket threw
 */
export function upstreamError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  const isTimeout =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    (error instanceof Error && error.name === 'TimeoutError');
  return new AppError(isTimeout ? 'deadline-exceeded' : 'upstream-unavailable', { cause: error });
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
    });
    pools.set(origin, pool);
    return pool;
  }

  async function forward(
    origin: string,
    request: IncomingMessage,
    response: ServerResponse,
    { rule, target, headers }: Forward,
  ): Promise<void> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    response.once('close', onClose);
    try {
      const answer = await poolOf(origin).request({
        path: target,
        method: request.method ?? 'GET',
        headers,
        body: hasBody(request) ? limitedBody(request, rule.bodyLimitBytes) : null,
        headersTimeout: rule.timeoutMs,
        bodyTimeout: rule.timeoutMs,
        signal: gone.signal,
      });
      response.statusCode = answer.statusCode;
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined && isPassedToClient(name)) {
          response.setHeader(name, value);
        }
      }
      response.flushHeaders();
      await pipeline(answer.body, response);
    } catch (error) {
      // Nobody is left to answer when the client went away first.
      if (!gone.signal.aborted) {
        throw upstreamError(error);
      }
    } finally {
      response.off('close', onClose);
    }
  }

  return {
    forward,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}
