import { once } from 'node:events';
import { createServer } from 'node:net';
import { z } from 'zod';

/** Settings of `npm start` itself; those of the services are read by each of them. */
const Settings = z.object({
  PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(8080),
  DATA_DIR: z.string().min(1).default('.data'),
  EMBEDDED_MONGO_PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(27_117),
  PLAID_SANDBOX_PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(8090),
  MODEL_SANDBOX_PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(8091),
  DEMO: z.enum(['0', '1']).default('1'),
});
export type Settings = z.output<typeof Settings>;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A setting as it is given; an empty one counts as not given.
 * @param env settings
 * @param name of the setting
 */
export const given = (env: Environment, name: string): string | undefined => {
  const value = env[name];
  return value === '' ? undefined : value;
};

/** A start that cannot go on; the message is for the person at the terminal. */
export class StartError extends Error {
  /** @param message one or more plain sentences */
  constructor(message: string) {
    super(message);
    this.name = 'StartError';
  }
}

/**
 * Says which setting to change when a port is in use; every other error stays what it is.
 * @param error why something did not start
 * @param port that it wanted
 * @param setting that names the port
 */
export const orPortTaken = (error: unknown, port: number, setting: string): unknown =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE'
    ? new StartError(`Port ${String(port)} is taken. Set ${setting} to a free port; 0 picks one.`)
    : error;

/**
 * Sees that a port is free before work begins that would be for nothing without it.
 * @param port the port; 0 is always free
 * @param setting that names the port
 * @throws StartError when something listens there
 */
export async function requireFreePort(port: number, setting: string): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    throw orPortTaken(error, port, setting);
  } finally {
    probe.close();
  }
}

/**
 * Reads the settings of `npm start`.
 * @param env environment variables; empty ones count as not given
 * @throws StartError with every problem at once
 */
export function readSettings(env: Environment): Settings {
  if (env['NODE_ENV'] === 'production' && (env['MONGODB_URI'] ?? '') === '') {
    throw new StartError(
      'NODE_ENV=production refuses the embedded database. Set MONGODB_URI to a MongoDB replica set.',
    );
  }
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `  - ${path.join('.')} ${message}`);
    throw new StartError(`The settings are not usable:\n${problems.join('\n')}`);
  }
  return parsed.data;
}

/**
 * Web apps that may call when no setting names any: those under development on this machine, at Reho's usual port.
 * @param env settings
 */
export const localOrigins = (env: Environment): Environment =>
  env['NODE_ENV'] === 'production' ||
  given(env, 'CORS_ORIGINS') !== undefined ||
  given(env, 'ALLOWED_HOST_ORIGINS') !== undefined
    ? {}
    : { ALLOWED_HOST_ORIGINS: 'http://localhost:3000,http://127.0.0.1:3000' };
