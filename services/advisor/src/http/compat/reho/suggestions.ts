import { defineRoute, LANGUAGES } from '@orrery/contracts';
import { handle, type JobDesk, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { FormerAdvice } from '../../../clients/former-advice.ts';
import { wordIn } from '../../../domain/suggestions/suggest.ts';
import { ONE_USER_JOB } from '../../../jobs/daily-advice.ts';
import type { SuggestionStore } from '../../../store/suggestion-store.ts';
import type { ReadMonth } from '../../../use-cases/read-month.ts';
import { requireRehoUser } from './reho-user.ts';

const ListSuggestions = defineRoute({
  method: 'get',
  path: '/suggestions',
  operationId: 'listSuggestions',
  summary: "The caller's suggestions, newest first",
  tag: 'Reho',
  audience: 'user',
  errorShape: 'detail',
  responses: {
    200: z.object({
      suggestions: z.array(z.object({ text: z.string(), category: z.string(), createdAt: z.iso.datetime() })),
    }),
  },
});

const GenerateSuggestions = defineRoute({
  method: 'post',
  path: '/suggestions/generate',
  operationId: 'generateSuggestions',
  summary: "Bring the caller's suggestions up to date in the background",
  tag: 'Reho',
  audience: 'user',
  errorShape: 'detail',
  responses: { 200: z.object({ message: z.string() }) },
});

export interface SuggestionParts {
  months: ReadMonth;
  suggestions: SuggestionStore;
  /** Undefined without a main back end. */
  former: FormerAdvice | undefined;
  jobs: JobDesk;
}

/**
 * `GET /suggestions` and `POST /suggestions/generate`. Until a user has suggestions of ours, those that the former
 * service stored are shown.
 * @param parts stores and jobs
 */
export const suggestionRoutes = ({ months, suggestions, former, jobs }: SuggestionParts): MountedRoute[] => [
  handle(ListSuggestions, async ({ identity, request }) => {
    const userId = requireRehoUser(identity);
    // Clients of this contract read British English unless they ask for another of our languages.
    const wished = request.acceptsLanguages(...LANGUAGES);
    const language = LANGUAGES.find((known) => known === wished) ?? 'en';
    const [kept] = await Promise.all([suggestions.find(userId), months.requireStanding(userId)]);
    const shown =
      kept === undefined
        ? ((await former?.suggestionsOf(userId)) ?? [])
        : // A millisecond apart, so that a client that sorts by time keeps the order of importance.
          kept.suggestions.map((suggestion, index) => ({
            text: language === 'en' ? suggestion.text : wordIn(suggestion, language),
            category: suggestion.category,
            createdAt: new Date(kept.createdAt.getTime() - index),
          }));
    return {
      status: 200,
      body: {
        suggestions: shown.map(({ text, category, createdAt }) => ({
          text,
          category,
          createdAt: createdAt.toISOString(),
        })),
      },
    };
  }),
  handle(GenerateSuggestions, async ({ identity }) => {
    const userId = requireRehoUser(identity);
    await months.requireStanding(userId);
    await jobs.run(ONE_USER_JOB, { userId });
    return {
      status: 200,
      body: { message: 'Suggestion generation process has been started in the background.' },
    };
  }),
];
