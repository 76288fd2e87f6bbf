import { clearInterval, setInterval } from 'node:timers';
import type { Runtime } from '@orrery/service-kit';
import type { TextModel } from './domain/text-classifier.ts';
import type { ModelStore } from './store/model-store.ts';

export interface ActiveModelParts {
  models: ModelStore;
  /** Fingerprint of the shipped files. */
  base: string;
  /** Puts a model to work. */
  use(model: TextModel): void;
  /** Pause between two looks at the database, in milliseconds. */
  refreshMs: number;
  logger: Pick<Runtime<unknown>['logger'], 'info' | 'error'>;
}

/** Keeps this replica on the model that the database names. */
export interface ActiveModel {
  /** The trained model at work; null while it is the shipped one. */
  current(): TextModel | null;
  /** Looks now; a model that cannot be loaded leaves the present one at work. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Makes the keeper; every replica looks by itself, since an event would reach only one of them.
 * @param parts store, fingerprint, what to do with a new model, and the pause
 */
export const createActiveModel = ({
  models,
  base,
  use,
  refreshMs,
  logger,
}: ActiveModelParts): ActiveModel => {
  let current: TextModel | null = null;
  const look = async (): Promise<void> => {
    const version = await models.activeVersion(base);
    if (version === null || version === current?.version) {
      return;
    }
    const model = await models.load(version);
    if (model !== null) {
      use(model);
      current = model;
      logger.info({ modelVersion: version }, 'category model taken into use');
    }
  };
  const refresh = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      logger.error({ err: error }, 'category model could not be loaded; the present one goes on');
    }
  };
  const timer = setInterval(() => void refresh(), refreshMs);
  timer.unref();
  return { current: () => current, refresh, stop: () => clearInterval(timer) };
};
