import type { IncomingHttpHeaders } from 'node:http';
import { SERVICE_TOKEN_HEADER } from '@orrery/service-kit';

/**
 * Headers of a client that reach a service. Everything else stays at the edge: identity, hop-by-hop and forwarding
 * headers cannot be spoofed when they are not on the list, whatever their spelling.
 */
const PASSED_TO_SERVICE: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'last-event-id',
  'plaid-verification',
  'prefer',
  'range',
  'sec-fetch-site',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-api-key',
]);

/** Headers of a service's answer that stay inside. */
const KEPT_FROM_CLIENT: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-powered-by',
]);

/** What the gateway itself says about a request. */
export interface EdgeFacts {
  requestId: string;
  serviceToken: string;
  clientAddress: string;
  host: string;
}

/**
 * Headers of the request to a service.
 * @param incoming the client's headers
 * @param facts what the gateway established
 */
export function headersForService(incoming: IncomingHttpHeaders, facts: EdgeFacts): Record<string, string> {
  const headers: Record<string, string> = {
    'x-request-id': facts.requestId,
    [SERVICE_TOKEN_HEADER]: facts.serviceToken,
    'x-forwarded-for': facts.clientAddress,
    'x-forwarded-host': facts.host,
  };
  for (const name in incoming) {
    const value = incoming[name];
    if (typeof value === 'string' && PASSED_TO_SERVICE.has(name)) {
      headers[name] = value;
    }
  }
  return headers;
}

/**
 * Whether a header of a service's answer may be shown to the client.
 * @param name lower-case header name
 */
export const isPassedToClient = (name: string): boolean =>
  !KEPT_FROM_CLIENT.has(name) && !name.startsWith('x-internal-');
