import { onOff } from '@orrery/service-kit';
import { z } from 'zod';

// Values from samples and from the legacy services' own documentation: everybody knows them.
const SAMPLE_SECRETS = /^(changeme|change-me|secret|password|admin123|your[-_].*)$/i;
/** The legacy service's own rule; the main back end chose its secret before we came. */
const MIN_SECRET_LENGTH = 16;
/** RFC 7518 asks for as many bytes as the hash has. */
const GOOD_SECRET_LENGTH = 32;

const perMinute = (requests: number) => z.coerce.number('must be a number').int().min(1).default(requests);
const origins = z
  .string()
  .optional()
  .transform((text) => (text ?? '').split(',').map((part) => part.trim().replace(/\/$/, '')))
  .transform((parts) => parts.filter((part) => part !== ''));

const JwksIssuers = z.array(
  z.strictObject({
    name: z.string().min(1),
    url: z.url({ protocol: /^https?$/ }),
    issuer: z.string().min(1),
    audience: z.string().min(1),
    algorithms: z
      .array(z.enum(['RS256', 'ES256']))
      .min(1)
      .default(['RS256', 'ES256']),
  }),
);

const isLoopback = (address: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(address).hostname);

const jwksIssuers = z
  .string()
  .optional()
  .transform((text, context) => {
    try {
      const parsed = JwksIssuers.parse(JSON.parse(text ?? '[]'));
      if (parsed.every(({ url }) => url.startsWith('https:') || isLoopback(url))) {
        return parsed;
      }
      context.addIssue('must use https addresses');
    } catch {
      context.addIssue('must be a JSON list of { name, url, issuer, audience, algorithms? }');
    }
    return z.NEVER;
  });

/** One address that takes a share of a service's traffic. */
export interface WeightedOrigin {
  origin: string;
  weight: number;
}

const upstreams = z
  .string()
  .optional()
  .transform((text, context) => {
    const byService = new Map<string, WeightedOrigin[]>();
    for (const entry of (text ?? '').split(/\s+/).filter((part) => part !== '')) {
      const [, service, list] = /^([a-z-]+)=(.+)$/.exec(entry) ?? [];
      const origins = (list ?? '').split(',').map((part) => {
        const [, origin, weight] = /^(https?:\/\/[^/=@]+)(?:=(\d{1,3}))?$/.exec(part) ?? [];
        return { origin: origin ?? '', weight: Number(weight ?? 1) };
      });
      if (
        service === undefined ||
        origins.some(({ origin }) => origin === '') ||
        !origins.some(({ weight }) => weight > 0)
      ) {
        context.addIssue(
          'must look like insights=http://a:8080=90,http://b:8080=10 with spaces between services',
        );
        return z.NEVER;
      }
      byService.set(service, origins);
    }
    return byService;
  });

const secret = (meaning: string) => z.string().min(1).optional().meta({ secret: true, description: meaning });

/** Settings of the gateway beside those of every service. */
export const gatewayConfig = z
  .object({
    APP_ENV: z.string().default('production').describe('Only `local` allows DISABLE_AUTH and RATE_LIMIT=off'),
    JWT_SECRET: secret(
      'Secret with which the main back end signs user tokens (HS256); SECRET_KEY is read when it is unset',
    ),
    SECRET_KEY: secret('Former name of JWT_SECRET'),
    JWT_SECRET_PREVIOUS: secret('The secret before it, still accepted during a rotation'),
    JWT_ALGORITHM: z.literal('HS256').default('HS256').describe('Pinned; another value stops the start'),
    SUPABASE_JWT_SECRET: secret('Secret of Supabase tokens; without it they are refused'),
    JWKS_ISSUERS: jwksIssuers.describe(
      'Further issuers as JSON: [{"name","url","issuer","audience","algorithms":["RS256","ES256"]}]; https only',
    ),
    DISABLE_AUTH: onOff
      .default(false)
      .describe('1 takes every caller as the user `local-user`; only with APP_ENV=local'),
    GATEWAY_FAST_PATH: z
      .enum(['on', 'off'])
      .default('on')
      .describe('off sends every request through express and http-proxy-middleware'),
    GATEWAY_UPSTREAMS: upstreams.describe(
      'Several addresses of a service with weights: insights=http://a:8080=90,http://b:8080=10',
    ),
    TRUSTED_PROXY_HOPS: z.coerce
      .number('must be a number')
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe('Proxies of ours in front of the gateway; so many entries of X-Forwarded-For are believed'),
    RATE_LIMIT: onOff
      .default(true)
      .describe('off lifts all limits on the number of requests; only with APP_ENV=local'),
    RATE_LIMIT_USER: perMinute(600).describe('Requests of a user in a minute'),
    RATE_LIMIT_ADDRESS: perMinute(240).describe('Requests of an address without a valid token in a minute'),
    RATE_LIMIT_UPLOAD: perMinute(120).describe('Uploads of a user in a minute'),
    RATE_LIMIT_CHAT: perMinute(30).describe('Chat messages of a user in a minute'),
    RATE_LIMIT_LOGIN: perMinute(50).describe('Failed logins from an address in 15 minutes'),
    MAX_SOCKETS_PER_USER: z.coerce
      .number('must be a number')
      .int()
      .min(1)
      .default(5)
      .describe('WebSockets that a user may have open at once'),
    ALLOWED_HOST_ORIGINS: origins.describe('Origins of web apps that may call, with commas between'),
    CORS_ORIGINS: origins.describe('The same list under its other legacy name; both are joined'),
  })
  .superRefine((config, context) => {
    const isLocal = config.APP_ENV === 'local';
    const problem = (name: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    if (config.JWT_SECRET === undefined && config.SECRET_KEY === undefined) {
      problem('JWT_SECRET', 'is needed');
    }
    if (config.DISABLE_AUTH && !isLocal) {
      problem('DISABLE_AUTH', 'is accepted only with APP_ENV=local');
    }
    if (!config.RATE_LIMIT && !isLocal) {
      problem('RATE_LIMIT', 'may be off only with APP_ENV=local');
    }
    for (const { name, isRefused } of weakSecrets(config)) {
      if (isRefused && !isLocal) {
        problem(name, `is a sample value or has fewer than ${MIN_SECRET_LENGTH} characters`);
      }
    }
  });
export type GatewayConfig = z.output<typeof gatewayConfig>;

const SECRET_NAMES = ['JWT_SECRET', 'SECRET_KEY', 'JWT_SECRET_PREVIOUS', 'SUPABASE_JWT_SECRET'] as const;

/**
 * Secrets that deserve a word at the start.
 * @param config the secrets
 * @returns names only; `isRefused` for those that only a local installation may use
 */
export const weakSecrets = (
  config: Partial<Record<(typeof SECRET_NAMES)[number], string | undefined>>,
): { name: string; isRefused: boolean }[] =>
  SECRET_NAMES.flatMap((name) => {
    const value = config[name];
    if (value === undefined || (value.length >= GOOD_SECRET_LENGTH && !SAMPLE_SECRETS.test(value))) {
      return [];
    }
    return [{ name, isRefused: value.length < MIN_SECRET_LENGTH || SAMPLE_SECRETS.test(value) }];
  });
