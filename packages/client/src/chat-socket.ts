/** How a socket ended. */
export interface SocketEnd {
  /** 1008 when the sign-in was refused, 1001 when the server went away, 4401 when the token expired. */
  code: number;
  reason: string;
}

/** A socket to the assistant. */
export interface ChatSocket {
  /** Frames from the server, parsed; ends when the socket ends. */
  frames(): AsyncGenerator<unknown>;
  send(message: string): void;
  close(): void;
  readonly ended: Promise<SocketEnd>;
}

/**
 * Opens the chat socket; the contract wants the token in the query.
 * @param options address of the gateway (`http` or `https`), the user's token, a conversation to continue, and the form of
 *   the frames: `readme` streams, `current` sends whole answers, `both` does both
 */
export function openChatSocket(options: {
  url: string;
  token: string;
  conversationId?: string;
  dialect?: 'current' | 'readme' | 'both';
}): ChatSocket {
  const address = new URL('/chat/ws', options.url.replace(/^http/, 'ws'));
  address.searchParams.set('token', options.token);
  if (options.conversationId !== undefined) {
    address.searchParams.set('conversation_id', options.conversationId);
  }
  if (options.dialect !== undefined) {
    address.searchParams.set('dialect', options.dialect);
  }
  const socket = new WebSocket(address);
  const waiting: unknown[] = [];
  let end: SocketEnd | undefined;
  let wake: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()));
  const ended = new Promise<SocketEnd>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      end = { code, reason };
      wake();
      resolve(end);
    });
  });
  socket.addEventListener('message', ({ data }) => {
    waiting.push(JSON.parse(String(data)));
    wake();
  });

  return {
    ended,
    async *frames() {
      for (;;) {
        while (waiting.length > 0) {
          yield waiting.shift();
        }
        if (end !== undefined) {
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    send(message) {
      void opened.then(() => socket.send(JSON.stringify({ message })));
    },
    close: () => socket.close(),
  };
}
