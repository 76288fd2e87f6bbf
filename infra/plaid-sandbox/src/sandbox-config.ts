import { onOff } from '@orrery/service-kit';
import { z } from 'zod';

/** Settings of the sandbox as a process of its own. */
export const SandboxConfig = z.object({
  MONGODB_URI: z
    .string()
    .min(1)
    .describe('MongoDB server, such as mongodb://127.0.0.1:27117')
    .meta({ secret: true }),
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address it listens on; control routes answer loopback only'),
  PLAID_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(8090).describe('Port it listens on'),
  PLAID_SANDBOX_CLIENT_ID: z.string().default('sandbox-client').describe('Client id it accepts'),
  PLAID_SANDBOX_SECRET: z.string().default('sandbox-secret').describe('Secret it accepts'),
  PLAID_SANDBOX_SEED: z.string().default('orrery').describe('Equal seeds give equal people and amounts'),
  PLAID_SANDBOX_RATE_LIMITS: onOff.default(true).describe("Plaid's limits of calls a minute"),
  PLAID_SANDBOX_INITIAL_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(1_500)
    .describe('Until the last 30 days are there'),
  PLAID_SANDBOX_HISTORICAL_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(4_000)
    .describe('Until the whole history is there'),
  PLAID_SANDBOX_LOGIN_DAYS: z.coerce
    .number()
    .min(1)
    .default(30)
    .describe('Days until a bank needs a new sign-in'),
  ORRERY_NOW: z.iso.datetime({ offset: true }).optional().describe('Freezes business time at this instant'),
});
