import type { Job } from '@orrery/service-kit';
import { z } from 'zod';
import type { AssignSegments } from '../use-cases/assign-segments.ts';
import type { KeepSpending } from '../use-cases/keep-spending.ts';
import type { TrainModels } from '../use-cases/train-models.ts';
import { trainingResult, trainJobName } from './train-jobs.ts';

/** Name of the job behind PocketC's route. */
export const REBUILD_CLUSTERS_JOB = 'rebuild-clusters';

/** Name of the job that gives everybody their segment by the version that serves. */
export const PLACE_USERS_JOB = 'place-users';

const Input = z.object({ force: z.boolean().optional() }).default({});

/**
 * Keeps spending segments: users whose metrics changed every minute, a training every week, and everything from
 * nothing on demand.
 * @param parts use cases and the zone of the night
 */
export const spendingJobs = (parts: {
  keepSpending: KeepSpending;
  trainModels: TrainModels;
  assign: AssignSegments;
  timeZone: string;
}): Job[] => {
  const { keepSpending, trainModels, assign, timeZone } = parts;

  const trainAndPlace = async (force: boolean | undefined, signal: AbortSignal) => {
    // Whatever becomes of the training, profiles were read without placing their users.
    const trained = await Promise.allSettled([trainModels.train('spending', { force, signal })]);
    const placed = await assign.placeEverybody(signal);
    const [outcome] = trained;
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
    return { version: outcome.value, ...placed };
  };

  return [
    {
      name: 'refresh-segments',
      cron: '* * * * *',
      run: async ({ signal }) => ({ users: await keepSpending.refreshStale(signal) }),
    },
    {
      name: PLACE_USERS_JOB,
      // Two roll-backs in a row must both take effect, and placing twice harms nothing.
      oneAtATime: false,
      run: ({ signal }) => assign.placeEverybody(signal),
    },
    {
      name: trainJobName('spending'),
      cron: '50 4 * * 0',
      timeZone,
      run: async ({ signal, input }) => {
        await keepSpending.readStale(signal);
        const { version, users, changed } = await trainAndPlace(
          Input.parse(input ?? undefined).force,
          signal,
        );
        return { ...trainingResult(version), users, changed };
      },
    },
    {
      name: REBUILD_CLUSTERS_JOB,
      run: async ({ signal }) => {
        await keepSpending.readEverybody(signal);
        const { version, users, changed } = await trainAndPlace(false, signal);
        return {
          ok: true,
          // What the legacy job counted: a row for each cluster and category it could save on.
          inserted_rows: Object.values(version.spending ?? {}).reduce(
            (sum, { topCategories }) => sum + topCategories.length,
            0,
          ),
          ...trainingResult(version),
          users,
          changed,
        };
      },
    },
  ];
};
