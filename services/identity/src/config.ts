import { onOff } from '@orrery/service-kit';
import { z } from 'zod';

const MIN_SECRET_CHARACTERS = 16;
// Values that stand in samples and tutorials of the systems that we stand in for.
const SAMPLE_VALUES = /^(changeme|secret|password|admin123|test123|your-secret-key.*)$/i;

const wholeNumber = (min: number, max: number) => z.coerce.number('must be a number').int().min(min).max(max);

/** Settings of this service beside the common ones. */
export const IdentityConfig = z
  .object({
    APP_ENV: z
      .string()
      .default('production')
      .describe('Name of the installation; `local` allows sample secrets and RATE_LIMIT=off'),
    IDENTITY_MODE: z.enum(['standalone', 'main']).default('standalone').meta({
      description:
        '`main`: accounts are those of the main back end; `standalone`: we keep accounts ourselves',
      requiredInProduction: true,
    }),
    JWT_SECRET: z.string().min(1).optional().meta({
      description:
        'Signs the tokens of a login; the gateway verifies with the same. SECRET_KEY is another name',
      secret: true,
    }),
    SECRET_KEY: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Read as JWT_SECRET when that is unset', secret: true }),
    ACCESS_TOKEN_EXPIRE_MINUTES: wholeNumber(1, 1_440)
      .default(30)
      .describe('Life of an access token, in minutes'),
    REFRESH_TOKEN_EXPIRE_DAYS: wholeNumber(1, 365)
      .default(30)
      .describe('Days without use after which a session ends'),
    ADMIN_USERNAME: z.string().min(1).max(64).default('admin').describe('Name of the first administrator'),
    ADMIN_EMAIL: z.email().default('admin@example.com').describe('E-mail of the first administrator'),
    ADMIN_PASSWORD: z.string().min(8).max(128).optional().meta({
      description: 'Password of the first administrator; without it a random one is printed once',
      secret: true,
    }),
    RATE_LIMIT: onOff.default(true).describe('`off` only with APP_ENV=local'),
    RATE_LIMIT_LOGIN: wholeNumber(1, 100_000)
      .default(50)
      .describe('Failed logins from one address in 15 minutes before further ones wait'),
    RATE_LIMIT_LOGIN_ACCOUNT: wholeNumber(1, 1_000)
      .default(10)
      .describe('Failed logins of one account in 15 minutes before further ones wait'),
    AUDIT_RETENTION_DAYS: wholeNumber(1, 3_650)
      .default(365)
      .describe('Days for which acts of administrators stay in the audit log'),
    ERASURE_RETENTION_DAYS: wholeNumber(1, 3_650)
      .default(365)
      .describe('Days for which the result of an erasure can be read'),
    DATABASE_URL: z.string().min(1).optional().meta({
      description: 'Database server of the main back end; default MONGODB_URI',
      secret: true,
    }),
    MONGODB_URI: z
      .string()
      .default('mongodb://127.0.0.1:27117')
      .meta({ description: 'Where the main back end is looked for without DATABASE_URL', secret: true }),
    MONGO_DB_NAME: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The main back end's database; default the one that DATABASE_URL names, else finance-management",
      ),
  })
  .superRefine((config, context) => {
    const secret = config.JWT_SECRET ?? config.SECRET_KEY;
    const refuse = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (secret === undefined) {
      refuse('JWT_SECRET', 'must be set: it signs the tokens of a login');
      return;
    }
    if (config.APP_ENV === 'local') {
      return;
    }
    if (secret.length < MIN_SECRET_CHARACTERS || SAMPLE_VALUES.test(secret)) {
      refuse(
        'JWT_SECRET',
        `needs ${String(MIN_SECRET_CHARACTERS)} characters and must not be a sample value`,
      );
    }
    if (config.ADMIN_PASSWORD !== undefined && SAMPLE_VALUES.test(config.ADMIN_PASSWORD)) {
      refuse('ADMIN_PASSWORD', 'must not be a sample value');
    }
    if (!config.RATE_LIMIT) {
      refuse('RATE_LIMIT', 'may be off only with APP_ENV=local');
    }
  });
export type IdentityConfig = z.output<typeof IdentityConfig>;
