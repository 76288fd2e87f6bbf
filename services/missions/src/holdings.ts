import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

/** What this service holds about users. */
export const HOLDINGS: readonly Holding[] = [
  {
    collection: 'tallies',
    owner: '_id',
    purpose: 'How many transactions of a user were categorised',
    retention: 'until the user is erased',
    fields: z.object({
      _id: z.string().describe('Owner'),
      transactions: z.int().describe('Categorised transactions'),
    }),
  },
];
