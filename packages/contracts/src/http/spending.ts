import { z } from 'zod';
import { Currency } from '../amount.ts';
import { defineRoute } from '../define-route.ts';
import { UserId } from '../ids.ts';

/** Spending of a user in one category, refunds taken off; minor units of the profile's currency. */
export const CategorySpendingShape = z.object({
  category: z.string(),
  purchases: z.int().min(0),
  spentMinor: z.int().min(0),
  lastTwoWeeksMinor: z.int().min(0),
  twoWeeksBeforeMinor: z.int().min(0),
});

/** What a user bought in a period that ends with their latest day, in their main currency. */
export const SpendingProfileShape = z.object({
  userId: UserId,
  currency: Currency,
  days: z.int().min(1),
  purchases: z.int().min(1),
  timedPurchases: z.int().min(0),
  nightPurchases: z.int().min(0),
  categories: z.array(CategorySpendingShape),
});

/** Asked by the segmentation service for users whose daily metrics changed; users without purchases are left out. */
export const ReadSpendingProfiles = defineRoute({
  method: 'post',
  path: '/internal/spending-profiles',
  operationId: 'readSpendingProfiles',
  summary: 'Spending of some users by category, over a period up to the latest day of each',
  tag: 'Internal',
  audience: 'service',
  body: z.object({
    userIds: z.array(UserId).min(1).max(100),
    days: z.int().min(28).max(366).default(180),
  }),
  responses: { 200: z.object({ profiles: z.array(SpendingProfileShape) }) },
});

/** Asked by the segmentation service when it builds everything anew. */
export const ListSpenders = defineRoute({
  method: 'get',
  path: '/internal/spenders',
  operationId: 'listSpenders',
  summary: 'Ids of users with daily metrics, in order, after an id',
  tag: 'Internal',
  audience: 'service',
  query: z.object({ after: UserId.optional(), limit: z.coerce.number().int().min(1).max(100).default(100) }),
  responses: { 200: z.object({ userIds: z.array(UserId) }) },
});
