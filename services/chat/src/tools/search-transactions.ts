import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { roleOf } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { TotalTransactions } from '../clients/routes.ts';
import { minorOf, moneyOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import { readRows, type Row } from './read-rows.ts';
import type { RunTool } from './tool-access.ts';

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
  const { direction, minAmount, sort = 'newest', limit = DEFAULT_LIMIT, merchant } = args;
  const category = findCategory(args.category, access.language);
  const turned = args.from !== undefined && args.to !== undefined && args.from > args.to;
  const [from, to] = turned ? [args.to, args.from] : [args.from, args.to];
  const filter = { from, to, category: category?.slug, q: merchant };
  const common = {
    asOf: access.today,
    from: from ?? null,
    to: to ?? null,
    category: category ?? null,
    merchant: merchant ?? null,
    minAmount:
      minAmount === undefined ? null : moneyOf(parseDecimal(minAmount, access.currency), access.currency),
    sort,
    direction: direction ?? null,
  };
  if (sort === 'newest' && direction === undefined && minAmount === undefined) {
    const [{ rows }, { body }] = await Promise.all([
      readRows(access, filter, limit),
      access.call('insights', TotalTransactions, { query: filter }),
    ]);
    const count = body.totals.reduce((sum, total) => sum + total.count, 0);
    return { ...common, transactions: rows.map(shown), count, complete: body.complete };
  }
  const { rows, isComplete } = await readRows(access, filter);
  const leastMinor = common.minAmount === null ? 0 : minorOf(common.minAmount);
  const matching = rows.filter(({ amount, category: of }) => {
    const minor = minorOf(amount);
    // Money that stays with its owner is no purchase, unless it was asked for.
    const isOwn =
      category === undefined && merchant === undefined && roleOf(of?.slug ?? null, minor) === 'own-transfer';
    const fits = minAmount === undefined || amount.currency === access.currency;
    return (
      !isOwn &&
      fits &&
      Math.abs(minor) >= leastMinor &&
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
