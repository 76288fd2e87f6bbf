import { CalendarDate, CategorySlug, MoneyText, ResourceId, TransactionId } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { z } from 'zod';
import type { Replacement } from '../use-cases/keep-changes.ts';

/** Changes that an answer lists; the rest is only counted. */
const LISTED = 50;

/** What a change of the past did, or would do. */
export const ChangeShape = z
  .object({
    /** For an undo; null for a dry run and when nothing changed. */
    changeId: ResourceId.nullable(),
    changing: z.int(),
    changes: z.array(
      z.object({
        id: TransactionId,
        date: CalendarDate,
        description: z.string(),
        amount: MoneyText,
        from: CategorySlug.nullable(),
        to: CategorySlug.nullable(),
      }),
    ),
  })
  .meta({ id: 'CategoryChange' });

/**
 * Replaced decisions as they are answered; the first fifty are listed.
 * @param changeId id for an undo, or null
 * @param replaced what changes
 */
export const shownChange = (
  changeId: string | null,
  replaced: readonly Replacement[],
): z.input<typeof ChangeShape> => ({
  changeId,
  changing: replaced.length,
  changes: replaced.slice(0, LISTED).map(({ before, after }) => ({
    id: before.transaction.transactionId,
    date: before.transaction.postedOn,
    description: before.transaction.description,
    amount: {
      amount: formatDecimal(before.transaction.amountMinor, before.transaction.currency),
      currency: before.transaction.currency,
    },
    from: before.decision.category,
    to: after.decision.category,
  })),
});
