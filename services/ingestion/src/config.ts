import { Currency } from '@orrery/contracts';
import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const IngestionConfig = z.object({
  DEFAULT_CURRENCY: Currency.default('EUR').describe(
    'Currency of imported files that tell none and whose language tells none',
  ),
  IMPORT_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(20_000)
    .default(3000)
    .describe('How long the request waits for its import; a longer import answers 202 and goes on'),
  IMPORT_LEASE_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(15_000)
    .describe('How long an import whose process died rests before another process resumes it'),
});
export type IngestionConfig = z.output<typeof IngestionConfig>;
