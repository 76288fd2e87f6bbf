import { ModelError, type LanguageModel } from '@orrery/language-model';
import type { Logger } from 'pino';
import {
  isUsableTemplate,
  TEMPLATES,
  type PhraseBook,
  type SuggestionKind,
} from '../domain/suggestions/templates.ts';
import type { PhraseBookStore } from '../store/phrase-book-store.ts';

/** Wordings last for a while; a new set each week keeps them fresh at next to no cost. */
const RENEW_MS = 7 * 24 * 60 * 60 * 1_000;
const MAX_TOKENS = 2_000;
/** Whose budget is charged; no user has such an id. */
const ON_BEHALF_OF = 'phrase-book';

const INSTRUCTIONS = `You word short suggestions of a personal finance app.
You get a JSON object: for each key one sentence with holes in braces. Reword each sentence in friendly British English.
Keep every hole exactly once, such as {amount}; write no digits, no currency signs, no other braces, no Markdown and no promises. One sentence each, at most 200 characters.
Answer with one JSON object with the same keys.`;

const isKind = (key: string): key is SuggestionKind => Object.hasOwn(TEMPLATES, key);

const usableOf = (texts: Record<string, unknown>): Map<SuggestionKind, string> => {
  const usable = new Map<SuggestionKind, string>();
  for (const [kind, text] of Object.entries(texts)) {
    if (isKind(kind) && typeof text === 'string' && isUsableTemplate(kind, text)) {
      usable.set(kind, text);
    }
  }
  return usable;
};

const objectIn = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) {
      return {};
    }
    throw error;
  }
};

/**
 * Keeps the model's wordings of suggestions: one question a week for all users, about sentences with holes and never
 * about anybody's figures.
 * @param parts the store, the model (undefined without one) and the log
 */
export const createKeepPhraseBook = (parts: {
  books: PhraseBookStore;
  model: LanguageModel | undefined;
  logger: Logger;
}) => {
  const { books, model, logger } = parts;
  return {
    /** The usable wordings; kinds without one keep ours. */
    async read(): Promise<PhraseBook> {
      return usableOf((await books.find())?.texts ?? {});
    },

    /**
     * Asks the model for new wordings when they are due. Without an answer the present ones stay.
     * @param signal ends the question
     */
    async renew(signal: AbortSignal): Promise<void> {
      const kept = await books.find();
      if (model === undefined || (kept !== undefined && Date.now() - kept.askedAt.getTime() < RENEW_MS)) {
        return;
      }
      const ours = Object.fromEntries(Object.entries(TEMPLATES).map(([kind, { texts }]) => [kind, texts.en]));
      try {
        const { text } = await model.complete(
          {
            messages: [
              { role: 'system', content: INSTRUCTIONS },
              { role: 'user', content: JSON.stringify(ours) },
            ],
            maxTokens: MAX_TOKENS,
            temperature: 0.7,
            json: true,
          },
          { userId: ON_BEHALF_OF, signal },
        );
        const usable = usableOf(objectIn(text));
        logger.info({ usable: usable.size }, 'the model worded suggestions');
        await books.keep(Object.fromEntries(usable));
      } catch (error) {
        if (!(error instanceof ModelError)) {
          throw error;
        }
        logger.info({ failure: error.failure }, 'suggestions keep their words');
      }
    },
  };
};

export type KeepPhraseBook = ReturnType<typeof createKeepPhraseBook>;
