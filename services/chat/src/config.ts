import { modelSettings } from '@orrery/language-model';
import { onOff } from '@orrery/service-kit';
import { z } from 'zod';
import { DIALECTS } from './domain/frames.ts';

const wholeNumber = (min: number, max: number) => z.coerce.number('must be a number').int().min(min).max(max);

/** Settings of this service beside the common ones. */
export const ChatConfig = z
  .object({
    APP_ENV: z.string().default('production').describe('Only `local` allows RATE_LIMIT=off'),
    DATABASE_URL: z.string().min(1).optional().meta({
      description:
        "Database server of the main back end, in which conversations are kept; without it they stand in this service's own",
      secret: true,
    }),
    MONGO_DB_NAME: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The main back end's database; default the one that DATABASE_URL names, else finance-management",
      ),
    CHAT_DIALECT: z
      .enum(DIALECTS)
      .default('current')
      .describe('Form of the socket for clients that name none: `current`, `readme` or `both`'),
    CHAT_HEARTBEAT_MS: wholeNumber(50, 600_000)
      .default(30_000)
      .describe('Pause between two looks whether a socket is still alive, in milliseconds'),
    CHAT_RESUME_MS: wholeNumber(0, 600_000)
      .default(30_000)
      .describe('How long an answer goes on for a client that left and may resume, in milliseconds'),
    CHAT_PUSH_POLL_MS: wholeNumber(20, 60_000)
      .default(500)
      .describe('Pause between two looks for news to push to open sockets, in milliseconds'),
    DEFAULT_CURRENCY: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
      .default('GBP')
      .describe('Currency of users of whom none is known'),
    MODEL_CHAT: z.string().min(1).default('gpt-4.1-mini').describe('Model that answers in conversations'),
    ...modelSettings,
    MODEL_TOKENS_PER_USER: wholeNumber(0, 1_000_000_000)
      .default(1_000_000)
      .describe('Tokens of the language model per user and UTC day in this service'),
    RATE_LIMIT: onOff.default(true).describe('off lifts the limit on messages; only with APP_ENV=local'),
    RATE_LIMIT_CHAT: wholeNumber(1, 1_000_000)
      .default(30)
      .describe('Messages of a user in a minute, over sockets and HTTP together'),
  })
  .superRefine((config, context) => {
    if (!config.RATE_LIMIT && config.APP_ENV !== 'local') {
      context.addIssue({
        code: 'custom',
        path: ['RATE_LIMIT'],
        message: 'may be off only with APP_ENV=local',
      });
    }
  });
export type ChatConfig = z.output<typeof ChatConfig>;
