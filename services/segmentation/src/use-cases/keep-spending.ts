import { PROFILES_AT_ONCE } from '../clients/spending-source.ts';
import type { SpendingSource } from '../clients/spending-source.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { SpendingStore, StaleMark } from '../store/spending-store.ts';
import type { AssignSegments } from './assign-segments.ts';

/**
 * Makes the use case of following what users spend: an event marks a user, the profile is read later from the insights
 * service, and the user's segment follows.
 * @param parts store, source and segments
 */
export const createKeepSpending = (parts: {
  spending: SpendingStore;
  source: SpendingSource;
  assign: AssignSegments;
}) => {
  const { spending, source, assign } = parts;

  const refresh = async (marks: readonly StaleMark[], signal?: AbortSignal): Promise<SpendingProfile[]> => {
    const found = await source.profiles(
      marks.map(({ userId }) => userId),
      signal,
    );
    await Promise.all(marks.map((mark) => spending.refresh(mark, found.get(mark.userId))));
    return [...found.values()];
  };

  const refreshAll = async (
    signal: AbortSignal,
    follow: (profiles: readonly SpendingProfile[]) => Promise<unknown>,
  ): Promise<number> => {
    let refreshed = 0;
    let after = '';
    for (;;) {
      signal.throwIfAborted();
      const marks = await spending.stale(after, PROFILES_AT_ONCE);
      const last = marks.at(-1);
      if (last === undefined) {
        return refreshed;
      }
      await follow(await refresh(marks, signal));
      refreshed += marks.length;
      after = last.userId;
    }
  };

  return {
    /**
     * Reads the profiles of all users whose metrics changed, and gives each their segment.
     * @param signal ends it between two pages
     * @returns how many users were read
     */
    refreshStale: (signal: AbortSignal): Promise<number> => refreshAll(signal, assign.place),

    /**
     * Reads the profiles of all users whose metrics changed, before a training that will place everybody.
     * @param signal ends it between two pages
     */
    readStale: (signal: AbortSignal): Promise<number> => refreshAll(signal, () => Promise.resolve()),

    /**
     * Reads the profiles of everybody anew, before a training that will place everybody.
     * @param signal ends it between two pages
     */
    async readEverybody(signal: AbortSignal): Promise<number> {
      for await (const userIds of source.users(signal)) {
        signal.throwIfAborted();
        await spending.discover(userIds);
      }
      return this.readStale(signal);
    },

    /**
     * The profile of one user as it is now; a stale one is read first.
     * @param userId the user
     * @returns undefined for a user without purchases
     * @throws AppError `upstream-unavailable` when it has to be read and cannot be
     */
    async profileOf(userId: string): Promise<SpendingProfile | undefined> {
      const known = await spending.find(userId);
      if (known?.mark === undefined) {
        return known?.profile;
      }
      const [profile] = await refresh([known.mark]);
      return profile;
    },
  };
};

export type KeepSpending = ReturnType<typeof createKeepSpending>;
