import { CalendarDate, Currency, DecisionKind, DecisionSource, defineRoute } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { chooseLanguage, AppError, handle, requireUserId } from '@orrery/service-kit';
import type { FieldError, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Transaction } from '../domain/types.ts';
import type { DecideBatch } from '../use-cases/decide-batch.ts';
import { CategoryShape, shownCategory } from './category-shape.ts';

const MAX_BATCH = 1000;

const CategorizeBatch = defineRoute({
  method: 'post',
  path: '/v1/categorize',
  operationId: 'categorize',
  summary:
    "Categories for up to 1,000 transactions, by the caller's rules and memory and by the text; nothing is stored",
  tag: 'Categories',
  audience: 'user',
  body: z.object({
    transactions: z
      .array(
        z.object({
          id: z.string().min(1).max(64).optional(),
          description: z.string().trim().min(1).max(512),
          amount: z.string().regex(/^-?\d{1,15}(\.\d{1,4})?$/, 'must be a decimal such as -12.34'),
          currency: Currency,
          country: z
            .string()
            .regex(/^[A-Z]{2}$/)
            .optional(),
          date: CalendarDate.optional(),
          mcc: z
            .string()
            .regex(/^\d{4}$/)
            .optional(),
        }),
      )
      .min(1)
      .max(MAX_BATCH),
  }),
  responses: {
    200: z.object({
      results: z.array(
        z.object({
          id: z.string().optional(),
          category: CategoryShape.nullable(),
          confidence: z.number(),
          decision: DecisionKind,
          source: DecisionSource,
          merchant: z.string().nullable(),
        }),
      ),
    }),
  },
});

type Row = z.output<NonNullable<typeof CategorizeBatch.body>>['transactions'][number];

const readAmount = ({ amount, currency }: Row): number | null => {
  try {
    return parseDecimal(amount, currency);
  } catch (error) {
    if (error instanceof Error) {
      return null;
    }
    throw error;
  }
};

const readRows = (rows: readonly Row[]): Transaction[] => {
  const fields: FieldError[] = [];
  const transactions = rows.map((row, index): Transaction => {
    const amountMinor = readAmount(row);
    if (amountMinor === null) {
      fields.push({
        field: `transactions[${String(index)}].amount`,
        message: `is not an amount of ${row.currency}`,
      });
    }
    const { description, currency, country, mcc } = row;
    return { description, amountMinor: amountMinor ?? 0, currency, country, mcc };
  });
  if (fields.length > 0) {
    throw new AppError('validation-failed', { fields });
  }
  return transactions;
};

/**
 * `POST /v1/categorize`.
 * @param decide the use case
 */
export const categorizeBatch = (decide: DecideBatch): MountedRoute =>
  handle(CategorizeBatch, async ({ body, identity, request }) => {
    const userId = requireUserId(identity);
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    const decisions = await decide(userId, readRows(body.transactions));
    return {
      status: 200,
      body: {
        results: decisions.map((decision, index) => {
          const id = body.transactions[index]?.id;
          return {
            ...(id === undefined ? {} : { id }),
            category: shownCategory(decision.category, language),
            confidence: Math.round(decision.confidence * 1000) / 1000,
            decision: decision.decision,
            source: decision.source,
            merchant: decision.merchant,
          };
        }),
      },
    };
  });
