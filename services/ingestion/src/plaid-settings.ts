import { TokenKeyError, parseTokenKeys } from './domain/bank/token-cipher.ts';
import type { TokenKeys } from './domain/bank/token-cipher.ts';

/** Which environment of Plaid, in the words of Cash Sense. */
export type PlaidMode = 'sand' | 'dev' | 'prod';

/** The settings about Plaid as they are written. */
export interface PlaidConfig {
  PLAID_ENV_MODE?: PlaidMode | undefined;
  PLAID_CLIENT_ID?: string | undefined;
  PLAID_SECRET_sand?: string | undefined;
  PLAID_SECRET_dev?: string | undefined;
  PLAID_SECRET_prod?: string | undefined;
  PLAID_ENV_sand: string;
  PLAID_ENV_dev: string;
  PLAID_ENV_prod: string;
  PLAID_TOKEN_KEYS?: string | undefined;
}

/** How Plaid is reached. */
export interface PlaidSettings {
  mode: PlaidMode;
  clientId: string;
  secret: string;
  /** Without a trailing slash. */
  baseUrl: string;
  keys: TokenKeys;
}

interface Problem {
  setting: keyof PlaidConfig;
  message: string;
}

const isWanted = (config: PlaidConfig): boolean =>
  config.PLAID_ENV_MODE !== undefined || config.PLAID_CLIENT_ID !== undefined;

const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

const keysProblem = (text: string | undefined): string | undefined => {
  if (text === undefined) {
    return 'must be set when banks can be linked; `npm run bank-keys` makes one';
  }
  try {
    parseTokenKeys(text);
    return undefined;
  } catch (error) {
    if (error instanceof TokenKeyError) {
      return error.message;
    }
    throw error;
  }
};

/**
 * What is wrong with the settings about Plaid; nothing when bank links are off.
 * @param config the settings
 */
export const plaidProblems = (config: PlaidConfig): Problem[] => {
  if (!isWanted(config)) {
    return [];
  }
  const mode = config.PLAID_ENV_MODE ?? 'sand';
  const problems: Problem[] = [];
  if (config.PLAID_CLIENT_ID === undefined) {
    problems.push({ setting: 'PLAID_CLIENT_ID', message: `must be set for PLAID_ENV_MODE=${mode}` });
  }
  if (config[`PLAID_SECRET_${mode}`] === undefined) {
    problems.push({
      setting: `PLAID_SECRET_${mode}`,
      message: `must be set for PLAID_ENV_MODE=${mode}`,
    });
  }
  const base = new URL(config[`PLAID_ENV_${mode}`]);
  if (base.protocol === 'http:' && !isLoopback(base.hostname)) {
    problems.push({
      setting: `PLAID_ENV_${mode}`,
      message: 'must begin with https:// unless it is on loopback',
    });
  }
  const keys = keysProblem(config.PLAID_TOKEN_KEYS);
  if (keys !== undefined) {
    problems.push({ setting: 'PLAID_TOKEN_KEYS', message: keys });
  }
  return problems;
};

/**
 * How Plaid is reached, or undefined when bank links are off.
 * @param config settings without problems
 */
export const plaidSettings = (config: PlaidConfig): PlaidSettings | undefined => {
  const mode = config.PLAID_ENV_MODE ?? 'sand';
  const { PLAID_CLIENT_ID: clientId, PLAID_TOKEN_KEYS: keys } = config;
  const secret = config[`PLAID_SECRET_${mode}`];
  if (clientId === undefined || secret === undefined || keys === undefined) {
    return undefined;
  }
  return { mode, clientId, secret, baseUrl: config[`PLAID_ENV_${mode}`], keys: parseTokenKeys(keys) };
};
