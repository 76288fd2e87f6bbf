import { addMonths, diffDays, periodContaining } from '@orrery/calendar';
import { categoryName, namesMeant, type ToolArguments, type ToolResult } from '@orrery/assistant';
import { categoryBySlug, ReadSpending, roleOf, type MoneyText } from '@orrery/contracts';
import { divideRounded, safeMinor } from '@orrery/money';
import { TotalTransactions } from '../clients/routes.ts';
import { minorOf, minus, moneyOf, negated, percentChange, percentOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import { longestWord, readRows, type Row } from './read-rows.ts';
import type { RunTool, ToolAccess } from './tool-access.ts';

type Result = ToolResult<'get_spending'>;
type Totals = Result['totals'];
type Groups = NonNullable<Result['groups']>;

/** What the figures are about; without either, about everything. */
interface Subject {
  category: { slug: string; name: string } | undefined;
  merchant: string | undefined;
}

interface Scope extends Subject {
  except: readonly Subject[];
}

type Span = { from: string; to: string };

/** Groups, and whether all rows were looked at for them. */
interface Found {
  groups: Groups;
  isComplete: boolean;
}

const MAX_GROUPS = 20;
const MAX_MONTHS = 36;
/** As many merchants as a report names; beyond, the rows have to be looked at. */
const MAX_REPORTED_MERCHANTS = 100;

const belongsTo = (slug: string | null, { slug: wanted }: { slug: string }): boolean =>
  slug !== null && (slug === wanted || categoryBySlug(slug)?.parent === wanted);

/** Whether a row belongs to a subject; `rows` are all among which a merchant's name is looked for. */
const fitting = (rows: readonly Row[], { category, merchant }: Subject): ((row: Row) => boolean) => {
  const isMeant =
    merchant === undefined
      ? () => true
      : namesMeant(merchant, new Set(rows.flatMap((row) => [row.merchant, row.description])));
  return (row) =>
    (category === undefined || belongsTo(row.category?.slug ?? null, category)) &&
    (isMeant(row.merchant) || isMeant(row.description));
};

const sumRows = (rows: readonly Row[]): Totals => {
  const sums = new Map<string, { minor: number; count: number }>();
  for (const { amount } of rows) {
    const sum = sums.get(amount.currency) ?? { minor: 0, count: 0 };
    sums.set(amount.currency, { minor: safeMinor(sum.minor - minorOf(amount)), count: sum.count + 1 });
  }
  return [...sums].map(([currency, { minor, count }]) => ({
    currency,
    spent: moneyOf(minor, currency),
    count,
  }));
};

/** Rows of a subject; a merchant is found by whole words, so that `bp` is not in `bpost`. */
const rowsOf = async (
  access: ToolAccess,
  period: Span,
  subject: Subject,
): Promise<{ rows: Row[]; isComplete: boolean }> => {
  const { category, merchant } = subject;
  const { rows, isComplete } = await readRows(access, {
    ...period,
    category: category?.slug,
    // The ledger looks for the text as it is written; the longest word finds at least all that is meant.
    q: merchant === undefined ? undefined : longestWord(merchant),
  });
  return { rows: rows.filter(fitting(rows, subject)), isComplete };
};

/** Rows of a scope; without a subject only those that are spending. */
const rowsWithin = async (
  access: ToolAccess,
  period: Span,
  { except, ...subject }: Scope,
): Promise<{ rows: Row[]; isComplete: boolean }> => {
  const { rows, isComplete } = await rowsOf(access, period, subject);
  const isAll = subject.category === undefined && subject.merchant === undefined;
  const leftOut = except.map((each) => fitting(rows, each));
  const kept = rows.filter(
    (row) =>
      !leftOut.some((isLeftOut) => isLeftOut(row)) &&
      (!isAll || roleOf(row.category?.slug ?? null, minorOf(row.amount)) === 'spending'),
  );
  return { rows: kept, isComplete };
};

const totalsOf = async (
  access: ToolAccess,
  period: Span,
  scope: Scope,
): Promise<{ totals: Totals; isComplete: boolean }> => {
  const { category, merchant, except } = scope;
  if (except.length > 0) {
    const { rows, isComplete } = await rowsWithin(access, period, scope);
    return { totals: sumRows(rows), isComplete };
  }
  if (category !== undefined && merchant === undefined) {
    const { body } = await access.call('insights', TotalTransactions, {
      query: { ...period, category: category.slug },
    });
    return {
      totals: body.totals
        .filter(({ count }) => count > 0)
        .map(({ currency, net, count }) => ({ currency, spent: negated(net), count })),
      isComplete: body.complete,
    };
  }
  if (category !== undefined) {
    const { rows, isComplete } = await rowsOf(access, period, scope);
    return { totals: sumRows(rows), isComplete };
  }
  const { body } = await access.call('insights', ReadSpending, { query: period });
  if (merchant === undefined) {
    const totals = body.data.map(({ currency, expenses, byCategory }) => ({
      currency,
      spent: expenses,
      count: byCategory.reduce((sum, { count }) => sum + count, 0),
    }));
    return { totals: totals.filter(({ count }) => count > 0), isComplete: true };
  }
  const isWhole = body.data.every(({ byMerchant }) => byMerchant.length < MAX_REPORTED_MERCHANTS);
  const totals = body.data.flatMap(({ currency, byMerchant }) => {
    const isMeant = namesMeant(
      merchant,
      byMerchant.map(({ name }) => name),
    );
    const own = byMerchant.filter(({ name }) => isMeant(name));
    const minor = own.reduce((sum, { amount }) => safeMinor(sum + minorOf(amount)), 0);
    const count = own.reduce((sum, each) => sum + each.count, 0);
    return count === 0 ? [] : [{ currency, spent: moneyOf(minor, currency), count }];
  });
  if (isWhole && totals.length > 0) {
    return { totals, isComplete: true };
  }
  const { rows, isComplete } = await rowsOf(access, period, scope);
  return { totals: sumRows(rows), isComplete };
};

/** Several subjects side by side; what belongs to two of them counts once in the sum. */
const sideBySide = async (
  access: ToolAccess,
  period: Span,
  subjects: readonly Scope[],
): Promise<{ parts: Totals[]; totals: Totals; isComplete: boolean }> => {
  const found = await Promise.all(subjects.map((subject) => totalsOf(access, period, subject)));
  const isComplete = found.every((each) => each.isComplete);
  const kinds = new Set(subjects.map(({ merchant }) => merchant !== undefined));
  const isApart =
    kinds.size === 1 &&
    !subjects.some((left) => subjects.some((right) => left !== right && mayOverlap(left, right)));
  if (isApart) {
    const currencies = [...new Set(found.flatMap(({ totals }) => totals.map(({ currency }) => currency)))];
    return {
      parts: found.map(({ totals }) => totals),
      totals: currencies.map((currency) => {
        const own = found.flatMap(({ totals }) => totals.filter((total) => total.currency === currency));
        return {
          currency,
          spent: moneyOf(
            own.reduce((sum, { spent }) => safeMinor(sum + minorOf(spent)), 0),
            currency,
          ),
          count: own.reduce((sum, { count }) => sum + count, 0),
        };
      }),
      isComplete,
    };
  }
  const rows = await Promise.all(subjects.map((subject) => rowsOf(access, period, subject)));
  const once = new Map(rows.flatMap((each) => each.rows.map((row) => [row.id, row] as const)));
  return {
    parts: found.map(({ totals }) => totals),
    totals: sumRows([...once.values()]),
    isComplete: isComplete && rows.every((each) => each.isComplete),
  };
};

const mayOverlap = (left: Subject, right: Subject): boolean =>
  left.category !== undefined && right.category !== undefined
    ? belongsTo(left.category.slug, right.category)
    : left.merchant !== undefined &&
      right.merchant !== undefined &&
      namesMeant(right.merchant, [left.merchant])(left.merchant);

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
  { from, to }: Span,
  subject: Scope,
  currency: string,
): Promise<Found> => {
  const months = monthsIn(from, to);
  const sums = await Promise.all(
    months.map(async (month) => {
      const whole = periodContaining('month', `${month}-01`);
      const part = { from: whole.from < from ? from : whole.from, to: whole.to > to ? to : whole.to };
      const { totals, isComplete } = await totalsOf(access, part, subject);
      const total = totals.find((each) => each.currency === currency);
      return {
        month,
        spentMinor: total === undefined ? 0 : minorOf(total.spent),
        count: total?.count ?? 0,
        isComplete,
      };
    }),
  );
  const whole = sums.reduce((sum, { spentMinor }) => sum + Math.max(0, spentMinor), 0);
  const groups = sums.map(({ month, spentMinor, count }) => ({
    name: month,
    spent: moneyOf(spentMinor, currency),
    count,
    percent: percentOf(Math.max(0, spentMinor), whole),
  }));
  return { groups, isComplete: sums.every((sum) => sum.isComplete) };
};

