import { addDays, diffDays } from '@orrery/calendar';
import { CalendarDate, Currency, defineRoute } from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../../../compute/compute.ts';
import { OWN_TRANSFERS } from '../../../domain/category-role.ts';
import { dailyNets } from '../../../domain/cash-flow.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { RecurringStore } from '../../../store/recurring-store.ts';
import type { RefreshAnalyses } from '../../../use-cases/refresh-analyses.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';
import { INSUFFICIENT_DATA } from './insufficient-data.ts';

/** Past days that everything else than recurring items is drawn from. */
const HISTORY_DAYS = 182;

const MIN_HISTORY_DAYS = 28;

const CashFlowForecast = defineRoute({
  method: 'get',
  path: '/api/cash_flow_forecast',
  operationId: 'cashSenseCashFlowForecast',
  summary: 'The balance of the next days with its range, lowest point and what is safe to spend',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  query: z.object({
    days: z.coerce.number().int().min(1).max(180).default(30),
    balance: z.coerce.number().min(-1e12).max(1e12).optional(),
    currency: Currency.optional(),
  }),
  responses: {
    200: z.object({
      currency: z.string(),
      startBalance: z.number(),
      /** False when no balance was given: the course then starts at 0 and shows changes only. */
      balanceKnown: z.boolean(),
      days: z.array(
        z.object({ date: CalendarDate, balance: z.number(), lower: z.number(), upper: z.number() }),
      ),
      lowest: z.object({ date: CalendarDate, balance: z.number() }),
      probabilityBelowZero: z.number(),
      safeToSpend: z.number(),
    }),
  },
  problems: ['insufficient-data'],
});

const mostCommon = (texts: readonly string[]): string | undefined =>
  [...Map.groupBy(texts, (text) => text)].sort((left, right) => right[1].length - left[1].length)[0]?.[0];

/**
 * `GET /api/cash_flow_forecast`.
 * @param parts the ledger, recurring items and the worker thread
 */
export const cashFlowForecast = (parts: {
  ledger: LedgerStore;
  recurring: RecurringStore;
  analyses: RefreshAnalyses;
  compute: Compute;
  readUserDay: ReadUserDay;
  defaultCurrency: string;
}): MountedRoute =>
  handle(CashFlowForecast, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    await parts.analyses.refreshIfStale(userId);
    const { settings, today } = await parts.readUserDay(userId);
    const yesterday = addDays(today, -1);
    const [rows, streams] = await Promise.all([
      parts.ledger.detectorRows(userId, { from: addDays(today, -HISTORY_DAYS), to: yesterday }),
      parts.recurring.all(userId),
    ]);
    const currency =
      query.currency ??
      settings.currency ??
      mostCommon(rows.map((row) => row.currency)) ??
      parts.defaultCurrency;
    const mine = rows.filter((row) => row.currency === currency && !OWN_TRANSFERS.has(row.category ?? ''));
    const first = mine[0]?.date;
    if (first === undefined || diffDays(first, today) < MIN_HISTORY_DAYS) {
      throw new AppError(INSUFFICIENT_DATA, {
        detail: `At least ${String(MIN_HISTORY_DAYS)} days of transactions are needed.`,
        legacyCode: 'INSUFFICIENT_DATA',
      });
    }
    const expected = streams.filter(
      (stream) =>
        stream.currency === currency &&
        stream.status !== 'dismissed' &&
        stream.state !== 'ended' &&
        !OWN_TRANSFERS.has(stream.category ?? ''),
    );
    const known = new Set(expected.flatMap(({ transactionIds }) => transactionIds));
    const flow = await parts.compute.run('simulateCashFlow', {
      today,
      days: query.days,
      balanceMinor: fromFloat(query.balance ?? 0, currency),
      streams: expected.flatMap(({ period, nextDate, averageMinor }) =>
        nextDate === null ? [] : [{ period, nextDate, amountMinor: averageMinor }],
      ),
      otherDays: dailyNets(
        mine.filter(({ id }) => !known.has(id)),
        first,
        yesterday,
      ),
    });
    const decimal = (minor: number): number => Number(formatDecimal(minor, currency));
    return {
      status: 200,
      body: {
        currency,
        startBalance: query.balance ?? 0,
        balanceKnown: query.balance !== undefined,
        days: flow.days.map(({ day, balanceMinor, lowerMinor, upperMinor }) => ({
          date: day,
          balance: decimal(balanceMinor),
          lower: decimal(lowerMinor),
          upper: decimal(upperMinor),
        })),
        lowest: { date: flow.lowest.day, balance: decimal(flow.lowest.balanceMinor) },
        probabilityBelowZero: flow.probabilityBelowZero,
        safeToSpend: decimal(flow.safeToSpendMinor),
      },
    };
  });
