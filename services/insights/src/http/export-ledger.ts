import { CalendarDate, categoryBySlug, defineRoute, ResourceId } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { LedgerRow } from '../domain/types.ts';
import type { ReportTable } from '../reports/report-table.ts';
import { toCsv } from '../reports/to-csv.ts';
import { toOfx } from '../reports/to-ofx.ts';
import { toXlsx } from '../reports/to-xlsx.ts';
import type { LedgerFilter, LedgerStore } from '../store/ledger-store.ts';
import type { ReadUserDay } from '../use-cases/user-calendar.ts';

/** Rows of one file; who has more asks for a shorter period. */
const MAX_ROWS = 50_000;

const PAGE = 5_000;

const ExportLedger = defineRoute({
  method: 'get',
  path: '/v1/exports',
  operationId: 'exportLedger',
  summary: 'The transactions of the caller as a file: CSV, Excel, JSON or OFX',
  tag: 'Exports',
  audience: 'user',
  query: z
    .object({
      format: z.enum(['csv', 'xlsx', 'json', 'ofx']).default('csv'),
      from: CalendarDate.optional(),
      to: CalendarDate.optional(),
      account: ResourceId.optional(),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['to'],
      message: 'must not be before from',
    }),
  responses: {
    200: { contentType: 'application/octet-stream', description: 'The file, newest transaction first' },
  },
});

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  json: 'application/json; charset=utf-8',
  ofx: 'application/x-ofx; charset=utf-8',
} as const;

const nameOf = ({ transaction }: LedgerRow): string =>
  transaction.decision.merchant ?? transaction.merchantName ?? transaction.description;

const toTable = (rows: readonly LedgerRow[]): ReportTable => ({
  title: 'Transactions',
  currency: 'EUR',
  currencyColumn: 5,
  columns: [
    { heading: 'id', kind: 'text' },
    { heading: 'date', kind: 'date' },
    { heading: 'merchant', kind: 'text' },
    { heading: 'description', kind: 'text' },
    { heading: 'amount', kind: 'money' },
    { heading: 'currency', kind: 'text' },
    { heading: 'category', kind: 'text' },
    { heading: 'account', kind: 'text' },
    { heading: 'pending', kind: 'text' },
  ],
  rows: rows.map((row) => {
    const { transactionId, postedOn, description, amountMinor, currency, accountId, pending, decision } =
      row.transaction;
    return [
      transactionId,
      postedOn,
      nameOf(row),
      description,
      amountMinor,
      currency,
      decision.category ?? '',
      accountId,
      pending ? 'yes' : 'no',
    ];
  }),
});

const toJson = (rows: readonly LedgerRow[]): string =>
  JSON.stringify({
    transactions: rows.map((row) => {
      const { transaction } = row;
      const category =
        transaction.decision.category === null ? undefined : categoryBySlug(transaction.decision.category);
      return {
        id: transaction.transactionId,
        date: transaction.postedOn,
        occurredAt: transaction.occurredAt ?? null,
        merchant: nameOf(row),
        description: transaction.description,
        amount: {
          amount: formatDecimal(transaction.amountMinor, transaction.currency),
          currency: transaction.currency,
        },
        category: category?.slug ?? null,
        confidence: transaction.decision.confidence,
        source: transaction.decision.source,
        accountId: transaction.accountId,
        pending: transaction.pending,
      };
    }),
  });

const toStatement = (rows: readonly LedgerRow[], today: string): string =>
  toOfx(
    rows.map((row) => ({
      id: row.transaction.transactionId,
      accountId: row.transaction.accountId,
      date: row.transaction.postedOn,
      amountMinor: row.transaction.amountMinor,
      currency: row.transaction.currency,
      name: nameOf(row),
      memo: row.transaction.description,
    })),
    today,
  );

/**
 * `GET /v1/exports`.
 * @param parts the ledger and the user's day
 */
export const exportLedger = (parts: { ledger: LedgerStore; readUserDay: ReadUserDay }): MountedRoute => {
  const readAll = async (userId: string, filter: LedgerFilter, signal: AbortSignal): Promise<LedgerRow[]> => {
    const rows: LedgerRow[] = [];
    let cursor: string | null | undefined;
    do {
      signal.throwIfAborted();
      const page = await parts.ledger.list(userId, filter, { limit: PAGE, cursor: cursor ?? undefined });
      rows.push(...page.rows);
      cursor = page.nextCursor;
      if (rows.length > MAX_ROWS) {
        throw new AppError('validation-failed', {
          fields: [
            {
              in: 'query',
              field: 'from',
              message: `a file holds ${String(MAX_ROWS)} rows at most; choose a shorter period`,
            },
          ],
        });
      }
    } while (cursor !== null);
    return rows;
  };

  return handle(ExportLedger, async ({ query, identity, signal }) => {
    const userId = requireUserId(identity);
    const { format, from, to, account } = query;
    const { today } = await parts.readUserDay(userId);
    const rows = await readAll(userId, { from, to, accountId: account }, signal);
    const body = {
      csv: () => toCsv(toTable(rows)),
      xlsx: () => toXlsx(toTable(rows)),
      json: () => toJson(rows),
      ofx: () => toStatement(rows, today),
    }[format];
    return {
      status: 200,
      body: await body(),
      headers: {
        'Content-Type': TYPES[format],
        'Content-Disposition': `attachment; filename="transactions_${today}.${format}"`,
        'Cache-Control': 'no-store',
      },
    };
  });
};
