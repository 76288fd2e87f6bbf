import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServiceInstance } from '../define-service.ts';

// Above the 60 s of common load balancers, which must never write to a connection that we are closing.
const KEEP_ALIVE_MS = 65_000;
// A client that dribbles its headers; Node refuses a value above that of the whole request.
const HEADERS_MS = 20_000;
// An upload of 50 MiB on a slow line takes its time; routes bound their own answers, and headers have 20 s.
const REQUEST_MS = 150_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_REQUESTS_PER_SOCKET = 10_000;
const IDLE_SWEEP_MS = 50;

/** A server that listens. */
export interface ListeningServer {
  /** Base address without a trailing slash. */
  url: string;
  /**
   * Stops accepting, lets requests at work end, and cuts those that are not done in time.
   * @returns whether everything ended in time
   */
  close(timeoutMs: number): Promise<boolean>;
}

const REFUSALS: Readonly<Record<string, { status: number; code: string; title: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers-too-large', title: 'The headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request-timeout',
    title: 'The request took too long to arrive',
  },
};
const MALFORMED = { status: 400, code: 'malformed-request', title: 'The request could not be read' };

// These requests never become one that a listener sees, so the answer is written by hand.
const refuseConnection = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, title } = REFUSALS[error.code ?? ''] ?? MALFORMED;
  const body = JSON.stringify({ type: `urn:orrery:problem:${code}`, title, status, code });
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
};

const closeServer = async (server: Server, timeoutMs: number): Promise<boolean> => {
  let inTime = true;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // A connection that becomes idle while the server closes would otherwise be kept for its keep-alive time.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_SWEEP_MS);
  const deadline = setTimeout(() => {
    inTime = false;
    server.closeAllConnections();
  }, timeoutMs);
  server.closeIdleConnections();
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  return inTime;
};

const addressOf = (server: Server, host: string): string => {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server has no port');
  }
  // A wildcard address is for binding, not for calling.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  return `http://${reachable}:${String(address.port)}`;
};

/**
 * Opens an HTTP server with our limits.
 * @param listener answers requests
 * @param where address and port; port 0 picks a free one
 * @param onUpgrade takes over upgraded connections
 */
export const listen = async (
  listener: RequestListener,
  where: { host: string; port: number },
  onUpgrade?: ServiceInstance['onUpgrade'],
): Promise<ListeningServer> => {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    listener,
  );
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.on('clientError', refuseConnection);
  if (onUpgrade !== undefined) {
    server.on('upgrade', onUpgrade);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { url: addressOf(server, where.host), close: (timeoutMs) => closeServer(server, timeoutMs) };
};
