import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { WebSocket } from 'ws';
import { createTurnRegistry } from '../turns/turn-registry.ts';
import { serveChatSocket, type ChatSocketParts } from './chat-socket.ts';

/** A connection whose client has stopped reading, as the library shows it. */
class StalledSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = 0;
  isTerminated = false;

  send(text: string): void {
    this.sent += 1;
    this.bufferedAmount += text.length;
  }

  terminate(): void {
    this.isTerminated = true;
    this.readyState = 3;
    this.emit('close');
  }
}

const serve = (socket: StalledSocket) => {
  const turns = createTurnRegistry({ keepMs: 1, onFault: () => undefined });
  const parts = { turns, resumeMs: 0, logger: pino({ level: 'silent' }) };
  return serveChatSocket(
    // Only what a socket does here is played; stores are not reached in this dialect before a message comes.
    socket as unknown as WebSocket,
    {
      identity: { kind: 'user', userId: 'u', role: 'user', caller: 'gateway' },
      requestId: 'r',
      dialect: 'readme',
      language: 'en',
      conversationId: undefined,
      isResumable: false,
      resume: undefined,
    },
    parts as unknown as ChatSocketParts,
  );
};

const news = {
  type: 'notification' as const,
  data: { kind: 'alert' as const, id: 'a', title: 't', text: 'x'.repeat(100_000), createdAt: '' },
};

describe('a client that stopped reading', () => {
  it('makes whoever produces for it wait, and costs a bounded amount of memory', async () => {
    const socket = new StalledSocket();
    const client = serve(socket);
    let delivered = 0;
    for (let item = 0; item < 100; item += 1) {
      void client.send(news).then(() => {
        delivered += 1;
      });
    }
    await new Promise(setImmediate);

    expect(socket.isTerminated).toBe(true);
    expect(socket.sent).toBeLessThan(60);
    // The first few were taken at once, what followed had to wait, and what came after the end was dropped.
    expect(delivered).toBeLessThan(100);
  });

  it('is sent nothing any more once it is gone', async () => {
    const socket = new StalledSocket();
    const client = serve(socket);
    socket.terminate();
    await client.send(news);

    expect(socket.sent).toBe(0);
  });
});
