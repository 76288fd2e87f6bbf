import type { Job, JobDesk, Runtime } from '@orrery/service-kit';
import { AppError } from '@orrery/service-kit';
import type { DriftState } from '../domain/drift.ts';
import { MODEL_NAMES } from '../domain/segment-model.ts';
import type { ModelName } from '../domain/segment-model.ts';
import { MODEL_NOT_TRAINED } from '../segmentation-errors.ts';
import type { WatchDrift } from '../use-cases/watch-drift.ts';
import { trainJobName } from './train-jobs.ts';

const DAYS = 30;

/**
 * Looks every night whether the rows of the last 30 days still look like the training rows. Spending is trained again
 * when they do not; for the others, somebody has to bring newer rows, so it is only said.
 * @param parts drift, jobs, the log, and the zone of the night
 */
export const watchDriftJob = (parts: {
  watchDrift: WatchDrift;
  jobs: JobDesk;
  logger: Runtime<unknown>['logger'];
  timeZone: string;
}): Job => {
  const { watchDrift, jobs, logger, timeZone } = parts;

  const stateOf = async (name: ModelName): Promise<DriftState | 'not-trained'> => {
    try {
      return (await watchDrift.report(name, DAYS)).state;
    } catch (error) {
      if (error instanceof AppError && error.code === MODEL_NOT_TRAINED.code) {
        return 'not-trained';
      }
      throw error;
    }
  };

  return {
    name: 'watch-drift',
    cron: '20 3 * * *',
    timeZone,
    run: async () => {
      const states = await Promise.all(MODEL_NAMES.map(async (name) => [name, await stateOf(name)] as const));
      for (const [name, state] of states) {
        if (state === 'retrain') {
          logger.warn({ model: name }, 'recent rows no longer look like the training rows of this model');
        }
      }
      const isSpendingOff = states.some(([name, state]) => name === 'spending' && state === 'retrain');
      return {
        ...Object.fromEntries(states),
        startedJob: isSpendingOff ? await jobs.run(trainJobName('spending')) : null,
      };
    },
  };
};
