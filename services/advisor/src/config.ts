import { modelSettings } from '@orrery/language-model';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);

/** Settings of this service beside the common ones. */
export const AdvisorConfig = z.object({
  ...modelSettings,
  MODEL_REPORTS: z
    .string()
    .min(1)
    .default('gpt-4.1-mini')
    .describe('Name of the language model that words reports and suggestions'),
  DATABASE_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/.+/, 'must start with mongodb:// or mongodb+srv://')
    .optional()
    .meta({
      description: 'Database server of the main back end; unset: advice comes from the ledger',
      secret: true,
    }),
  MONGO_DB_NAME: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The main back end's database; default the one that DATABASE_URL names, else finance-management",
    ),
  MAIN_BACKEND_INDEXES: onOff
    .default('off')
    .describe(
      "Whether indexes for reading by user are added to the main back end's own collections; off, nothing of it is touched",
    ),
  SCHEDULER_API_KEY: z.string().min(1).optional().meta({
    description: 'Key of the outside scheduler that starts the daily work; unset: nobody can start it so',
    secret: true,
  }),
  REPORT_COOLDOWN_S: z.coerce
    .number('must be a number of seconds')
    .int()
    .min(0)
    .max(86_400)
    .default(60)
    .describe('Pause between two questions to the language model about one report of a user'),
  NIGHTLY_CONCURRENCY: z.coerce
    .number('must be a number')
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Groups of users that the nightly work advises at the same time'),
});
export type AdvisorConfig = z.output<typeof AdvisorConfig>;
