import { CountUserActivity } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import type { CustomerProfileStore } from '../store/customer-profile-store.ts';
import type { PredictionStore } from '../store/prediction-store.ts';

/**
 * Predictions and saved profiles of users, for the account pages of the identity service.
 * @param parts the two stores
 */
export const countActivity = (parts: {
  predictions: PredictionStore;
  profiles: CustomerProfileStore;
}): MountedRoute =>
  handle(CountUserActivity, async ({ body: { userIds } }) => {
    const [predictions, profiles] = await Promise.all([
      parts.predictions.countByUser(userIds),
      parts.profiles.countByUser(userIds),
    ]);
    return {
      status: 200,
      body: {
        users: userIds
          .map((userId) => ({
            userId,
            predictions: predictions.byUser.get(userId) ?? 0,
            profiles: profiles.byUser.get(userId) ?? 0,
          }))
          .filter((row) => row.predictions + row.profiles > 0),
        totals: { predictions: predictions.total, profiles: profiles.total },
      },
    };
  });
