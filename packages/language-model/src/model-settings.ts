import { z } from 'zod';

const milliseconds = z.coerce.number('must be a number of milliseconds').int().min(100).max(120_000);
const tokens = z.coerce.number('must be a number of tokens').int().min(0);

/** Settings of a service that asks a language model; spread into its own, beside the name of its model. */
export const modelSettings = {
  OPENAI_API_KEY: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Key for the language model; unset means deterministic wording', secret: true }),
  OPENAI_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of an OpenAI-compatible server; needs no key'),
  MODEL_DEADLINE_MS: milliseconds
    .default(20_000)
    .describe('Longest time for an answer of the language model, the retry included'),
  MODEL_TOKENS_PER_USER: tokens
    .default(200_000)
    .describe('Tokens of the language model per user and UTC day in this service'),
  MODEL_TOKENS_PER_DAY: tokens
    .default(20_000_000)
    .describe('Tokens of the language model for all users per UTC day in this service'),
};

/** The settings as they were read. */
export interface ModelSettings {
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL?: string | undefined;
  MODEL_DEADLINE_MS: number;
  MODEL_TOKENS_PER_USER: number;
  MODEL_TOKENS_PER_DAY: number;
}

/**
 * Whether there is a model to ask.
 * @param settings the service's settings
 */
export const hasModel = (settings: ModelSettings): boolean =>
  settings.OPENAI_API_KEY !== undefined || settings.OPENAI_BASE_URL !== undefined;
