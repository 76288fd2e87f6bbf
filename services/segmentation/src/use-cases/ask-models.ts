import type { Clock } from '@orrery/calendar';
import { AppError } from '@orrery/service-kit';
import { binOf } from '../domain/drift.ts';
import { explainRow } from '../domain/place-row.ts';
import type { ExplainedPlacement } from '../domain/place-row.ts';
import type { ModelName, SegmentModel } from '../domain/segment-model.ts';
import { MODEL_NOT_TRAINED } from '../segmentation-errors.ts';
import type { InputStore } from '../store/input-store.ts';
import type { ModelStore, ModelVersion } from '../store/model-store.ts';

const countsOf = (
  model: SegmentModel,
  rows: readonly (readonly number[])[],
  placements: readonly ExplainedPlacement[],
) => {
  const bins = model.bins.map(({ shares }) => new Array<number>(shares.length).fill(0));
  const personas = new Array<number>(model.personas.length).fill(0);
  for (const [index, row] of rows.entries()) {
    for (const [feature, one] of model.bins.entries()) {
      const bin = binOf(one, row[feature] ?? 0);
      const counts = bins[feature] ?? [];
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const number = placements[index]?.persona.number ?? 0;
    personas[number] = (personas[number] ?? 0) + 1;
  }
  return { rows: rows.length, bins, personas };
};

/**
 * Makes the use case of asking a model about rows.
 * @param parts stores and clock
 */
export const createAskModels = (parts: { models: ModelStore; inputs: InputStore; clock: Clock }) => {
  const { models, inputs, clock } = parts;

  const requireModel = async (name: ModelName): Promise<ModelVersion> => {
    const serving = await models.current(name);
    if (serving === undefined) {
      throw new AppError(MODEL_NOT_TRAINED, { detail: `The ${name} model has not been trained yet.` });
    }
    return serving;
  };

  return {
    /**
     * The version that serves.
     * @param name the model
     * @throws AppError `model-not-trained`
     */
    requireModel,

    /**
     * Places rows and counts them for drift.
     * @param name the model
     * @param rows raw rows with the model's features
     * @throws AppError `model-not-trained`
     */
    async place(
      name: ModelName,
      rows: readonly (readonly number[])[],
    ): Promise<{ version: ModelVersion; placements: ExplainedPlacement[] }> {
      const version = await requireModel(name);
      const placements = rows.map((row) => explainRow(version.model, row));
      if (rows.length > 0) {
        await inputs.add(name, version.version, clock.now(), countsOf(version.model, rows, placements));
      }
      return { version, placements };
    },
  };
};

export type AskModels = ReturnType<typeof createAskModels>;
