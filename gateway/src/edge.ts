import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ServiceName } from '@orrery/contracts';
import {
  type Identity,
  type ServiceTokenKeys,
  acceptRequestId,
  respondWithProblem,
  signServiceToken,
} from '@orrery/service-kit';
import type { Logger } from 'pino';
import { type Admitted, Refusal } from './admission.ts';
import type { UpstreamProxy } from './proxy/fast-proxy.ts';
import { headersForService } from './proxy/forwarded-headers.ts';
import { splitTarget } from './routing/canonical-path.ts';

export interface EdgeParts {
  /** Pages that the gateway answers itself, by path. */
  ownPages: ReadonlySet<string>;
  pages: RequestListener;
  admit(request: IncomingMessage): Admitted;
  proxy: UpstreamProxy;
  addressOf(service: ServiceName): string;
  keys: ServiceTokenKeys;
  logger: Logger;
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/**
 * The listener of the public port: own pages, else admission, then the proxy. One line is logged per request.
 * @param parts what it is made of
 */
export function edgeListener({
  ownPages,
  pages,
  admit,
  proxy,
  addressOf,
  keys,
  logger,
}: EdgeParts): RequestListener {
  async function pass(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<Identity> {
    const { rule, identity, target } = admit(request);
    const headers = headersForService(request.headers, {
      requestId,
      serviceToken: signServiceToken(keys, { identity, target: rule.service, requestId }),
      clientAddress: request.socket.remoteAddress ?? '',
      host: headerOf(request, 'host') ?? '',
    });
    try {
      await proxy.forward(addressOf(rule.service), request, response, { rule, target, headers });
    } catch (error) {
      respondWithProblem(response, error, { requestId, logger, shape: rule.errorShape });
    }
    return identity;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const requestId = acceptRequestId(headerOf(request, 'x-request-id'));
    response.setHeader('X-Request-ID', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const path = splitTarget(request.url ?? '')?.path;
    let userId: string | undefined;
    if (path !== undefined && ownPages.has(path)) {
      pages(request, response);
      return;
    }
    try {
      userId = (await pass(request, response, requestId)).userId;
    } catch (error) {
      const shape = error instanceof Refusal ? error.shape : 'problem';
      respondWithProblem(response, error instanceof Refusal ? error.error : error, {
        requestId,
        logger,
        shape,
      });
    }
    logger.info(
      {
        requestId,
        userId,
        method: request.method,
        path,
        status: response.statusCode,
        ms: Math.round(performance.now() - startedAt),
      },
      'request',
    );
  }

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'request broke the listener');
      response.destroy();
    });
  };
}
