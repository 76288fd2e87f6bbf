import { z } from 'zod';
import { AmountMinor, Currency } from '../amount.ts';
import { CalendarDate, Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { CategorySlug, ResourceId, TransactionId, UserId } from '../ids.ts';

/** Largest number of transactions in one event, so that a message mostly stays below 256 KiB. */
export const MAX_TRANSACTIONS_PER_EVENT = 200;

/** Where a transaction came from. */
export const TransactionSource = z.enum(['import', 'plaid', 'manual', 'main-backend', 'demo']);
export type TransactionSource = z.output<typeof TransactionSource>;

/** A transaction as ingestion stores it, before any category is decided. */
export const IngestedTransaction = z.object({
  transactionId: TransactionId,
  /** Grows with each change of the row in ingestion; consumers ignore an older one. */
  rowVersion: z.int().min(1),
  accountId: ResourceId,
  source: TransactionSource,
  postedOn: CalendarDate,
  /** The day of the purchase itself, when the bank tells it beside the day of posting. */
  authorizedOn: CalendarDate.optional(),
  /** The instant of the purchase when the source tells it. */
  occurredAt: Instant.optional(),
  /** The bank's text with white space collapsed. */
  description: z.string().min(1).max(512),
  merchantName: z.string().min(1).max(256).optional(),
  /** Minor units of `currency`; negative is money out. */
  amountMinor: AmountMinor,
  currency: Currency,
  pending: z.boolean(),
  /** `online`, `in store`, `other`, or what the user wrote. */
  paymentChannel: z.string().min(1).max(32).optional(),
  mcc: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
  /** ISO 3166 alpha-2. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  /** The provider's own category (Plaid PFC codes of any version), a hint only. */
  providerCategory: z.object({ primary: z.string(), detailed: z.string().optional() }).optional(),
  /** The category that the user wrote down with the row: the user's own word. */
  statedCategory: CategorySlug.optional(),
  /** The category of Cash Sense that the user wrote down without a subcategory; which one is decided within it. */
  statedGroup: z.string().max(64).optional(),
});
export type IngestedTransaction = z.output<typeof IngestedTransaction>;

/** What decided a category. */
export const DecisionSource = z.enum([
  'user',
  'rule',
  'memory',
  'rail',
  'merchant',
  'mcc',
  'provider',
  'model',
  'none',
]);
export type DecisionSource = z.output<typeof DecisionSource>;

/** `auto` is filed without a mark, `suggest` asks the user to check, `none` is undecided, `user` is the user's own word. */
export const DecisionKind = z.enum(['auto', 'suggest', 'none', 'user']);
export type DecisionKind = z.output<typeof DecisionKind>;

/** The category decision on one transaction. */
export const CategoryDecision = z.object({
  /** Null means: decided as unknown. */
  category: CategorySlug.nullable(),
  /** Calibrated probability, 0 to 1. */
  confidence: z.number().min(0).max(1),
  decision: DecisionKind,
  source: DecisionSource,
  /** The shop's name as people know it, when it could be told. */
  merchant: z.string().max(256).nullable(),
  /** Grows with each decision on the same transaction; consumers ignore an older one. */
  decisionVersion: z.int().min(1),
});
export type CategoryDecision = z.output<typeof CategoryDecision>;

/** An ingested transaction together with the decision on it. */
export const CategorizedTransaction = IngestedTransaction.extend({ decision: CategoryDecision });
export type CategorizedTransaction = z.output<typeof CategorizedTransaction>;

const batchOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ userId: UserId, transactions: z.array(row).min(1).max(MAX_TRANSACTIONS_PER_EVENT) });

export const TransactionsIngested = defineEvent({
  name: 'transactions.ingested',
  version: 1,
  producer: 'ingestion',
  consumers: ['categorization'],
  summary: 'Transactions of a user were stored or changed',
  data: batchOf(IngestedTransaction),
});

export const TransactionsRemoved = defineEvent({
  name: 'transactions.removed',
  version: 1,
  producer: 'ingestion',
  consumers: ['categorization', 'insights', 'missions'],
  summary: 'Transactions of a user no longer exist at their source',
  data: batchOf(z.object({ transactionId: TransactionId, rowVersion: z.int().min(1) })),
});

export const TransactionsCategorized = defineEvent({
  name: 'transactions.categorized',
  version: 1,
  producer: 'categorization',
  consumers: ['insights', 'missions'],
  summary: 'Transactions received a category, by rule, memory, merchant, model or the user',
  data: batchOf(CategorizedTransaction),
});
