import { parseArgs } from 'node:util';
import { SERVICE_NAMES } from '../packages/contracts/src/index.ts';
import {
  groupDeadLetters,
  replayDeadLetters,
  type DeadLetterFilter,
} from '../packages/messaging/src/index.ts';
import { CommonConfig, createLogger, loadConfig, startBus } from '../packages/service-kit/src/index.ts';
import { needServers } from './need-servers.ts';

const USAGE = `Events that were parked because they could not be handled.

  npm run dead-letters -- list   [filters]             counts by consumer, event and reason
  npm run dead-letters -- show   [filters]             each parked event, one JSON line per event
  npm run dead-letters -- replay [filters] [--dry-run] puts them back into the queue of the consumer that failed

Filters: --consumer <service>  --type <event, such as transactions.ingested.v1>  --id <event id, repeatable>  --limit <n>
The broker is RABBITMQ_URL; without it, the bus database on MONGODB_URI. See docs/runbooks/dead-letters.md.`;

const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new Error(`--limit must be a whole number of at least 1, not ${text}`);
  }
  return number;
};

const readArguments = () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      consumer: { type: 'string' },
      type: { type: 'string' },
      id: { type: 'string', multiple: true },
      limit: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const consumer = SERVICE_NAMES.find((name) => name === values.consumer);
  if (values.consumer !== undefined && consumer === undefined) {
    throw new Error(`--consumer must be one of ${SERVICE_NAMES.join(', ')}`);
  }
  const filter: DeadLetterFilter = {
    ...(consumer === undefined ? {} : { consumer }),
    ...(values.type === undefined ? {} : { type: values.type }),
    ...(values.id === undefined ? {} : { ids: values.id }),
    ...(values.limit === undefined ? {} : { limit: wholeNumber(values.limit) }),
  };
  return { action: positionals[0], filter, dryRun: values['dry-run'] };
};

const run = async (): Promise<void> => {
  const { action, dryRun, filter } = readArguments();
  if (action !== 'list' && action !== 'show' && action !== 'replay') {
    console.log(USAGE);
    process.exitCode = action === undefined ? 0 : 1;
    return;
  }
  const common = loadConfig(CommonConfig, process.env, 'gateway');
  await needServers(
    common.RABBITMQ_URL === undefined
      ? { mongodbUri: common.MONGODB_URI }
      : { rabbitmqUrl: common.RABBITMQ_URL },
  );
  const { bus, stop } = await startBus(common, createLogger('gateway', 'error'));
  try {
    if (action === 'replay') {
      const count = await replayDeadLetters(bus, filter, { dryRun });
      console.log(`${dryRun ? 'would replay' : 'replayed'} ${String(count)}`);
      return;
    }
    const letters = await bus.listDeadLetters(
      action === 'list' ? { ...filter, limit: filter.limit ?? 100_000 } : filter,
    );
    if (action === 'show') {
      letters.forEach((letter) => {
        console.log(JSON.stringify(letter));
      });
      return;
    }
    groupDeadLetters(letters).forEach(({ consumer, count, newest, oldest, reason, type }) => {
      console.log(`${String(count).padStart(6)}  ${consumer}  ${type}  ${reason}  ${oldest} to ${newest}`);
    });
    console.log(`${String(letters.length)} parked`);
  } finally {
    await stop();
  }
};

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
