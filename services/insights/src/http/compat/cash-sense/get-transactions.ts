import { addDays } from '@orrery/calendar';
import { CalendarDate, defineRoute } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { cashSenseCategory, cashSenseSubcategory } from '../../../domain/cash-sense-category.ts';
import type { LedgerRow } from '../../../domain/types.ts';
import { UNCATEGORISED } from '../../../domain/types.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';

/** The contract has no paging; who has more than this asks for fewer days. */
const MAX_ROWS = 5_000;

const GetTransactions = defineRoute({
  method: 'post',
  path: '/api/get_transactions',
  operationId: 'cashSenseGetTransactions',
  summary: 'The transactions of the last days, newest first; positive is money out',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z.object({
    user_id: z.union([z.string(), z.int()]).transform(String).optional(),
    userId: z.union([z.string(), z.int()]).transform(String).optional(),
    access_token: z.string().optional(),
    item_id: z.string().optional(),
    days: z.int().min(1).max(3660).default(30),
  }),
  responses: {
    200: z.object({
      transactions: z.array(
        z.object({
          id: z.string(),
          date: CalendarDate,
          name: z.string(),
          amount: z.number(),
          currency: z.string(),
          merchant_name: z.string(),
          payment_channel: z.string(),
          pending: z.boolean(),
          category: z.object({ id: z.string(), subcategory: z.object({ id: z.string() }) }),
          is_test_data: z.boolean(),
          is_manual: z.boolean(),
        }),
      ),
    }),
  },
  problems: ['not-found'],
});

const shown = ({ transaction }: LedgerRow) => {
  const slug = transaction.decision.category ?? UNCATEGORISED;
  const isManual = transaction.source === 'manual';
  return {
    id: transaction.transactionId,
    date: transaction.postedOn,
    name: transaction.description,
    amount: -Number(formatDecimal(transaction.amountMinor, transaction.currency)),
    currency: transaction.currency,
    merchant_name: transaction.decision.merchant ?? transaction.merchantName ?? transaction.description,
    payment_channel: isManual ? 'manual' : 'other',
    pending: transaction.pending,
    category: { id: cashSenseCategory(slug), subcategory: { id: cashSenseSubcategory(slug) } },
    is_test_data: transaction.source === 'demo',
    is_manual: isManual,
  };
};

/**
 * `POST /api/get_transactions` on the caller's own ledger; the id of somebody else is unknown to it.
 * @param parts the ledger and the user's day
 */
export const getTransactions = (parts: { ledger: LedgerStore; readUserDay: ReadUserDay }): MountedRoute =>
  handle(GetTransactions, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    const named = body.user_id ?? body.userId;
    if (named !== undefined && named !== userId) {
      throw new AppError('not-found', { detail: 'User not found' });
    }
    if (body.access_token !== undefined || body.item_id !== undefined) {
      throw new AppError('not-found', { detail: 'There is no such bank link' });
    }
    const { today } = await parts.readUserDay(userId);
    const { rows } = await parts.ledger.list(
      userId,
      { from: addDays(today, 1 - body.days), to: today },
      { limit: MAX_ROWS },
    );
    return { status: 200, body: { transactions: rows.map(shown) } };
  });
