import type { Clock } from '@orrery/calendar';
import type { ServiceName } from '@orrery/contracts';
import type { EventBus } from '@orrery/messaging';
import type { DestinationStream } from 'pino';
import { CommonConfig, loadServiceConfig } from './config/common-config.ts';
import { ConfigError, loadConfig, type Environment } from './config/load-config.ts';
import type { ServiceModule } from './define-service.ts';
import { createLogger } from './observability/logger.ts';
import { redactText } from './observability/redaction.ts';
import { migrateService, startBus, startService, type StartedService } from './start-service.ts';

export interface RunOptions {
  /** Settings; default `process.env`. */
  env?: Environment;
  logDestination?: DestinationStream;
  /** Business time of all of them; default from `ORRERY_NOW`, else the machine's clock. */
  clock?: Clock;
  /** Called as each service starts, for a progress display. */
  onStarted?: (service: StartedService) => void;
  /** Takes what only the person who started them may read; default standard output. */
  tellOperator?: (sentence: string) => void;
}

/** Services that run together in this process. */
export interface RunningServices {
  services: readonly StartedService[];
  /** The one event bus of the process. */
  bus: EventBus;
  urlOf(service: ServiceName): string;
  /**
   * Drains and stops all of them, the last started first.
   * @returns whether all work ended in time
   */
  stop(): Promise<boolean>;
}

const FAILED = 1;

const checkAll = (modules: readonly ServiceModule[], env: Environment): void => {
  const problems = modules.flatMap((module) => {
    try {
      loadServiceConfig(module, env);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) {
        return error.problems;
      }
      throw error;
    }
  });
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
};

// In one process the other services are found by the address each got; settings of all modules are read as in a
// process of their own, but a module here need not be told where its neighbours are.
const withNeighbours = (modules: readonly ServiceModule[]): ServiceModule[] => {
  const present = new Set(modules.map(({ name }) => name));
  return modules.map((module) => ({
    ...module,
    calls: (module.calls ?? []).filter((called) => !present.has(called)),
  }));
};

/**
 * Starts services in this process, in the order given, with one event bus between them. They meet only over HTTP and
 * events, exactly as they do in processes of their own.
 * @param modules the services; the gateway last, so that it opens when there is something behind it
 * @param options settings
 * @throws ConfigError with the problems of all services at once
 */
export const runServices = async (
  modules: readonly ServiceModule[],
  options: RunOptions = {},
): Promise<RunningServices> => {
  const env = options.env ?? process.env;
  const wired = withNeighbours(modules);
  checkAll(wired, env);
  const [first] = modules;
  if (first === undefined) {
    throw new ConfigError(['There is no service to run']);
  }
  const common = loadConfig(CommonConfig, env, first.name);
  const logger = createLogger(first.name, common.LOG_LEVEL, options.logDestination);
  const { bus, stop: stopBus } = await startBus(common, logger);
  const addresses = new Map<ServiceName, string>();
  const services: StartedService[] = [];

  const stopAll = async (): Promise<boolean> => {
    await Promise.all(services.map((service) => service.drain()));
    await bus.stopConsuming();
    let inTime = true;
    for (const service of services.toReversed()) {
      inTime = (await service.stop()) && inTime;
    }
    await stopBus();
    return inTime;
  };

  let stopping: Promise<boolean> | undefined;
  const stop = (): Promise<boolean> => {
    stopping ??= stopAll();
    return stopping;
  };

  try {
    for (const module of wired) {
      const service = await startService(module, {
        env,
        addresses,
        bus,
        processMetrics: services.length === 0,
        ...(options.logDestination === undefined ? {} : { logDestination: options.logDestination }),
        ...(options.clock === undefined ? {} : { clock: options.clock }),
        ...(options.tellOperator === undefined ? {} : { tellOperator: options.tellOperator }),
      });
      services.push(service);
      options.onStarted?.(service);
    }
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    services,
    bus,
    stop,
    urlOf: (name) => {
      const address = addresses.get(name);
      if (address === undefined) {
        throw new Error(`The ${name} service does not run in this process`);
      }
      return address;
    },
  };
};

/**
 * Brings the databases of services to the state that this version needs, and does nothing else: the first step of a
 * rollout whose pods run with `MIGRATE_ON_START=0`.
 * @param modules the services
 * @param options settings
 * @throws ConfigError with the problems of all services at once
 */
const migrateDatabases = async (
  modules: readonly ServiceModule[],
  options: RunOptions = {},
): Promise<void> => {
  const env = options.env ?? process.env;
  checkAll(modules, env);
  for (const module of modules) {
    await migrateService(module, env, options.logDestination);
  }
};

/**
 * The whole program of a process: starts services, drains on SIGTERM or SIGINT and exits with 0, exits with 1 when the
 * start fails, when work did not end in time, or on a second signal. With the argument `--migrate` it only brings the
 * databases up to date.
 * @param modules the services
 * @param options settings
 */
export const runProcess = async (
  modules: readonly ServiceModule[],
  options: RunOptions = {},
): Promise<void> => {
  let running: RunningServices | undefined;
  let isStopping = false;

  const leave = async (code: number): Promise<void> => {
    if (isStopping) {
      process.exit(FAILED);
    }
    isStopping = true;
    const inTime = (await running?.stop()) ?? true;
    process.exit(inTime ? code : FAILED);
  };
  const leaveNow = (code: number): void => {
    leave(code).catch(() => process.exit(FAILED));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      leaveNow(0);
    });
  }
  process.on('uncaughtException', (error) => {
    running?.services[0]?.logger.fatal({ err: error }, 'an error that nobody handled');
    leaveNow(FAILED);
  });
  process.on('unhandledRejection', (reason) => {
    running?.services[0]?.logger.fatal({ err: reason }, 'a rejection that nobody handled');
    leaveNow(FAILED);
  });

  try {
    if (process.argv.includes('--migrate')) {
      await migrateDatabases(modules, options);
      process.exit(0);
    }
    running = await runServices(modules, options);
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
    } else {
      const reason = error instanceof Error ? `${error.name}: ${redactText(error.message)}` : 'unknown error';
      process.stderr.write(`The start failed: ${reason}\n`);
    }
    process.exit(FAILED);
  }
};