/** Shares within one category or merchant, or of what is left without some, from the rows. */
const withinSubject = async (
  access: ToolAccess,
  period: Span,
  subject: Scope,
  groupBy: 'category' | 'merchant',
  currency: string,
): Promise<Found> => {
  const { rows, isComplete } = await rowsWithin(access, period, subject);
  const sums = new Map<string, { spentMinor: number; count: number }>();
  for (const row of rows.filter(({ amount }) => amount.currency === currency)) {
    const key = groupBy === 'merchant' ? row.merchant : (row.category?.slug ?? 'uncategorised');
    const sum = sums.get(key) ?? { spentMinor: 0, count: 0 };
    sums.set(key, { spentMinor: sum.spentMinor - minorOf(row.amount), count: sum.count + 1 });
  }
  const whole = [...sums.values()].reduce((sum, { spentMinor }) => sum + Math.max(0, spentMinor), 0);
  const groups = [...sums]
    .sort(([, left], [, right]) => right.spentMinor - left.spentMinor)
    .slice(0, MAX_GROUPS)
    .map(([key, { spentMinor, count }]) => ({
      name: groupBy === 'merchant' ? key : categoryName(key, access.language),
      spent: moneyOf(spentMinor, currency),
      count,
      percent: percentOf(Math.max(0, spentMinor), whole),
    }));
  return { groups, isComplete };
};

