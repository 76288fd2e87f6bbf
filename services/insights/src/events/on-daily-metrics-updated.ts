import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribeTogether } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { KeepBudgets } from '../use-cases/keep-budgets.ts';
import type { RaiseAlerts } from '../use-cases/raise-alerts.ts';

/**
 * Looks whether spending reached a share of a budget, and for purchases above the user's limit.
 * @param parts the use cases
 */
export const onDailyMetricsUpdated = (parts: {
  budgets: KeepBudgets;
  raiseAlerts: RaiseAlerts;
}): Subscription<typeof DailyMetricsUpdated.data> =>
  subscribeTogether(DailyMetricsUpdated, 'insights', async (events, transaction) => {
    const { userId } = events[0].data;
    const days = [...new Set(events.flatMap(({ data }) => data.days))];
    await parts.budgets.check(userId, days, transaction);
    await parts.raiseAlerts.checkPurchases(userId, days, transaction);
  });
