import { diffDays } from '@orrery/calendar';
import { Currency, defineRoute, LedgerDay } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { foldShares, percentages, percentChange } from '../../../domain/spending-report.ts';
import type { Share, SpendingReport } from '../../../domain/spending-report.ts';
import type { ReportTable } from '../../../reports/report-table.ts';
import { toHtml } from '../../../reports/to-html.ts';
import { toCsv } from '../../../reports/to-csv.ts';
import { toXlsx } from '../../../reports/to-xlsx.ts';
import type { ReportSpending, SpendingComparison } from '../../../use-cases/report-spending.ts';
import {
  cashSenseCategory,
  cashSenseName,
  cashSenseSubcategory,
} from '../../../domain/cash-sense-category.ts';

/** Ten years: beyond it nobody reads a report, and the work of one request stays bounded. */
const MAX_PERIOD_DAYS = 3660;

const TOP_MERCHANTS = 10;

const SpendingReportRoute = defineRoute({
  method: 'get',
  path: '/api/spending_report',
  operationId: 'cashSenseSpendingReport',
  summary:
    'Income and spending of a period by category, merchant or month, as JSON, CSV, Excel or a page to print',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  query: z
    .object({
      start: LedgerDay.optional(),
      end: LedgerDay.optional(),
      group_by: z.enum(['category', 'merchant', 'month']).default('category'),
      format: z.enum(['json', 'csv', 'xlsx', 'html']).default('json'),
      currency: Currency.optional(),
    })
    .refine(({ start, end }) => start === undefined || end === undefined || start <= end, {
      path: ['end'],
      message: 'must not be before start',
    })
    .refine(
      ({ start, end }) => start === undefined || end === undefined || diffDays(start, end) < MAX_PERIOD_DAYS,
      { path: ['end'], message: `must be less than ${String(MAX_PERIOD_DAYS)} days after start` },
    ),
  responses: {
    200: {
      contentType: 'application/json; charset=utf-8',
      description:
        'The report; with `format` csv or xlsx a file with the rows of `group_by`, with html a page to print',
    },
  },
});

type GroupBy = 'category' | 'merchant' | 'month';

const decimal = (amountMinor: number, currency: string): number =>
  Number(formatDecimal(amountMinor, currency));

const withPercent = <Row extends Share>(shares: readonly Row[]): (Row & { percent: number })[] => {
  const percents = percentages(shares.map(({ amountMinor }) => amountMinor));
  return shares.map((share, index) => ({ ...share, percent: percents[index] ?? 0 }));
};

const categoriesOf = ({ byCategory, currency }: SpendingReport, language: Language) =>
  withPercent(foldShares(byCategory, cashSenseCategory)).map(({ key, amountMinor, percent, count }) => ({
    category: key,
    name: cashSenseName(key, language),
    amount: decimal(amountMinor, currency),
    percent,
    count,
    subcategories: withPercent(
      foldShares(
        byCategory.filter((share) => cashSenseCategory(share.key) === key),
        cashSenseSubcategory,
      ),
    ).map((share) => ({
      subcategory: share.key,
      amount: decimal(share.amountMinor, currency),
      percent: share.percent,
      count: share.count,
    })),
  }));

const merchantsOf = ({ byMerchant, currency }: SpendingReport) =>
  withPercent(byMerchant).map(({ key, amountMinor, percent, count }) => ({
    merchant: key,
    amount: decimal(amountMinor, currency),
    percent,
    count,
  }));

const monthsOf = ({ byMonth, currency }: SpendingReport) =>
  byMonth.map(({ month, incomeMinor, expensesMinor, count }) => ({
    month,
    income: decimal(incomeMinor, currency),
    expenses: decimal(expensesMinor, currency),
    net: decimal(incomeMinor - expensesMinor, currency),
    count,
  }));

const changeOf = (amountMinor: number, previousMinor: number, currency: string) => ({
  previous: decimal(previousMinor, currency),
  change: decimal(amountMinor - previousMinor, currency),
  percent: percentChange(amountMinor, previousMinor),
});

