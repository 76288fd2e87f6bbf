import { z } from 'zod';

const secret = z.string().min(1);

/** Settings of the gateway beside those of every service. */
export const gatewayConfig = z.object({
  JWT_SECRET: secret
    .meta({ secret: true })
    .describe('Secret with which the main back end signs user tokens (HS256)'),
  JWT_SECRET_PREVIOUS: secret
    .optional()
    .meta({ secret: true })
    .describe('The secret before it, still accepted during a rotation'),
  SUPABASE_JWT_SECRET: secret
    .optional()
    .meta({ secret: true })
    .describe('Secret of Supabase tokens; without it they are refused'),
  GATEWAY_FAST_PATH: z
    .enum(['on', 'off'])
    .default('on')
    .describe('off sends every request through express and http-proxy-middleware'),
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
