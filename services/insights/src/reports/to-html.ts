import type { Language } from '@orrery/contracts';
import { formatMoney } from '@orrery/money';

/** A bar of a chart; its length shows the amount. */
export interface HtmlBar {
  label: string;
  amountMinor: number;
}

/** What a printed report shows; minor units of one currency. */
export interface HtmlReport {
  language: Language;
  currency: string;
  from: string;
  to: string;
  incomeMinor: number;
  expensesMinor: number;
  netMinor: number;
  previousExpensesMinor: number;
  categories: readonly HtmlBar[];
  merchants: readonly HtmlBar[];
  months: readonly HtmlBar[];
}

const LABELS: Readonly<Record<Language, Record<string, string>>> = {
  en: {
    title: 'Spending report',
    income: 'Income',
    expenses: 'Expenses',
    net: 'Net',
    before: 'Expenses of the period before',
    categories: 'By category',
    merchants: 'Largest merchants',
    months: 'Expenses by month',
  },
  fr: {
    title: 'Rapport de dépenses',
    income: 'Revenus',
    expenses: 'Dépenses',
    net: 'Solde',
    before: 'Dépenses de la période précédente',
    categories: 'Par catégorie',
    merchants: 'Principaux marchands',
    months: 'Dépenses par mois',
  },
  ko: {
    title: '지출 보고서',
    income: '수입',
    expenses: '지출',
    net: '순액',
    before: '이전 기간 지출',
    categories: '카테고리별',
    merchants: '주요 가맹점',
    months: '월별 지출',
  },
};

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };

const STYLE = `
body{font:14px/1.4 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1d2530}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
table{border-collapse:collapse;width:100%}td{padding:.2rem .4rem;border-bottom:1px solid #e3e7ec}
td.amount{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td.chart{width:45%}
svg{display:block;width:100%;height:12px}rect{fill:#2f6db5}
@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}`;

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/**
 * A report as a page that prints well: it needs no script, no font and no other file.
 * @param report what to show
 */
export const toHtml = (report: HtmlReport): string => {
  const { language, currency } = report;
  const label = (key: string): string => LABELS[language][key] ?? key;
  const money = (amountMinor: number): string =>
    escaped(formatMoney({ amountMinor, currency }, LOCALES[language]));
  const figure = (key: string, amountMinor: number): string =>
    `<tr><td>${label(key)}</td><td class="amount">${money(amountMinor)}</td></tr>`;
  const chart = (key: string, bars: readonly HtmlBar[]): string => {
    const longest = Math.max(1, ...bars.map(({ amountMinor }) => amountMinor));
    const rows = bars.map(({ label: name, amountMinor }) => {
      const width = ((Math.max(0, amountMinor) / longest) * 100).toFixed(1);
      return `<tr><td>${escaped(name)}</td><td class="chart"><svg aria-hidden="true"><rect width="${width}%" height="12"/></svg></td><td class="amount">${money(amountMinor)}</td></tr>`;
    });
    return `<h2>${label(key)}</h2><table>${rows.join('')}</table>`;
  };
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width"><title>${label('title')}</title>`,
    `<style>${STYLE}</style></head><body>`,
    `<h1>${label('title')}</h1><p>${report.from} – ${report.to}</p><table>`,
    figure('income', report.incomeMinor),
    figure('expenses', report.expensesMinor),
    figure('net', report.netMinor),
    figure('before', report.previousExpensesMinor),
    '</table>',
    chart('categories', report.categories),
    chart('months', report.months),
    chart('merchants', report.merchants),
    '</body></html>',
  ].join('\n');
};
