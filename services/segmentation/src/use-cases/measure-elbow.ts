import type { TaskThreads } from '@orrery/service-kit';
import type { MeasuredCurve, TRAINING_TASKS } from '../compute/training-tasks.ts';
import { dataHashOf } from '../domain/data-hash.ts';
import type { CurveStore } from '../store/curve-store.ts';
import type { ModelStore } from '../store/model-store.ts';
import type { TrainingRows } from './train-models.ts';

/**
 * Makes the use case of the elbow: the curves of the model that serves, else of the data it would be trained on,
 * measured once for all replicas.
 * @param parts stores, rows and threads
 */
export const createMeasureElbow = (parts: {
  models: ModelStore;
  curves: CurveStore;
  rows(): Promise<TrainingRows>;
  threads: TaskThreads<typeof TRAINING_TASKS>;
}) => {
  const { models, curves, rows, threads } = parts;
  const running = new Map<string, Promise<MeasuredCurve>>();

  const measure = async (training: TrainingRows, hash: string): Promise<MeasuredCurve> => {
    const measured = await threads.run('measure', { ...training, seed: 42 });
    await curves.keep(hash, measured);
    return measured;
  };

  /** @returns the curve and the choice made on it */
  return async (): Promise<MeasuredCurve> => {
    const serving = await models.current('customers');
    if (serving !== undefined) {
      const { personas, metrics } = serving.model;
      return {
        curve: [...serving.model.curve],
        choice: { k: personas.length, structure: metrics.structure, reason: metrics.reason },
      };
    }
    const { specs, raw } = await rows();
    const training = { specs, raw };
    const hash = dataHashOf(training);
    const known = await curves.find(hash);
    if (known !== undefined) {
      return known;
    }
    const mine = running.get(hash) ?? measure(training, hash).finally(() => running.delete(hash));
    running.set(hash, mine);
    return mine;
  };
};

export type MeasureElbow = ReturnType<typeof createMeasureElbow>;
