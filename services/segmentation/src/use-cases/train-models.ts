import type { Clock } from '@orrery/calendar';
import { SegmentsTrained } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError } from '@orrery/service-kit';
import type { Runtime, TaskThreads } from '@orrery/service-kit';
import type { TRAINING_TASKS } from '../compute/training-tasks.ts';
import type { Points } from '../domain/kmeans/points.ts';
import { MODEL_PLANS } from '../domain/model-plans.ts';
import { judgeVersion } from '../domain/promotion.ts';
import type { ModelName, SegmentModel } from '../domain/segment-model.ts';
import type { FeatureSpec } from '../domain/transform.ts';
import { MODEL_NOT_TRAINED, NO_EARLIER_VERSION, NOT_ENOUGH_DATA } from '../segmentation-errors.ts';
import type { ModelStore, ModelVersion } from '../store/model-store.ts';

/** Rows that a model learns from. */
export interface TrainingRows {
  specs: readonly FeatureSpec[];
  raw: Points;
  /** The same rows with the features of an earlier version, where features can differ. */
  rawFor?(version: ModelVersion): Promise<Points>;
  /** What is kept with the version beside the model. */
  extras?(model: SegmentModel): Promise<Pick<ModelVersion, 'spending' | 'levels'>>;
}

export interface TrainModelsParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  models: ModelStore;
  /** Where the rows of each model come from; undefined when there are none. */
  rowsOf(name: ModelName, signal: AbortSignal): Promise<TrainingRows | undefined>;
  threads: TaskThreads<typeof TRAINING_TASKS>;
  clock: Clock;
}

/** Decides every start and sample, so that a training can be repeated. */
const SEED = 42;

const sameFeatures = (specs: readonly FeatureSpec[], model: SegmentModel): boolean =>
  specs.length === model.features.length &&
  specs.every(({ name }, index) => name === model.features[index]?.name);

/**
 * Makes the use case of training and of going back.
 * @param parts stores, rows, threads, clock and transactions
 */
export const createTrainModels = (parts: TrainModelsParts) => {
  const { models, rowsOf, threads, clock, inTransaction, recordEvents } = parts;

  const announce = (version: ModelVersion) =>
    newEvent(SegmentsTrained, 'segmentation', {
      model: version.name,
      modelVersion: version.version,
      clusters: version.model.personas.length,
      trainedAt: version.trainedAt.toISOString(),
    });

  return {
    /**
     * Trains a model in a thread, stores the version and lets it serve unless it is worse than the one that does.
     * @param name the model
     * @param options `force` lets it serve in any case; `signal` ends the reading of rows
     * @returns the new version, promoted or not
     * @throws AppError `not-enough-data` without any row, `unavailable` when the thread dies
     */
    async train(
      name: ModelName,
      options: { force?: boolean | undefined; signal: AbortSignal },
    ): Promise<ModelVersion> {
      const rows = await rowsOf(name, options.signal);
      if (rows === undefined) {
        throw new AppError(NOT_ENOUGH_DATA);
      }
      const { specs, raw } = rows;
      const serving = await models.current(name);
      const previousRaw =
        serving === undefined
          ? undefined
          : ((await rows.rawFor?.(serving)) ?? (sameFeatures(specs, serving.model) ? raw : undefined));
      const { model, dataHash, drift } = await threads.run('train', {
        name,
        specs,
        raw,
        seed: SEED,
        ...(MODEL_PLANS[name].fixedK === undefined ? {} : { fixedK: MODEL_PLANS[name].fixedK }),
        ...(serving === undefined || previousRaw === undefined
          ? {}
          : { previous: serving.model, previousRaw }),
      });
      const verdict = judgeVersion(model, serving?.model, drift);
      const promoted = verdict.promoted || options.force === true;
      const extras = (await rows.extras?.(model)) ?? { spending: null, levels: null };
      return inTransaction(async (session) => {
        const version: ModelVersion = {
          name,
          version: await models.nextVersion(name),
          trainedAt: clock.now(),
          dataHash,
          promoted,
          reasons: verdict.reasons,
          model,
          ...extras,
        };
        await models.save(version, session);
        if (promoted) {
          await models.serve(name, version.version, clock.now(), session);
          await recordEvents(session, [announce(version)]);
        }
        return version;
      });
    },

    /**
     * Lets an earlier version serve again.
     * @param name the model
     * @param wanted number of the version; default the newest fit one before the version that serves
     * @throws AppError `model-not-trained`, `no-earlier-version`, or `not-found` for a number that does not exist
     */
    async rollBack(name: ModelName, wanted?: number): Promise<ModelVersion> {
      const serving = await models.current(name);
      if (serving === undefined) {
        throw new AppError(MODEL_NOT_TRAINED);
      }
      const number = wanted ?? (await models.before(name, serving.version));
      if (number === undefined) {
        throw new AppError(NO_EARLIER_VERSION);
      }
      const version = await models.load(name, number);
      if (version === undefined) {
        throw new AppError('not-found');
      }
      await inTransaction(async (session) => {
        await models.serve(name, number, clock.now(), session);
        await recordEvents(session, [announce(version)]);
      });
      return version;
    },
  };
};

export type TrainModels = ReturnType<typeof createTrainModels>;
