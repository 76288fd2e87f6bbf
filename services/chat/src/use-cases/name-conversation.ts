import { ModelError, type LanguageModel } from '@orrery/language-model';
import { titleOf } from '../domain/conversation.ts';
import { TITLE_PROMPT } from '../domain/prompt.ts';
import { judgeWording } from '../domain/release-text.ts';
import type { NameConversation } from './handle-message.ts';

const MAX_TOKENS = 24;
const DEADLINE_MS = 5_000;
/** Enough to see what it is about. */
const MAX_CHARACTERS = 500;

/**
 * Titles by the model; by the first words of the message when it is away or says something that is no title.
 * @param model absent when none is configured
 */
export const createNameConversation =
  (model: LanguageModel | undefined): NameConversation =>
  async ({ identity, text }, signal) => {
    if (model === undefined) {
      return titleOf(text);
    }
    try {
      const { text: title } = await model.complete(
        {
          messages: [
            { role: 'system', content: TITLE_PROMPT },
            { role: 'user', content: text.slice(0, MAX_CHARACTERS) },
          ],
          maxTokens: MAX_TOKENS,
        },
        { userId: identity.userId, deadlineMs: DEADLINE_MS, signal },
      );
      return title.trim() === '' || !judgeWording(title).isAllowed ? titleOf(text) : titleOf(title);
    } catch (error) {
      if (error instanceof ModelError) {
        return titleOf(text);
      }
      throw error;
    }
  };
