import { z } from 'zod';
import { Amount } from '../amount.ts';
import { CalendarDate, Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { ResourceId, TransactionId, UserId } from '../ids.ts';

export const BudgetThresholdReached = defineEvent({
  name: 'budget.threshold-reached',
  version: 1,
  producer: 'insights',
  consumers: ['advisor', 'chat'],
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
  consumers: ['chat', 'insights'],
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

export const RecurringChanged = defineEvent({
  name: 'recurring.changed',
  version: 1,
  producer: 'insights',
  consumers: ['advisor'],
  summary: 'Recurring payments or income of a user are new, changed their price, or ended',
  data: z.object({
    userId: UserId,
    changes: z
      .array(
        z.object({
          streamId: ResourceId,
          change: z.enum(['new', 'price-rose', 'price-fell', 'ended']),
          merchant: z.string().max(512),
          /** Signed; negative is money out. */
          amount: Amount,
          previous: Amount.optional(),
          nextDate: CalendarDate.nullable(),
        }),
      )
      .min(1)
      .max(500),
  }),
});

export const AnomalyDetected = defineEvent({
  name: 'anomaly.detected',
  version: 1,
  producer: 'insights',
  consumers: ['advisor'],
  summary: 'A recent purchase of a user is unusual',
  data: z.object({
    userId: UserId,
    transactionId: TransactionId,
    kind: z.string().max(64),
    score: z.number().min(0).max(1),
    reason: z.string().max(2048),
    merchant: z.string().max(512),
    date: CalendarDate,
    amount: Amount,
  }),
});

export const ForecastShortfallExpected = defineEvent({
  name: 'forecast.shortfall-expected',
  version: 1,
  producer: 'insights',
  consumers: ['advisor'],
  summary: 'The balance of a user is likely to fall below zero; it comes once per expected day',
  data: z.object({
    userId: UserId,
    /** Day of the lowest expected balance. */
    date: CalendarDate,
    /** Expected balance on that day. */
    lowest: Amount,
    /** Share of simulated futures that go below zero, 0 to 1. */
    probabilityBelowZero: z.number().min(0).max(1),
    computedAt: Instant,
  }),
});
