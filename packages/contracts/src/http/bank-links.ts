import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { ResourceId } from '../ids.ts';

/** Asked by insights for `/api/get_transactions`: which accounts belong to the bank link that a client names. */
export const ResolveBankLink = defineRoute({
  method: 'post',
  path: '/internal/bank-links/resolve',
  operationId: 'resolveBankLink',
  summary: 'The accounts of a bank link of the caller, and whether its transactions are there',
  tag: 'Internal',
  audience: 'user',
  body: z.object({
    accessToken: z.string().max(512).optional(),
    itemId: z.string().max(64).optional(),
    /** Longest wait for the first transactions of a fresh link, in milliseconds. */
    waitMs: z.int().min(0).max(20_000).default(0),
  }),
  responses: {
    200: z.object({
      itemId: ResourceId,
      accountIds: z.array(ResourceId),
      isReady: z.boolean(),
      /** Visible transactions of the link; a reader that has fewer is still catching up. */
      transactionCount: z.int(),
      lastErrorCode: z.string().nullable(),
    }),
  },
  problems: ['not-found'],
});
