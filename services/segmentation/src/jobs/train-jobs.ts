import type { Job } from '@orrery/service-kit';
import { z } from 'zod';
import type { ModelName } from '../domain/segment-model.ts';
import type { ModelVersion } from '../store/model-store.ts';
import type { TrainModels } from '../use-cases/train-models.ts';

const Input = z.object({ force: z.boolean().optional() }).default({});

/** What a training job leaves behind. */
export const TrainingResult = z.object({
  model: z.string(),
  version: z.int(),
  promoted: z.boolean(),
  reasons: z.array(z.string()),
  rows: z.int(),
  clusters: z.int(),
  structure: z.enum(['clear', 'weak']),
  silhouette: z.number(),
  stability: z.number(),
  inertia: z.number(),
});

/**
 * Name of the job that trains a model.
 * @param model the model
 */
export const trainJobName = (model: ModelName): string => `train-${model}`;

/**
 * A training in a few figures.
 * @param version the trained version
 */
export const trainingResult = ({
  name,
  version,
  promoted,
  reasons,
  model,
}: ModelVersion): z.output<typeof TrainingResult> => ({
  model: name,
  version,
  promoted,
  reasons,
  rows: model.population.rows,
  clusters: model.personas.length,
  structure: model.metrics.structure,
  silhouette: model.metrics.silhouette,
  stability: model.metrics.stability,
  inertia: model.metrics.inertia,
});

/**
 * The trainings of models that learn from a table, weekly and on demand; one run of each at a time over all replicas.
 * @param trainModels the use case
 * @param timeZone zone whose night it is
 */
export const tableTrainingJobs = (trainModels: TrainModels, timeZone: string): Job[] =>
  (
    [
      ['customers', '10 4 * * 0'],
      ['shopping-personas', '30 4 * * 0'],
    ] as const
  ).map(([model, cron]) => ({
    name: trainJobName(model),
    cron,
    timeZone,
    run: async ({ signal, input }) =>
      trainingResult(await trainModels.train(model, { ...Input.parse(input ?? undefined), signal })),
  }));
