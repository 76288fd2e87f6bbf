import { ListSpenders, ReadSpendingProfiles } from '@orrery/contracts';
import { serviceIdentity } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';

/** Half a year: long enough for habits, short enough to follow a change of life. */
const PERIOD_DAYS = 180;
const TIMEOUT_MS = 20_000;

/** Users of one question. */
export const PROFILES_AT_ONCE = 100;

/** Where spending is read. */
export interface SpendingSource {
  /**
   * Profiles of some users; those without purchases are left out.
   * @param userIds at most `PROFILES_AT_ONCE`
   * @throws AppError `upstream-unavailable`
   */
  profiles(userIds: readonly string[], signal?: AbortSignal): Promise<Map<string, SpendingProfile>>;
  /** Ids of all users who have spent anything, in pages. */
  users(signal: AbortSignal): AsyncGenerator<string[]>;
}

/**
 * The insights service as a source of spending, asked on our own behalf.
 * @param client clients of other services
 */
export const createSpendingSource = (client: Runtime<unknown>['client']): SpendingSource => {
  const insights = client('insights');
  const options = (signal?: AbortSignal) => ({
    identity: serviceIdentity('segmentation'),
    timeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    async profiles(userIds, signal) {
      const { body } = await insights.call(
        ReadSpendingProfiles,
        { body: { userIds: [...userIds], days: PERIOD_DAYS } },
        options(signal),
      );
      return new Map(body.profiles.map((profile) => [profile.userId, profile]));
    },
    async *users(signal) {
      let after: string | undefined;
      for (;;) {
        const { body } = await insights.call(
          ListSpenders,
          { query: { limit: PROFILES_AT_ONCE, ...(after === undefined ? {} : { after }) } },
          options(signal),
        );
        after = body.userIds.at(-1);
        if (after === undefined) {
          return;
        }
        yield body.userIds;
      }
    },
  };
};
