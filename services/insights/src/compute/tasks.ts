import { detectAnomalies } from '../domain/anomalies/detect-anomalies.ts';
import { simulateCashFlow } from '../domain/cash-flow.ts';
import { forecast } from '../domain/forecast/forecast.ts';
import { predictExpenses } from '../domain/predict-expenses.ts';
import { detectRecurring } from '../domain/recurring/detect-recurring.ts';

/**
 * Work that takes long enough to hold up other requests, by name. Arguments and results cross a thread boundary, so
 * they are plain data.
 */
export const TASKS = {
  forecast,
  detectAnomalies,
  detectRecurring,
  predictExpenses,
  simulateCashFlow,
} as const;