const groupsOf = async (
  access: ToolAccess,
  period: Span,
  subject: Scope,
  groupBy: 'category' | 'merchant' | 'month',
  currency: string,
): Promise<Found> => {
  if (groupBy === 'month') {
    return byMonth(access, period, subject, currency);
  }
  if (subject.category !== undefined || subject.merchant !== undefined || subject.except.length > 0) {
    return withinSubject(access, period, subject, groupBy, currency);
  }
  const { body } = await access.call('insights', ReadSpending, { query: period });
  const report = body.data.find((each) => each.currency === currency);
  if (report === undefined) {
    return { groups: [], isComplete: true };
  }
  const shares =
    groupBy === 'merchant'
      ? report.byMerchant
      : report.byCategory.map((share) => ({
          ...share,
          name: categoryBySlug(share.slug)?.names[access.language] ?? share.name,
        }));
  const groups = shares
    .slice(0, MAX_GROUPS)
    .map(({ name, amount, count, percent }) => ({ name, spent: amount, count, percent }));
  return { groups, isComplete: true };
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

/** What is spent per day, week, month or purchase; undefined when there was nothing to take it over. */
const averageOf = (
  per: 'day' | 'week' | 'month' | 'purchase',
  { from, to }: Span,
  total: Totals[number] | undefined,
): Result['average'] => {
  if (total === undefined) {
    return undefined;
  }
  const days = diffDays(from, to) + 1;
  const over = { day: days, week: days, month: monthsIn(from, to).length, purchase: total.count }[per];
  const sum = BigInt(minorOf(total.spent)) * (per === 'week' ? 7n : 1n);
  return {
    per,
    amount: moneyOf(Number(divideRounded(sum, BigInt(over))), total.currency),
    over,
  };
};

const together = (now: Totals, before: Totals): MoneyText[] =>
  [...new Set([...now, ...before].map(({ currency }) => currency))].map((currency) =>
    moneyOf(
      [...now, ...before]
        .filter((total) => total.currency === currency)
        .reduce((sum, { spent }) => safeMinor(sum + minorOf(spent)), 0),
      currency,
    ),
  );

const ordered = (from: string, to: string): Span => (from <= to ? { from, to } : { from: to, to: from });

const KNOWN_ROWS = 100;

/** Whether no row of any time is of that merchant: then nothing can be said about it, not even that nothing was spent. */
const isUnknown = async (access: ToolAccess, merchant: string): Promise<boolean> => {
  const { rows, isComplete } = await readRows(access, { q: longestWord(merchant) }, KNOWN_ROWS);
  return isComplete && !rows.some(fitting(rows, { category: undefined, merchant }));
};

/** Spending in a period: in all, of a category, at a merchant, of several; by groups; against another period. */
export const getSpending: RunTool<ToolArguments<'get_spending'>, Result> = async (args, access) => {
  const period = ordered(args.from, args.to);
  const subjectOf = (of: { category?: string | undefined; merchant?: string | undefined }): Subject => ({
    category: findCategory(of.category, access.language),
    merchant: of.merchant,
  });
  const except = (args.except ?? []).map(subjectOf);
  const scope: Scope = { ...subjectOf(args), except };
  const parts = args.parts?.map((part) => ({ ...subjectOf(part), except }));
  const { groupBy, compareFrom, compareTo, averagePer } = args;
  const spentIn = async (span: Span) =>
    parts === undefined
      ? { ...(await totalsOf(access, span, scope)), parts: undefined }
      : sideBySide(access, span, parts);
  const against =
    compareFrom === undefined || compareTo === undefined ? undefined : ordered(compareFrom, compareTo);
  const isShare = args.share === true && parts === undefined;
  const [found, earlier, whole] = await Promise.all([
    spentIn(period),
    against === undefined ? undefined : spentIn(against),
    isShare ? totalsOf(access, period, { category: undefined, merchant: undefined, except: [] }) : undefined,
  ]);
  const { totals } = found;
  const isNothing = totals.length === 0 && (earlier?.totals.length ?? 0) === 0;
  const isUnknownMerchant =
    scope.merchant !== undefined && isNothing && (await isUnknown(access, scope.merchant));
  const currency = totals[0]?.currency ?? access.currency;
  const total = totals.find((each) => each.currency === currency);
  const all = whole?.totals.find((each) => each.currency === currency);
  const grouped =
    groupBy === undefined || parts !== undefined
      ? undefined
      : await groupsOf(access, period, scope, groupBy, currency);
  const average = averagePer === undefined ? undefined : averageOf(averagePer, period, total);
  const [first, second] = found.parts ?? [];
  const spentOn = (each: Totals | undefined): number => {
    const own = each?.find((part) => part.currency === currency);
    return own === undefined ? 0 : minorOf(own.spent);
  };
  const shownSubject = ({ category, merchant }: Subject) => ({
    category: category ?? null,
    merchant: merchant ?? null,
  });
  return {
    asOf: access.today,
    ...period,
    ...shownSubject(scope),
    totals,
    ...(isUnknownMerchant ? { isUnknownMerchant } : {}),
    ...(grouped === undefined ? {} : { groups: grouped.groups }),
    ...(parts === undefined || found.parts === undefined
      ? {}
      : {
          parts: parts.map((part, index) => ({ ...shownSubject(part), totals: found.parts?.[index] ?? [] })),
        }),
    ...(found.parts?.length === 2
      ? { difference: moneyOf(Math.abs(spentOn(first) - spentOn(second)), currency) }
      : {}),
    ...(except.length === 0 ? {} : { except: except.map(shownSubject) }),
    ...(average === undefined ? {} : { average }),
    ...(isShare && total !== undefined && all !== undefined
      ? { share: { percent: percentOf(minorOf(total.spent), minorOf(all.spent)), all: all.spent } }
      : {}),
    ...(earlier === undefined || against === undefined
      ? {}
      : {
          comparison: {
            ...against,
            together: together(totals, earlier.totals),
            totals: compare(totals, earlier.totals),
          },
        }),
    complete: found.isComplete && (earlier?.isComplete ?? true) && (grouped?.isComplete ?? true),
  };
};
