import { defineRoute } from '@orrery/contracts';
import { chooseLanguage, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { customerRow } from '../domain/customers/customer.ts';
import type { AskModels } from '../use-cases/ask-models.ts';
import { CustomerFields } from './compat/segmentation-api/customer-fields.ts';

const MAX_CUSTOMERS = 1_000;

const PredictBatch = defineRoute({
  method: 'post',
  path: '/v1/predict',
  operationId: 'predictCustomers',
  summary: 'The clusters of up to 1,000 customers, with certainty and reasons; nothing is kept',
  tag: 'Segment models',
  audience: 'user',
  body: z.object({ customers: z.array(CustomerFields).min(1).max(MAX_CUSTOMERS) }),
  responses: {
    200: z.object({
      modelVersion: z.int(),
      structure: z.enum(['clear', 'weak']),
      results: z.array(
        z.object({
          cluster: z.int(),
          personaId: z.string(),
          name: z.string(),
          /** Share of refits on bootstrap samples that agree, 0 to 1. */
          confidence: z.number(),
          /** Distance to the cluster's centre in comparable units. */
          distance: z.number(),
          /** 0 on the border to the next cluster, 1 at the centre. */
          margin: z.number(),
          second: z.string().nullable(),
          /** Which features speak for this cluster and against the second; weights add up to 1. */
          explanation: z.array(
            z.object({
              feature: z.string(),
              value: z.number(),
              clusterAverage: z.number(),
              weight: z.number(),
            }),
          ),
        }),
      ),
    }),
  },
  problems: ['model-not-trained'],
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/**
 * `POST /v1/predict`.
 * @param ask places customers
 */
export const predictBatch = (ask: AskModels): MountedRoute =>
  handle(PredictBatch, async ({ body, request }) => {
    const { version, placements } = await ask.explain('customers', body.customers.map(customerRow));
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    return {
      status: 200,
      body: {
        modelVersion: version.version,
        structure: version.model.metrics.structure,
        results: placements.map(({ persona, confidence, distance, margin, second, pulls }) => ({
          cluster: persona.number,
          personaId: persona.id,
          name: persona.names[language],
          confidence: rounded(confidence, 2),
          distance: rounded(distance, 4),
          margin: rounded(margin, 4),
          second: second?.names[language] ?? null,
          explanation: pulls.map(({ feature, value, personaAverage, weight }) => ({
            feature,
            value,
            clusterAverage: rounded(personaAverage, 2),
            weight: rounded(weight, 4),
          })),
        })),
      },
    };
  });
