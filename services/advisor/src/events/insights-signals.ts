import {
  AnomalyDetected,
  BudgetThresholdReached,
  DailyMetricsUpdated,
  ForecastShortfallExpected,
  RecurringChanged,
} from '@orrery/contracts';
import { subscribe, subscribeTogether, type Subscription } from '@orrery/messaging';
import type { LedgerUserStore } from '../store/ledger-user-store.ts';
import type { SignalStore } from '../store/signal-store.ts';

/**
 * A budget that is nearly used is worth a suggestion.
 * @param signals where it is kept
 */
export const onBudgetThresholdReached = (signals: SignalStore): Subscription =>
  subscribe(BudgetThresholdReached, 'advisor', async ({ data }, { session }) => {
    await signals.keep(
      data.userId,
      data.budgetId,
      {
        kind: 'budget-nearly-used',
        category: data.category,
        spentMinor: data.spent.amountMinor,
        limitMinor: data.limit.amountMinor,
        currency: data.limit.currency,
      },
      session,
    );
  });

/**
 * An unusual payment is worth a look.
 * @param signals where it is kept
 */
export const onAnomalyDetected = (signals: SignalStore): Subscription =>
  subscribe(AnomalyDetected, 'advisor', async ({ data }, { session }) => {
    await signals.keep(
      data.userId,
      data.transactionId,
      {
        kind: 'unusual-payment',
        merchant: data.merchant,
        day: data.date,
        amountMinor: Math.abs(data.amount.amountMinor),
        currency: data.amount.currency,
      },
      session,
    );
  });

/**
 * A recurring payment that became dearer is worth a comparison.
 * @param signals where it is kept
 */
export const onRecurringChanged = (signals: SignalStore): Subscription =>
  subscribe(RecurringChanged, 'advisor', async ({ data }, { session }) => {
    for (const { change, streamId, merchant, amount, previous } of data.changes) {
      if (change === 'price-rose' && previous !== undefined && amount.amountMinor < 0) {
        await signals.keep(
          data.userId,
          streamId,
          {
            kind: 'price-rose',
            merchant,
            previousMinor: Math.abs(previous.amountMinor),
            amountMinor: Math.abs(amount.amountMinor),
            currency: amount.currency,
          },
          session,
        );
      }
    }
  });

/**
 * A balance that is likely to fall below zero is worth a warning.
 * @param signals where it is kept
 */
export const onForecastShortfallExpected = (signals: SignalStore): Subscription =>
  subscribe(ForecastShortfallExpected, 'advisor', async ({ data }, { session }) => {
    await signals.keep(
      data.userId,
      'next',
      {
        kind: 'shortfall-ahead',
        day: data.date,
        lowestMinor: data.lowest.amountMinor,
        currency: data.lowest.currency,
      },
      session,
    );
  });

/**
 * Whoever has metrics has a ledger that advice can be made from.
 * @param users who have one
 */
export const onDailyMetricsUpdated = (users: LedgerUserStore): Subscription =>
  subscribeTogether(DailyMetricsUpdated, 'advisor', async ([first], { session }) => {
    await users.note(first.data.userId, session);
  });
