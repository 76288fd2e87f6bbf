import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { ResourceId } from '../ids.ts';

/** Asked by insights for `/api/get_transactions`: which accounts belong to the bank link that a client names. */
export const ResolveBankLink = defineRoute({
  method: 'post',
  path: '/internal/bank-links/resolve',
  operationId: 'resolveBankLink',
  summary: 'The accounts of a bank link of the caller, after it was read once more',
  tag: 'Internal',
  audience: 'user',
  body: z.object({
    accessToken: z.string().max(512).optional(),
    itemId: z.string().max(64).optional(),
    /** Longest wait for the bank to be read once more, in milliseconds; 0 does not ask for it. */
    waitMs: z.int().min(0).max(20_000).default(0),
  }),
  responses: {
    200: z.object({
      itemId: ResourceId,
      accountIds: z.array(ResourceId),
      /** The whole history is there. */
      isReady: z.boolean(),
      /** Visible transactions of the link; a reader that has fewer is still catching up. */
      transactionCount: z.int(),
      /** Why the bank could not be read just now, with the HTTP status that says so to a client. */
      failure: z.object({ code: z.string(), status: z.int().min(400).max(599) }).nullable(),
    }),
  },
  problems: ['not-found'],
});
