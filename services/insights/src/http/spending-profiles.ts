import { addDays } from '@orrery/calendar';
import { ListSpenders, ReadSpendingProfiles } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { spendingProfileOf } from '../domain/spending-profile.ts';
import type { SpendingProfile } from '../domain/spending-profile.ts';
import type { DailyMetricsStore } from '../store/daily-metrics-store.ts';

/** Users whose metrics are read at a time. */
const TOGETHER = 10;

/**
 * What the segmentation service asks: who has spent, and on what.
 * @param metrics daily metrics
 */
export const spendingProfileRoutes = (metrics: DailyMetricsStore): MountedRoute[] => {
  const profileOf = async (
    userId: string,
    days: number,
  ): Promise<(SpendingProfile & { userId: string }) | undefined> => {
    const span = await metrics.span(userId);
    if (span === undefined) {
      return undefined;
    }
    const range = { from: addDays(span.to, 1 - days), to: span.to };
    const profile = spendingProfileOf(await metrics.between(userId, range), range);
    return profile === undefined ? undefined : { userId, ...profile };
  };

  return [
    handle(ReadSpendingProfiles, async ({ body: { userIds, days } }) => {
      const profiles: (SpendingProfile & { userId: string })[] = [];
      for (let start = 0; start < userIds.length; start += TOGETHER) {
        const some = userIds.slice(start, start + TOGETHER);
        const found = await Promise.all(some.map((userId) => profileOf(userId, days)));
        profiles.push(...found.filter((profile) => profile !== undefined));
      }
      return { status: 200, body: { profiles } };
    }),
    handle(ListSpenders, async ({ query: { after, limit } }) => ({
      status: 200,
      body: { userIds: await metrics.usersAfter(after ?? '', limit) },
    })),
  ];
};
