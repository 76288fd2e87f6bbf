import { DecisionKind, DecisionSource, defineRoute, TransactionId } from '@orrery/contracts';
import { chooseLanguage, AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { explain } from '../domain/explain.ts';
import type { DecisionStore } from '../store/decision-store.ts';
import { CategoryShape, shownCategory } from './category-shape.ts';

const ExplainTransaction = defineRoute({
  method: 'get',
  path: '/v1/transactions/{transactionId}/explanation',
  operationId: 'explainTransaction',
  summary: 'Why a transaction has its category, in words',
  tag: 'Categories',
  audience: 'user',
  params: z.object({ transactionId: TransactionId }),
  responses: {
    200: z.object({
      category: CategoryShape.nullable(),
      confidence: z.number(),
      decision: DecisionKind,
      source: DecisionSource,
      evidence: z.array(z.object({ kind: DecisionSource, text: z.string(), weight: z.number() })),
    }),
  },
  problems: ['not-found'],
});

/**
 * `GET /v1/transactions/{transactionId}/explanation`.
 * @param decisions the store
 */
export const explainTransaction = (decisions: DecisionStore): MountedRoute =>
  handle(ExplainTransaction, async ({ params, identity, request }) => {
    const { transactionId } = params;
    const stored = (await decisions.find(requireUserId(identity), [transactionId])).get(
      transactionId,
    )?.stored;
    if (stored === undefined || stored === null) {
      throw new AppError('not-found', { detail: 'There is no such transaction.' });
    }
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    const { category, confidence, decision, source } = stored.decision;
    return {
      status: 200,
      body: {
        category: shownCategory(category, language),
        confidence,
        decision,
        source,
        evidence: explain(stored.evidence, language),
      },
    };
  });
