import { planDebts } from '../domain/debts/debt-plan.ts';
import { draftReport } from '../domain/reports/draft-report.ts';

/**
 * Work that takes long enough to hold up other requests, by name. Arguments and results cross a thread boundary, so
 * they are plain data.
 */
export const TASKS = { planDebts, draftReport } as const;
