import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';

const Placeholder = defineRoute({
  method: 'get',
  path: '/ai/categories',
  operationId: 'pocketcCategoriesPlaceholder',
  summary: 'PocketC: a placeholder of the older system; the taxonomy is at /v1/categories',
  tag: 'PocketC',
  audience: 'user',
  errorShape: 'detail',
  responses: { 200: z.literal('categories') },
});

/** `GET /ai/categories`: the JSON string that clients of the older system know. */
export const categoriesPlaceholder = (): MountedRoute =>
  handle(Placeholder, () => Promise.resolve({ status: 200, body: 'categories' }));
