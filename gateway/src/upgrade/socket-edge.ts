import { type IncomingMessage, STATUS_CODES, request as requestService } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, type Identity, acceptRequestId, shapeError, toAppError } from '@orrery/service-kit';
import type { Logger } from 'pino';
import { Refusal, bearerToken, locate } from '../admission.ts';
import { clientAddress } from '../client-address.ts';
import type { CrossOrigin } from '../cross-origin.ts';
import { ANONYMOUS, type Authenticator, type SignedIn } from '../identity/authenticate.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import { headersForService, isPassedToClient } from '../proxy/forwarded-headers.ts';
import type { ServiceTokens } from '../proxy/service-tokens.ts';
import type { Upstreams } from '../proxy/upstreams.ts';
import type { RouteRule } from '../routing/route-table.ts';
import { closeFrame, frameBoundary } from './frame-boundary.ts';

/** Tells a service why a socket is not signed in, where its contract wants to say so in a frame. Never taken from outside. */
const SIGN_IN_FAILURE_HEADER = 'x-sign-in-failure';

const GOING_AWAY = 1001;
/** "Sign-in expired", from the range that applications may define. */
const SIGN_IN_EXPIRED = 4401;
const RECHECK_MS = 20_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** How long a frame that is under way may take to end before we close anyway. */
const FRAME_PATIENCE_MS = 1_000;
/** How long the other side may take to answer a close frame. */
const CLOSE_PATIENCE_MS = 1_000;

export interface SocketEdgeParts {
  routeOf(path: string): RouteRule | undefined;
  authenticator: Authenticator;
  crossOrigin: CrossOrigin;
  limits: RequestLimits;
  upstreams: Upstreams;
  tokens: ServiceTokens;
  trustedProxyHops: number;
  maxSocketsPerUser: number;
  logger: Logger;
  now?: () => number;
}

/** Takes over upgraded connections. */
export interface SocketEdge {
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  openSockets(): number;
  /** Refuses new sockets and closes the open ones with 1001, each after the frame it is in the middle of. */
  drain(): Promise<void>;
}

interface OpenSocket {
  key: string;
  token: string | undefined;
  expiresAt: number;
  close(code: number): Promise<void>;
}

