import { TransactionsCategorized } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { EnterTransactions } from '../use-cases/enter-transactions.ts';

/**
 * Enters categorised transactions into the ledger.
 * @param enter the use case
 */
export const onTransactionsCategorized = (
  enter: EnterTransactions,
): Subscription<typeof TransactionsCategorized.data> =>
  subscribe(TransactionsCategorized, 'insights', ({ data }, transaction) =>
    enter.categorized(data.userId, data.transactions, transaction),
  );
