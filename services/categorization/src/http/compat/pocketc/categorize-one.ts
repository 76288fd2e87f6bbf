import { defineRoute } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { DecideBatch } from '../../../use-cases/decide-batch.ts';
import { pocketcIds } from './pocketc-ids.ts';

const IsoTime = z.union([z.iso.datetime({ local: true, offset: true }), z.iso.date()]);

/** Clients write local time without an offset, or an instant; Python's readers take a space for the `T` as well. */
const TransactedAt = z
  .string()
  .refine(
    (text) => IsoTime.safeParse(text.replace(/^(\d{4}-\d{2}-\d{2}) /, '$1T')).success,
    'must be an ISO time',
  );

const CategorizeOne = defineRoute({
  method: 'post',
  path: '/ai/categories',
  operationId: 'pocketcCategorize',
  summary: 'PocketC: the category of one purchase',
  tag: 'PocketC',
  audience: 'user',
  errorShape: 'detail',
  body: z.looseObject({
    amount: z.int(),
    merchantName: z.string().trim().min(1).max(256),
    transactedAt: TransactedAt,
  }),
  responses: {
    201: z.object({
      transactionId: z.null(),
      amount: z.int(),
      merchantName: z.string(),
      transactedAt: z.string(),
      majorId: z.int(),
      subId: z.int(),
      isFixed: z.boolean(),
      confidence: z.number(),
      source: z.string(),
      fallback: z.boolean().optional(),
    }),
  },
});

/**
 * `POST /ai/categories`: amounts are positive spending in won.
 * @param decide the use case
 */
export const categorizeOne = (decide: DecideBatch): MountedRoute =>
  handle(CategorizeOne, async ({ body, identity }) => {
    const { amount, merchantName, transactedAt } = body;
    const [decision] = await decide(requireUserId(identity), [
      { description: merchantName, amountMinor: -Math.abs(amount), currency: 'KRW', country: 'KR' },
    ]);
    return {
      status: 201,
      body: {
        transactionId: null,
        amount,
        merchantName,
        transactedAt,
        ...pocketcIds(decision?.category ?? null),
        confidence: Math.round((decision?.confidence ?? 0) * 1000) / 1000,
        source: decision?.source ?? 'none',
      },
    };
  });