function refuse(socket: Duplex, thrown: unknown, requestId: string, rule?: RouteRule): void {
  const error = toAppError(thrown instanceof Refusal ? thrown.error : thrown);
  const { status, contentType, body } = shapeError(error, rule?.errorShape ?? 'problem', requestId);
  const text = JSON.stringify(body);
  const headers = {
    ...error.headers,
    'Content-Type': contentType,
    'Content-Length': String(Buffer.byteLength(text)),
    'X-Request-ID': requestId,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
}

/** Takes `token` out of a query, so that no service and no log sees it; an empty one is none. */
function takeToken(query: string): { token: string | undefined; query: string } {
  const values = new URLSearchParams(query);
  const [token] = values.getAll('token');
  if (values.getAll('token').length > 1) {
    throw new AppError('malformed-request');
  }
  values.delete('token');
  const rest = values.toString();
  return { token: token === '' ? undefined : token, query: rest === '' ? '' : `?${rest}` };
}

/** The wording of Reho's frames. */
const failureText = (error: AppError): string =>
  error.message === 'User identifier not found in token' ? 'User ID not found in token' : error.message;

/**
 * WebSockets at the edge. Origin and token are checked before anything is sent to a service; a service never sees an
 * upgrade of somebody unknown, except on routes whose contract wants the reason inside the socket.
 * @param parts what it is made of
 */
export function socketEdge(parts: SocketEdgeParts): SocketEdge {
  const { routeOf, authenticator, crossOrigin, limits, upstreams, tokens, logger, now = Date.now } = parts;
  const open = new Set<OpenSocket>();
  const countByKey = new Map<string, number>();
  let isDraining = false;

  async function signIn(
    request: IncomingMessage,
    queryToken: string | undefined,
    rule: RouteRule,
    address: string,
  ): Promise<{ identity: Identity; expiresAt: number; token: string | undefined; failure?: string }> {
    if (authenticator.fixed !== undefined) {
      return { ...authenticator.fixed, token: undefined };
    }
    try {
      const token = bearerToken(request) ?? queryToken;
      if (token === undefined) {
        throw new AppError('sign-in-required', { detail: 'Token not provided' });
      }
      const signedIn: SignedIn = await authenticator.signIn(token);
      return { ...signedIn, token };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'sign-in-required') {
        throw error;
      }
      limits.chargeRefused(address);
      if (rule.socket !== 'tell-inside') {
        throw error;
      }
      const expiresAt = Number.MAX_SAFE_INTEGER;
      return { identity: ANONYMOUS, expiresAt, token: undefined, failure: failureText(error) };
    }
  }

  function reserve(key: string): () => void {
    const taken = countByKey.get(key) ?? 0;
    if (taken >= parts.maxSocketsPerUser) {
      throw new AppError('too-many-requests', {
        detail: `At most ${parts.maxSocketsPerUser} sockets may be open at once.`,
        headers: { 'Retry-After': '5' },
      });
    }
    countByKey.set(key, taken + 1);
    let isReleased = false;
    return () => {
      if (!isReleased) {
        isReleased = true;
        const left = (countByKey.get(key) ?? 1) - 1;
        if (left === 0) {
          countByKey.delete(key);
        } else {
          countByKey.set(key, left);
        }
      }
    };
  }

  function join(
    client: Duplex,
    service: Duplex,
    about: Pick<OpenSocket, 'key' | 'token' | 'expiresAt'>,
  ): void {
    const boundary = frameBoundary();
    let closing: Promise<void> | undefined;
    let atBoundary: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;

    const toClient = (chunk: Buffer): void => {
      boundary.take(chunk);
      if (!client.write(chunk)) {
        service.pause();
        client.once('drain', () => service.resume());
      }
      if (boundary.isBetweenFrames()) {
        atBoundary?.();
      }
    };
    service.on('data', toClient);
    client.pipe(service);

    const frameEnd = (): Promise<void> =>
      new Promise((resolve) => {
        if (boundary.isBetweenFrames()) {
          resolve();
          return;
        }
        const patience = setTimeout(resolve, FRAME_PATIENCE_MS);
        atBoundary = () => {
          clearTimeout(patience);
          resolve();
        };
      });

    async function closeWith(code: number): Promise<void> {
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      const ended = frameEnd();
      if (boundary.isBetweenFrames()) {
        service.off('data', toClient);
      } else {
        const passOn = atBoundary;
        atBoundary = () => {
          service.off('data', toClient);
          passOn?.();
        };
      }
      await ended;
      service.off('data', toClient);
      client.unpipe(service);
      client.resume();
      client.end(closeFrame(code));
      const patience = setTimeout(() => client.destroy(), CLOSE_PATIENCE_MS);
      await gone;
      clearTimeout(patience);
      service.destroy();
    }

    const socket: OpenSocket = {
      ...about,
      close(code) {
        closing ??= closeWith(code);
        return closing;
      },
    };
    open.add(socket);
    const leave = (): void => {
      clearTimeout(timer);
      open.delete(socket);
      client.destroy();
      service.destroy();
    };
    client.once('close', leave);
    service.once('close', () => {
      if (closing === undefined) {
        client.end();
      }
    });
    service.on('error', leave);
    const left = about.expiresAt - now();
    if (left < 2 ** 31) {
      timer = setTimeout(() => void socket.close(SIGN_IN_EXPIRED), Math.max(0, left));
    }
  }

  async function take(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    requestId: string,
  ): Promise<void> {
    let rule: RouteRule | undefined;
    try {
      const found = locate(request, routeOf);
      rule = found.rule;
      if (isDraining) {
        throw new AppError('unavailable', { headers: { 'Retry-After': '1' } });
      }
      if (
        rule.socket === undefined ||
        request.method !== 'GET' ||
        request.headers.upgrade?.toLowerCase() !== 'websocket'
      ) {
        throw new AppError('malformed-request', { detail: 'This address takes no such upgrade.' });
      }
      if (!crossOrigin.isAllowed(request)) {
        throw new AppError('forbidden', { detail: 'This origin is not on the list of allowed origins.' });
      }
      const address = clientAddress(request, parts.trustedProxyHops);
      const { token: queryToken, query } = takeToken(found.query);
      const signedIn = await signIn(request, queryToken, rule, address);
      const { identity } = signedIn;
      limits.charge({ identity, address, rateClass: 'standard' }, undefined);
      const release = reserve(identity.userId ?? `address ${address}`);
      client.once('close', release);
      await connect(request, client, head, {
        service: rule.service,
        // A slash at the end names the same address, as for requests.
        path: (rule.exact === true ? rule.path : found.path) + query,
        headers: {
          ...headersForService(request.headers, {
            requestId,
            serviceToken: tokens.tokenFor(identity, rule.service, requestId),
            clientAddress: address,
            host: request.headers.host ?? '',
          }),
          ...(signedIn.failure === undefined ? {} : { [SIGN_IN_FAILURE_HEADER]: signedIn.failure }),
        },
        about: {
          key: identity.userId ?? address,
          token: signedIn.token,
          expiresAt: signedIn.expiresAt,
        },
      });
    } catch (error) {
      refuse(client, error, requestId, rule);
    }
  }

  function connect(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    to: {
      service: RouteRule['service'];
      path: string;
      headers: Record<string, string>;
      about: Pick<OpenSocket, 'key' | 'token' | 'expiresAt'>;
    },
  ): Promise<void> {
    const upstream = upstreams.pick(to.service, to.about.key);
    const handshake: Record<string, string> = { connection: 'Upgrade', upgrade: 'websocket' };
    for (const name of [
      'sec-websocket-key',
      'sec-websocket-version',
      'sec-websocket-protocol',
      'sec-websocket-extensions',
    ]) {
      const value = request.headers[name];
      if (typeof value === 'string') {
        handshake[name] = value;
      }
    }
    return new Promise((resolve, reject) => {
      const asking = requestService(`${upstream.origin}${to.path}`, {
        headers: { ...to.headers, ...handshake },
        agent: false,
        timeout: CONNECT_TIMEOUT_MS,
      });
      const unreachable = (cause?: unknown): void => {
        upstream.breaker.failed();
        reject(new AppError('upstream-unavailable', { cause, headers: { 'Retry-After': '2' } }));
      };
      asking.once('timeout', () => asking.destroy(new Error('no answer to the upgrade in time')));
      asking.once('error', unreachable);
      asking.once('response', (answer) => {
        answer.destroy();
        upstream.breaker.succeeded();
        const status = answer.statusCode ?? 0;
        reject(
          new AppError(
            status === 401 ? 'sign-in-required' : status === 403 ? 'forbidden' : 'upstream-failed',
          ),
        );
      });
      asking.once('upgrade', (answer, service, serviceHead) => {
        upstream.breaker.succeeded();
        service.on('error', () => client.destroy());
        if (client.destroyed) {
          service.destroy();
          resolve();
          return;
        }
        const kept = Object.entries(answer.headers).filter(
          ([name, value]) => typeof value === 'string' && (isPassedToClient(name) || name === 'upgrade'),
        );
        const lines = kept.map(([name, value]) => `${name}: ${String(value)}\r\n`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\n${lines.join('')}\r\n`);
        if (serviceHead.length > 0) {
          service.unshift(serviceHead);
        }
        if (head.length > 0) {
          service.write(head);
        }
        join(client, service, to.about);
        resolve();
      });
      client.once('close', () => asking.destroy());
      asking.end();
    });
  }

  async function recheck(): Promise<void> {
    for (const socket of open) {
      if (socket.token !== undefined) {
        try {
          await authenticator.signIn(socket.token);
        } catch (error) {
          if (error instanceof AppError && error.code === 'sign-in-required') {
            await socket.close(SIGN_IN_EXPIRED);
          }
        }
      }
    }
  }
  const rechecking = setInterval(() => {
    recheck().catch((error: unknown) => logger.error({ err: error }, 'open sockets could not be checked'));
  }, RECHECK_MS);
  rechecking.unref();

  return {
    onUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const given = request.headers['x-request-id'];
      void take(request, socket, head, acceptRequestId(typeof given === 'string' ? given : undefined));
    },
    openSockets: () => open.size,
    async drain() {
      isDraining = true;
      clearInterval(rechecking);
      await Promise.all([...open].map((socket) => socket.close(GOING_AWAY)));
    },
  };
}
