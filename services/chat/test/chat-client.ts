import { once } from 'node:events';
import type { Identity } from '@orrery/service-kit';
import { eventually, signedHeaders, type TestService } from '@orrery/testing';
import { WebSocket } from 'ws';

/** A frame as a client sees it. */
export type SeenFrame = { type?: string; data?: unknown; error?: string } & Record<string, unknown>;

/** A client of the chat socket, as it sits behind the gateway. */
export interface TestSocket {
  frames: SeenFrame[];
  socket: WebSocket;
  send(message: string): void;
  /** Asks and waits until the turn is over; returns the frames that came for it. */
  ask(message: string): Promise<SeenFrame[]>;
  /** Waits for the nth frame of a type. */
  next(type: string, count?: number): Promise<SeenFrame>;
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** Machines are shared; a wait ends by its condition. */
const PATIENCE = { intervalMs: 2, timeoutMs: 40_000 };

const isEnd = ({ type }: SeenFrame): boolean => type === 'status' || type === 'error';

/**
 * Opens a socket to the service.
 * @param service the service under test
 * @param identity who opens it
 * @param query what stands after `?`
 * @param headers beside the service token
 * @param options of the library's client
 */
export function openSocket(
  service: TestService,
  identity: Identity,
  query = '',
  headers: Record<string, string> = {},
  options: { autoPong?: boolean } = {},
): TestSocket {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/chat/ws?${query}`, {
    ...options,
    headers: { ...signedHeaders(identity, 'chat'), ...headers },
  });
  const frames: SeenFrame[] = [];
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as SeenFrame);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
    });
  });
  // A refused upgrade is followed by `close`, which tests look at.
  socket.on('error', () => undefined);
  const opened = once(socket, 'open');
  opened.catch(() => undefined);
  const send = (message: string): void => {
    void opened.then(() => {
      socket.send(message);
    });
  };
  return {
    frames,
    socket,
    send,
    closed,
    async ask(message) {
      const before = frames.filter(isEnd).length;
      const from = frames.length;
      send(message);
      await eventually(
        () => frames.filter(isEnd).length,
        (count) => count > before,
        PATIENCE,
      );
      return frames.slice(from);
    },
    async next(type, count = 1) {
      const found = await eventually(
        () => frames.filter((frame) => frame.type === type),
        (matching) => matching.length >= count,
        PATIENCE,
      );
      return found[count - 1] ?? {};
    },
    close() {
      socket.close();
    },
  };
}

/**
 * The frame that ended a turn; the title of a new conversation may come after it.
 * @param frames frames of one turn
 */
export const endOf = (frames: readonly SeenFrame[]): SeenFrame | undefined => frames.findLast(isEnd);

/**
 * The answer that frames of a turn add up to.
 * @param frames frames of one turn
 */
export function answerIn(frames: readonly SeenFrame[]): string {
  const whole = frames.find(({ type }) => type === 'full_response');
  const pieces = frames.filter(({ type }) => type === 'stream');
  return whole === undefined ? pieces.map(({ data }) => String(data)).join('') : String(whole.data);
}
