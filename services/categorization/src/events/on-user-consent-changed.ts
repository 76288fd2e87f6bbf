import { UserConsentChanged } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { PoolStore } from '../store/pool-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

/**
 * Keeps whether a user agreed to pooled learning; what was pooled is deleted when the user no longer does.
 * @param settings users' choices
 * @param pool pooled corrections
 */
export const onUserConsentChanged = (
  settings: UserSettingsStore,
  pool: PoolStore,
): Subscription<typeof UserConsentChanged.data> =>
  subscribe(UserConsentChanged, 'categorization', async ({ data }, { session }) => {
    const { userId, pooledLearning } = data;
    await settings.change(userId, { pooledLearning }, session);
    if (!pooledLearning) {
      await pool.remove(userId, session);
    }
  });
