import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address a request came from. `X-Forwarded-For` is believed only as far as our own proxies wrote it: each appends
 * the address it saw, so with `hops` proxies the client stands `hops` places from the right.
 * @param request the request
 * @param hops proxies of ours in front of the gateway
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  const peer = request.socket.remoteAddress ?? '';
  if (hops === 0) {
    return peer;
  }
  const forwarded = request.headers['x-forwarded-for'];
  const entries = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',');
  const named = entries.at(-hops)?.trim() ?? '';
  return isIP(named) === 0 ? peer : named;
}
