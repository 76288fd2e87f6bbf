import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { CategorySlug, TransactionId, UserId } from '../ids.ts';
import { MAX_TRANSACTIONS_PER_EVENT } from './transactions.ts';

export const CategoryCorrected = defineEvent({
  name: 'category.corrected',
  version: 1,
  producer: 'categorization',
  consumers: ['missions'],
  summary: 'A user filed transactions by hand; the decisions themselves travel in transactions.categorized',
  data: z.object({
    userId: UserId,
    corrections: z
      .array(
        z.object({
          transactionId: TransactionId,
          /** Version of the decision that holds the user's word; consumers ignore an older one. */
          decisionVersion: z.int().min(1),
          /** What was there before; null when undecided. */
          from: CategorySlug.nullable(),
          to: CategorySlug,
        }),
      )
      .min(1)
      .max(MAX_TRANSACTIONS_PER_EVENT),
  }),
});

export const CategorizerTrained = defineEvent({
  name: 'categorizer.trained',
  version: 1,
  producer: 'categorization',
  consumers: ['insights'],
  summary: 'The category model was trained again, and taken into use when it was not worse',
  data: z.object({
    modelVersion: z.string().min(1).max(64),
    promoted: z.boolean(),
    /** Shares of 0 to 1 on the golden set. */
    accuracy: z.number().min(0).max(1),
    macroF1: z.number().min(0).max(1),
    /** Agreed corrections that the model learnt from. */
    corrections: z.int().min(0),
  }),
});
