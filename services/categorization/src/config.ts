import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const CategorizationConfig = z.object({
  DESCRIPTOR_CACHE_SIZE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(20_000)
    .describe('How many bank texts are remembered with what they mean; nothing about users is kept in it'),
});
