import { defineRoute, UserId } from '@orrery/contracts';
import { handle, requireOwnUser } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { DecisionStore } from '../../../store/decision-store.ts';
import { pocketcIds } from './pocketc-ids.ts';

/** The legacy route has no paging; beyond this the newest are answered. */
const MAX_ROWS = 5000;

const CategorizeStored = defineRoute({
  method: 'post',
  path: '/ai/categories/{userId}',
  operationId: 'pocketcCategorizeStored',
  summary: "PocketC: the categories of a user's stored purchases, newest first; nothing is written",
  tag: 'PocketC',
  audience: 'user',
  errorShape: 'detail',
  params: z.object({ userId: UserId }),
  responses: {
    201: z.object({
      transactions: z.array(
        z.object({
          transactionId: z.string(),
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
      ),
    }),
  },
  problems: ['forbidden'],
});

/**
 * `POST /ai/categories/{userId}`: spending only, as positive amounts; somebody else's id is refused with 403.
 * @param decisions the store
 */
export const categorizeStored = (decisions: DecisionStore): MountedRoute =>
  handle(CategorizeStored, async ({ params, identity }) => {
    const userId = requireOwnUser(identity, params.userId, { reveal: true });
    const rows = await decisions.recent(userId, MAX_ROWS);
    const spending = rows.filter(({ transaction }) => transaction.amountMinor < 0);
    return {
      status: 201,
      body: {
        transactions: spending.map(({ transaction, decision }) => ({
          transactionId: transaction.transactionId,
          amount: -transaction.amountMinor,
          merchantName: transaction.merchantName ?? transaction.description,
          transactedAt: transaction.occurredAt ?? `${transaction.postedOn}T00:00:00`,
          ...pocketcIds(decision.category),
          confidence: decision.confidence,
          source: decision.source,
        })),
      },
    };
  });
