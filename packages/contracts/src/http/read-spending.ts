import { z } from 'zod';
import { MoneyText } from '../amount.ts';
import { CalendarDate, LedgerDay } from '../calendar-date.ts';
import { defineRoute } from '../define-route.ts';

const SpendingShare = z.object({
  name: z.string(),
  amount: MoneyText,
  count: z.int(),
  /** Of all spending of the period, with one decimal. */
  percent: z.number(),
});

const CurrencySpending = z.object({
  currency: z.string(),
  income: MoneyText,
  expenses: MoneyText,
  net: MoneyText,
  byCategory: z.array(SpendingShare.extend({ slug: z.string() })),
  byMerchant: z.array(SpendingShare),
  byMonth: z.array(
    z.object({
      month: z.string().regex(/^\d{4}-\d{2}$/),
      income: MoneyText,
      expenses: MoneyText,
      net: MoneyText,
    }),
  ),
});

/** Income and spending of a period; spending is positive, refunds reduce it, own transfers are left out. */
export const ReadSpending = defineRoute({
  method: 'get',
  path: '/v1/spending',
  operationId: 'readSpending',
  summary: 'Income and spending of a period by category, merchant and month, per currency',
  tag: 'Reports',
  audience: 'user',
  query: z
    .object({ from: LedgerDay.optional(), to: LedgerDay.optional() })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['to'],
      message: 'must not be before from',
    }),
  responses: {
    200: z.object({
      from: CalendarDate,
      to: CalendarDate,
      /** The day it is for the user. */
      today: CalendarDate,
      /** The user's own currency, else the one with most rows. */
      currency: z.string(),
      /** The one with most rows first. */
      data: z.array(CurrencySpending),
    }),
  },
});
