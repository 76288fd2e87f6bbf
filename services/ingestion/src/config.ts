import { Currency } from '@orrery/contracts';
import { z } from 'zod';
import { plaidProblems } from './plaid-settings.ts';

const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .transform((text) => text.replace(/\/+$/, ''));
const secret = z.string().min(1).optional();
const milliseconds = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Settings of this service beside the common ones. */
export const IngestionConfig = z
  .object({
    DEFAULT_CURRENCY: Currency.default('EUR').describe(
      'Currency of imported files that tell none and whose language tells none, and of manual entries without one',
    ),
    IMPORT_WAIT_MS: milliseconds(0, 20_000)
      .default(3000)
      .describe('How long the request waits for its import; a longer import answers 202 and goes on'),
    IMPORT_LEASE_MS: milliseconds(100, 600_000)
      .default(15_000)
      .describe('How long an import whose process died rests before another process resumes it'),
    DATABASE_URL: z
      .string()
      .regex(/^mongodb(\+srv)?:\/\/.+/, 'must start with mongodb:// or mongodb+srv://')
      .optional()
      .describe("The main back end's database server; without it its incomes and expenses are not followed")
      .meta({ secret: true }),
    MONGO_DB_NAME: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The main back end's database; default the one that DATABASE_URL names, else finance-management",
      ),
    MAIN_BACKEND_POLL_MS: milliseconds(50, 3_600_000)
      .default(30_000)
      .describe(
        'How often the main back end is looked at without a word of its change stream, and a lost stream is opened again',
      ),
    PLAID_ENV_MODE: z
      .enum(['sand', 'dev', 'prod'])
      .optional()
      .describe('Which environment of Plaid: sand (default), dev or prod'),
    PLAID_CLIENT_ID: secret
      .describe('Client id at Plaid; without it bank links are off')
      .meta({ secret: true }),
    PLAID_SECRET_sand: secret.describe('Secret of the mode sand').meta({ secret: true }),
    PLAID_SECRET_dev: secret.describe('Secret of the mode dev').meta({ secret: true }),
    PLAID_SECRET_prod: secret.describe('Secret of the mode prod').meta({ secret: true }),
    PLAID_ENV_sand: baseUrl
      .default('https://sandbox.plaid.com')
      .describe('Base address of the mode sand; plain http on loopback only'),
    PLAID_ENV_dev: baseUrl
      .default('https://sandbox.plaid.com')
      .describe("Base address of the mode dev; Plaid's own development environment is gone"),
    PLAID_ENV_prod: baseUrl.default('https://production.plaid.com').describe('Base address of the mode prod'),
    PLAID_TOKEN_KEYS: z
      .string()
      .optional()
      .describe(
        'Keys for access tokens as `<id>:<32 bytes in base64url>`, the one in use first, comma between',
      )
      .meta({ secret: true }),
    PLAID_WEBHOOK_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Our public address of `/webhooks/plaid`; without it banks are only polled'),
    PLAID_TRANSFERS: z
      .enum(['off', 'sandbox', 'on'])
      .default('sandbox')
      .describe('Where money may be moved: nowhere, in the mode sand only, or in every mode'),
    PLAID_TIMEOUT_MS: milliseconds(100, 300_000)
      .default(60_000)
      .describe('Longest wait for one answer of Plaid'),
    PLAID_PAGE_SIZE: z.coerce
      .number()
      .int()
      .min(1)
      .max(500)
      .default(500)
      .describe('Updates that are asked for at a time; 500 is the most that Plaid gives'),
    PLAID_SYNC_HOURS: z.coerce
      .number()
      .min(0.01)
      .max(168)
      .default(24)
      .describe('Hours after which a bank is read again although no webhook came'),
    BANK_POLL_MS: milliseconds(10, 60_000)
      .default(1000)
      .describe('How often due banks and webhooks that wait are looked for'),
    BANK_SPOOL_UPDATES: z.coerce
      .number()
      .int()
      .min(1)
      .max(5000)
      .default(1000)
      .describe('Updates of one run that are kept in memory and written in one transaction'),
    BANK_LEASE_MS: milliseconds(100, 600_000)
      .default(30_000)
      .describe('How long a bank whose process died rests before another process reads it'),
  })
  .superRefine((config, context) => {
    for (const { setting, message } of plaidProblems(config)) {
      context.addIssue({ code: 'custom', path: [setting], message });
    }
  });
export type IngestionConfig = z.output<typeof IngestionConfig>;
