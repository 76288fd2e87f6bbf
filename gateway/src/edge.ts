import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  AppError,
  type Identity,
  acceptRequestId,
  respondWithProblem,
  userDigest,
} from '@orrery/service-kit';
import type { Logger } from 'pino';
import { type Admitted, Refusal } from './admission.ts';
import { clientAddress } from './client-address.ts';
import type { CrossOrigin } from './cross-origin.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import type { Pages } from './pages/gateway-pages.ts';
import type { UpstreamProxy } from './proxy/fast-proxy.ts';
import { headersForService } from './proxy/forwarded-headers.ts';
import type { Upstream, Upstreams } from './proxy/upstreams.ts';
import type { ServiceTokens } from './proxy/service-tokens.ts';
import { splitTarget } from './routing/canonical-path.ts';

export interface EdgeParts {
  pages: Pages;
  admit(request: IncomingMessage, response: ServerResponse, address: string): Admitted | Promise<Admitted>;
  crossOrigin: CrossOrigin;
  limits: RequestLimits;
  proxy: UpstreamProxy;
  upstreams: Upstreams;
  tokens: ServiceTokens;
  trustedProxyHops: number;
  /** Drops what is known of the standing of a user. */
  forgetStanding(userId: string): void;
  /** Called at the end of each request. */
  observe(outcome: { service: string; method: string; status: number; seconds: number }): void;
  logger: Logger;
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const REPEATABLE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);
/** Failures that say something about the service; a too large body or a client that left do not. */
const UPSTREAM_FAULTS: ReadonlySet<string> = new Set(['upstream-unavailable', 'deadline-exceeded']);
/** The user whom an act of an admin is about. */
const NAMED_USER = /^(?:\/admin)?\/users\/([^/?]+)/;
const FAILED_LOGIN: ReadonlySet<number> = new Set([400, 401, 403]);

const isFaultOfUpstream = (error: unknown): error is AppError =>
  error instanceof AppError && UPSTREAM_FAULTS.has(error.code);

/**
 * The listener of the public port: own pages, else admission, then the proxy. One line is logged per request.
 * @param parts what it is made of
 */
export function edgeListener(parts: EdgeParts): RequestListener {
  const { pages, admit, crossOrigin, limits, proxy, upstreams, tokens, trustedProxyHops, observe, logger } =
    parts;

  /** After a logout, a deletion or an act of an admin the tokens concerned end here at once, not when memory is old. */
  function forgetAfter(path: string, userId: string | undefined): void {
    const named = NAMED_USER.exec(path)?.[1];
    for (const id of [userId, named]) {
      if (id !== undefined) {
        parts.forgetStanding(id);
      }
    }
  }

  async function forwardTo(
    upstream: Upstream,
    request: IncomingMessage,
    response: ServerResponse,
    forward: Parameters<UpstreamProxy['forward']>[3],
  ): Promise<void> {
    try {
      await proxy.forward(upstream.origin, request, response, forward);
      if (response.headersSent) {
        upstream.breaker.succeeded();
      } else {
        upstream.breaker.abandoned();
      }
    } catch (error) {
      if (isFaultOfUpstream(error)) {
        upstream.breaker.failed();
      } else {
        upstream.breaker.abandoned();
      }
      throw error;
    }
  }

  async function pass(
    { rule, identity, target }: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
    facts: { requestId: string; address: string },
  ): Promise<void> {
    const headers = headersForService(request.headers, {
      requestId: facts.requestId,
      serviceToken: tokens.tokenFor(identity, rule.service, facts.requestId),
      clientAddress: facts.address,
      host: headerOf(request, 'host') ?? '',
    });
    const forward = { rule, target, headers };
    const upstream = upstreams.pick(rule.service, identity.userId);
    try {
      await forwardTo(upstream, request, response, forward);
    } catch (error) {
      const mayRepeat =
        error instanceof AppError &&
        error.code === 'upstream-unavailable' &&
        REPEATABLE.has(request.method) &&
        !response.headersSent &&
        !response.destroyed &&
        upstreams.mayRepeat();
      if (!mayRepeat) {
        throw error;
      }
      await forwardTo(upstreams.pick(rule.service, identity.userId, upstream), request, response, forward);
    }
    if (rule.service === 'identity' && !REPEATABLE.has(request.method) && response.statusCode < 300) {
      forgetAfter(request.url ?? '', identity.userId);
    }
    if (rule.rateClass === 'login' && FAILED_LOGIN.has(response.statusCode)) {
      limits.countFailedLogin(facts.address);
    }
  }

  // Identities are the same object for the same token, so that the hot path hashes no user id.
  const digests = new WeakMap<Identity, string>();
  function digestOf(identity: Identity): string | undefined {
    if (identity.userId === undefined) {
      return undefined;
    }
    const digest = digests.get(identity) ?? userDigest(identity.userId);
    digests.set(identity, digest);
    return digest;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const requestId = acceptRequestId(headerOf(request, 'x-request-id'));
    response.setHeader('X-Request-ID', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const path = splitTarget(request.url ?? '')?.path;
    const method = request.method ?? '';
    let admitted: Admitted | undefined;
    try {
      if (crossOrigin.answer(request, response)) {
        return;
      }
      if (path !== undefined && pages.has(path)) {
        pages.answer(request, response);
        return;
      }
      const address = clientAddress(request, trustedProxyHops);
      const admitting = admit(request, response, address);
      admitted = admitting instanceof Promise ? await admitting : admitting;
      await pass(admitted, request, response, { requestId, address });
    } catch (error) {
      const shape = error instanceof Refusal ? error.shape : (admitted?.rule.errorShape ?? 'problem');
      const reason = error instanceof Refusal ? error.error : error;
      respondWithProblem(response, reason, { requestId, logger, shape });
    }
    const ms = performance.now() - startedAt;
    // Neither the user's id nor a path that may hold one: the log keeps nothing that an erasure would have to find.
    const user = admitted === undefined ? undefined : digestOf(admitted.identity);
    const route = admitted?.rule.path ?? 'not admitted';
    const status = response.statusCode;
    observe({ service: admitted?.rule.service ?? 'gateway', method, status, seconds: ms / 1_000 });
    logger.info({ requestId, user, method, route, status, ms: Math.round(ms) }, 'request');
  }

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'request broke the listener');
      response.destroy();
    });
  };
}
