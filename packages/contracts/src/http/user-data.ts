import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { UserId } from '../ids.ts';

/** What a service holds about a user, asked by the identity service for the archive that the user gets. */
export const ExportUserData = defineRoute({
  method: 'get',
  path: '/internal/users/{userId}/data',
  operationId: 'exportUserData',
  summary: 'Everything that this service holds about a user, by collection',
  tag: 'privacy',
  audience: 'service',
  params: z.object({ userId: UserId }),
  responses: {
    200: {
      contentType: 'application/json',
      description: 'An object with a list of rows for each collection',
    },
  },
});

/** How many predictions and saved profiles users have; served by whichever service keeps them. */
export const CountUserActivity = defineRoute({
  method: 'post',
  path: '/internal/users/activity',
  operationId: 'countUserActivity',
  summary: 'Predictions and saved profiles of some users, and of all',
  tag: 'identity',
  audience: 'service',
  body: z.object({ userIds: z.array(UserId).max(500) }),
  responses: {
    200: z.object({
      users: z.array(z.object({ userId: UserId, predictions: z.int().min(0), profiles: z.int().min(0) })),
      totals: z.object({ predictions: z.int().min(0), profiles: z.int().min(0) }),
    }),
  },
});
