import { UserSegmentAssigned } from '@orrery/contracts';
import { subscribe, type Subscription } from '@orrery/messaging';
import type { SignalStore } from '../store/signal-store.ts';

/** Categories of a sentence. */
const MOST_CATEGORIES = 3;

/**
 * What people of the user's segment spend most on is worth a thought. An older assignment that comes late is ignored.
 * @param signals where it is kept
 */
export const onUserSegmentAssigned = (signals: SignalStore): Subscription =>
  subscribe(UserSegmentAssigned, 'advisor', async ({ data }, { session }) => {
    const { userId, model, names, topCategories, rowVersion } = data;
    if (model !== 'spending' || topCategories.length === 0) {
      return;
    }
    const known = await signals.find(userId, 'segment-habit', model, session);
    if (known?.kind === 'segment-habit' && known.rowVersion >= rowVersion) {
      return;
    }
    await signals.keep(
      userId,
      model,
      {
        kind: 'segment-habit',
        segment: names.en,
        categories: topCategories.slice(0, MOST_CATEGORIES),
        rowVersion,
      },
      session,
    );
  });
