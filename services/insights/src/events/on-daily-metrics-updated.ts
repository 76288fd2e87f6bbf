import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { KeepBudgets } from '../use-cases/keep-budgets.ts';
import type { RaiseAlerts } from '../use-cases/raise-alerts.ts';
import type { RefreshAnalyses } from '../use-cases/refresh-analyses.ts';

/**
 * Looks whether spending reached a share of a budget, and for purchases above the user's limit, and
 * notes that recurring payments and unusual purchases have to be sought again.
 * @param parts the use cases
 */
export const onDailyMetricsUpdated = (parts: {
  budgets: KeepBudgets;
  raiseAlerts: RaiseAlerts;
  analyses: RefreshAnalyses;
}): Subscription<typeof DailyMetricsUpdated.data> =>
  subscribe(DailyMetricsUpdated, 'insights', async ({ data: { userId, days } }, transaction) => {
    await parts.budgets.check(userId, days, transaction);
    await parts.raiseAlerts.checkPurchases(userId, days, transaction);
    await parts.analyses.touch(userId, transaction);
  });
