import { namesMeant, type ToolArguments, type ToolResult } from '@orrery/assistant';
import { categoryBySlug, roleOf } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { TotalTransactions } from '../clients/routes.ts';
import { minorOf, moneyOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import { longestWord, readRows, type Row } from './read-rows.ts';
import { requireCurrency, type RunTool } from './tool-access.ts';

const DEFAULT_LIMIT = 10;

const shown = ({ id, date, merchant, amount, category }: Row) => ({
  id,
  date,
  merchant,
  amount,
  category: category?.slug ?? null,
});

/** Single transactions that match, the newest or the largest. */
export const searchTransactions: RunTool<
  ToolArguments<'search_transactions'>,
  ToolResult<'search_transactions'>
> = async (args, access) => {
  const { direction, minAmount, maxAmount, sort = 'newest', limit = DEFAULT_LIMIT, merchant } = args;
  if (minAmount !== undefined || maxAmount !== undefined) {
    requireCurrency(args.currency, access.currency, access.language);
  }
  const category = findCategory(args.category, access.language);
  const turned = args.from !== undefined && args.to !== undefined && args.from > args.to;
  const [from, to] = turned ? [args.to, args.from] : [args.from, args.to];
  const filter = {
    from,
    to,
    category: category?.slug,
    q: merchant === undefined ? undefined : longestWord(merchant),
  };
  const except = (args.except ?? []).map((each) => ({
    category: findCategory(each.category, access.language) ?? null,
    merchant: each.merchant ?? null,
  }));
  const limitOf = (decimal: string | undefined) =>
    decimal === undefined ? null : moneyOf(parseDecimal(decimal, access.currency), access.currency);
  const common = {
    asOf: access.today,
    from: from ?? null,
    to: to ?? null,
    category: category ?? null,
    merchant: merchant ?? null,
    minAmount: limitOf(minAmount),
    maxAmount: limitOf(maxAmount),
    except,
    sort,
    direction: direction ?? null,
  };
  const isPlain =
    sort === 'newest' &&
    direction === undefined &&
    minAmount === undefined &&
    maxAmount === undefined &&
    except.length === 0 &&
    merchant === undefined;
  if (isPlain) {
    const [{ rows }, { body }] = await Promise.all([
      readRows(access, filter, limit),
      access.call('insights', TotalTransactions, { query: filter }),
    ]);
    const count = body.totals.reduce((sum, total) => sum + total.count, 0);
    return { ...common, transactions: rows.map(shown), count, complete: body.complete };
  }
  const { rows, isComplete } = await readRows(access, filter);
  const leastMinor = common.minAmount === null ? 0 : minorOf(common.minAmount);
  const mostMinor = common.maxAmount === null ? Number.MAX_SAFE_INTEGER : minorOf(common.maxAmount);
  const names = new Set(rows.flatMap((row) => [row.merchant, row.description]));
  const naming = (name: string | null | undefined): ((row: Row) => boolean) => {
    const isMeant = namesMeant(name ?? '', names);
    return (row) => isMeant(row.merchant) || isMeant(row.description);
  };
  const isNamed = naming(merchant);
  const unwanted = except.map((each) => ({ ...each, isNamed: naming(each.merchant) }));
  const isLeftOut = (row: Row): boolean =>
    unwanted.some(
      (each) =>
        each.isNamed(row) ||
        (each.category !== null &&
          row.category !== null &&
          (row.category.slug === each.category.slug ||
            categoryBySlug(row.category.slug)?.parent === each.category.slug)),
    );
  const matching = rows.filter((row) => {
    const { amount, category: of } = row;
    if ((merchant !== undefined && !isNamed(row)) || isLeftOut(row)) {
      return false;
    }
    const minor = minorOf(amount);
    // Money that stays with its owner is no purchase, unless it was asked for.
    const isOwn =
      category === undefined && merchant === undefined && roleOf(of?.slug ?? null, minor) === 'own-transfer';
    const isLimited = minAmount !== undefined || maxAmount !== undefined;
    const fits = !isLimited || amount.currency === access.currency;
    return (
      !isOwn &&
      fits &&
      Math.abs(minor) >= leastMinor &&
      Math.abs(minor) <= mostMinor &&
      (direction === undefined || (direction === 'out' ? minor < 0 : minor > 0))
    );
  });
  const ordered =
    sort === 'largest'
      ? [...matching].sort((left, right) => Math.abs(minorOf(right.amount)) - Math.abs(minorOf(left.amount)))
      : matching;
  return {
    ...common,
    transactions: ordered.slice(0, limit).map(shown),
    count: matching.length,
    complete: isComplete,
  };
};
