import { createHash, randomUUID } from 'node:crypto';
import { defineRoute, ResourceId } from '@orrery/contracts';
import {
  chooseLanguage,
  AppError,
  eventStream,
  handle,
  requireUserId,
  type MountedRoute,
  type StreamEvent,
} from '@orrery/service-kit';
import { z } from 'zod';
import { MAX_CONVERSATION_ID, MAX_MESSAGE_CHARACTERS } from '../domain/conversation.ts';
import { isLast, type TurnEvent } from '../domain/frames.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { Turn, TurnRegistry } from '../turns/turn-registry.ts';
import type { HandleMessage } from '../use-cases/handle-message.ts';

const EVENTS = {
  contentType: 'text/event-stream; charset=utf-8',
  description:
    'Events `meta` {conversationId, messageId}, `tool` {name}, `delta` {text}, `title` {title}, `error` {code, message}, `done` {messageId, text, incomplete, model, usage}; the id of each is where it stands, for resuming',
};

const CreateMessage = defineRoute({
  method: 'post',
  path: '/v1/chat/messages',
  operationId: 'createChatMessage',
  summary:
    'Ask the assistant and read the answer as an event stream; with the same Idempotency-Key the same answer comes again',
  tag: 'Chat',
  audience: 'user',
  body: z.object({
    conversationId: z.string().min(1).max(MAX_CONVERSATION_ID).optional(),
    message: z
      .string()
      .max(MAX_MESSAGE_CHARACTERS)
      .refine((text) => text.trim() !== '', 'must not be blank'),
  }),
  responses: { 200: EVENTS },
  problems: ['too-many-requests'],
});

const ResumeMessage = defineRoute({
  method: 'get',
  path: '/v1/chat/messages/{messageId}/events',
  operationId: 'resumeChatMessage',
  summary:
    'The answer to a message from where a lost connection ended (`Last-Event-ID`), else from its beginning',
  tag: 'Chat',
  audience: 'user',
  params: z.object({ messageId: ResourceId }),
  responses: { 200: EVENTS },
  problems: ['not-found'],
});

const MAX_KEY_LENGTH = 255;

export interface MessageRouteParts {
  conversations: ConversationStore;
  turns: TurnRegistry;
  messages: HandleMessage;
  resumeMs: number;
}

const shown = (turnId: string, event: TurnEvent): Omit<StreamEvent, 'id'> => {
  switch (event.kind) {
    case 'delta':
      return { event: 'delta', data: { text: event.text } };
    case 'tool':
      return { event: 'tool', data: { name: event.name } };
    case 'title':
      return { event: 'title', data: { title: event.title } };
    case 'failed':
      return { event: 'error', data: { code: event.code, message: event.text } };
    case 'cancelled':
      return { event: 'done', data: { messageId: turnId, incomplete: true } };
    case 'answer': {
      const { model, inputTokens, outputTokens } = event.usage;
      return {
        event: 'done',
        data: {
          messageId: turnId,
          text: event.text,
          incomplete: false,
          model,
          usage: { inputTokens, outputTokens },
        },
      };
    }
  }
};

async function* follow(turn: Turn, from: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  if (from === 0) {
    yield { event: 'meta', data: { conversationId: turn.conversationId, messageId: turn.id } };
  }
  for await (const { index, event } of turn.follow(from, signal)) {
    yield { ...shown(turn.id, event), id: `${turn.id}:${String(index)}` };
    if (isLast(event)) {
      return;
    }
  }
}

async function* replay(turnId: string, conversationId: string, text: string): AsyncGenerator<StreamEvent> {
  yield { event: 'meta', data: { conversationId, messageId: turnId } };
  await Promise.resolve();
  yield { event: 'done', data: { messageId: turnId, text, incomplete: false } };
}

/** A repeated key names the same turn, whatever process or time it meets. */
const turnIdOf = (userId: string, key: string | undefined): string =>
  key === undefined || key === '' || key.length > MAX_KEY_LENGTH
    ? randomUUID()
    : createHash('sha256').update(`${userId}\0${key}`).digest('hex').slice(0, 32);

const placeAfter = (lastEventId: unknown, turnId: string): number => {
  const [id, place] = typeof lastEventId === 'string' ? lastEventId.split(':') : [];
  return id === turnId && place !== undefined && /^\d{1,9}$/.test(place) ? Number(place) + 1 : 0;
};

/**
 * `POST /v1/chat/messages` and `GET /v1/chat/messages/{messageId}/events`, for clients without sockets.
 * @param parts stores and the registry of turns
 */
export const messageRoutes = (parts: MessageRouteParts): MountedRoute[] => {
  const { conversations, turns, messages, resumeMs } = parts;

  /** The turn here, or its stored answer; undefined when the user has none of that id. */
  const known = async (
    userId: string,
    turnId: string,
    from: number,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<StreamEvent> | undefined> => {
    const turn = turns.find(userId, turnId);
    if (turn !== undefined) {
      return follow(turn, from, signal);
    }
    const rows = await conversations.turn(userId, turnId);
    const answer = rows.find(({ message }) => message.role === 'assistant' && !message.isPartial);
    return answer === undefined ? undefined : replay(turnId, answer.conversationId, answer.message.content);
  };

  return [
    handle(CreateMessage, async ({ identity, body, request, signal }) => {
      const userId = requireUserId(identity);
      if (identity.kind !== 'user') {
        throw new AppError('sign-in-required');
      }
      const key = request.headers['idempotency-key'];
      const turnId = turnIdOf(userId, typeof key === 'string' ? key : undefined);
      const events =
        (await known(userId, turnId, 0, signal)) ??
        follow(
          messages.begin(
            {
              identity,
              conversationId: body.conversationId ?? randomUUID(),
              turnId,
              text: body.message.trim(),
              preferredLanguage: chooseLanguage(request.headers['accept-language'], 'en'),
              isStreamed: true,
            },
            // A key says that the client may come back for the answer.
            key === undefined ? 0 : resumeMs,
          ),
          0,
          signal,
        );
      return { status: 200, body: eventStream(events, { signal }) };
    }),
    handle(ResumeMessage, async ({ identity, params, request, signal }) => {
      const userId = requireUserId(identity);
      const from = placeAfter(request.headers['last-event-id'], params.messageId);
      const events = await known(userId, params.messageId, from, signal);
      if (events === undefined) {
        throw new AppError('not-found');
      }
      return { status: 200, body: eventStream(events, { signal }) };
    }),
  ];
};
