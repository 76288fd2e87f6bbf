import { namesMeant, type ToolArguments, type ToolResult } from '@orrery/assistant';
import { categoryBySlug } from '@orrery/contracts';
import { safeMinor } from '@orrery/money';
import { ListRecurring } from '../clients/routes.ts';
import { minorOf, monthlyOf, moneyOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import type { RunTool } from './tool-access.ts';

const MAX_SHOWN = 50;

/** Categories in which a regular payment is a subscription rather than a bill. */
const SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  'subscriptions',
  'streaming',
  'music',
  'video-games',
  'gyms',
  'books',
]);

/** Regular payments or income that have not ended. */
export const getRecurring: RunTool<ToolArguments<'get_recurring'>, ToolResult<'get_recurring'>> = async (
  args,
  access,
) => {
  const { kind = 'payments', merchant } = args;
  const category = findCategory(args.category, access.language);
  const isOfCategory = (slug: string | null): boolean =>
    category === undefined ||
    (slug !== null && (slug === category.slug || categoryBySlug(slug)?.parent === category.slug));
  const { body } = await access.call('insights', ListRecurring, {});
  const isMeant = namesMeant(
    merchant ?? '',
    body.data.flatMap((stream) => [stream.name, stream.merchant]),
  );
  const wanted = body.data.filter(
    (stream) =>
      stream.state !== 'ended' &&
      minorOf(stream.averageAmount) > 0 === (kind === 'income') &&
      (kind !== 'subscriptions' || SUBSCRIPTIONS.has(stream.category ?? '')) &&
      isOfCategory(stream.category) &&
      (merchant === undefined || isMeant(stream.name) || isMeant(stream.merchant)),
  );
  const sums = new Map<string, number>();
  for (const { averageAmount, period } of wanted) {
    const { currency } = averageAmount;
    sums.set(currency, safeMinor((sums.get(currency) ?? 0) + monthlyOf(minorOf(averageAmount), period)));
  }
  return {
    asOf: access.today,
    kind,
    merchant: merchant ?? null,
    category: category ?? null,
    payments: wanted
      .slice(0, MAX_SHOWN)
      .map(({ name, lastAmount, period, nextDate }) => ({ name, amount: lastAmount, period, nextDate })),
    count: wanted.length,
    perMonth: [...sums].map(([currency, minor]) => moneyOf(minor, currency)),
  };
};
