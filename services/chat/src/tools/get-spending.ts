import { addMonths, periodContaining } from '@orrery/calendar';
import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { categoryName } from '@orrery/assistant';
import { categoryBySlug, ReadSpending } from '@orrery/contracts';
import { TotalTransactions } from '../clients/routes.ts';
import {
  minorOf,
  minus,
  moneyOf,
  negated,
  percentChange,
  percentOf,
  perMonth,
} from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import { readRows } from './read-rows.ts';
import type { RunTool, ToolAccess } from './tool-access.ts';

type Result = ToolResult<'get_spending'>;
type Totals = Result['totals'];
type Groups = NonNullable<Result['groups']>;

interface Subject {
  category: { slug: string; name: string } | undefined;
  merchant: string | undefined;
}

const MAX_GROUPS = 20;
const MAX_MONTHS = 36;

const totalsOf = async (
  access: ToolAccess,
  period: { from: string; to: string },
  { category, merchant }: Subject,
): Promise<{ totals: Totals; isComplete: boolean }> => {
  if (category === undefined && merchant === undefined) {
    const { body } = await access.call('insights', ReadSpending, { query: period });
    const totals = body.data.map(({ currency, expenses, byCategory }) => ({
      currency,
      spent: expenses,
      count: byCategory.reduce((sum, { count }) => sum + count, 0),
    }));
    return { totals: totals.filter(({ count }) => count > 0), isComplete: true };
  }
  const { body } = await access.call('insights', TotalTransactions, {
    query: { ...period, category: category?.slug, q: merchant },
  });
  return {
    totals: body.totals
      .filter(({ count }) => count > 0)
      .map(({ currency, net, count }) => ({ currency, spent: negated(net), count })),
    isComplete: body.complete,
  };
};

const monthsIn = (from: string, to: string): string[] => {
  const months: string[] = [];
  for (
    let day = periodContaining('month', from).from;
    day <= to && months.length < MAX_MONTHS;
    day = addMonths(day, 1)
  ) {
    months.push(day.slice(0, 7));
  }
  return months;
};

const byMonth = async (
  access: ToolAccess,
  { from, to }: { from: string; to: string },
  subject: Subject,
  currency: string,
): Promise<Groups> => {
  const months = monthsIn(from, to);
  const sums = await Promise.all(
    months.map(async (month) => {
      const whole = periodContaining('month', `${month}-01`);
      const part = { from: whole.from < from ? from : whole.from, to: whole.to > to ? to : whole.to };
      const { totals } = await totalsOf(access, part, subject);
      const total = totals.find((each) => each.currency === currency);
      return { month, spentMinor: total === undefined ? 0 : minorOf(total.spent), count: total?.count ?? 0 };
    }),
  );
  const whole = sums.reduce((sum, { spentMinor }) => sum + Math.max(0, spentMinor), 0);
  return sums.map(({ month, spentMinor, count }) => ({
    name: month,
    spent: moneyOf(spentMinor, currency),
    count,
    percent: percentOf(Math.max(0, spentMinor), whole),
  }));
};

/** Shares within one category or merchant, from its rows. */
const withinSubject = async (
  access: ToolAccess,
  period: { from: string; to: string },
  { category, merchant }: Subject,
  groupBy: 'category' | 'merchant',
  currency: string,
): Promise<Groups> => {
  const { rows } = await readRows(access, { ...period, category: category?.slug, q: merchant });
  const sums = new Map<string, { spentMinor: number; count: number }>();
  for (const row of rows.filter(({ amount }) => amount.currency === currency)) {
    const key = groupBy === 'merchant' ? row.merchant : (row.category?.slug ?? 'uncategorised');
    const sum = sums.get(key) ?? { spentMinor: 0, count: 0 };
    sums.set(key, { spentMinor: sum.spentMinor - minorOf(row.amount), count: sum.count + 1 });
  }
  const whole = [...sums.values()].reduce((sum, { spentMinor }) => sum + Math.max(0, spentMinor), 0);
  return [...sums]
    .sort(([, left], [, right]) => right.spentMinor - left.spentMinor)
    .slice(0, MAX_GROUPS)
    .map(([key, { spentMinor, count }]) => ({
      name: groupBy === 'merchant' ? key : categoryName(key, access.language),
      spent: moneyOf(spentMinor, currency),
      count,
      percent: percentOf(Math.max(0, spentMinor), whole),
    }));
};

const groupsOf = async (
  access: ToolAccess,
  period: { from: string; to: string },
  subject: Subject,
  groupBy: 'category' | 'merchant' | 'month',
  currency: string,
): Promise<Groups> => {
  if (groupBy === 'month') {
    return byMonth(access, period, subject, currency);
  }
  if (subject.category !== undefined || subject.merchant !== undefined) {
    return withinSubject(access, period, subject, groupBy, currency);
  }
  const { body } = await access.call('insights', ReadSpending, { query: period });
  const report = body.data.find((each) => each.currency === currency);
  if (report === undefined) {
    return [];
  }
  const shares =
    groupBy === 'merchant'
      ? report.byMerchant
      : report.byCategory.map((share) => ({
          ...share,
          name: categoryBySlug(share.slug)?.names[access.language] ?? share.name,
        }));
  return shares
    .slice(0, MAX_GROUPS)
    .map(({ name, amount, count, percent }) => ({ name, spent: amount, count, percent }));
};

const compare = (now: Totals, before: Totals): NonNullable<Result['comparison']>['totals'] => {
  const currencies = [...new Set([...now, ...before].map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const later = now.find((total) => total.currency === currency)?.spent ?? moneyOf(0, currency);
    const earlier = before.find((total) => total.currency === currency);
    const spent = earlier?.spent ?? moneyOf(0, currency);
    return {
      currency,
      spent,
      count: earlier?.count ?? 0,
      difference: minus(later, spent),
      percent: percentChange(minorOf(later), minorOf(spent)),
    };
  });
};

/** Spending in a period: in all, of a category, at a merchant; by groups; against another period. */
export const getSpending: RunTool<ToolArguments<'get_spending'>, Result> = async (args, access) => {
  const [from, to] = args.from <= args.to ? [args.from, args.to] : [args.to, args.from];
  const category = findCategory(args.category, access.language);
  const subject: Subject = { category, merchant: args.merchant };
  const { totals, isComplete } = await totalsOf(access, { from, to }, subject);
  const currency = totals[0]?.currency ?? access.currency;
  const { groupBy, compareFrom, compareTo } = args;
  const groups =
    groupBy === undefined ? undefined : await groupsOf(access, { from, to }, subject, groupBy, currency);
  const months = groupBy === 'month' ? monthsIn(from, to).length : 0;
  const whole = totals.find((total) => total.currency === currency);
  const earlier =
    compareFrom === undefined || compareTo === undefined
      ? undefined
      : await totalsOf(access, { from: compareFrom, to: compareTo }, subject);
  return {
    asOf: access.today,
    from,
    to,
    category: category ?? null,
    merchant: args.merchant ?? null,
    totals,
    ...(groups === undefined ? {} : { groups }),
    ...(months === 0 || whole === undefined
      ? {}
      : { average: { perMonth: moneyOf(perMonth(minorOf(whole.spent), months), currency), months } }),
    ...(earlier === undefined || compareFrom === undefined || compareTo === undefined
      ? {}
      : { comparison: { from: compareFrom, to: compareTo, totals: compare(totals, earlier.totals) } }),
    complete: isComplete && (earlier?.isComplete ?? true),
  };
};
