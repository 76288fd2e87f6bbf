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
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { CorrectCategory } from '../use-cases/correct-category.ts';
import { CategoryShape, shownCategory } from './category-shape.ts';
import { ChangeShape, shownChange } from './change-shape.ts';
import { ConditionsShape, shownConditions } from './rule-shape.ts';

const CorrectCategoryRoute = defineRoute({
  method: 'put',
  path: '/v1/transactions/{transactionId}/category',
  operationId: 'correctCategory',
  summary:
    "Files a transaction under the caller's category, learns it for the merchant, and offers a rule; with dryRun nothing is stored",
  tag: 'Categories',
  audience: 'user',
  params: z.object({ transactionId: TransactionId }),
  body: z.object({
    category: CategorySlug,
    /** The merchant's past follows, except what the user filed by hand. */
    applyToMerchant: z.boolean().default(false),
    /** Only tells what would change. */
    dryRun: z.boolean().default(false),
  }),
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
      /** The merchant's past that follows, and the id with which the correction can be undone. */
      past: ChangeShape,
      /** A rule that would make the next correction needless, ready for `POST /v1/rules`; null when there is none. */
      offeredRule: z
        .object({ name: z.string(), conditions: ConditionsShape, category: CategorySlug })
        .nullable(),
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
    const { corrected, following, changeId, offer } = await correct(
      requireUserId(identity),
      params.transactionId,
      body.category,
      body,
    );
    const { transaction, decision } = corrected;
    const { currency } = transaction;
    return {
      status: 200,
      body: {
        id: transaction.transactionId,
        date: transaction.postedOn,
        description: transaction.description,
        merchant: decision.merchant ?? transaction.merchantName ?? null,
        amount: { amount: formatDecimal(transaction.amountMinor, currency), currency },
        category: shownCategory(decision.category, chooseLanguage(request.headers['accept-language'], 'en')),
        confidence: decision.confidence,
        decision: decision.decision,
        source: decision.source,
        pending: transaction.pending,
        accountId: transaction.accountId,
        past: shownChange(changeId, following),
        offeredRule: offer === null ? null : { ...offer, conditions: shownConditions(offer.conditions) },
      },
    };
  });
