import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { JobDesk, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { REBUILD_CLUSTERS_JOB } from '../../../jobs/spending-jobs.ts';

const RebuildClusters = defineRoute({
  method: 'post',
  path: '/admin/rebuild-clusters',
  operationId: 'rebuildClusters',
  summary:
    'Read everybody’s spending anew and train its segments; the clusters that serve stay until new ones do',
  tag: 'PocketC',
  audience: 'admin',
  errorShape: 'detail',
  responses: { 200: z.object({ task_id: z.string() }) },
  problems: ['job-already-running'],
});

/**
 * `POST /admin/rebuild-clusters`.
 * @param jobs starts the job
 */
export const rebuildClustersRoute = (jobs: JobDesk): MountedRoute =>
  handle(RebuildClusters, async () => ({
    status: 200,
    body: { task_id: await jobs.run(REBUILD_CLUSTERS_JOB) },
  }));
