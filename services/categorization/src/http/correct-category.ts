import {
  CalendarDate,
  CategorySlug,
  DecisionKind,
  DecisionSource,
  defineRoute,
  MoneyText,
  ResourceId,
  TransactionId,
} from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { CorrectCategory } from '../use-cases/correct-category.ts';
import { CategoryShape, shownCategory } from './category-shape.ts';
import { chooseLanguage } from './choose-language.ts';

const CorrectCategoryRoute = defineRoute({
  method: 'put',
  path: '/v1/transactions/{transactionId}/category',
  operationId: 'correctCategory',
  summary: "Files a transaction under the caller's category and learns it for the merchant",
  tag: 'Categories',
  audience: 'user',
  params: z.object({ transactionId: TransactionId }),
  body: z.object({ category: CategorySlug, applyToMerchant: z.boolean().default(false) }),
  responses: {
    200: z.object({
      id: TransactionId,
      date: CalendarDate,
      description: z.string(),
      merchant: z.string().nullable(),
      amount: MoneyText,
      category: CategoryShape.nullable(),
      confidence: z.number(),
      decision: DecisionKind,
      source: DecisionSource,
      pending: z.boolean(),
      accountId: ResourceId,
    }),
  },
  problems: ['not-found', 'validation-failed'],
});

/**
 * `PUT /v1/transactions/{transactionId}/category`.
 * @param correct the use case
 */
export const correctCategory = (correct: CorrectCategory): MountedRoute =>
  handle(CorrectCategoryRoute, async ({ params, body, identity, request }) => {
    const { transaction, decision } = await correct(
      requireUserId(identity),
      params.transactionId,
      body.category,
      body.applyToMerchant,
    );
    const { currency } = transaction;
    return {
      status: 200,
      body: {
        id: transaction.transactionId,
        date: transaction.postedOn,
        description: transaction.description,
        merchant: decision.merchant ?? transaction.merchantName ?? null,
        amount: { amount: formatDecimal(transaction.amountMinor, currency), currency },
        category: shownCategory(decision.category, chooseLanguage(request.headers['accept-language'])),
        confidence: decision.confidence,
        decision: decision.decision,
        source: decision.source,
        pending: transaction.pending,
        accountId: transaction.accountId,
      },
    };
  });
