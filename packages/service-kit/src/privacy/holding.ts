import { z } from 'zod';

/** A collection that holds something about users: the source of erasure, export and the data map. */
export interface Holding {
  collection: string;
  /** Field with the user's id: `userId`, or `_id` where there is one row per user. */
  owner: 'userId' | '_id';
  /** Why it is kept. */
  purpose: string;
  /** How long it is kept, beside erasure on request. */
  retention: string;
  /** Every field at the top of a row, each with a description. */
  fields: z.ZodObject;
  /** Fields that are left out of an export because they are secrets or mean nothing to the user. */
  hidden?: readonly string[];
}

/** Holdings that the kit itself keeps in every service's database. */
export const COMMON_HOLDINGS: readonly Holding[] = [
  {
    collection: 'idempotency_keys',
    owner: 'userId',
    purpose: 'A repeated request gets the reply of the first and has its effect once',
    retention: '24 hours',
    fields: z.object({
      _id: z.string().describe('Digest of user, route and key'),
      userId: z.string().describe('Owner'),
      route: z.string().describe('Which operation'),
      key: z.string().describe('The key that the client chose'),
      owner: z.string().describe('Which process is at work on it'),
      state: z.string().describe('At work or done'),
      requestHash: z.string().nullable().describe('Digest of the request'),
      status: z.int().optional().describe('Status of the kept reply'),
      headers: z.record(z.string(), z.string()).optional().describe('Headers of the kept reply'),
      body: z.string().optional().describe('Body of the kept reply'),
      claimedUntil: z.date().describe('Until when the process may work on it'),
      expiresAt: z.date().describe('When the row goes'),
    }),
  },
];
