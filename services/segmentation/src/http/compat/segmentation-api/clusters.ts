import { defineRoute } from '@orrery/contracts';
import { chooseLanguage, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { AskModels } from '../../../use-cases/ask-models.ts';
import type { MeasureElbow } from '../../../use-cases/measure-elbow.ts';
import { SEGMENTATION_API, whenTrained } from './customer-fields.ts';

const Structure = z.enum(['clear', 'weak']);

const Clusters = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/clusters',
  operationId: 'listClusters',
  summary: 'The clusters of customers with their sizes and averages',
  responses: {
    200: z.object({
      total_customers: z.int(),
      n_clusters: z.int(),
      structure: Structure,
      clusters: z.array(
        z.object({
          cluster_id: z.int(),
          cluster_name: z.string(),
          size: z.int(),
          avg_age: z.number(),
          avg_income: z.number(),
          avg_spending_score: z.number(),
          avg_purchase_frequency: z.number(),
          persona_id: z.string(),
          description: z.string(),
        }),
      ),
    }),
  },
  problems: ['model-not-trained'],
});

const Elbow = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/elbow',
  operationId: 'readElbow',
  summary: 'How each number of clusters fares, and which was chosen; also before the first training',
  deadlineMs: 120_000,
  responses: {
    200: z.object({
      optimal_k: z.int(),
      k_range: z.array(z.int()),
      inertias: z.array(z.number()),
      silhouette_scores: z.array(z.number()),
      /** Mean adjusted Rand index of fits on samples of four fifths of the rows. */
      stabilities: z.array(z.number()),
      smallest_shares: z.array(z.number()),
      structure: Structure,
      reason: z.string(),
    }),
  },
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/**
 * `GET /clusters` and `GET /elbow`.
 * @param parts the model and its curves
 */
export const clusterRoutes = (parts: { ask: AskModels; elbow: MeasureElbow }): MountedRoute[] => [
  handle(Clusters, async ({ request }) => {
    const { model } = await whenTrained(parts.ask.requireModel('customers'));
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    return {
      status: 200,
      body: {
        total_customers: model.population.rows,
        n_clusters: model.personas.length,
        structure: model.metrics.structure,
        clusters: model.personas.map(({ number, names, descriptions, size, averages, id }) => ({
          cluster_id: number,
          cluster_name: names[language],
          size,
          avg_age: rounded(averages[0] ?? 0, 2),
          avg_income: rounded(averages[1] ?? 0, 2),
          avg_spending_score: rounded(averages[2] ?? 0, 2),
          avg_purchase_frequency: rounded(averages[3] ?? 0, 2),
          persona_id: id,
          description: descriptions[language],
        })),
      },
    };
  }),
  handle(Elbow, async () => {
    const { curve, choice } = await parts.elbow();
    return {
      status: 200,
      body: {
        optimal_k: choice.k,
        k_range: curve.map(({ k }) => k),
        inertias: curve.map(({ inertia }) => rounded(inertia, 2)),
        silhouette_scores: curve.map(({ silhouette }) => rounded(silhouette, 4)),
        stabilities: curve.map(({ stability }) => rounded(stability, 4)),
        smallest_shares: curve.map(({ smallestShare }) => rounded(smallestShare, 4)),
        structure: choice.structure,
        reason: choice.reason,
      },
    };
  }),
];
