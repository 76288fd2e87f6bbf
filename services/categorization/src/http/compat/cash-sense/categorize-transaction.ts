import { CalendarDate, categoryBySlug, defineRoute } from '@orrery/contracts';
import { fromFloat } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { DecideBatch } from '../../../use-cases/decide-batch.ts';

const Choice = z.object({ category: z.string(), subcategory: z.string(), confidence: z.number() });

const LARGEST = 1e12;

const CategorizeTransaction = defineRoute({
  method: 'post',
  path: '/api/categorize_transaction',
  operationId: 'cashSenseCategorizeTransaction',
  summary: 'Cash Sense: the category of one transaction; a positive amount is money out',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z.looseObject({
    description: z.string().trim().min(1).max(512),
    amount: z.number().min(-LARGEST).max(LARGEST),
    date: z.union([CalendarDate, z.iso.datetime({ offset: true, local: true })]).nullish(),
    payment_channel: z.string().max(64).nullish(),
  }),
  responses: {
    200: Choice.extend({ source: z.string(), model_version: z.string(), alternatives: z.array(Choice) }),
  },
});

const shown = (slug: string | null, confidence: number): z.output<typeof Choice> => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  const { category: group, subcategory } = category?.cashSense ?? {
    category: 'other',
    subcategory: 'unknown',
  };
  return { category: group, subcategory, confidence: Math.round(confidence * 1000) / 1000 };
};

/**
 * `POST /api/categorize_transaction`.
 * @param decide the use case
 * @param modelVersion tells the version of the model at work
 */
export const categorizeTransaction = (decide: DecideBatch, modelVersion: () => string): MountedRoute =>
  handle(CategorizeTransaction, async ({ body, identity }) => {
    const [decision] = await decide(requireUserId(identity), [
      {
        description: body.description,
        amountMinor: -fromFloat(body.amount, 'EUR'),
        currency: 'EUR',
        country: 'FR',
      },
    ]);
    return {
      status: 200,
      body: {
        ...shown(decision?.category ?? null, decision?.confidence ?? 0),
        source: decision?.source ?? 'none',
        model_version: modelVersion(),
        alternatives: (decision?.alternatives ?? []).map(({ category, confidence }) =>
          shown(category, confidence),
        ),
      },
    };
  });
