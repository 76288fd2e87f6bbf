import { TransactionsIngested } from '@orrery/contracts';
import { subscribeTogether } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { FileTransactions } from '../use-cases/file-transactions.ts';

/**
 * Decides the categories of stored or changed transactions.
 * @param file the use cases
 */
export const onTransactionsIngested = (
  file: FileTransactions,
): Subscription<typeof TransactionsIngested.data> =>
  subscribeTogether(TransactionsIngested, 'categorization', (events, transaction) =>
    file.ingested(
      events[0].data.userId,
      events.flatMap(({ data }) => data.transactions),
      transaction,
    ),
  );
