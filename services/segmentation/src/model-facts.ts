import type { OperationalFact } from '@orrery/contracts';
import { MODEL_NAMES } from './domain/segment-model.ts';
import type { ModelStore } from './store/model-store.ts';

/**
 * What operators see of the models: the version that serves and what it found; a model without one asks for a look.
 * @param models the models
 */
export const modelFacts = (models: ModelStore): Promise<OperationalFact[]> =>
  Promise.all(
    MODEL_NAMES.map(async (name): Promise<OperationalFact> => {
      const serving = await models.current(name);
      if (serving === undefined) {
        return { group: 'models', name, value: 'not trained', state: 'warning' };
      }
      const { personas, metrics, population } = serving.model;
      const value = `version ${String(serving.version)}: ${String(personas.length)} segments of ${String(population.rows)} rows, ${metrics.structure} structure`;
      return { group: 'models', name, value, state: 'ok' };
    }),
  );
