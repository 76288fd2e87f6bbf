import { z } from 'zod';
import { MoneyText } from '../amount.ts';
import { CalendarDate } from '../calendar-date.ts';
import { defineRoute } from '../define-route.ts';
import { pageOf, pageQuery } from '../page.ts';

/** The rows of a user's ledger as far as other services read them; insights answers with more. */
export const readLedgerRows = defineRoute({
  method: 'get',
  path: '/v1/transactions',
  operationId: 'listTransactions',
  summary: 'The categorised transactions of the caller, newest first',
  tag: 'Transactions',
  audience: 'user',
  query: z.object({ from: CalendarDate.optional(), to: CalendarDate.optional(), ...pageQuery() }),
  responses: {
    200: pageOf(
      z.object({
        date: CalendarDate,
        description: z.string(),
        merchant: z.string().nullable(),
        amount: MoneyText,
        category: z.object({ slug: z.string(), name: z.string() }).nullable(),
      }),
    ),
  },
});
