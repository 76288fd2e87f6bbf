import type { Clock } from '@orrery/calendar';
import { AppError } from '@orrery/service-kit';
import { countInputs } from '../domain/count-inputs.ts';
import { explainRow, placeRow } from '../domain/place-row.ts';
import type { ExplainedPlacement, Placement } from '../domain/place-row.ts';
import type { ModelName, SegmentModel } from '../domain/segment-model.ts';
import { MODEL_NOT_TRAINED } from '../segmentation-errors.ts';
import type { InputStore } from '../store/input-store.ts';
import type { ModelStore, ModelVersion } from '../store/model-store.ts';

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

  const asked = async <Found extends Placement>(
    name: ModelName,
    rows: readonly (readonly number[])[],
    find: (model: SegmentModel, row: readonly number[]) => Found,
  ): Promise<{ version: ModelVersion; placements: Found[] }> => {
    const version = await requireModel(name);
    const placements = rows.map((row) => find(version.model, row));
    if (rows.length > 0) {
      await inputs.add(name, version.version, clock.now(), countInputs(version.model, rows, placements));
    }
    return { version, placements };
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
    place: (name: ModelName, rows: readonly (readonly number[])[]) => asked(name, rows, placeRow),

    /**
     * Places rows, says how sure that is and why, and counts them for drift.
     * @param name the model
     * @param rows raw rows with the model's features
     * @throws AppError `model-not-trained`
     */
    explain: (
      name: ModelName,
      rows: readonly (readonly number[])[],
    ): Promise<{ version: ModelVersion; placements: ExplainedPlacement[] }> => asked(name, rows, explainRow),
  };
};

export type AskModels = ReturnType<typeof createAskModels>;
