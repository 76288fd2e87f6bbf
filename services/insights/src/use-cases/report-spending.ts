import { periodContaining } from '@orrery/calendar';
import { emptyReport, rangeBefore, sameDaysOfMonthBefore, startReport } from '../domain/spending-report.ts';
import type { DayRange, SpendingReport } from '../domain/spending-report.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { UserSettings } from '../store/user-settings-store.ts';
import type { ChooseCurrency } from './choose-currency.ts';
import type { ReadUserDay } from './user-calendar.ts';

export interface ReportSpendingParts {
  ledger: LedgerStore;
  readUserDay: ReadUserDay;
  chooseCurrency: ChooseCurrency;
}

/** A report on a period beside the period before. */
export interface SpendingComparison {
  settings: UserSettings;
  period: DayRange;
  previousPeriod: DayRange;
  /** In the currency that was asked for, else in the one that the user is always answered in. */
  report: SpendingReport;
  /** The period before, in the same currency. */
  previous: SpendingReport;
  /** One per currency of the period, the one with most rows first. */
  byCurrency: SpendingReport[];
}

const periodAsked = (
  { from, to }: { from?: string | undefined; to?: string | undefined },
  today: string,
): DayRange => {
  if (from === undefined) {
    const month = periodContaining('month', to ?? today);
    return { from: month.from, to: to ?? month.to };
  }
  return { from, to: to ?? (from > today ? from : today) };
};

/**
 * Reports a user's spending from the ledger rows.
 * @param parts the ledger, and the day and currency of a user
 */
export const createReportSpending = (parts: ReportSpendingParts) => {
  const { ledger } = parts;

  const reportOn = async (userId: string, period: DayRange): Promise<SpendingReport[]> => {
    const builder = startReport();
    for await (const rows of ledger.reportRows(userId, period)) {
      rows.forEach((row) => builder.add(row));
    }
    return builder.finish();
  };

  const inCurrency = (reports: readonly SpendingReport[], currency: string): SpendingReport =>
    reports.find((report) => report.currency === currency) ?? emptyReport(currency);

  /**
   * @param userId owner
   * @param asked first and last day and currency. Without days the present month counts whole, as for budgets and in
   *   every other answer about it, against the one before up to the same day; a first day alone counts until today, a
   *   last day alone from the start of its month.
   */
  return async (
    userId: string,
    asked: { from?: string | undefined; to?: string | undefined; currency?: string | undefined },
  ): Promise<SpendingComparison> => {
    const { settings, today } = await parts.readUserDay(userId);
    const period = periodAsked(asked, today);
    const isPresentMonth = asked.from === undefined && asked.to === undefined;
    const previousPeriod = isPresentMonth ? sameDaysOfMonthBefore(today) : rangeBefore(period);
    const byCurrency = await reportOn(userId, period);
    const currency = asked.currency ?? (await parts.chooseCurrency(userId, settings));
    return {
      settings,
      period,
      previousPeriod,
      report: inCurrency(byCurrency, currency),
      previous: inCurrency(await reportOn(userId, previousPeriod), currency),
      byCurrency,
    };
  };
};

export type ReportSpending = ReturnType<typeof createReportSpending>;
