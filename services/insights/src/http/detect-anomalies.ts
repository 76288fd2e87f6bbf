import { defineRoute, MoneyText } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../compute/compute.ts';
import { ANOMALY_KINDS } from '../domain/anomalies/detect-anomalies.ts';
import { DETECTOR_BODY_LIMIT_BYTES, DetectorBody } from './detector-input.ts';

const DetectAnomalies = defineRoute({
  method: 'post',
  path: '/v1/anomalies',
  operationId: 'detectAnomalies',
  summary: 'Find unusual purchases in transactions, each judged by those before it; nothing is stored',
  tag: 'Anomalies',
  audience: 'user',
  body: DetectorBody,
  bodyLimitBytes: DETECTOR_BODY_LIMIT_BYTES,
  responses: {
    200: z.object({
      anomalies: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(ANOMALY_KINDS),
          score: z.number(),
          reason: z.string(),
          expected: z.object({ low: MoneyText, high: MoneyText }).optional(),
        }),
      ),
    }),
  },
});

/**
 * `POST /v1/anomalies`.
 * @param compute runs the detector off the event loop
 */
export const detectAnomaliesRoute = (compute: Compute): MountedRoute =>
  handle(DetectAnomalies, async ({ body }) => {
    const anomalies = await compute.run('detectAnomalies', body.transactions);
    return {
      status: 200,
      body: {
        anomalies: anomalies.map(({ currency, expected, ...anomaly }) => ({
          ...anomaly,
          ...(expected && {
            expected: {
              low: { amount: formatDecimal(expected.lowMinor, currency), currency },
              high: { amount: formatDecimal(expected.highMinor, currency), currency },
            },
          }),
        })),
      },
    };
  });
