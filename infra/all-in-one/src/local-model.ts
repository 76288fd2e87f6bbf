import { startModelSandbox } from '@orrery/model-sandbox';
import { type Environment, given, orPortTaken } from './settings.ts';

const MODEL = 'orrery-rules-1';

/** A local language model that runs beside the services. */
export interface LocalModel {
  url: string;
  /** Settings with which the services use it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/**
 * Starts the model sandbox, unless the settings name a model's server or a key.
 * @param env settings
 * @param port where it listens
 * @throws StartError when the port is taken
 */
export async function startLocalModel(env: Environment, port: number): Promise<LocalModel | undefined> {
  const hasModel = given(env, 'OPENAI_API_KEY') !== undefined || given(env, 'OPENAI_BASE_URL') !== undefined;
  if (hasModel || env['NODE_ENV'] === 'production') {
    return undefined;
  }
  const now = given(env, 'ORRERY_NOW');
  const frozen = now === undefined ? undefined : new Date(now);
  try {
    const sandbox = await startModelSandbox({
      port,
      ...(frozen === undefined ? {} : { now: () => frozen }),
    });
    return {
      url: sandbox.url,
      env: {
        OPENAI_BASE_URL: sandbox.url,
        MODEL_CHAT: given(env, 'MODEL_CHAT') ?? MODEL,
        MODEL_REPORTS: given(env, 'MODEL_REPORTS') ?? MODEL,
      },
      stop: () => sandbox.stop(),
    };
  } catch (error) {
    throw orPortTaken(error, port, 'MODEL_SANDBOX_PORT');
  }
}
