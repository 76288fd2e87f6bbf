import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerControl, raiseFault, type Fault } from './control-routes.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { INSTITUTION_ENDPOINTS } from './endpoints/institutions.ts';
import { INVESTMENT_ENDPOINTS } from './endpoints/investments.ts';
import { ITEM_ENDPOINTS } from './endpoints/items.ts';
import { LINK_ENDPOINTS } from './endpoints/link.ts';
import { TRANSACTION_ENDPOINTS } from './endpoints/transactions.ts';
import { TRANSFER_ENDPOINTS } from './endpoints/transfers.ts';
import { answerLinkForm, showLinkPage } from './link/link-page.ts';
import { createRateLimits } from './rate-limits.ts';
import type { Sandbox } from './state/sandbox.ts';
import { encodeJson } from './wire/encode-json.ts';
import { PlaidError } from './wire/plaid-error.ts';
import { parseBody, readBody } from './wire/read-request.ts';

const VERSION = '2020-09-14';
const REQUEST_ID_LENGTH = 15;

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries({
    ...LINK_ENDPOINTS,
    ...ITEM_ENDPOINTS,
    ...INSTITUTION_ENDPOINTS,
    ...TRANSACTION_ENDPOINTS,
    ...INVESTMENT_ENDPOINTS,
    ...TRANSFER_ENDPOINTS,
  }),
);

/** How requests are admitted. */
export interface Admission {
  clientId: string;
  secret: string;
  rateLimits: boolean;
  /** Told about errors that are no answer of Plaid's. */
  onFault(error: unknown): void;
}

const requestId = (): string =>
  [...randomBytes(REQUEST_ID_LENGTH)]
    .map((byte) => 'ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz23456789'.charAt(byte % 52))
    .join('');

const isLoopback = (request: IncomingMessage): boolean => {
  const address = request.socket.remoteAddress ?? '';
  // The host is checked as well, so that no web page can reach these routes by a name of its own.
  const host = (request.headers.host ?? '').replace(/:\d+$/u, '');
  return /^(::ffff:)?127\.|^::1$/u.test(address) && /^(127(\.\d+){3}|localhost|\[::1\])$/u.test(host);
};

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const checkCredentials = (
  { clientId, secret }: Admission,
  request: IncomingMessage,
  body: Readonly<Record<string, unknown>>,
): void => {
  const given = {
    client_id: textOf(body['client_id']) ?? textOf(request.headers['plaid-client-id']),
    secret: textOf(body['secret']) ?? textOf(request.headers['plaid-secret']),
  };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0) {
    throw new PlaidError(
      'MISSING_FIELDS',
      `the following required fields are missing: ${missing.join(', ')}`,
    );
  }
  if (given.client_id !== clientId || given.secret !== secret) {
    throw new PlaidError('INVALID_API_KEYS');
  }
};

/**
 * Creates what answers every request of the sandbox.
 * @param sandbox state
 * @param admission credentials and limits
 */
export const createRequestListener = (
  sandbox: Sandbox,
  admission: Admission,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const faults: Fault[] = [];
  const limits = createRateLimits(sandbox.clock.real);

  const answerEndpoint = async (request: IncomingMessage, path: string): Promise<object> => {
    const endpoint = request.method === 'POST' ? ENDPOINTS.get(path) : undefined;
    const bytes = await readBody(request);
    if (endpoint === undefined) {
      throw new PlaidError('NOT_FOUND');
    }
    const version = request.headers['plaid-version'];
    if (version !== undefined && version !== VERSION) {
      throw new PlaidError('INCOMPATIBLE_API_VERSION');
    }
    const body = parseBody(bytes, request.headers['content-type']);
    if (endpoint.needsCredentials) {
      checkCredentials(admission, request, body);
    }
    return endpoint.answer(sandbox, body, (itemId) => {
      raiseFault(faults, path, itemId, body);
      if (admission.rateLimits) {
        limits.admit(path, endpoint.limit, itemId);
      }
    });
  };

  const answer = async (
    request: IncomingMessage,
    url: URL,
  ): Promise<{ type: 'html'; text: string } | { type: 'json'; body: object }> => {
    // The SDK glues base address and path together, so a slash may be doubled.
    const path = url.pathname.replaceAll(/\/{2,}/gu, '/');
    if (path === '/link' && request.method === 'GET') {
      return { type: 'html', text: await showLinkPage(sandbox, url.searchParams.get('token') ?? '') };
    }
    if (path === '/link' && request.method === 'POST') {
      return {
        type: 'html',
        text: await answerLinkForm(sandbox, (await readBody(request)).toString('utf8')),
      };
    }
    if (path === '/health') {
      return { type: 'json', body: { status: 'ok' } };
    }
    if (path.startsWith('/_control/')) {
      const bytes = await readBody(request);
      if (!isLoopback(request)) {
        throw new PlaidError('UNAUTHORIZED_ROUTE_ACCESS');
      }
      const isEmpty = request.method === 'GET' || bytes.length === 0;
      const body = isEmpty ? {} : parseBody(bytes, request.headers['content-type']);
      return { type: 'json', body: await answerControl(sandbox, faults, request.method ?? '', path, body) };
    }
    return { type: 'json', body: await answerEndpoint(request, path) };
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = requestId();
    const send = (status: number, type: string, text: string): void => {
      response
        .writeHead(status, {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          'plaid-version': VERSION,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        })
        .end(text);
    };
    try {
      const result = await answer(
        request,
        new URL(`http://sandbox${request.url?.startsWith('/') === true ? request.url : '/'}`),
      );
      if (result.type === 'html') {
        send(200, 'text/html', result.text);
      } else {
        send(200, 'application/json', encodeJson({ ...result.body, request_id: id }));
      }
    } catch (error) {
      const shown = error instanceof PlaidError ? error : new PlaidError('INTERNAL_SERVER_ERROR');
      if (shown !== error) {
        admission.onFault(error);
      }
      send(shown.status, 'application/json', encodeJson({ ...shown.body, request_id: id }));
    }
  };

  return (request, response) => {
    respond(request, response).catch(admission.onFault);
  };
};
