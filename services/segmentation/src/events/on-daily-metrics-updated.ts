import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { SpendingStore } from '../store/spending-store.ts';

/**
 * Notes that a user's spending has to be read again; reading it once for many events is enough.
 * @param spending what users spend
 */
export const onDailyMetricsUpdated = (
  spending: SpendingStore,
): Subscription<typeof DailyMetricsUpdated.data> =>
  subscribe(DailyMetricsUpdated, 'segmentation', async ({ data }, { session }) => {
    await spending.markStale(data.userId, session);
  });
