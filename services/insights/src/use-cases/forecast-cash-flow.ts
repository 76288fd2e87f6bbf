import { OWN_TRANSFERS } from '@orrery/contracts';
import { addDays, diffDays } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import type { CalendarDate } from '@orrery/contracts';
import type { Compute } from '../compute/compute.ts';
import { dailyNets } from '../domain/cash-flow.ts';
import type { CashFlow } from '../domain/cash-flow.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { RecurringStore } from '../store/recurring-store.ts';
import type { ChooseCurrency } from './choose-currency.ts';
import type { FollowBanks } from './follow-banks.ts';
import type { RefreshAnalyses } from './refresh-analyses.ts';
import type { ReadUserDay } from './user-calendar.ts';

/** Past days that everything else than recurring items is drawn from. */
const HISTORY_DAYS = 182;

/** Fewer days of transactions tell nothing about the next ones. */
export const MIN_HISTORY_DAYS = 28;

export interface ForecastCashFlowParts {
  ledger: LedgerStore;
  recurring: RecurringStore;
  analyses: Pick<RefreshAnalyses, 'refreshIfStale'>;
  banks: FollowBanks;
  compute: Compute;
  readUserDay: ReadUserDay;
  clock: Clock;
  chooseCurrency: ChooseCurrency;
}

/** What is asked: the days ahead, and where the balance starts when the user tells it (minor units). */
export interface CashFlowAsked {
  days: number;
  currency?: string | undefined;
  startMinor?: ((currency: string) => number) | undefined;
}

/** A forecast of one user's balance. */
export interface ForecastBalance {
  currency: string;
  today: CalendarDate;
  startMinor: number;
  /** False when neither the user nor a bank told a balance: the course then starts at 0 and shows changes only. */
  isBalanceKnown: boolean;
  /** Null when there are too few days of transactions. */
  flow: CashFlow | null;
}

/**
 * Forecasts a user's balance: known recurring items on their days, everything else drawn from past weeks, starting at
 * the balance that the user tells, else at what their banks told last.
 * @param parts stores, the worker thread and the clock
 */
export const createForecastCashFlow =
  (parts: ForecastCashFlowParts) =>
  async (userId: string, asked: CashFlowAsked): Promise<ForecastBalance> => {
    await parts.analyses.refreshIfStale(userId);
    const { settings, today } = await parts.readUserDay(userId);
    const yesterday = addDays(today, -1);
    const [rows, streams, spendable, usual] = await Promise.all([
      parts.ledger.detectorRows(userId, { from: addDays(today, -HISTORY_DAYS), to: yesterday }),
      parts.recurring.all(userId),
      parts.banks.spendable(userId, parts.clock.now()),
      parts.chooseCurrency(userId, settings),
    ]);
    const currency = asked.currency ?? usual;
    const told = asked.startMinor?.(currency) ?? spendable.get(currency);
    const start = { currency, today, startMinor: told ?? 0, isBalanceKnown: told !== undefined };
    const mine = rows.filter((row) => row.currency === currency && !OWN_TRANSFERS.has(row.category ?? ''));
    const first = mine[0]?.date;
    if (first === undefined || diffDays(first, today) < MIN_HISTORY_DAYS) {
      return { ...start, flow: null };
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
      days: asked.days,
      balanceMinor: start.startMinor,
      streams: expected.flatMap(({ period, nextDate, averageMinor }) =>
        nextDate === null ? [] : [{ period, nextDate, amountMinor: averageMinor }],
      ),
      otherDays: dailyNets(
        mine.filter(({ id }) => !known.has(id)),
        first,
        yesterday,
      ),
    });
    return { ...start, flow };
  };

export type ForecastCashFlow = ReturnType<typeof createForecastCashFlow>;
