import { defineRoute } from '@orrery/contracts';
import { chooseLanguage, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { elbowChart, pieChart, profileChart, sizeChart } from '../../../charts/draw-charts.ts';
import type { PngRenderer } from '../../../charts/render-png.ts';
import type { AskModels } from '../../../use-cases/ask-models.ts';
import type { MeasureElbow } from '../../../use-cases/measure-elbow.ts';
import { SEGMENTATION_API, whenTrained } from './customer-fields.ts';

const ClusterCharts = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/charts/clusters',
  operationId: 'drawClusters',
  summary: 'Pictures of the clusters of customers as PNG data URIs',
  responses: {
    200: z.object({
      charts: z.object({ pie_chart: z.string(), bar_chart: z.string(), size_chart: z.string() }),
      total_customers: z.int(),
      n_clusters: z.int(),
    }),
  },
  problems: ['model-not-trained'],
});

const ElbowChart = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/charts/elbow',
  operationId: 'drawElbow',
  summary: 'The elbow curve as a PNG data URI; also before the first training',
  deadlineMs: 120_000,
  responses: { 200: z.object({ chart: z.string(), optimal_k: z.int() }) },
});

/**
 * `GET /charts/clusters` and `GET /charts/elbow`.
 * @param parts the model, its curves, and what draws
 */
export const chartRoutes = (parts: {
  ask: AskModels;
  elbow: MeasureElbow;
  png: PngRenderer;
}): MountedRoute[] => [
  handle(ClusterCharts, async ({ request }) => {
    const { model } = await whenTrained(parts.ask.requireModel('customers'));
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    const [pie, bars, sizes] = await Promise.all(
      [pieChart, profileChart, sizeChart].map((draw) => parts.png.dataUri(draw(model, language))),
    );
    return {
      status: 200,
      body: {
        charts: { pie_chart: pie ?? '', bar_chart: bars ?? '', size_chart: sizes ?? '' },
        total_customers: model.population.rows,
        n_clusters: model.personas.length,
      },
    };
  }),
  handle(ElbowChart, async ({ request }) => {
    const { curve, choice } = await parts.elbow();
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    return {
      status: 200,
      body: { chart: await parts.png.dataUri(elbowChart(curve, choice.k, language)), optimal_k: choice.k },
    };
  }),
];
