import { createHash } from 'node:crypto';
import type { Language } from '@orrery/contracts';
import type { BudgetTaxonomy } from './budget.ts';

export const ALERT_KINDS = [
  'budget_80',
  'budget_100',
  'large_purchase',
  'anomaly',
  'recurring_new',
  'recurring_rose',
  'balance_low',
  'forecast_below_zero',
  'bank_sign_in',
  'model_retrained',
  'mission_completed',
  'mission_failed',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_STATES = ['unread', 'read', 'dismissed'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** What the wording of an alert is made of; minor units, positive for purchases and signed for balances. */
export interface AlertFacts {
  category?: string;
  taxonomy?: BudgetTaxonomy;
  merchant?: string;
  day?: string;
  amountMinor?: number;
  otherMinor?: number;
  currency?: string;
  /** A whole number in percent. */
  percent?: number;
  /** Ready words by language, such as the text of a mission. */
  phrase?: Readonly<Record<Language, string>>;
}

/** A reason to tell the user something. */
export interface NewAlert {
  kind: AlertKind;
  /** What it is about, for instance the id of a budget. */
  subject: string;
  /** The period in which it is told once, for instance its first day. */
  period: string;
  facts: AlertFacts;
}

/**
 * Id of an alert, the same whenever the same rule finds the same subject in the same period.
 * @param alert kind, subject and period
 */
export const alertId = ({ kind, subject, period }: Omit<NewAlert, 'facts'>): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, subject, period]))
    .digest('base64url')
    .slice(0, 27);
