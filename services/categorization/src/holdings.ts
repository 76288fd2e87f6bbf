import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

const owner = z.string().describe('Owner');
const untilErasure = 'until the account is erased';

/** Everything that is kept about users, for export, erasure and the data map. */
export const HOLDINGS: readonly Holding[] = [
  {
    collection: 'decisions',
    owner: 'userId',
    purpose: 'The category of each transaction, with its reasons',
    retention: 'as long as the transaction; the mark of a removed one 90 days',
    fields: z.object({
      _id: z.string().describe('Owner and transaction'),
      userId: owner,
      rowVersion: z.int().describe('Version of the transaction'),
      decisionVersion: z.int().describe('Version of the decision'),
      merchantKey: z.string().optional().describe('Name by which the same shop is known again'),
      transaction: z.unknown().optional().describe('The transaction as it was imported'),
      decision: z.unknown().optional().describe('Category, confidence and what decided'),
      evidence: z.unknown().optional().describe('Reasons'),
      usersWord: z
        .string()
        .optional()
        .describe('Category that the user had chosen for a removed transaction'),
      removedAt: z.date().optional().describe('When the transaction was removed at its source'),
    }),
  },
  {
    collection: 'memory',
    owner: 'userId',
    purpose: 'What the user filed by hand, so that the same shop is filed alike',
    retention: untilErasure,
    fields: z.object({
      _id: z.string().describe('Owner and name of the shop'),
      userId: owner,
      votes: z.unknown().describe('Categories with weight and day'),
    }),
  },
  {
    collection: 'rules',
    owner: 'userId',
    purpose: "The user's own rules",
    retention: 'until the user deletes them',
    fields: z.object({
      _id: z.string().describe('Owner and rule'),
      userId: owner,
      name: z.string().describe('Name that the user gave'),
      conditions: z.unknown().describe('When it applies'),
      category: z.string().describe('What it files under'),
      position: z.int().describe('Place among the rules'),
    }),
  },
  {
    collection: 'changes',
    owner: 'userId',
    purpose: 'Corrections and bulk changes, so that they can be undone',
    retention: '90 days',
    fields: z.object({
      _id: z.string().describe('Owner and change'),
      userId: owner,
      kind: z.string().describe('What made the change'),
      at: z.date().describe('When'),
      undoneAt: z.date().nullable().describe('When it was undone'),
      changed: z.int().describe('How many transactions'),
      rows: z.unknown().describe('Decisions as they were before'),
      votes: z.unknown().describe('Memory as it was before'),
    }),
  },
  {
    collection: 'pool',
    owner: 'userId',
    purpose: 'Corrections that may teach the common category model',
    retention: 'until the consent is withdrawn or the account is erased',
    fields: z.object({
      _id: z.string().describe('Owner and transaction'),
      userId: owner,
      key: z.string().describe('Name of the shop'),
      category: z.string().describe('What the user filed it under'),
    }),
  },
  {
    collection: 'settings',
    owner: '_id',
    purpose: 'From which confidence on categories are filed or offered, and the consent to pooled learning',
    retention: untilErasure,
    fields: z.object({
      _id: owner,
      auto: z.number().optional().describe('Filed from here on'),
      suggest: z.number().optional().describe('Offered from here on'),
      pooledLearning: z.boolean().optional().describe('Whether corrections may teach the common model'),
    }),
  },
];