const toJson = (comparison: SpendingComparison, groupBy: GroupBy, language: Language) => {
  const { report, previous, period, previousPeriod, byCurrency } = comparison;
  const { currency } = report;
  const byCategory = categoriesOf(report, language);
  const byMonth = monthsOf(report);
  const merchants = merchantsOf(report);
  return {
    period: { start: period.from, end: period.to },
    currency,
    income: decimal(report.incomeMinor, currency),
    expenses: decimal(report.expensesMinor, currency),
    net: decimal(report.netMinor, currency),
    group_by: groupBy,
    rows: { category: byCategory, merchant: merchants, month: byMonth }[groupBy],
    by_category: byCategory,
    by_month: byMonth,
    top_merchants: merchants.slice(0, TOP_MERCHANTS),
    change_vs_previous: {
      period: { start: previousPeriod.from, end: previousPeriod.to },
      income: changeOf(report.incomeMinor, previous.incomeMinor, currency),
      expenses: changeOf(report.expensesMinor, previous.expensesMinor, currency),
      net: changeOf(report.netMinor, previous.netMinor, currency),
    },
    by_currency: byCurrency.map((each) => ({
      currency: each.currency,
      income: decimal(each.incomeMinor, each.currency),
      expenses: decimal(each.expensesMinor, each.currency),
      net: decimal(each.netMinor, each.currency),
      transactions: each.rowCount,
      by_category: categoriesOf(each, language),
    })),
  };
};

const toTable = (report: SpendingReport, groupBy: GroupBy, language: Language): ReportTable => {
  const { currency } = report;
  const title = 'Report';
  const share = [
    { heading: 'amount', kind: 'money' },
    { heading: 'currency', kind: 'text' },
    { heading: 'percent', kind: 'percent' },
    { heading: 'count', kind: 'integer' },
  ] as const;
  if (groupBy === 'month') {
    return {
      title,
      currency,
      columns: [
        { heading: 'month', kind: 'month' },
        { heading: 'income', kind: 'money' },
        { heading: 'expenses', kind: 'money' },
        { heading: 'net', kind: 'money' },
        { heading: 'currency', kind: 'text' },
        { heading: 'count', kind: 'integer' },
      ],
      rows: report.byMonth.map(({ month, incomeMinor, expensesMinor, count }) => [
        month,
        incomeMinor,
        expensesMinor,
        incomeMinor - expensesMinor,
        currency,
        count,
      ]),
    };
  }
  if (groupBy === 'merchant') {
    return {
      title,
      currency,
      columns: [{ heading: 'merchant', kind: 'text' }, ...share],
      rows: withPercent(report.byMerchant).map(({ key, amountMinor, percent, count }) => [
        key,
        amountMinor,
        currency,
        percent,
        count,
      ]),
    };
  }
  return {
    title,
    currency,
    columns: [{ heading: 'category', kind: 'text' }, { heading: 'name', kind: 'text' }, ...share],
    rows: withPercent(foldShares(report.byCategory, cashSenseCategory)).map(
      ({ key, amountMinor, percent, count }) => [
        key,
        cashSenseName(key, language),
        amountMinor,
        currency,
        percent,
        count,
      ],
    ),
  };
};

const toPage = ({ report, previous, period }: SpendingComparison, language: Language): string =>
  toHtml({
    language,
    currency: report.currency,
    from: period.from,
    to: period.to,
    incomeMinor: report.incomeMinor,
    expensesMinor: report.expensesMinor,
    netMinor: report.netMinor,
    previousExpensesMinor: previous.expensesMinor,
    categories: foldShares(report.byCategory, cashSenseCategory).map(({ key, amountMinor }) => ({
      label: cashSenseName(key, language),
      amountMinor,
    })),
    merchants: report.byMerchant
      .slice(0, TOP_MERCHANTS)
      .map(({ key, amountMinor }) => ({ label: key, amountMinor })),
    months: report.byMonth.map(({ month, expensesMinor }) => ({ label: month, amountMinor: expensesMinor })),
  });

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/**
 * `GET /api/spending_report`: spending is positive, refunds reduce it, transfers between own accounts are left out.
 * @param reportSpending the use case
 */
export const spendingReport = (reportSpending: ReportSpending): MountedRoute =>
  handle(SpendingReportRoute, async ({ query, identity, request }) => {
    const { start, end, currency, group_by: groupBy, format } = query;
    const comparison = await reportSpending(requireUserId(identity), { from: start, to: end, currency });
    const { report, period, settings } = comparison;
    const language = chooseLanguage(request.headers['accept-language'], 'fr', settings.language);
    if (format === 'json') {
      return { status: 200, body: JSON.stringify(toJson(comparison, groupBy, language)) };
    }
    if (format === 'html') {
      return {
        status: 200,
        body: toPage(comparison, language),
        headers: {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
        },
      };
    }
    const table = toTable(report, groupBy, language);
    const name = `spending-report_${period.from}_${period.to}.${format}`;
    const disposition = { 'Content-Disposition': `attachment; filename="${name}"` };
    return format === 'csv'
      ? {
          status: 200,
          body: toCsv(table),
          headers: { ...disposition, 'Content-Type': 'text/csv; charset=utf-8' },
        }
      : { status: 200, body: await toXlsx(table), headers: { ...disposition, 'Content-Type': XLSX_TYPE } };
  });
