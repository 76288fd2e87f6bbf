import { TransactionsCategorized } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import { countNew } from '../domain/count-new.ts';
import type { TallyStore } from '../store/tally-store.ts';

/**
 * Counts categorised transactions.
 * @param tallies where the count is kept
 */
export const onTransactionsCategorized = (tallies: TallyStore) =>
  subscribe(TransactionsCategorized, 'chat', async ({ data }, { session }) => {
    await tallies.add(data.userId, countNew(data.transactions.map(({ decision }) => decision)), session);
  });
