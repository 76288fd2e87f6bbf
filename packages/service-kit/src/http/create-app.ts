import { performance } from 'node:perf_hooks';
import { SpanKind } from '@opentelemetry/api';
import type { ServiceName } from '@orrery/contracts';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { SERVICE_TOKEN_HEADER, verifyServiceToken, type ServiceTokenKeys } from '../auth/service-token.ts';
import type { MountedRoute } from '../define-service.ts';
import { AppError } from '../errors/app-error.ts';
import { answerHealth, type HealthProbe } from '../health/health-routes.ts';
import {
  acceptRequestId,
  currentContext,
  runWithContext,
  type RequestContext,
} from '../observability/request-context.ts';
import type { Tracing } from '../observability/tracing.ts';
import { buildOpenApi } from './build-openapi.ts';
import { mountRoutes, type RouteEnvironment } from './mount-route.ts';
import { respondWithProblem } from './respond-with-problem.ts';

export interface AppOptions extends RouteEnvironment {
  service: ServiceName;
  version: string;
  routes: readonly MountedRoute[];
  keys: ServiceTokenKeys;
  probe: HealthProbe;
  tracing: Tracing;
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const headerOf = (request: Request, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const observe = (options: AppOptions) => (request: Request, response: Response, next: NextFunction) => {
  const startedAt = performance.now();
  const context: RequestContext = {
    service: options.service,
    requestId: acceptRequestId(headerOf(request, 'x-request-id')),
  };
  response.setHeader('X-Request-ID', context.requestId);
  const attributes = { 'http.request.method': request.method, 'url.path': request.path };
  const traceparent = headerOf(request, 'traceparent');
  options.metrics.httpInFlight.inc();
  options.tracing.openSpan(request.method, { kind: SpanKind.SERVER, attributes, traceparent }, (span) => {
    response.once('close', () => {
      options.metrics.httpInFlight.dec();
      const seconds = (performance.now() - startedAt) / 1_000;
      const route = context.route ?? 'unmatched';
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      const labels = { method: request.method, route, status };
      options.metrics.httpRequests.inc(labels);
      options.metrics.httpDuration.observe(labels, seconds);
      span.updateName(`${request.method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': response.statusCode });
      span.end();
      runWithContext(context, () => {
        options.logger.info({ ...labels, durationMs: Math.round(seconds * 1_000) }, 'request answered');
      });
    });
    runWithContext(context, next);
  });
};

const setSecurityHeaders = (_request: Request, response: Response, next: NextFunction): void => {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    response.setHeader(name, value);
  }
  next();
};

const signIn = (options: AppOptions) => (request: Request, response: Response, next: NextFunction) => {
  // Node joins repeated headers; two tokens are an attempt at confusion, not a call of ours.
  const tokens = request.headersDistinct[SERVICE_TOKEN_HEADER] ?? [];
  const [token] = tokens;
  const context = currentContext();
  if (token === undefined || tokens.length !== 1 || context === undefined) {
    throw new AppError('sign-in-required');
  }
  const { identity, requestId } = verifyServiceToken(options.keys, token, options.service);
  context.identity = identity;
  if (identity.userId !== undefined) {
    context.userId = identity.userId;
  }
  if (requestId !== undefined && headerOf(request, 'x-request-id') === undefined) {
    context.requestId = acceptRequestId(requestId);
    response.setHeader('X-Request-ID', context.requestId);
  }
  next();
};

/**
 * The HTTP application of a service, in a fixed order: context and trace, security headers, health, sign-in, routes,
 * problems.
 * @param options routes and everything they need
 */
export const createApp = (options: AppOptions): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.use(observe(options));
  app.use(setSecurityHeaders);
  app.use(async (request, response, next) => {
    if (!(await answerHealth(options.probe, request, response))) {
      next();
    }
  });
  app.use(signIn(options));
  let openApi: string | undefined;
  app.get('/openapi.json', (_request, response) => {
    const definitions = options.routes.map(({ definition }) => definition);
    openApi ??= JSON.stringify(
      buildOpenApi(definitions, { title: `Orrery ${options.service}`, version: options.version }),
    );
    response.type('application/json').send(openApi);
  });
  mountRoutes(app, options.routes, options);
  app.use(() => {
    throw new AppError('route-not-found');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    respondWithProblem(response, error, {
      requestId: currentContext()?.requestId ?? '',
      logger: options.logger,
    });
  });
  return app;
};
