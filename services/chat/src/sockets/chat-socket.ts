import { randomUUID } from 'node:crypto';
import type { Language } from '@orrery/contracts';
import { runWithContext, type UserIdentity } from '@orrery/service-kit';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import { readClientMessage } from '../domain/client-message.ts';
import { defaultConversationId, HISTORY_LIMIT } from '../domain/conversation.ts';
import { ERROR_TEXT, framesOf, historyFrame, isLast, type Dialect, type Frame } from '../domain/frames.ts';
import { welcome } from '../domain/wording.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { Turn, TurnRegistry } from '../turns/turn-registry.ts';
import type { HandleMessage } from '../use-cases/handle-message.ts';

/** Bytes that may wait for a slow client before we produce more for it. */
const HIGH_WATER_BYTES = 256 * 1024;
/** Bytes after which a client that reads nothing is given up. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Messages that may wait while one is answered. */
const MAX_WAITING_MESSAGES = 20;

const CLOSE_INTERNAL = 1011;
const CLOSE_GOING_AWAY = 1001;

/** Who opened a socket, and how. */
export interface SocketSession {
  identity: UserIdentity;
  requestId: string;
  dialect: Dialect;
  language: Language;
  /** What the client named; an empty one counts as none. */
  conversationId: string | undefined;
  /** The client wants to be able to resume, so frames say where they stand. */
  isResumable: boolean;
  /** A turn to be taken up again, and the first place that is missing. */
  resume: { turnId: string; from: number } | undefined;
}

export interface ChatSocketParts {
  conversations: ConversationStore;
  turns: TurnRegistry;
  messages: HandleMessage;
  nameOf(userId: string): Promise<string | undefined>;
  resumeMs: number;
  logger: Logger;
}

/** A socket that is served. */
export interface ServedSocket {
  language: Language;
  /** Sends a frame; one to a client that reads nothing any more ends the socket. */
  send(frame: Frame): Promise<void>;
  /** Takes nothing new, finishes what is under way and closes with 1001. */
  finish(): Promise<void>;
}

/**
 * Serves one chat socket until it closes.
 * @param socket the accepted socket
 * @param session who opened it
 * @param parts stores and the registry of turns
 */
