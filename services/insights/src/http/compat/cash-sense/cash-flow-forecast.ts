import { CalendarDate, Currency, defineRoute } from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { MIN_HISTORY_DAYS } from '../../../use-cases/forecast-cash-flow.ts';
import type { ForecastCashFlow } from '../../../use-cases/forecast-cash-flow.ts';
import { INSUFFICIENT_DATA } from './insufficient-data.ts';

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
      /** False when neither the caller nor a bank told a balance: the course then starts at 0 and shows changes only. */
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

/**
 * `GET /api/cash_flow_forecast`.
 * @param forecastCashFlow the use case
 */
export const cashFlowForecast = (forecastCashFlow: ForecastCashFlow): MountedRoute =>
  handle(CashFlowForecast, async ({ query, identity }) => {
    const { balance } = query;
    const { currency, startMinor, isBalanceKnown, flow } = await forecastCashFlow(requireUserId(identity), {
      days: query.days,
      currency: query.currency,
      startMinor: balance === undefined ? undefined : (code) => fromFloat(balance, code),
    });
    if (flow === null) {
      throw new AppError(INSUFFICIENT_DATA, {
        detail: `At least ${String(MIN_HISTORY_DAYS)} days of transactions are needed.`,
        legacyCode: 'INSUFFICIENT_DATA',
      });
    }
    const decimal = (minor: number): number => Number(formatDecimal(minor, currency));
    return {
      status: 200,
      body: {
        currency,
        startBalance: decimal(startMinor),
        balanceKnown: isBalanceKnown,
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
