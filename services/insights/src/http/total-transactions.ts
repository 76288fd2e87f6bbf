import { defineRoute, MoneyText } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { DailyMetricsStore } from '../store/daily-metrics-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import { categoriesMeant, LEDGER_FILTER } from './ledger-filter.ts';

const TotalTransactions = defineRoute({
  method: 'get',
  path: '/v1/transactions/totals',
  operationId: 'totalTransactions',
  summary: 'Number and sums of the transactions of a filter, per currency',
  tag: 'Transactions',
  audience: 'user',
  query: z
    .object(LEDGER_FILTER)
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['to'],
      message: 'must not be before from',
    }),
  responses: {
    200: z.object({
      totals: z.array(
        z.object({
          currency: z.string(),
          count: z.int(),
          moneyIn: MoneyText,
          moneyOut: MoneyText,
          net: MoneyText,
        }),
      ),
      /** False when the filter has more rows than one request adds up. */
      complete: z.boolean(),
    }),
  },
});

/**
 * `GET /v1/transactions/totals`. Without days, text and account the daily metrics hold the same sums in far fewer rows.
 * @param parts the ledger and the daily metrics
 */
export const totalTransactions = (parts: { ledger: LedgerStore; metrics: DailyMetricsStore }): MountedRoute =>
  handle(TotalTransactions, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    const { from, to, category, q, account } = query;
    const categories = categoriesMeant(category);
    const isWhole = from === undefined && to === undefined && q === undefined && account === undefined;
    const { totals, isComplete } = isWhole
      ? { totals: await parts.metrics.totals(userId, categories), isComplete: true }
      : await parts.ledger.totals(userId, { from, to, categories, text: q, accountId: account });
    return {
      status: 200,
      body: {
        totals: totals.map(({ currency, count, inMinor, outMinor }) => {
          const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
          return {
            currency,
            count,
            moneyIn: money(inMinor),
            moneyOut: money(outMinor),
            net: money(inMinor + outMinor),
          };
        }),
        complete: isComplete,
      },
    };
  });
