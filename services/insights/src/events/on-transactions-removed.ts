import { TransactionsRemoved } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { EnterTransactions } from '../use-cases/enter-transactions.ts';

/**
 * Takes removed transactions out of the ledger.
 * @param enter the use case
 */
export const onTransactionsRemoved = (
  enter: EnterTransactions,
): Subscription<typeof TransactionsRemoved.data> =>
  subscribe(TransactionsRemoved, 'insights', async ({ data }, transaction) => {
    await enter.removed(data.userId, data.transactions, transaction);
  });
