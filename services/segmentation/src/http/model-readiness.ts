import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { ReadModelReadiness } from '@orrery/contracts';
import type { ModelStore } from '../store/model-store.ts';

/**
 * Whether shoppers can be analysed, for the readiness page of the gateway.
 * @param models the models
 */
export const modelReadiness = (models: ModelStore): MountedRoute =>
  handle(ReadModelReadiness, async () => {
    const serving = await models.current('shopping-personas');
    return {
      status: 200,
      body: {
        model: (serving?.model.personas.length ?? 0) > 0,
        scaler: (serving?.model.features ?? []).every(({ scale }) => scale > 0) && serving !== undefined,
        columns: (serving?.model.features.length ?? 0) > 0,
      },
    };
  });
