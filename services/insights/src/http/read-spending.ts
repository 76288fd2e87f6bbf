import { categoryBySlug, ReadSpending } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { diffDays } from '@orrery/calendar';
import { chooseLanguage, AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { percentages } from '../domain/spending-report.ts';
import type { Share, SpendingReport } from '../domain/spending-report.ts';
import type { ReportSpending } from '../use-cases/report-spending.ts';
import type { ReadUserDay } from '../use-cases/user-calendar.ts';

/** As for the report of Cash Sense: beyond ten years nobody reads it, and the work of a request stays bounded. */
const MAX_PERIOD_DAYS = 3660;
const MAX_MERCHANTS = 100;

const shares = (list: readonly Share[], currency: string, nameOf: (key: string) => string) => {
  const percents = percentages(list.map(({ amountMinor }) => amountMinor));
  return list.map(({ key, amountMinor, count }, index) => ({
    slug: key,
    name: nameOf(key),
    amount: { amount: formatDecimal(amountMinor, currency), currency },
    count,
    percent: percents[index] ?? 0,
  }));
};

const shown = (report: SpendingReport, language: Language) => {
  const { currency } = report;
  const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
  return {
    currency,
    income: money(report.incomeMinor),
    expenses: money(report.expensesMinor),
    net: money(report.netMinor),
    byCategory: shares(report.byCategory, currency, (slug) => categoryBySlug(slug)?.names[language] ?? slug),
    byMerchant: shares(report.byMerchant, currency, (name) => name).slice(0, MAX_MERCHANTS),
    byMonth: report.byMonth.map(({ month, incomeMinor, expensesMinor }) => ({
      month,
      income: money(incomeMinor),
      expenses: money(expensesMinor),
      net: money(incomeMinor - expensesMinor),
    })),
  };
};

/**
 * `GET /v1/spending`.
 * @param parts the report and the users' days
 */
export const readSpending = (parts: {
  reportSpending: ReportSpending;
  readUserDay: ReadUserDay;
}): MountedRoute =>
  handle(ReadSpending, async ({ query: { from, to }, identity, request }) => {
    const userId = requireUserId(identity);
    if (from !== undefined && to !== undefined && diffDays(from, to) >= MAX_PERIOD_DAYS) {
      throw new AppError('validation-failed', {
        fields: [
          {
            in: 'query',
            field: 'to',
            message: `must be less than ${String(MAX_PERIOD_DAYS)} days after from`,
          },
        ],
      });
    }
    const { today } = await parts.readUserDay(userId);
    const { period, report, byCurrency, settings } = await parts.reportSpending(userId, {
      from,
      to,
    });
    const language = chooseLanguage(request.headers['accept-language'], 'en', settings.language);
    return {
      status: 200,
      body: {
        from: period.from,
        to: period.to,
        today,
        currency: report.currency,
        data: byCurrency.map((each) => shown(each, language)),
      },
    };
  });
