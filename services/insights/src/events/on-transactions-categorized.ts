import { TransactionsCategorized } from '@orrery/contracts';
import { subscribeTogether } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { EnterTransactions } from '../use-cases/enter-transactions.ts';

/**
 * Enters categorised transactions into the ledger.
 * @param enter the use case
 */
export const onTransactionsCategorized = (
  enter: EnterTransactions,
): Subscription<typeof TransactionsCategorized.data> =>
  subscribeTogether(TransactionsCategorized, 'insights', (events, transaction) =>
    enter.categorized(
      events[0].data.userId,
      events.flatMap(({ data }) => data.transactions),
      transaction,
    ),
  );
