import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  chooseLanguage,
  acceptRequestId,
  AppError,
  SERVICE_TOKEN_HEADER,
  verifyServiceToken,
  type Identity,
  type ServiceTokenKeys,
} from '@orrery/service-kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_CONVERSATION_ID } from '../domain/conversation.ts';
import { DIALECTS, type Dialect } from '../domain/frames.ts';
import type { Push } from '../store/push-store.ts';
import {
  serveChatSocket,
  type ChatSocketParts,
  type ServedSocket,
  type SocketSession,
} from './chat-socket.ts';

/** Why the gateway could not sign a socket in; it takes this header from nobody outside. */
const SIGN_IN_FAILURE_HEADER = 'x-sign-in-failure';
const SOCKET_PATH = '/chat/ws';
const CLOSE_REFUSED = 1008;
/** A longer frame ends the socket with 1009; a shorter one beyond the limit of a message gets an error frame. */
const MAX_FRAME_BYTES = 1024 * 1024;
const DRAIN_MS = 10_000;

export interface SocketHubParts extends ChatSocketParts {
  keys: ServiceTokenKeys;
  defaultDialect: Dialect;
  heartbeatMs: number;
}

/** All sockets of this process. */
export interface SocketHub {
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  openSockets(): number;
  /** Sends news to every socket of its user here, in the language of each. */
  push(push: Push): void;
  /** Finishes what is under way on every socket and closes them with 1001. */
  drain(): Promise<void>;
}

const refuse = (socket: Duplex, status: number): void => {
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
};

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const isDialect = (text: string | null): text is Dialect => DIALECTS.some((dialect) => dialect === text);

const placeOf = (text: string | null): number => {
  const place = Number(text ?? '0');
  return Number.isSafeInteger(place) && place >= 0 ? place : 0;
};

/**
 * Takes over upgraded connections, watches whether they are alive and reaches them by user.
 * @param parts keys of service tokens, settings, and what a socket needs
 */
export function createSocketHub(parts: SocketHubParts): SocketHub {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  const alive = new Map<WebSocket, boolean>();
  const served = new Map<string, Set<ServedSocket>>();
  let isDraining = false;

  const heartbeat = setInterval(() => {
    for (const [socket, hasAnswered] of alive) {
      if (!hasAnswered) {
        socket.terminate();
        continue;
      }
      alive.set(socket, false);
      socket.ping();
    }
  }, parts.heartbeatMs);
  heartbeat.unref();

  const identify = (request: IncomingMessage): Identity | undefined => {
    const token = headerOf(request, SERVICE_TOKEN_HEADER);
    if (token === undefined) {
      return undefined;
    }
    try {
      return verifyServiceToken(parts.keys, token, 'chat').identity;
    } catch (error) {
      if (error instanceof AppError) {
        return undefined;
      }
      throw error;
    }
  };

  const sessionOf = (request: IncomingMessage, identity: SocketSession['identity']): SocketSession => {
    const query = new URL(request.url ?? '', 'http://chat').searchParams;
    const dialect = query.get('dialect');
    const named = query.get('conversation_id');
    const turnId = query.get('turn');
    return {
      identity,
      requestId: acceptRequestId(headerOf(request, 'x-request-id')),
      dialect: isDialect(dialect) ? dialect : parts.defaultDialect,
      language: chooseLanguage(headerOf(request, 'accept-language'), 'en'),
      conversationId: named === null || named === '' ? undefined : named,
      isResumable: query.get('resumable') === '1' || turnId !== null,
      resume: turnId === null ? undefined : { turnId, from: placeOf(query.get('from')) },
    };
  };

  const leaveWith = (socket: WebSocket, error: string): void => {
    socket.send(JSON.stringify({ error }));
    socket.close(CLOSE_REFUSED);
  };

  const accept = (socket: WebSocket, request: IncomingMessage, identity: Identity): void => {
    if (identity.kind !== 'user') {
      const reason = headerOf(request, SIGN_IN_FAILURE_HEADER) ?? 'Token not provided';
      leaveWith(socket, `Authentication failed: ${reason}`);
      return;
    }
    const session = sessionOf(request, identity);
    if ((session.conversationId?.length ?? 0) > MAX_CONVERSATION_ID) {
      leaveWith(socket, `conversation_id may have at most ${String(MAX_CONVERSATION_ID)} characters`);
      return;
    }
    const { userId } = identity;
    const client = serveChatSocket(socket, session, parts);
    const mine = served.get(userId) ?? new Set();
    served.set(userId, mine.add(client));
    alive.set(socket, true);
    socket.on('pong', () => {
      alive.set(socket, true);
    });
    socket.once('close', () => {
      alive.delete(socket);
      mine.delete(client);
      if (mine.size === 0) {
        served.delete(userId);
      }
    });
  };

  return {
    onUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const path = (request.url ?? '').split('?')[0];
      const identity = identify(request);
      if (path !== SOCKET_PATH || identity === undefined || isDraining) {
        refuse(socket, path !== SOCKET_PATH ? 404 : isDraining ? 503 : 401);
        return;
      }
      server.handleUpgrade(request, socket, head, (client) => {
        accept(client, request, identity);
      });
    },
    openSockets: () => alive.size,
    push({ userId, kind, subject, createdAt, texts }) {
      for (const client of served.get(userId) ?? []) {
        const { title, text } = texts[client.language];
        void client.send({ type: 'notification', data: { kind, id: subject, title, text, createdAt } });
      }
    },
    async drain() {
      isDraining = true;
      clearInterval(heartbeat);
      const cut = setTimeout(() => {
        for (const socket of alive.keys()) {
          socket.terminate();
        }
      }, DRAIN_MS);
      await Promise.all(
        [...served.values()].flatMap((clients) => [...clients].map((client) => client.finish())),
      );
      clearTimeout(cut);
    },
  };
}
