import { MODEL_USAGE_HOLDING } from '@orrery/language-model';
import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

/** What this service holds about users. */
export const HOLDINGS: readonly Holding[] = [
  {
    collection: 'suggestions',
    owner: '_id',
    purpose: "A user's suggestions of the day",
    retention: 'until replaced or the user is erased',
    fields: z.object({
      _id: z.string().describe('Owner'),
      day: z.string().describe('Day for which they were made'),
      digest: z.string().describe('Digest of what is said'),
      createdAt: z.date().describe('When they were made'),
      suggestions: z.array(z.unknown()).describe('Text, category, kind and facts of each'),
    }),
  },
  {
    collection: 'reports',
    owner: 'userId',
    purpose: 'The latest optimisation reports',
    retention: 'until replaced or the user is erased',
    fields: z.object({
      _id: z.string().describe('Owner and kind'),
      userId: z.string().describe('Owner'),
      kind: z.string().describe('Expenses, budget or debt'),
      askedAt: z.date().nullable().describe('When the language model was last asked'),
      kept: z.unknown().describe('Texts of the report, their digest and when they were made'),
    }),
  },
  {
    collection: 'signals',
    owner: 'userId',
    purpose: 'Budgets, payments and forecasts that are worth a suggestion',
    retention: '14 days',
    fields: z.object({
      _id: z.string().describe('Owner, kind and subject'),
      userId: z.string().describe('Owner'),
      signal: z.unknown().describe('What was told: amounts, merchant, day'),
      expiresAt: z.date().describe('When the row goes'),
    }),
  },
  {
    collection: 'ledger_users',
    owner: '_id',
    purpose: 'Users for whom advice can be made from the ledger',
    retention: 'until the user is erased',
    fields: z.object({ _id: z.string().describe('The user') }),
  },
  {
    collection: 'admin_alerts',
    owner: 'userId',
    purpose: 'Alerts for administrators about heavy debts, overspending and low savings',
    retention: 'until the user is erased',
    fields: z.object({
      _id: z.string().describe('Id of the alert'),
      userId: z.string().describe('Whom it is about'),
      userEmail: z.string().describe('E-mail address of the user'),
      message: z.string().describe('What is wrong'),
      category: z.string().describe('High Debt, Overspending or Low Savings'),
      state: z.string().describe('Open, acknowledged or cleared'),
      standing: z.string().optional().describe('Owner and category while it stands'),
      createdAt: z.date().describe('When it was raised'),
      acknowledgedAt: z.date().nullable().describe('When an administrator noted it'),
      acknowledgedBy: z.string().nullable().describe('Which administrator'),
      clearedAt: z.date().nullable().describe('When its reason was gone'),
    }),
    hidden: ['acknowledgedBy', 'standing'],
  },
  {
    collection: 'admin_views',
    owner: 'userId',
    purpose: 'Which administrator looked at whom',
    retention: '365 days',
    fields: z.object({
      _id: z.string().describe('Id of the look'),
      userId: z.string().nullable().describe('Whom the look was at; null for a list of all'),
      adminId: z.string().describe('Which administrator'),
      what: z.string().describe('Alerts or dashboard'),
      requestId: z.string().describe('Request in which it happened'),
      at: z.date().describe('When'),
    }),
    hidden: ['adminId'],
  },
  MODEL_USAGE_HOLDING,
];
