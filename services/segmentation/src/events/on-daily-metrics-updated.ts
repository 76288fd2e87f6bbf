import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribeTogether } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { SpendingStore } from '../store/spending-store.ts';

/**
 * Notes that a user's spending has to be read again; reading it once for many events is enough.
 * @param spending what users spend
 */
export const onDailyMetricsUpdated = (
  spending: SpendingStore,
): Subscription<typeof DailyMetricsUpdated.data> =>
  subscribeTogether(DailyMetricsUpdated, 'segmentation', async ([first], { session }) => {
    await spending.markStale(first.data.userId, session);
  });
