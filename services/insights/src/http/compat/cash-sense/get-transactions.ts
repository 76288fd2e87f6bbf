import { setTimeout as pause } from 'node:timers/promises';
import { addDays } from '@orrery/calendar';
import { CalendarDate, categoryBySlug, defineRoute, ResolveBankLink, UserId } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, defineError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute, ServiceClient } from '@orrery/service-kit';
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
  body: z
    .object({
      user_id: z.union([z.string(), z.int()]).transform(String).pipe(UserId).nullish(),
      userId: z.union([z.string(), z.int()]).transform(String).pipe(UserId).nullish(),
      access_token: z.string().max(512).nullish(),
      item_id: z.string().max(64).nullish(),
      days: z.int().min(1).max(3660).default(30),
    })
    .prefault({}),
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
          category: z.union([
            z.string(),
            z.object({ id: z.string(), subcategory: z.object({ id: z.string() }) }),
          ]),
          is_test_data: z.boolean(),
          is_manual: z.boolean(),
        }),
      ),
    }),
  },
  problems: ['not-found', 'bank-not-ready', 'bank-provider-failed'],
});

const NOT_READY = defineError('bank-not-ready', 409, 'The bank is not ready yet', { transient: true });

const REFUSED_BY_BANK = defineError('bank-provider-failed', 502, 'The bank provider failed', {
  transient: true,
});

/** A fresh link is asked about for so long before the client is told to come again. */
const LINK_WAIT_MS = 15_000;
const LEDGER_WAIT_MS = 8_000;
const LOOK_MS = 150;

const shown = ({ transaction }: LedgerRow) => {
  const slug = transaction.decision.category ?? UNCATEGORISED;
  const isManual = transaction.source === 'manual';
  return {
    id: transaction.transactionId,
    date: transaction.postedOn,
    name: transaction.description,
    amount: -Number(formatDecimal(transaction.amountMinor, transaction.currency)),
    currency: transaction.currency,
    // As the bank or the user wrote it, else as we recognised it.
    merchant_name: transaction.merchantName ?? transaction.decision.merchant ?? transaction.description,
    payment_channel: transaction.paymentChannel ?? (isManual ? 'manual' : 'other'),
    pending: transaction.pending,
    category: { id: cashSenseCategory(slug), subcategory: { id: cashSenseSubcategory(slug) } },
    is_test_data: transaction.source === 'demo',
    is_manual: isManual,
  };
};

/** The first shape of the contract: the category is a label. */
const shownOfBank = (row: LedgerRow) => {
  const category =
    row.transaction.decision.category === null
      ? undefined
      : categoryBySlug(row.transaction.decision.category);
  return { ...shown(row), category: category?.names.fr ?? 'Non catégorisé' };
};

interface GetTransactionsParts {
  ledger: LedgerStore;
  readUserDay: ReadUserDay;
  /** The service that knows bank links. */
  ingestion(): ServiceClient;
}

/**
 * `POST /api/get_transactions`: the caller's own ledger, or with `access_token` or `item_id` the rows of that bank. The
 * id of somebody else is unknown to it.
 * @param parts the ledger, the user's day and the keeper of bank links
 */
export const getTransactions = (parts: GetTransactionsParts): MountedRoute => {
  const { ledger } = parts;

  /** Rows of one bank, waiting a little until all that the bank has are in the ledger. */
  const ofBank = async (
    userId: string,
    name: { accessToken?: string | undefined; itemId?: string | undefined },
    days: { from: string; to: string },
    signal: AbortSignal,
  ): Promise<LedgerRow[]> => {
    const { body: link } = await parts
      .ingestion()
      .call(
        ResolveBankLink,
        { body: { ...name, waitMs: LINK_WAIT_MS } },
        { timeoutMs: LINK_WAIT_MS + 5_000, signal },
      );
    if (link.failure !== null) {
      throw new AppError(REFUSED_BY_BANK, {
        status: link.failure.status,
        legacyCode: link.failure.code,
        detail: 'The bank could not be read.',
      });
    }
    const { accountIds } = link;
    const arrived = async (): Promise<number> =>
      (await ledger.totals(userId, { accountIds })).totals.reduce((sum, { count }) => sum + count, 0);
    // The rows of a fresh link are on their way to the ledger; a part of them would look like all of them.
    const deadline = Date.now() + LEDGER_WAIT_MS;
    while (Date.now() < deadline && !signal.aborted && (await arrived()) < link.transactionCount) {
      await pause(LOOK_MS);
    }
    const { rows } = await ledger.list(userId, { ...days, accountIds }, { limit: MAX_ROWS });
    if (rows.length === 0 && !link.isReady) {
      throw new AppError(NOT_READY, {
        legacyCode: 'PRODUCT_NOT_READY',
        headers: { 'Retry-After': '5' },
      });
    }
    return rows;
  };

  return handle(GetTransactions, async ({ body, identity, signal }) => {
    const callerId = requireUserId(identity);
    const userId = body.user_id ?? body.userId ?? callerId;
    if (userId !== callerId && identity.role !== 'admin') {
      throw new AppError('not-found', { detail: 'User not found' });
    }
    const { today } = await parts.readUserDay(userId);
    const days = { from: addDays(today, 1 - body.days), to: today };
    const accessToken = body.access_token ?? undefined;
    const itemId = body.item_id ?? undefined;
    if (accessToken !== undefined || itemId !== undefined) {
      const rows = await ofBank(userId, { accessToken, itemId }, days, signal);
      return { status: 200, body: { transactions: rows.map(shownOfBank) } };
    }
    const { rows } = await ledger.list(userId, days, { limit: MAX_ROWS });
    return { status: 200, body: { transactions: rows.map(shown) } };
  });
};
