import { loadConfig, reportFault, runServer } from '@orrery/service-kit';
import { SandboxConfig } from './sandbox-config.ts';
import { startPlaidSandbox } from './start-plaid-sandbox.ts';

/** The sandbox as a process of its own. */
await runServer('The Plaid sandbox', () => {
  const config = loadConfig(SandboxConfig, process.env, 'plaid-sandbox');
  const frozen = config.ORRERY_NOW;
  return startPlaidSandbox({
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
    onFault: reportFault,
  });
});
