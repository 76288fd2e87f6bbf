import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:http';
import { AppError } from '@orrery/service-kit';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { type Forward, KEEP_ALIVE_MS, type UpstreamProxy, upstreamError } from './fast-proxy.ts';
import { isPassedToClient } from './forwarded-headers.ts';
import { limitedBody } from './limited-body.ts';

interface Exchange {
  origin: string;
  timeoutMs: number;
  bodyLimitBytes: number;
  startedAt: number;
  fail(error: unknown): void;
}

/**
 * The same promises by http-proxy-middleware: the path taken with `GATEWAY_FAST_PATH=off`.
 * Headers are replaced on the request itself before the proxy sees it, because its own events are skipped for
 * `Expect: 100-continue`, which would let a client's identity headers through.
 */
export function middlewareProxy(): UpstreamProxy {
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const agent = new Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS });

  const proxy = createProxyMiddleware<IncomingMessage, ServerResponse>({
    // Replaced for each request by the router; the option must be present.
    target: 'http://127.0.0.1',
    agent,
    changeOrigin: true,
    xfwd: false,
    router(request, _response, options) {
      const exchange = exchanges.get(request);
      if (exchange === undefined) {
        throw new AppError('internal');
      }
      const body = limitedBody(request, exchange.bodyLimitBytes);
      body.once('error', exchange.fail);
      Object.assign(options, { buffer: body, proxyTimeout: exchange.timeoutMs });
      return exchange.origin;
    },
    // The built-in plugins answer errors with the upstream's address and the full URL.
    ejectPlugins: true,
    plugins: [
      (server) => {
        server.on('error', (error, request) => {
          if (request !== undefined) {
            exchanges.get(request)?.fail(error);
          }
        });
        server.on('proxyRes', (answer, _request, response) => {
          for (const name of Object.keys(answer.headers)) {
            if (!isPassedToClient(name)) {
              delete answer.headers[name];
            }
          }
          // Without this the headers of an event stream wait for its first event.
          setImmediate(() => {
            if (!response.headersSent) {
              response.flushHeaders();
            }
          });
        });
      },
    ],
  });

  async function forward(
    origin: string,
    request: IncomingMessage,
    response: ServerResponse,
    { rule, target, headers }: Forward,
  ): Promise<void> {
    request.headers = { ...headers };
    request.url = target;
    await new Promise<void>((resolve, reject) => {
      const exchange: Exchange = {
        origin,
        timeoutMs: rule.timeoutMs,
        bodyLimitBytes: rule.bodyLimitBytes,
        startedAt: performance.now(),
        fail(error) {
          const outOfTime = performance.now() - exchange.startedAt >= rule.timeoutMs;
          reject(outOfTime ? new AppError('deadline-exceeded', { cause: error }) : upstreamError(error));
        },
      };
      exchanges.set(request, exchange);
      response.once('close', resolve);
      void proxy(request, response, exchange.fail);
    });
  }

  return {
    forward,
    close() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}
