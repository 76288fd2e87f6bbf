import type { EventDefinition } from '../define-event.ts';
import { AdviceGenerated } from './advisor.ts';
import { BankBalancesRead, BankItemBroken, BankItemLinked, BankItemRemoved } from './banks.ts';
import { CategorizerTrained, CategoryCorrected } from './categorization.ts';
import {
  AlertRaised,
  AnomalyDetected,
  BudgetThresholdReached,
  ForecastShortfallExpected,
  RecurringChanged,
} from './insights.ts';
import { DailyMetricsUpdated } from './metrics.ts';
import { MissionCompleted, MissionFailed, MissionIssued } from './missions.ts';
import { SegmentsTrained, UserSegmentAssigned } from './segmentation.ts';
import { TransactionsCategorized, TransactionsIngested, TransactionsRemoved } from './transactions.ts';
import {
  USER_ERASED_BY,
  UserConsentChanged,
  UserErasureRequested,
  UserRegistered,
  UserStandingChanged,
} from './users.ts';

/** Every event of the constellation: documents, topology and tests walk this list. */
export const EVENTS: readonly EventDefinition[] = [
  TransactionsIngested,
  TransactionsRemoved,
  TransactionsCategorized,
  CategoryCorrected,
  CategorizerTrained,
  DailyMetricsUpdated,
  BudgetThresholdReached,
  AlertRaised,
  RecurringChanged,
  AnomalyDetected,
  ForecastShortfallExpected,
  BankItemLinked,
  BankItemBroken,
  BankItemRemoved,
  BankBalancesRead,
  SegmentsTrained,
  UserSegmentAssigned,
  MissionIssued,
  MissionCompleted,
  MissionFailed,
  AdviceGenerated,
  UserRegistered,
  UserStandingChanged,
  UserConsentChanged,
  UserErasureRequested,
  ...Object.values(USER_ERASED_BY),
];
