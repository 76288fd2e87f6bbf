import { defineRoute, MoneyText } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
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
 * `GET /v1/transactions/totals`.
 * @param ledger the ledger
 */
export const totalTransactions = (ledger: LedgerStore): MountedRoute =>
  handle(TotalTransactions, async ({ query, identity }) => {
    const { from, to, category, q, account } = query;
    const { totals, isComplete } = await ledger.totals(requireUserId(identity), {
      from,
      to,
      categories: categoriesMeant(category),
      text: q,
      accountId: account,
    });
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
