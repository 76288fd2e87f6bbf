import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
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
  subscribe(DailyMetricsUpdated, 'insights', async ({ data: { userId, days } }, transaction) => {
    await parts.budgets.check(userId, days, transaction);
    await parts.raiseAlerts.checkPurchases(userId, days, transaction);
  });
