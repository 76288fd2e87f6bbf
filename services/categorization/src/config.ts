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
  MODEL_REFRESH_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(30)
    .describe('Pause between two looks for a category model that was trained by another replica'),
  POOLED_LEARNING_MIN_USERS: z.coerce
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(3)
    .describe('Users who must have filed a merchant alike before the category model learns it'),
});
