import { categoryBySlug, UserSegmentAssigned } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { ProfileStore } from '../store/profile-store.ts';

/**
 * Remembers the user's spending segment; it counts from the next period on, so that running offers stay as they are.
 * @param profiles what is known about users
 * @param defaultTimeZone zone of a user about whom nothing else is known
 */
export const onUserSegmentAssigned = (
  profiles: ProfileStore,
  defaultTimeZone: string,
): Subscription<typeof UserSegmentAssigned.data> =>
  subscribe(UserSegmentAssigned, 'missions', async ({ data }, { session }) => {
    if (data.model !== 'spending') {
      return;
    }
    const known = await profiles.find(data.userId, session);
    if (known?.segment !== undefined && known.segment.rowVersion >= data.rowVersion) {
      return;
    }
    const subs = data.topCategories
      .map((slug) => categoryBySlug(slug)?.pocketcSub)
      .filter((sub) => sub !== undefined);
    await profiles.change(
      data.userId,
      { segment: { id: data.segmentId, subs: [...new Set(subs)], rowVersion: data.rowVersion } },
      { zone: defaultTimeZone },
      session,
    );
  });
