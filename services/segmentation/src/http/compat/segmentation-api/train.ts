import { setTimeout as pause } from 'node:timers/promises';
import { defineRoute } from '@orrery/contracts';
import { AppError, handle } from '@orrery/service-kit';
import type { JobDesk, JobRun, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { trainJobName, TrainingResult } from '../../../jobs/train-jobs.ts';
import { SEGMENTATION_API } from './customer-fields.ts';

const POLL_MS = 100;
const DEADLINE_MS = 120_000;

const Train = defineRoute({
  ...SEGMENTATION_API,
  method: 'post',
  path: '/train',
  operationId: 'trainCustomers',
  summary: 'Train the customers model; answers when it is done',
  audience: 'admin',
  deadlineMs: DEADLINE_MS,
  responses: {
    200: z.object({
      message: z.string(),
      n_clusters: z.int(),
      silhouette_score: z.number(),
      inertia: z.number(),
      structure: z.enum(['clear', 'weak']),
      version: z.int(),
      promoted: z.boolean(),
      reasons: z.array(z.string()),
    }),
  },
  problems: ['job-already-running', 'not-enough-data'],
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/**
 * `POST /train`: the training is a job in a thread, so other requests go on meanwhile.
 * @param jobs starts the job and tells its end
 */
export const trainRoute = (jobs: JobDesk): MountedRoute => {
  const ended = async (id: string, signal: AbortSignal): Promise<JobRun> => {
    for (;;) {
      const run = await jobs.find(id);
      if (run !== undefined && run.state !== 'queued' && run.state !== 'running') {
        return run;
      }
      await pause(POLL_MS, undefined, { signal });
    }
  };

  return handle(Train, async ({ signal }) => {
    const run = await ended(await jobs.run(trainJobName('customers')), signal);
    if (run.state !== 'succeeded') {
      throw new AppError('internal', {
        detail: `Training failed: ${run.error?.message ?? 'unknown reason'}`,
      });
    }
    const result = TrainingResult.parse(run.result);
    return {
      status: 200,
      body: {
        message: result.promoted
          ? 'Model trained successfully'
          : 'Model trained, but the version before it is better and serves on',
        n_clusters: result.clusters,
        silhouette_score: rounded(result.silhouette, 4),
        inertia: rounded(result.inertia, 1),
        structure: result.structure,
        version: result.version,
        promoted: result.promoted,
        reasons: result.reasons,
      },
    };
  });
};