export function serveChatSocket(
  socket: WebSocket,
  session: SocketSession,
  parts: ChatSocketParts,
): ServedSocket {
  const { identity, dialect, language, requestId } = session;
  const { userId } = identity;
  const { conversations, turns, logger } = parts;
  let conversationId = session.conversationId;
  let current: Turn | undefined;
  let waiting = 0;
  let asked = 0;
  /** Messages up to this one were cancelled, also those whose turn comes later. */
  let cancelledUpTo = 0;
  let isFinishing = false;

  const send = (frame: Frame): Promise<void> =>
    new Promise((resolve) => {
      if (socket.readyState !== socket.OPEN) {
        resolve();
        return;
      }
      if (socket.bufferedAmount > MAX_WAITING_BYTES) {
        socket.terminate();
        resolve();
        return;
      }
      socket.send(JSON.stringify(frame), () => {
        resolve();
      });
      if (socket.bufferedAmount < HIGH_WATER_BYTES) {
        resolve();
      }
    });

  const greet = async (): Promise<void> => {
    if (dialect === 'readme') {
      return;
    }
    const id = (conversationId ??= defaultConversationId(userId));
    await turns.inOrder(userId, id, async () => {
      const messages = await conversations.latest(userId, id, HISTORY_LIMIT);
      if (messages.length > 0) {
        await send(historyFrame(messages));
        return;
      }
      const text = welcome(language, await parts.nameOf(userId));
      await conversations.add(userId, id, { role: 'assistant', content: text });
      await send({ type: 'full_response', data: text });
    });
  };

  const gone = new AbortController();
  socket.once('close', () => {
    gone.abort();
  });

  /** Hands the events of a turn on; resolves when only a title can follow. */
  const passOn = (turn: Turn, from = 0): Promise<void> =>
    new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        for await (const { index, event } of turn.follow(from, gone.signal)) {
          const place = session.isResumable ? { turn: turn.id, index } : undefined;
          for (const frame of framesOf(dialect, event, place)) {
            await send(frame);
          }
          if (isLast(event)) {
            resolve();
          }
        }
        resolve();
      };
      run().catch(reject);
    });

  const ask = async (text: string, number: number): Promise<void> => {
    const isNew = conversationId === undefined;
    const id = (conversationId ??= randomUUID());
    if (isNew) {
      await send({ type: 'conversation_id', data: id });
    }
    const turnId = randomUUID();
    if (session.isResumable) {
      await send({ type: 'turn', data: { id: turnId } });
    }
    const graceMs = session.isResumable ? parts.resumeMs : 0;
    current = parts.messages.begin(
      {
        identity,
        conversationId: id,
        turnId,
        text,
        preferredLanguage: language,
        isStreamed: dialect !== 'current',
      },
      graceMs,
    );
    if (number <= cancelledUpTo) {
      current.cancel();
    }
    await passOn(current);
    current = undefined;
  };

  const resume = async ({ turnId, from }: { turnId: string; from: number }): Promise<void> => {
    const turn = turns.find(userId, turnId);
    if (turn !== undefined) {
      conversationId ??= turn.conversationId;
      current = turn;
      await passOn(turn, from);
      current = undefined;
      return;
    }
    const rows = await conversations.turn(userId, turnId);
    const answer = rows.find(({ message }) => message.role === 'assistant');
    if (answer === undefined) {
      await send({ type: 'error', data: ERROR_TEXT });
      return;
    }
    conversationId ??= answer.conversationId;
    await send({ type: 'full_response', data: answer.message.content });
    await send({ type: 'status', data: 'done' });
  };

  // Frames are handled one after the other, in the order of their arrival.
  let chain: Promise<void> = Promise.resolve();
  const inLine = (work: () => Promise<void>, onFault: (error: unknown) => Promise<void>): void => {
    const context = { service: 'chat' as const, requestId, userId, identity };
    chain = chain.then(() => runWithContext(context, work)).catch(onFault);
  };

  const apologise = async (error: unknown): Promise<void> => {
    logger.error({ err: error }, 'a frame could not be handled');
    await send({ type: 'error', data: ERROR_TEXT });
  };

  const receive = (data: RawData, isBinary: boolean): void => {
    if (isFinishing) {
      return;
    }
    const message = isBinary ? { kind: 'refuse' as const } : readClientMessage(String(data));
    if (message.kind === 'cancel') {
      cancelledUpTo = asked;
      current?.cancel();
    } else if (message.kind === 'refuse' || (message.kind === 'ask' && waiting >= MAX_WAITING_MESSAGES)) {
      void send({ type: 'error', data: ERROR_TEXT });
    } else if (message.kind === 'ask') {
      waiting += 1;
      asked += 1;
      const number = asked;
      inLine(async () => {
        waiting -= 1;
        if (socket.readyState === socket.OPEN) {
          await ask(message.text, number);
        }
      }, apologise);
    }
  };

  socket.on('message', receive);
  // A broken frame or a lost connection is followed by `close`, where everything is released.
  socket.on('error', (error) => {
    logger.debug({ err: error }, 'a chat socket failed');
  });
  inLine(greet, async (error) => {
    logger.error({ err: error }, 'a chat socket could not be opened');
    await send({ error: 'An unexpected error occurred.' });
    socket.close(CLOSE_INTERNAL);
  });
  const { resume: toResume } = session;
  if (toResume !== undefined) {
    inLine(() => resume(toResume), apologise);
  }

  return {
    language,
    send,
    async finish() {
      isFinishing = true;
      await chain;
      socket.close(CLOSE_GOING_AWAY);
    },
  };
}
