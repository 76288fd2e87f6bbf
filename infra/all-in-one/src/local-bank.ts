import { startPlaidSandbox } from '@orrery/plaid-sandbox';
import { type Environment, given, orPortTaken } from './settings.ts';

const CLIENT_ID = 'sandbox-client';
const SECRET = 'sandbox-secret';

/** Like Plaid, only quicker: a bank that was just linked has its last month first, and its whole history a little later. */
const INITIAL_MS = 600;
const HISTORICAL_MS = 1_500;

/** A local stand-in for Plaid that runs beside the services. */
export interface LocalBank {
  url: string;
  /** Settings with which ingestion uses it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Plaid itself is used when its keys are there, or when a mode is asked for that only Plaid has. */
const usesPlaid = (env: Environment): boolean => {
  const mode = given(env, 'PLAID_ENV_MODE') ?? 'sand';
  return (
    mode !== 'sand' ||
    (given(env, 'PLAID_CLIENT_ID') !== undefined && given(env, 'PLAID_SECRET_sand') !== undefined)
  );
};

/**
 * Starts the Plaid sandbox, unless the settings name the real one. It keeps its state in the database `plaid_sandbox`
 * and shares the business time.
 * @param env settings
 * @param mongoUri database server
 * @param port where it listens
 * @throws StartError when the port is taken
 */
export async function startLocalBank(
  env: Environment,
  mongoUri: string,
  port: number,
): Promise<LocalBank | undefined> {
  if (usesPlaid(env) || env['NODE_ENV'] === 'production') {
    return undefined;
  }
  const now = given(env, 'ORRERY_NOW');
  const frozen = now === undefined ? undefined : new Date(now);
  try {
    const sandbox = await startPlaidSandbox({
      mongoUri,
      port,
      clientId: CLIENT_ID,
      secret: SECRET,
      initialMs: INITIAL_MS,
      historicalMs: HISTORICAL_MS,
      ...(frozen === undefined ? {} : { now: () => frozen }),
    });
    return {
      url: sandbox.url,
      env: {
        PLAID_ENV_MODE: 'sand',
        PLAID_CLIENT_ID: CLIENT_ID,
        PLAID_SECRET_sand: SECRET,
        PLAID_ENV_sand: sandbox.url,
      },
      stop: () => sandbox.stop(),
    };
  } catch (error) {
    throw orPortTaken(error, port, 'PLAID_SANDBOX_PORT');
  }
}
