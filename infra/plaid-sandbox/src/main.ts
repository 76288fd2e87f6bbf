import { ConfigError, loadConfig } from '@orrery/service-kit';
import { SandboxConfig } from './sandbox-config.ts';
import { startPlaidSandbox } from './start-plaid-sandbox.ts';

/** The sandbox as a process of its own. */
const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

try {
  const config = loadConfig(SandboxConfig, process.env, 'plaid-sandbox');
  const frozen = config.ORRERY_NOW;
  const sandbox = await startPlaidSandbox({
    mongoUri: config.MONGODB_URI,
    host: config.HOST,
    port: config.PLAID_SANDBOX_PORT,
    clientId: config.PLAID_SANDBOX_CLIENT_ID,
    secret: config.PLAID_SANDBOX_SECRET,
    seed: config.PLAID_SANDBOX_SEED,
    rateLimits: config.PLAID_SANDBOX_RATE_LIMITS,
    initialMs: config.PLAID_SANDBOX_INITIAL_MS,
    historicalMs: config.PLAID_SANDBOX_HISTORICAL_MS,
    loginLastsDays: config.PLAID_SANDBOX_LOGIN_DAYS,
    ...(frozen === undefined ? {} : { now: () => new Date(frozen) }),
    onFault: (error) => process.stderr.write(`${textOf(error)}\n`),
  });
  process.stdout.write(`The Plaid sandbox listens on ${sandbox.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      sandbox.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${textOf(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : textOf(error)}\n`);
  process.exitCode = 1;
}
