import { addMonths } from '@orrery/calendar';
import { Currency, defineRoute } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../../../compute/compute.ts';
import { monthlyHistory } from '../../../domain/predict-expenses.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { ChooseCurrency } from '../../../use-cases/choose-currency.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';
import { CASH_SENSE_CATEGORIES, cashSenseCategory } from '../../../domain/cash-sense-category.ts';
import { INSUFFICIENT_DATA } from './insufficient-data.ts';

/** Months read back; seasons older than that have changed. */
const HISTORY_MONTHS = 60;

const MIN_MONTHS = 2;

const PredictExpenses = defineRoute({
  method: 'post',
  path: '/api/predict_expenses',
  operationId: 'cashSensePredictExpenses',
  summary: 'Predict the spending of the next months by category',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z
    .object({
      months: z.int().min(1).max(12).default(1),
      category: z.enum(CASH_SENSE_CATEGORIES).optional(),
      currency: Currency.optional(),
    })
    .prefault({}),
  responses: {
    200: z.object({
      currency: z.string(),
      predictions: z.array(
        z.object({
          month: z.string(),
          category: z.string(),
          amount: z.number(),
          lower: z.number(),
          upper: z.number(),
        }),
      ),
      total: z.array(z.object({ month: z.string(), amount: z.number() })),
      method: z.string(),
      history_months: z.int(),
    }),
  },
  problems: ['insufficient-data'],
});

/**
 * `POST /api/predict_expenses`.
 * @param parts the ledger to learn from, the worker thread, and the day and currency of a user
 */
export const predictExpensesRoute = (parts: {
  ledger: LedgerStore;
  compute: Compute;
  readUserDay: ReadUserDay;
  chooseCurrency: ChooseCurrency;
}): MountedRoute =>
  handle(PredictExpenses, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    const { settings, today } = await parts.readUserDay(userId);
    const [all, usual] = await Promise.all([
      parts.ledger.monthSums(userId, { from: addMonths(today, -HISTORY_MONTHS), to: today }),
      parts.chooseCurrency(userId, settings),
    ]);
    const currency = body.currency ?? usual;
    const { months, buckets } = monthlyHistory(
      all.filter((metric) => metric.currency === currency),
      today,
      cashSenseCategory,
    );
    if (months.length < MIN_MONTHS) {
      throw new AppError(INSUFFICIENT_DATA, {
        detail: `At least ${String(MIN_MONTHS)} whole months of transactions are needed.`,
        legacyCode: 'INSUFFICIENT_DATA',
      });
    }
    const asked = buckets.filter(({ key }) => body.category === undefined || key === body.category);
    const predicted = await parts.compute.run('predictExpenses', { months, buckets: asked }, body.months);
    const decimal = (minor: number): number => Number(formatDecimal(minor, currency));
    const totals = Map.groupBy(predicted, ({ month }) => month);
    return {
      status: 200,
      body: {
        currency,
        predictions: predicted.map(({ month, key, minor, lowerMinor, upperMinor }) => ({
          month,
          category: key,
          amount: decimal(minor),
          lower: decimal(lowerMinor),
          upper: decimal(upperMinor),
        })),
        total: [...totals].map(([month, rows]) => ({
          month,
          amount: decimal(rows.reduce((sum, { minor }) => sum + minor, 0)),
        })),
        method: 'mean of theta, dynamic theta, damped trend and exponential smoothing per category, added up',
        history_months: months.length,
      },
    };
  });
