import { DailyMetricsUpdated } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { KeepBudgets } from '../use-cases/keep-budgets.ts';

/**
 * Looks whether spending reached a share of a budget.
 * @param budgets the use case
 */
export const onDailyMetricsUpdated = (budgets: KeepBudgets): Subscription<typeof DailyMetricsUpdated.data> =>
  subscribe(DailyMetricsUpdated, 'insights', ({ data }, transaction) =>
    budgets.check(data.userId, data.days, transaction),
  );
