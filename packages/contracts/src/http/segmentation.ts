import { z } from 'zod';
import { defineRoute } from '../define-route.ts';

/** What the analysis of shoppers needs, asked by the gateway for its readiness page. */
export const ReadModelReadiness = defineRoute({
  method: 'get',
  path: '/internal/models/readiness',
  operationId: 'readModelReadiness',
  summary: 'Whether the model, scaler and columns of the shopper analysis exist',
  tag: 'Internal',
  audience: 'service',
  responses: { 200: z.object({ model: z.boolean(), scaler: z.boolean(), columns: z.boolean() }) },
});
