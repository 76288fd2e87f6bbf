import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { JobDesk, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { RETRAIN_JOB } from '../../../jobs/retrain-categorizer.ts';

const shape = {
  path: '/api/retrain_models',
  tag: 'Cash Sense',
  audience: 'admin',
  errorShape: 'error',
  responses: {
    202: z.object({ job_id: z.string(), status: z.literal('queued'), models: z.array(z.string()) }),
  },
  problems: ['job-already-running'],
} as const;

const RetrainByGet = defineRoute({
  ...shape,
  method: 'get',
  operationId: 'cashSenseRetrainModelsByGet',
  summary: 'Cash Sense: trains the models again; the verb of the older system',
});

const RetrainByPost = defineRoute({
  ...shape,
  method: 'post',
  operationId: 'cashSenseRetrainModels',
  summary: 'Cash Sense: trains the models again; the job can be followed by its id',
});

/** The spending predictor is fitted to the ledger with every question, so it is named and never out of date. */
const MODELS = ['transaction_classifier', 'spending_predictor'];

/**
 * `GET` and `POST /api/retrain_models`.
 * @param jobs starts the job
 */
export const retrainModels = (jobs: JobDesk): MountedRoute[] => {
  const start = async () => ({
    status: 202 as const,
    body: { job_id: await jobs.run(RETRAIN_JOB), status: 'queued' as const, models: MODELS },
  });
  return [handle(RetrainByGet, start), handle(RetrainByPost, start)];
};
