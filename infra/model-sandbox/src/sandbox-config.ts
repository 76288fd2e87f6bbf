import { z } from 'zod';

/** Settings of the sandbox as a process of its own. */
export const ModelSandboxConfig = z.object({
  HOST: z.string().default('127.0.0.1').describe('Address it listens on'),
  MODEL_SANDBOX_PORT: z.coerce
    .number('must be a port number')
    .int()
    .min(0)
    .max(65_535)
    .default(8091)
    .describe('Port it listens on'),
  ORRERY_NOW: z.iso.datetime({ offset: true }).optional().describe('Freezes business time at this instant'),
});
