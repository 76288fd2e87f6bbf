import type { Job } from '@orrery/service-kit';
import type { MainBackendUser } from '../domain/read-standing.ts';
import type { SeenUserStore } from '../store/seen-user-store.ts';

/**
 * The nightly job that erases here whom the main back end has deleted. A user who is merely missing there is left alone:
 * a wrong database address must not erase everybody.
 * @param parts who has been here, the main back end's user, and the erasure
 */
export const followDeletions = (parts: {
  seen: SeenUserStore;
  findMainUser(userId: string): Promise<MainBackendUser | undefined>;
  erase(userId: string): Promise<string>;
}): Job => ({
  name: 'follow-deletions',
  cron: '10 3 * * *',
  run: async ({ signal }) => {
    let erased = 0;
    for await (const userId of parts.seen.everyone()) {
      signal.throwIfAborted();
      if ((await parts.findMainUser(userId))?.isDeleted === true) {
        await parts.erase(userId);
        erased += 1;
      }
    }
    return { erased };
  },
});
