import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ServiceMetrics } from '../observability/metrics.ts';

/** Something a service needs in order to serve. `check` returns the reason why it cannot be used, or undefined. */
export interface Dependency {
  name: string;
  check(): Promise<string | undefined>;
}

export interface Readiness {
  ready: boolean;
  /** One entry per dependency: `ok`, or a short reason without hosts or secrets. */
  checks: Record<string, string>;
}

/** Answers whether the service can serve. */
export interface HealthProbe {
  readiness(): Promise<Readiness>;
  /** From now on the service says that it is not ready. */
  startDraining(): void;
}

// A probe, a load balancer and a curious person together must not become load on the database.
const CACHE_MS = 1_000;
const CHECK_TIMEOUT_MS = 3_000;

const within = async (ms: number, work: Promise<string | undefined>): Promise<string | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve('no answer in time');
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
};

/**
 * A probe over the dependencies of a service; answers are kept for a second.
 * @param dependencies what the service needs
 * @param metrics where the state of each is shown
 */
export const createHealthProbe = (
  dependencies: readonly Dependency[],
  metrics: ServiceMetrics,
): HealthProbe => {
  let draining = false;
  let cached: { at: number; result: Promise<Readiness> } | undefined;

  const examine = async (): Promise<Readiness> => {
    const entries = await Promise.all(
      dependencies.map(async ({ name, check }): Promise<[string, string]> => {
        const reason = await within(CHECK_TIMEOUT_MS, check());
        metrics.ready.set({ dependency: name }, reason === undefined ? 1 : 0);
        return [name, reason ?? 'ok'];
      }),
    );
    return { ready: entries.every(([, state]) => state === 'ok'), checks: Object.fromEntries(entries) };
  };

  return {
    startDraining: () => {
      draining = true;
    },
    readiness: async () => {
      if (draining) {
        return { ready: false, checks: { service: 'draining' } };
      }
      const now = performance.now();
      if (cached === undefined || now - cached.at > CACHE_MS) {
        cached = { at: now, result: examine() };
      }
      return cached.result;
    },
  };
};

const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
};

const answerLive = (response: ServerResponse): void => {
  sendJson(response, 200, { status: 'ok' });
};

const answerReady = async (probe: HealthProbe, response: ServerResponse): Promise<void> => {
  const { ready, checks } = await probe.readiness();
  sendJson(response, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks });
};

/**
 * Answers `/health/live` (the process turns) and `/health/ready` (its dependencies can be used); they need no sign-in.
 * @param probe the probe
 * @param request the request
 * @param response its reply
 * @returns whether the path was one of the two
 */
export const answerHealth = async (
  probe: HealthProbe,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> => {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return false;
  }
  if (path === '/health/live') {
    answerLive(response);
    return true;
  }
  if (path === '/health/ready') {
    await answerReady(probe, response);
    return true;
  }
  return false;
};

/**
 * The internal port: metrics in the text form of Prometheus, and the health paths.
 * @param probe the probe
 * @param metrics the service's metrics
 */
export const internalListener =
  (probe: HealthProbe, metrics: ServiceMetrics): RequestListener =>
  (request, response) => {
    const answer = async (): Promise<void> => {
      if (await answerHealth(probe, request, response)) {
        return;
      }
      if (request.method === 'GET' && request.url === '/metrics') {
        // `service_dependency_ready` must be of now, also where nobody else asks whether the service is ready.
        await probe.readiness();
        const text = await metrics.registry.metrics();
        response.writeHead(200, { 'Content-Type': metrics.registry.contentType });
        response.end(text);
        return;
      }
      sendJson(response, 404, { status: 'not found' });
    };
    answer().catch(() => {
      response.destroy();
    });
  };
