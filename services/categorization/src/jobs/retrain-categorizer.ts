import type { Job } from '@orrery/service-kit';
import type { Retrain } from '../use-cases/retrain.ts';

/** Name of the job that trains the category model again. */
export const RETRAIN_JOB = 'retrain-categorizer';

/**
 * The training, on demand and weekly; one run at a time over all replicas.
 * @param retrain the use case
 */
export const retrainJob = (retrain: Retrain): Job => ({
  name: RETRAIN_JOB,
  cron: '40 3 * * 0',
  run: async ({ signal }) => {
    const { version, promoted, corrections, scores } = await retrain(signal);
    return { version, promoted, corrections, scores };
  },
});
