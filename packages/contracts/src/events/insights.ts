import { z } from 'zod';
import { Amount } from '../amount.ts';
import { CalendarDate, Instant } from '../calendar-date.ts';
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

const AlertText = z.object({ title: z.string().max(512), text: z.string().max(2048) });

export const AlertRaised = defineEvent({
  name: 'alert.raised',
  version: 1,
  producer: 'insights',
  consumers: ['insights'],
  summary: 'A user has a new alert; it comes once per rule, subject and period',
  data: z.object({
    userId: UserId,
    alertId: ResourceId,
    kind: z.string().max(64),
    /** What it is about: a budget, a transaction, a recurring payment. */
    subject: z.string().max(128),
    createdAt: Instant,
    /** Wording by language. */
    texts: z.object({ en: AlertText, fr: AlertText, ko: AlertText }),
  }),
});
