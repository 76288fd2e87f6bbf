import { ModelError, type LanguageModel } from '@orrery/language-model';
import { completedTurns, HISTORY_LIMIT, type Message } from '../domain/conversation.ts';
import { SUMMARY_PROMPT } from '../domain/prompt.ts';
import { tidy } from '../domain/tidy.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { SummaryStore } from '../store/summary-store.ts';
import type { Question } from './handle-message.ts';

/** Messages that must have gathered before a summary is worth a call. */
const WORTH = 10;
const MAX_AT_ONCE = 40;
const MAX_TOKENS = 220;
const MAX_SUMMARY = 1_500;
const MAX_LINE = 300;
const DEADLINE_MS = 8_000;

const plainSummary = (before: string, messages: readonly Message[]): string => {
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => String(tidy(content)));
  const text = [before, ...asked.map((question) => `The user asked: ${question}`)]
    .filter((line) => line !== '')
    .join('\n');
  return text.slice(-MAX_SUMMARY);
};

/**
 * Keeps what was said before the latest messages as a short text, so that long conversations stay within the prompt.
 * @param parts stores, and the model if there is one
 */
export const createSummariseConversation = (parts: {
  model: LanguageModel | undefined;
  conversations: ConversationStore;
  summaries: SummaryStore;
}) => {
  const { model, conversations, summaries } = parts;

  const summarise = async (userId: string, before: string, messages: readonly Message[]): Promise<string> => {
    if (model === undefined) {
      return plainSummary(before, messages);
    }
    const said = messages.map(({ role, content }) => ({ role, content: content.slice(0, MAX_LINE) }));
    try {
      const { text } = await model.complete(
        {
          messages: [
            { role: 'system', content: SUMMARY_PROMPT },
            { role: 'user', content: JSON.stringify({ before, said }) },
          ],
          maxTokens: MAX_TOKENS,
        },
        { userId, deadlineMs: DEADLINE_MS },
      );
      return text.trim() === '' ? plainSummary(before, messages) : String(tidySummary(text));
    } catch (error) {
      if (error instanceof ModelError) {
        return plainSummary(before, messages);
      }
      throw error;
    }
  };

  return async ({ identity: { userId }, conversationId }: Question): Promise<void> => {
    const latest = await conversations.latest(userId, conversationId, HISTORY_LIMIT);
    const [oldestShown] = latest;
    if (oldestShown === undefined || latest.length < HISTORY_LIMIT) {
      return;
    }
    const known = await summaries.find(userId, conversationId);
    const older = await conversations.between(userId, conversationId, {
      after: known?.upTo,
      before: oldestShown.sentAt,
      limit: MAX_AT_ONCE,
    });
    const last = older.at(-1);
    if (older.length < WORTH || last === undefined) {
      return;
    }
    const text = await summarise(userId, known?.text ?? '', completedTurns(older));
    await summaries.save(userId, conversationId, { text, upTo: last.sentAt });
  };
};

const tidySummary = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_SUMMARY);
