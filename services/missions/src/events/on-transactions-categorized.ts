import { TransactionsCategorized } from '@orrery/contracts';
import { subscribeTogether } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import { rowArrived } from '../domain/known-rows.ts';
import type { EnterRows } from '../use-cases/enter-rows.ts';

/**
 * Enters categorised transactions and brings missions up to date.
 * @param enter the use case
 */
export const onTransactionsCategorized = (
  enter: EnterRows,
): Subscription<typeof TransactionsCategorized.data> =>
  subscribeTogether(TransactionsCategorized, 'missions', (events, { session }) =>
    enter.apply(
      events[0].data.userId,
      (zone) =>
        events.flatMap(({ data }) =>
          data.transactions.map((row) => [row.transactionId, rowArrived(row, zone)]),
        ),
      session,
    ),
  );
