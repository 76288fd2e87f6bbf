import { SERVICE_NAMES, type ServiceName } from '@orrery/contracts';
import { z } from 'zod';
import { ConfigError, loadConfig, onOff, readSetting, type Environment } from './load-config.ts';

const port = z.coerce.number('must be a port number').int().min(0).max(65_535);
const milliseconds = z.coerce.number('must be a number of milliseconds').int().min(0).max(600_000);

/** Settings that every service has. */
export const CommonConfig = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('production refuses development defaults and missing server addresses'),
  APP_ENV: z
    .string()
    .default('production')
    .describe('Name of the installation; only `local` allows DISABLE_AUTH and RATE_LIMIT=off'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 in a container'),
  PORT: port.default(0).describe('Port to listen on; 0 picks a free one'),
  METRICS_PORT: port.default(0).describe('Internal port of /metrics and /health; 0 picks a free one'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Lowest level that is logged'),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/.+/, 'must start with mongodb:// or mongodb+srv://')
    .default('mongodb://127.0.0.1:27117')
    .meta({
      description: 'MongoDB server or cluster; the default is the embedded one of `npm start`',
      secret: true,
      requiredInProduction: true,
    }),
  ORRERY_NAMESPACE: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,30}$/, 'must be up to 31 lower-case letters, digits or _')
    .default('orrery')
    .describe(
      'First part of the names of databases, exchanges and queues; tells installations on one server apart',
    ),
  RABBITMQ_URL: z
    .string()
    .regex(/^amqps?:\/\/.+/, 'must start with amqp:// or amqps://')
    .optional()
    .meta({
      description: 'RabbitMQ server; without it events stay inside one process',
      secret: true,
      requiredInProduction: true,
    }),
  SERVICE_TOKEN_SECRET: z
    .string()
    .min(32, 'needs at least 32 characters')
    .default('development-only-service-token-secret')
    .meta({
      description: 'Signs calls between the gateway and the services; the same for all of them',
      secret: true,
      requiredInProduction: true,
    }),
  SERVICE_TOKEN_SECRET_PREVIOUS: z
    .string()
    .min(32, 'needs at least 32 characters')
    .optional()
    .meta({ description: 'The secret before, still accepted during a rotation', secret: true }),
  ORRERY_NOW: z.iso
    .datetime({ offset: true, message: 'must be an instant such as 2026-03-01T12:00:00Z' })
    .optional()
    .meta({ description: 'Freezes business time at this instant', refusedInProduction: true }),
  DRAIN_DELAY_MS: milliseconds
    .default(0)
    .describe('Pause between "not ready" and closing the port, so that load balancers notice'),
  DRAIN_TIMEOUT_MS: milliseconds
    .default(25_000)
    .describe('Longest time for requests, events and jobs at work to end'),
  EVENT_RETRY_DELAYS_MS: z
    .string()
    .regex(/^\d+(,\d+)*$/, 'must be numbers of milliseconds with commas between')
    .optional()
    .describe('Pauses before an event is tried again; the default is 5 s, 1 min, 10 min'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url('must be an address')
    .optional()
    .describe('OTLP/HTTP collector for traces'),
  MIGRATE_ON_START: onOff.default(true).describe('Whether the service runs its migrations itself'),
});
export type CommonConfig = z.output<typeof CommonConfig>;

/**
 * The setting that holds another service's address.
 * @param service the other service
 */
export const addressSetting = (service: ServiceName): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_URL`;

const WebAddress = z.url({ protocol: /^https?$/ });

const problemsOf = (attempt: () => unknown): readonly string[] => {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
};

/** Settings of one service: those of all, its own, and the addresses of the others. */
export interface LoadedConfig<Own> {
  common: CommonConfig;
  own: Own;
  addresses: ReadonlyMap<ServiceName, string>;
}

const readAddresses = (
  environment: Environment,
  service: ServiceName,
  calls: readonly ServiceName[],
): { addresses: Map<ServiceName, string>; problems: string[] } => {
  const addresses = new Map<ServiceName, string>();
  const problems: string[] = [];
  for (const other of SERVICE_NAMES) {
    const name = addressSetting(other);
    const value = readSetting(environment, service, name);
    if (value !== undefined && !WebAddress.safeParse(value).success) {
      problems.push(`${name} must be an http or https address`);
    } else if (value !== undefined) {
      addresses.set(other, value.replace(/\/+$/, ''));
    } else if (environment['NODE_ENV'] === 'production' && calls.includes(other)) {
      problems.push(`${name} must be set in production: address of the ${other} service`);
    }
  }
  return { addresses, problems };
};

/**
 * Reads everything that a service needs to start and reports all problems of it at once.
 * @param module the service: its name, its own settings and the services it calls
 * @param environment variables, for instance `process.env`
 * @throws ConfigError with one sentence per problem
 */
export const loadServiceConfig = <Own extends z.ZodType>(
  module: { name: ServiceName; config: Own; calls?: readonly ServiceName[] },
  environment: Environment,
): LoadedConfig<z.output<Own>> => {
  const { addresses, problems } = readAddresses(environment, module.name, module.calls ?? []);
  const all = [
    ...problemsOf(() => loadConfig(CommonConfig, environment, module.name)),
    ...problemsOf(() => loadConfig(module.config, environment, module.name)),
    ...problems,
  ];
  if (all.length > 0) {
    throw new ConfigError(all.map((problem) => `${module.name}: ${problem}`));
  }
  return {
    common: loadConfig(CommonConfig, environment, module.name),
    own: loadConfig(module.config, environment, module.name),
    addresses,
  };
};
