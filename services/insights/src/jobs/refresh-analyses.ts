import type { Job } from '@orrery/service-kit';
import type { RefreshAnalyses } from '../use-cases/refresh-analyses.ts';

/**
 * Keeps recurring payments and unusual purchases up to date: users whose rows changed every minute, everybody nightly.
 * @param analyses the use case
 * @param timeZone zone whose night it is
 */
export const analysisJobs = (analyses: RefreshAnalyses, timeZone: string): Job[] => [
  { name: 'refresh-stale-analyses', cron: '* * * * *', run: ({ signal }) => analyses.refreshStale(signal) },
  {
    name: 'refresh-all-analyses',
    cron: '40 0 * * *',
    timeZone,
    run: ({ signal }) => analyses.refreshEveryone(signal),
  },
];
