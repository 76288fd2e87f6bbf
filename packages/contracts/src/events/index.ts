import type { EventDefinition } from '../define-event.ts';
import { AlertRaised, BudgetThresholdReached } from './insights.ts';
import { DailyMetricsUpdated } from './metrics.ts';
import { TransactionsCategorized, TransactionsIngested, TransactionsRemoved } from './transactions.ts';

/** Every event of the constellation: documents, topology and tests walk this list. */
export const EVENTS: readonly EventDefinition[] = [
  TransactionsIngested,
  TransactionsRemoved,
  TransactionsCategorized,
  DailyMetricsUpdated,
  BudgetThresholdReached,
  AlertRaised,
];
