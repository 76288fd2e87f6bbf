import { defineRoute } from '@orrery/contracts';
import type { Clock } from '@orrery/calendar';
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { customerRow } from '../../../domain/customers/customer.ts';
import type { PredictionStore } from '../../../store/prediction-store.ts';
import type { AskModels } from '../../../use-cases/ask-models.ts';
import { CustomerData, CustomerFields, SEGMENTATION_API, whenTrained } from './customer-fields.ts';

const Predict = defineRoute({
  ...SEGMENTATION_API,
  method: 'post',
  path: '/predict',
  operationId: 'predictCustomer',
  summary: 'The cluster of a customer, kept in the history of the caller',
  body: CustomerFields,
  responses: {
    200: z.object({
      cluster: z.int(),
      cluster_name: z.string(),
      /** Share of refits on bootstrap samples that agree, 0 to 1. */
      confidence: z.number(),
      customer_data: CustomerData,
    }),
  },
  problems: ['model-not-trained'],
});

/**
 * `POST /predict`.
 * @param parts the model, the history and the clock
 */
export const predictRoute = (parts: {
  ask: AskModels;
  predictions: PredictionStore;
  clock: Clock;
}): MountedRoute =>
  handle(Predict, async ({ body, identity, request }) => {
    const userId = requireUserId(identity);
    const { version, placements } = await whenTrained(parts.ask.explain('customers', [customerRow(body)]));
    const [placement] = placements;
    if (placement === undefined) {
      throw new RangeError('one row has one placement');
    }
    const { persona } = placement;
    const clusterName = persona.names[chooseLanguage(request.headers['accept-language'], 'en')];
    const confidence = Number(placement.confidence.toFixed(2));
    await parts.predictions.add(userId, {
      customer: body,
      cluster: persona.number,
      personaId: persona.id,
      clusterName,
      confidence,
      modelVersion: version.version,
      createdAt: parts.clock.now(),
    });
    return {
      status: 200,
      body: { cluster: persona.number, cluster_name: clusterName, confidence, customer_data: body },
    };
  });
