import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { CategorizedTransaction } from '../events/transactions.ts';
import { TransactionId, UserId } from '../ids.ts';

const MAX_USERS = 500;
const MAX_ROWS = 500;

/** Everything that `transactions.categorized` told of a user, as it is now; from it the ledger is rebuilt. */
export const ListCategorized = defineRoute({
  method: 'get',
  path: '/internal/users/{userId}/categorized',
  operationId: 'listCategorized',
  summary: 'The transactions of a user with their decisions, in the order of their ids',
  tag: 'Internal',
  audience: 'service',
  params: z.object({ userId: UserId }),
  query: z.object({
    after: TransactionId.optional(),
    limit: z.coerce.number().int().min(1).max(MAX_ROWS).default(MAX_ROWS),
  }),
  responses: {
    200: z.object({
      transactions: z.array(CategorizedTransaction),
      /** Marks of removed ones, with the version at which each was removed. */
      removed: z.array(z.object({ transactionId: TransactionId, rowVersion: z.int().min(1) })),
      /** The id to go on after; null at the end. */
      next: TransactionId.nullable(),
    }),
  },
});

/** Whose transactions there are. */
export const ListCategorizedUsers = defineRoute({
  method: 'get',
  path: '/internal/categorized-users',
  operationId: 'listCategorizedUsers',
  summary: 'Users with categorised transactions, in the order of their ids',
  tag: 'Internal',
  audience: 'service',
  query: z.object({ after: UserId.optional() }),
  responses: { 200: z.object({ users: z.array(UserId).max(MAX_USERS), next: UserId.nullable() }) },
});
