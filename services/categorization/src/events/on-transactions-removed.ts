import { TransactionsRemoved } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { FileTransactions } from '../use-cases/file-transactions.ts';

/**
 * Forgets removed transactions.
 * @param file the use cases
 */
export const onTransactionsRemoved = (
  file: FileTransactions,
): Subscription<typeof TransactionsRemoved.data> =>
  subscribe(TransactionsRemoved, 'categorization', ({ data }, transaction) =>
    file.removed(data.userId, data.transactions, transaction),
  );
