import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobDesk, Runtime } from '@orrery/service-kit';
import { AppError } from '@orrery/service-kit';
import type { DriftState } from '../domain/drift.ts';
import { MODEL_NAMES } from '../domain/segment-model.ts';
import type { ModelName } from '../domain/segment-model.ts';
import { MODEL_NOT_TRAINED } from '../segmentation-errors.ts';
import type { WatchDrift } from '../use-cases/watch-drift.ts';
import { trainJobName } from './train-jobs.ts';

const DAYS = 30;
const RETRY_MS = 15_000;

const isRunningAlready = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'job-already-running';

/**
 * Looks every night whether the rows of the last 30 days still look like the training rows. Spending is trained again
 * when they do not; for the others, somebody has to bring newer rows, so it is only said. A training that runs already
 * is waited for, and the model that it leaves is looked at anew.
 * @param parts drift, jobs, the log, the zone of the night, and the pause between looks at a training that runs
 */
export const watchDriftJob = (parts: {
  watchDrift: Pick<WatchDrift, 'report'>;
  jobs: Pick<JobDesk, 'run'>;
  logger: Pick<Runtime<unknown>['logger'], 'warn'>;
  timeZone: string;
  retryMs?: number;
}): Job => {
  const { watchDrift, jobs, logger, timeZone, retryMs = RETRY_MS } = parts;

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

  /** Starts a training as soon as none runs; undefined when one that ran has made it needless. */
  const trainSpending = async (signal: AbortSignal): Promise<string | undefined> => {
    do {
      try {
        return await jobs.run(trainJobName('spending'));
      } catch (error) {
        if (!isRunningAlready(error)) {
          throw error;
        }
      }
      await pause(retryMs, undefined, { signal });
    } while ((await stateOf('spending')) === 'retrain');
    return undefined;
  };

  return {
    name: 'watch-drift',
    cron: '20 3 * * *',
    timeZone,
    run: async ({ signal }) => {
      const states = await Promise.all(MODEL_NAMES.map(async (name) => [name, await stateOf(name)] as const));
      for (const [name, state] of states) {
        if (state === 'retrain') {
          logger.warn({ model: name }, 'recent rows no longer look like the training rows of this model');
        }
      }
      const isSpendingOff = states.some(([name, state]) => name === 'spending' && state === 'retrain');
      return {
        ...Object.fromEntries(states),
        startedJob: (isSpendingOff ? await trainSpending(signal) : undefined) ?? null,
      };
    },
  };
};
