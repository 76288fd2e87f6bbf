import { TransactionsIngested } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { FileTransactions } from '../use-cases/file-transactions.ts';

/**
 * Decides the categories of stored or changed transactions.
 * @param file the use cases
 */
export const onTransactionsIngested = (
  file: FileTransactions,
): Subscription<typeof TransactionsIngested.data> =>
  subscribe(TransactionsIngested, 'categorization', ({ data }, transaction) =>
    file.ingested(data.userId, data.transactions, transaction),
  );
