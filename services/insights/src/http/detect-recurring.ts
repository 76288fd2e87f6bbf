import { CalendarDate, defineRoute, MoneyText } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../compute/compute.ts';
import { PERIOD_NAMES } from '../domain/recurring/period.ts';
import { DETECTOR_BODY_LIMIT_BYTES, DetectorBody } from './detector-input.ts';

const DetectRecurring = defineRoute({
  method: 'post',
  path: '/v1/recurring/detect',
  operationId: 'detectRecurring',
  summary: 'Find recurring payments and income in transactions; nothing is stored',
  tag: 'Recurring payments',
  audience: 'user',
  body: DetectorBody,
  bodyLimitBytes: DETECTOR_BODY_LIMIT_BYTES,
  responses: {
    200: z.object({
      streams: z.array(
        z.object({
          merchant: z.string(),
          transactionIds: z.array(z.string()),
          period: z.enum(PERIOD_NAMES),
          state: z.enum(['early', 'mature', 'late', 'ended']),
          averageAmount: MoneyText,
          lastDate: CalendarDate,
          nextDate: CalendarDate.nullable(),
          confidence: z.number(),
        }),
      ),
    }),
  },
});

/**
 * `POST /v1/recurring/detect`.
 * @param compute runs the detector off the event loop
 */
export const detectRecurringRoute = (compute: Compute): MountedRoute =>
  handle(DetectRecurring, async ({ body }) => {
    const streams = await compute.run('detectRecurring', body.transactions);
    return {
      status: 200,
      body: {
        streams: streams.map(({ averageMinor, currency, ...stream }) => ({
          ...stream,
          averageAmount: { amount: formatDecimal(averageMinor, currency), currency },
        })),
      },
    };
  });
