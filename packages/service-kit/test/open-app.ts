import { createSecretKey } from 'node:crypto';
import type { ServiceName } from '@orrery/contracts';
import { serviceTokenKeys, signServiceToken, SERVICE_TOKEN_HEADER } from '../src/auth/service-token.ts';
import type { Identity } from '../src/auth/identity.ts';
import type { MountedRoute } from '../src/define-service.ts';
import { createHealthProbe } from '../src/health/health-routes.ts';
import { createApp } from '../src/http/create-app.ts';
import { listen } from '../src/http/http-server.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createMetrics, type ServiceMetrics } from '../src/observability/metrics.ts';
import { startTracing } from '../src/observability/tracing.ts';

export const SECRET = 'a-secret-for-these-tests-only-0123456789';
export const keys = serviceTokenKeys(SECRET);
export const secretKey = createSecretKey(Buffer.from(SECRET));

export const user: Identity = { kind: 'user', userId: 'user-1', role: 'user', caller: 'gateway' };

export interface OpenApp {
  url: string;
  logs: string[];
  metrics: ServiceMetrics;
  /** Calls it signed as a user, unless headers or an identity say otherwise. */
  call(
    path: string,
    init?: RequestInit & { as?: Identity | null },
  ): Promise<{ status: number; headers: Headers; text: string; json: unknown }>;
  close(): Promise<void>;
}

export const signed = (identity: Identity, target: ServiceName = 'insights', requestId = 'req-1'): string =>
  signServiceToken(keys, { identity, target, requestId });

/** A service's HTTP application on a port of its own, without a database. */
export const openApp = async (
  routes: readonly MountedRoute[],
  options: { deadlineMs?: number } = {},
): Promise<OpenApp> => {
  const logs: string[] = [];
  const logger = createLogger('insights', 'debug', { write: (line) => void logs.push(line) });
  const metrics = createMetrics('insights');
  const app = createApp({
    service: 'insights',
    version: '1.2.3',
    routes,
    keys,
    probe: createHealthProbe([], metrics),
    logger,
    metrics,
    tracing: await startTracing('insights'),
    ...options,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url: server.url,
    logs,
    metrics,
    call: async (path, init = {}) => {
      const { as = user, headers, ...rest } = init;
      const token: Record<string, string> = as === null ? {} : { [SERVICE_TOKEN_HEADER]: signed(as) };
      const response = await fetch(`${server.url}${path}`, {
        ...rest,
        headers: { ...token, ...Object.fromEntries(new Headers(headers)) },
      });
      const text = await response.text();
      const isJson = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      };
    },
    close: async () => {
      await server.close(100);
    },
  };
};
