import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { JobDesk, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { REBUILD_JOB } from '../../../jobs/rebuild-daily-metrics.ts';

const RebuildDailyMetrics = defineRoute({
  method: 'post',
  path: '/admin/rebuild-daily-metrics',
  operationId: 'rebuildDailyMetrics',
  summary: 'Recount the daily metrics of the last days of every user; the job can be followed by its id',
  tag: 'PocketC',
  audience: 'admin',
  errorShape: 'detail',
  query: z.object({ lookback_days: z.coerce.number().int().min(1).max(3660).default(3) }),
  responses: { 200: z.object({ task_id: z.string() }) },
});

/**
 * `POST /admin/rebuild-daily-metrics`.
 * @param jobs starts the job
 */
export const rebuildDailyMetricsRoute = (jobs: JobDesk): MountedRoute =>
  handle(RebuildDailyMetrics, async ({ query }) => ({
    status: 200,
    body: { task_id: await jobs.run(REBUILD_JOB, { lookbackDays: query.lookback_days }) },
  }));
