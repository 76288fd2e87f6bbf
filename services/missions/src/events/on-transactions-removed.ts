import { TransactionsRemoved } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import { rowRemoved } from '../domain/known-rows.ts';
import type { EnterRows } from '../use-cases/enter-rows.ts';

/**
 * Takes out transactions that no longer exist at their source.
 * @param enter the use case
 */
export const onTransactionsRemoved = (enter: EnterRows): Subscription<typeof TransactionsRemoved.data> =>
  subscribe(TransactionsRemoved, 'missions', ({ data }, { session }) =>
    enter.apply(
      data.userId,
      () => data.transactions.map((removal) => [removal.transactionId, rowRemoved(removal)]),
      session,
    ),
  );
