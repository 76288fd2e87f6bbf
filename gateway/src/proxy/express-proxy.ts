import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { AppError } from '@orrery/service-kit';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import {
  type Forward,
  KEEP_ALIVE_MS,
  type UpstreamProxy,
  hasBody,
  outOfTime,
  upstreamError,
} from './fast-proxy.ts';
import { isPassedToClient } from './forwarded-headers.ts';
import { type LimitedBody, limitedBody } from './limited-body.ts';

interface Exchange {
  origin: string;
  forward: Forward;
  body: LimitedBody | undefined;
  /** Ends the request to the service, once there is one. */
  abort: () => void;
  fail(error: unknown): void;
}

/**
 * The same promises by express and http-proxy-middleware: the path taken with `GATEWAY_FAST_PATH=off`.
 * Headers are replaced on the request itself before the proxy sees it, because its own events are skipped for
 * `Expect: 100-continue`, which would let a client's identity headers through.
 */
export function middlewareProxy(): UpstreamProxy {
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const agent = new Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS });

  function exchangeOf(request: IncomingMessage): Exchange {
    const exchange = exchanges.get(request);
    if (exchange === undefined) {
      throw new AppError('internal');
    }
    return exchange;
  }

  const proxy = createProxyMiddleware<IncomingMessage, ServerResponse>({
    // Replaced for each request by the router; the option must be present.
    target: 'http://127.0.0.1',
    agent,
    changeOrigin: true,
    xfwd: false,
    router(request, _response, options) {
      const { origin, body, forward } = exchangeOf(request);
      const silence = forward.rule.streaming === true ? { proxyTimeout: forward.rule.timeoutMs } : {};
      Object.assign(options, { buffer: body?.stream, ...silence });
      return origin;
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
        server.on('proxyReq', (toService, request) => {
          const exchange = exchanges.get(request);
          if (exchange !== undefined) {
            exchange.abort = () => toService.destroy();
          }
        });
        server.on('proxyRes', (answer, request, response) => {
          for (const name of Object.keys(answer.headers)) {
            if (!isPassedToClient(name)) {
              delete answer.headers[name];
            }
          }
          // The proxy would promise to keep a connection that the client asked to close.
          answer.headers.connection = response.shouldKeepAlive ? 'keep-alive' : 'close';
          answer.once('error', (error) => exchanges.get(request)?.fail(error));
          answer.once('aborted', () => exchanges.get(request)?.fail(new Error('the answer broke off')));
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

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    proxy(request, response, next).catch(next);
  });
  app.use((error: unknown, request: IncomingMessage, _response: ServerResponse, _next: unknown) => {
    exchangeOf(request).fail(error);
  });

  async function forward(
    origin: string,
    request: IncomingMessage,
    response: ServerResponse,
    forwarded: Forward,
  ): Promise<void> {
    const { rule, target, headers } = forwarded;
    const body = hasBody(request) ? limitedBody(request, rule.bodyLimitBytes) : undefined;
    request.headers = { ...headers };
    request.url = target;
    let deadline: NodeJS.Timeout | undefined;
    const onClose: { run?: () => void } = {};
    try {
      await new Promise<void>((resolve, reject) => {
        const exchange: Exchange = {
          origin,
          forward: forwarded,
          body,
          abort: () => undefined,
          fail(error) {
            if (response.headersSent) {
              response.destroy();
              resolve();
            } else {
              reject(upstreamError(body?.failure ?? error));
            }
          },
        };
        exchanges.set(request, exchange);
        onClose.run = () => {
          if (!response.writableFinished) {
            exchange.abort();
          }
          resolve();
        };
        response.once('close', onClose.run);
        body?.stream.once('error', (error) => {
          exchange.fail(error);
          exchange.abort();
        });
        if (rule.streaming !== true) {
          deadline = setTimeout(() => {
            exchange.fail(outOfTime(request));
            exchange.abort();
          }, rule.timeoutMs);
        }
        app(request, response);
      });
    } finally {
      clearTimeout(deadline);
      if (onClose.run !== undefined) {
        response.off('close', onClose.run);
      }
      body?.release();
    }
  }

  return {
    forward,
    close() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}
