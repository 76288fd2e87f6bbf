import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { serviceTokenKeys, loadConfig, listen, verifyServiceToken, type Identity } from '@orrery/service-kit';
import jwt from 'jsonwebtoken';
import { pino } from 'pino';
import { gatewayConfig } from '../src/config.ts';
import { type GatewayParts, createGateway } from '../src/create-gateway.ts';
import type { RouteRule } from '../src/routing/route-table.ts';

/** The secret of the main back end in these tests. */
export const USER_SECRET = 'the-main-back-ends-secret-in-tests-0123456789';
const keys = serviceTokenKeys('a-service-token-secret-for-the-gateways-tests');

/** Both ways a request can take; every promise is tested on both. */
export const PATHS = ['fast path', 'express path'] as const;
export type PathName = (typeof PATHS)[number];

const rule = (path: string, more: Partial<RouteRule> = {}): RouteRule => ({
  path,
  service: 'insights',
  audience: 'user',
  errorShape: 'problem',
  timeoutMs: 5_000,
  rateClass: 'standard',
  bodyLimitBytes: 1_024,
  ...more,
});

/** A table with one row of each kind. */
export const TEST_ROUTES: readonly RouteRule[] = [
  rule('/v1/things'),
  rule('/v1/large', { bodyLimitBytes: 4 * 1_024 * 1_024 }),
  rule('/v1/slow', { timeoutMs: 150 }),
  rule('/v1/stream', { streaming: true, timeoutMs: 2_000 }),
  rule('/v1/uploads', { rateClass: 'upload' }),
  rule('/v1/chat', { rateClass: 'chat' }),
  rule('/public', { audience: 'public' }),
  rule('/auth/login', { audience: 'public', rateClass: 'login', errorShape: 'detail' }),
  rule('/admin', { audience: 'admin', errorShape: 'detail' }),
  rule('/api/report', { errorShape: 'error' }),
  rule('/v1/socket', { socket: 'sign-in-first' }),
  rule('/chat/ws', { socket: 'tell-inside', errorShape: 'detail' }),
];

/** The log-out of the identity service; the fake service stands in for it too. */
export const LOG_OUT_ROUTE: RouteRule = rule('/auth/logout', { service: 'identity', errorShape: 'detail' });

/** What a service behind the gateway received. */
export interface Received {
  request: IncomingMessage;
  body: string;
  identity: Identity;
}

/** A service behind the gateway. */
export interface FakeService {
  url: string;
  received: Received[];
  /** Requests whose headers arrived, also those that never ended. */
  hits(): number;
  /** Answers; replaced by tests. */
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  server: ReturnType<typeof createServer>;
  stop(): Promise<void>;
}

/**
 * Opens a service that records what it gets.
 * @param port default a free one
 */
export async function openService(port = 0): Promise<FakeService> {
  let hits = 0;
  const listener: RequestListener = (request, response) => {
    hits += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const token = request.headers['x-service-token'];
      const { identity } = verifyServiceToken(
        keys,
        String(token),
        request.url === LOG_OUT_ROUTE.path ? 'identity' : 'insights',
      );
      service.received.push({ request, body, identity });
      service.answer(request, response, body);
    });
  };
  const server = createServer({ keepAliveTimeout: 65_000 }, listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const service: FakeService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    hits: () => hits,
    answer: (_request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end('{"ok":true}');
    },
    server,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

export interface OpenGateway {
  url: string;
  port: number;
  logs: string[];
  drain(): Promise<void>;
  /** Stops it as a process does: says good-bye, lets requests end, closes. */
  stop(): Promise<boolean>;
}

/**
 * Opens a gateway in front of a service, on a port of its own.
 * @param path which way requests take
 * @param serviceUrl where the service is
 * @param env settings beside the usual ones
 * @param more parts to replace
 */
export async function openGateway(
  path: PathName,
  serviceUrl: string,
  env: Record<string, string> = {},
  more: Partial<GatewayParts> & { port?: number } = {},
): Promise<OpenGateway> {
  const logs: string[] = [];
  const { port = 0, ...parts } = more;
  const edge = createGateway({
    config: loadConfig(
      gatewayConfig,
      {
        APP_ENV: 'test',
        JWT_SECRET: USER_SECRET,
        RATE_LIMIT_ADDRESS: '10000',
        RATE_LIMIT_USER: '100000',
        ALLOWED_HOST_ORIGINS: 'https://app.test',
        GATEWAY_FAST_PATH: path === 'fast path' ? 'on' : 'off',
        ...env,
      },
      'gateway',
    ),
    version: '1.2.3',
    logger: pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) }),
    addressOf: () => serviceUrl,
    keys,
    routes: TEST_ROUTES,
    ...parts,
  });
  const server = await listen(edge.listener, { host: '127.0.0.1', port }, edge.onUpgrade);
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    logs,
    drain: edge.drain,
    async stop() {
      await edge.drain();
      const inTime = await server.close(3_000);
      await edge.stop();
      return inTime;
    },
  };
}

/**
 * A token as the main back end signs it.
 * @param claims what matters to the test
 * @param options how it is signed
 */
export const tokenOf = (claims: object = {}, options: jwt.SignOptions = {}): string =>
  jwt.sign({ id: 'user-1', role: 'USER', ...claims }, USER_SECRET, {
    algorithm: 'HS256',
    expiresIn: '1h',
    ...options,
  });

/** `Authorization` of a user. */
export const bearer = (claims: object = {}): { authorization: string } => ({
  authorization: `Bearer ${tokenOf(claims)}`,
});

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
  /** All bytes that came. */
  text: string;
}

/**
 * Sends bytes as they are and collects what comes back until the server closes or has been silent for a while.
 * @param port of the gateway
 * @param bytes the request
 * @param silenceMs how long silence means the end
 */
export const sendRaw = (port: number, bytes: string | Buffer, silenceMs = 300): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (): void => {
      socket.destroy();
      const [head = '', ...rest] = text.split('\r\n\r\n');
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0),
        head: head.toLowerCase(),
        body: rest.join('\r\n\r\n'),
        text,
      });
    };
    socket.setTimeout(silenceMs, finish);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
        finish();
      } else {
        reject(error);
      }
    });
    socket.on('end', finish);
    socket.write(bytes);
  });
