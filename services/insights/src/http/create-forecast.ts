import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../compute/compute.ts';

const CreateForecast = defineRoute({
  method: 'post',
  path: '/v1/forecast',
  operationId: 'forecastSeries',
  summary: 'Forecast any series with an interval; nothing is stored',
  tag: 'Forecasts',
  audience: 'user',
  body: z.object({
    values: z.array(z.number().min(-1e15).max(1e15)).min(2).max(5000),
    period: z.int().min(1).max(366),
    horizon: z.int().min(1).max(366),
    level: z.number().min(0.5).max(0.99).default(0.8),
  }),
  responses: {
    200: z.object({
      mean: z.array(z.number()),
      lower: z.array(z.number()),
      upper: z.array(z.number()),
      method: z.string(),
    }),
  },
});

/**
 * `POST /v1/forecast`.
 * @param compute runs the forecast off the event loop
 */
export const createForecast = (compute: Compute): MountedRoute =>
  handle(CreateForecast, async ({ body: { values, ...options } }) => ({
    status: 200,
    body: await compute.run('forecast', values, options),
  }));
