import type { Clock } from '@orrery/calendar';
import { PROFILES_AT_ONCE } from '../clients/spending-source.ts';
import type { SpendingSource } from '../clients/spending-source.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { SpendingStore } from '../store/spending-store.ts';
import type { AssignSegments } from './assign-segments.ts';

/**
 * Makes the use case of following what users spend: an event marks a user, the profile is read later from the insights
 * service, and the user's segment follows.
 * @param parts store, source, segments and clock
 */
export const createKeepSpending = (parts: {
  spending: SpendingStore;
  source: SpendingSource;
  assign: AssignSegments;
  clock: Clock;
}) => {
  const { spending, source, assign, clock } = parts;

  const refresh = async (
    marks: readonly { userId: string; since: Date }[],
    signal?: AbortSignal,
  ): Promise<SpendingProfile[]> => {
    const found = await source.profiles(
      marks.map(({ userId }) => userId),
      signal,
    );
    await Promise.all(marks.map(({ userId, since }) => spending.refresh(userId, since, found.get(userId))));
    return [...found.values()];
  };

  const refreshAll = async (
    signal: AbortSignal,
    follow: (profiles: readonly SpendingProfile[]) => Promise<unknown>,
  ): Promise<number> => {
    let refreshed = 0;
    for (;;) {
      signal.throwIfAborted();
      const marks = await spending.stale(PROFILES_AT_ONCE);
      if (marks.length === 0) {
        return refreshed;
      }
      await follow(await refresh(marks, signal));
      refreshed += marks.length;
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
        await spending.discover(userIds, clock.now());
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
      if (known === undefined || known.staleSince === null) {
        return known?.profile;
      }
      const [profile] = await refresh([{ userId, since: known.staleSince }]);
      return profile;
    },
  };
};

export type KeepSpending = ReturnType<typeof createKeepSpending>;
