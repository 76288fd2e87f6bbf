import { isDatabaseUnavailable, type UserIdentity } from '@orrery/service-kit';
import type { Logger } from 'pino';
import type { Language } from '@orrery/contracts';
import type { ChatMetrics } from '../chat-metrics.ts';
import { ERROR_TEXT, isLast, type TurnEvent, type TurnUsage } from '../domain/frames.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { MessageLimit } from '../store/message-limit.ts';
import type { Turn, TurnRegistry } from '../turns/turn-registry.ts';
import { tooManyMessages } from '../domain/wording.ts';

/** A message to be answered. */
export interface Question {
  identity: UserIdentity;
  conversationId: string;
  turnId: string;
  text: string;
  /** What the client's browser or app prefers; the message's own language wins. */
  preferredLanguage: Language;
  /** The client is shown pieces as they come; else it sees only the whole. */
  isStreamed: boolean;
}

/** What an answerer gives back; the text is what the client has been sent, piece by piece. */
export interface Answer {
  text: string;
  usage: TurnUsage;
  /** The answer was cut off, and an error has to be told. */
  failure?: 'cancelled' | 'model' | undefined;
}

/** Finds the answer to a question and hands it on as it comes. */
export type AnswerQuestion = (
  question: Question,
  io: { emit(event: TurnEvent): void; signal: AbortSignal },
) => Promise<Answer>;

/** Gives a new conversation its title; never fails. */
export type NameConversation = (question: Question, signal: AbortSignal) => Promise<string>;

export interface HandleMessageParts {
  conversations: ConversationStore;
  turns: TurnRegistry;
  limit: MessageLimit;
  answer: AnswerQuestion;
  nameConversation: NameConversation;
  /** Keeps the summary of a long conversation up to date, after the answer was given. */
  summarise(question: Question): Promise<void>;
  metrics: Pick<ChatMetrics, 'turns' | 'turnSeconds'>;
  logger: Logger;
}

/**
 * Takes a message, stores it, lets it be answered, stores the answer and only then says that it is done.
 * @param parts stores, the registry of turns and the answerer
 */
export const createHandleMessage = (parts: HandleMessageParts) => {
  const { conversations, turns, limit, logger } = parts;

  const name = async (
    question: Question,
    emit: (event: TurnEvent) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const { identity, conversationId } = question;
    if (await conversations.hasTitle(identity.userId, conversationId)) {
      return;
    }
    const title = await parts.nameConversation(question, signal);
    if (await conversations.create(identity.userId, conversationId, title)) {
      emit({ kind: 'title', title });
    }
  };

  /** Answers, stores and tells; `rest` is what nobody has to wait for. */
  const reply = async (
    question: Question,
    emit: (event: TurnEvent) => void,
    signal: AbortSignal,
  ): Promise<{ outcome: string; rest?: Promise<unknown> }> => {
    const { identity, conversationId, turnId, text } = question;
    const { userId } = identity;
    const waitMs = await limit.take(userId);
    if (waitMs !== undefined) {
      emit({
        kind: 'failed',
        code: 'too-many-requests',
        text: tooManyMessages(question.preferredLanguage, Math.ceil(waitMs / 1_000)),
      });
      return { outcome: 'refused' };
    }
    const asked = await conversations.add(userId, conversationId, { role: 'user', content: text, turnId });
    const unwanted = new AbortController();
    const naming = name(question, emit, unwanted.signal).catch((error: unknown) => {
      logger.warn({ err: error }, 'a conversation got no title');
    });
    const answer = await parts.answer(question, { emit, signal });
    const isPartial = answer.failure !== undefined;
    const stored =
      answer.text === ''
        ? undefined
        : await conversations.addAnswer(userId, conversationId, asked.id, {
            role: 'assistant',
            content: answer.text,
            turnId,
            isPartial,
          });
    if (answer.failure === 'cancelled') {
      unwanted.abort();
      emit({ kind: 'cancelled' });
      return { outcome: 'cancelled', rest: naming };
    }
    if (isPartial || answer.text === '') {
      emit({ kind: 'failed', code: 'unavailable', text: ERROR_TEXT });
      return { outcome: 'failed', rest: naming };
    }
    emit({ kind: 'answer', text: answer.text, messageId: stored?.id ?? asked.id, usage: answer.usage });
    const summarising = parts.summarise(question).catch((error: unknown) => {
      logger.warn({ err: error }, 'a conversation was not summarised');
    });
    return { outcome: 'answered', rest: Promise.all([naming, summarising]) };
  };

  return {
    /**
     * Begins to answer a message, after those of the same conversation that came before.
     * @param question who asks what, where
     * @param graceMs how long the work goes on when the client leaves
     */
    begin(question: Question, graceMs: number): Turn {
      return turns.begin({
        id: question.turnId,
        userId: question.identity.userId,
        conversationId: question.conversationId,
        graceMs,
        work: async (emit, signal) => {
          const stopTimer = parts.metrics.turnSeconds.startTimer();
          const end = (event: TurnEvent): void => {
            if (isLast(event)) {
              stopTimer();
            }
            emit(event);
          };
          try {
            const { outcome, rest } = await reply(question, end, signal);
            parts.metrics.turns.inc({ outcome });
            return rest === undefined ? {} : { rest };
          } catch (error) {
            const code = isDatabaseUnavailable(error) ? 'database-unavailable' : 'internal';
            logger.error({ err: error, code }, 'a message could not be answered');
            parts.metrics.turns.inc({ outcome: 'failed' });
            end({ kind: 'failed', code, text: ERROR_TEXT });
            return {};
          }
        },
      });
    },
  };
};

export type HandleMessage = ReturnType<typeof createHandleMessage>;
