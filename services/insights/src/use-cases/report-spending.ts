import { periodContaining } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import { zoneOfCurrency } from '../domain/currency-zone.ts';
import { emptyReport, rangeBefore, startReport } from '../domain/spending-report.ts';
import type { DayRange, SpendingReport } from '../domain/spending-report.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { UserSettings, UserSettingsStore } from '../store/user-settings-store.ts';

export interface ReportSpendingParts {
  ledger: LedgerStore;
  settings: UserSettingsStore;
  clock: Clock;
  defaultCurrency: string;
}

/** A report on a period beside the period before. */
export interface SpendingComparison {
  settings: UserSettings;
  period: DayRange;
  previousPeriod: DayRange;
  /** In the currency that was asked for, else the user's own, else the one with most rows. */
  report: SpendingReport;
  /** The period before, in the same currency. */
  previous: SpendingReport;
  /** One per currency of the period, the one with most rows first. */
  byCurrency: SpendingReport[];
}

/**
 * Reports a user's spending from the ledger rows.
 * @param parts stores, the clock, and what applies to users who chose nothing
 */
export const createReportSpending = (parts: ReportSpendingParts) => {
  const { ledger, clock, defaultCurrency } = parts;

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
   * @param asked first and last day (default: the month of the last day, up to today) and currency
   */
  return async (
    userId: string,
    asked: { from?: string | undefined; to?: string | undefined; currency?: string | undefined },
  ): Promise<SpendingComparison> => {
    const settings = await parts.settings.find(userId);
    const zone = settings.timeZone ?? zoneOfCurrency(asked.currency ?? settings.currency ?? defaultCurrency);
    const to = asked.to ?? clock.today(zone ?? 'UTC');
    const monthStart = periodContaining('month', to).from;
    const period = {
      from: asked.from ?? monthStart,
      to: asked.from !== undefined && asked.from > to ? asked.from : to,
    };
    const previousPeriod = rangeBefore(period);
    const byCurrency = await reportOn(userId, period);
    const currency = asked.currency ?? settings.currency ?? byCurrency[0]?.currency ?? defaultCurrency;
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
