import { CountUserActivity, SERVICE_NAMES, type ServiceName } from '@orrery/contracts';
import type { Runtime } from '@orrery/service-kit';

/** Predictions and saved profiles. */
export interface Activity {
  predictions: number;
  profiles: number;
}

/** Counts of what users did in the segmentation service. */
export interface ActivityCounts {
  /** @returns counts by user; users without any are absent. Throws AppError `upstream-unavailable` */
  of(userIds: readonly string[]): Promise<{ byUser: ReadonlyMap<string, Activity>; totals: Activity }>;
}

const NOTHING = { byUser: new Map<string, Activity>(), totals: { predictions: 0, profiles: 0 } };

/**
 * A client of the service that keeps predictions and profiles. An installation without that service has none of either.
 * @param runtime clients
 * @param keeper name of that service, if the constellation has it
 */
export function createActivityCounts(
  { client }: Pick<Runtime<unknown>, 'client'>,
  keeper: ServiceName | undefined = SERVICE_NAMES.find((name) => String(name) === 'segmentation'),
): ActivityCounts {
  return {
    async of(userIds) {
      if (keeper === undefined) {
        return NOTHING;
      }
      const { body } = await client(keeper).call(CountUserActivity, { body: { userIds: [...userIds] } });
      return {
        byUser: new Map(body.users.map(({ userId, ...activity }) => [userId, activity])),
        totals: body.totals,
      };
    },
  };
}
