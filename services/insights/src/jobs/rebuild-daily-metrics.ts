import type { Job } from '@orrery/service-kit';
import { z } from 'zod';
import type { RebuildDailyMetrics } from '../use-cases/rebuild-daily-metrics.ts';

/** Name of the job that recounts the last days, nightly and on demand. */
export const REBUILD_JOB = 'rebuild-daily-metrics';

const Input = z.object({ lookbackDays: z.int().min(1) }).default({ lookbackDays: 3 });

/**
 * The nightly recount of the last days, and the recount of everything that an operator starts by name.
 * @param rebuild the use case
 * @param timeZone zone whose night it is
 */
export const rebuildJobs = (rebuild: RebuildDailyMetrics, timeZone: string): Job[] => [
  {
    name: REBUILD_JOB,
    cron: '20 0 * * *',
    timeZone,
    // Two recounts at once cannot harm each other, and the legacy route always answered with a job.
    oneAtATime: false,
    run: ({ signal, input }) =>
      rebuild.everyone({ lookbackDays: Input.parse(input ?? undefined).lookbackDays, signal }),
  },
  { name: 'recount-all-daily-metrics', run: ({ signal }) => rebuild.everyone({ signal }) },
];
