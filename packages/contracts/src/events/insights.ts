import { z } from 'zod';
import { Amount } from '../amount.ts';
import { CalendarDate } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { ResourceId, UserId } from '../ids.ts';

export const BudgetThresholdReached = defineEvent({
  name: 'budget.threshold-reached',
  version: 1,
  producer: 'insights',
  consumers: [],
  summary: 'Spending reached a share of a budget, once per budget, period and share',
  data: z.object({
    userId: UserId,
    budgetId: ResourceId,
    /** A category slug, a category of Cash Sense, or `total`. */
    category: z.string().max(64),
    thresholdPercent: z.int().min(1).max(1000),
    periodFrom: CalendarDate,
    periodTo: CalendarDate,
    limit: Amount,
    spent: Amount,
  }),
});
