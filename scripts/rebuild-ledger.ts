import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { UserId } from '../packages/contracts/src/index.ts';
import { CommonConfig, loadConfig, runServices } from '../packages/service-kit/src/index.ts';
import { categorization } from '../services/categorization/src/index.ts';
import { insights } from '../services/insights/src/index.ts';
import { needServers } from './need-servers.ts';

const USAGE = `Rebuilds the ledger with its packed rows and daily metrics from what categorization knows of each transaction.

  npm run rebuild:ledger -- --user <id>   one user
  npm run rebuild:ledger -- --all         everybody

It works beside a running system and prints what was wrong: all zeros mean that the ledger was right.
The database is MONGODB_URI, by default the one of a running \`npm start\`; the broker is RABBITMQ_URL, if any.
See docs/runbooks/rebuild-the-ledger.md.`;

const POLL_MS = 200;

const readArguments = (): { userId?: string } | undefined => {
  const { values } = parseArgs({ options: { user: { type: 'string' }, all: { type: 'boolean' } } });
  if ((values.user === undefined) === (values.all !== true)) {
    return undefined;
  }
  return values.user === undefined ? {} : { userId: UserId.parse(values.user) };
};

const rebuild = async (asked: { userId?: string }): Promise<unknown> => {
  const { MONGODB_URI, RABBITMQ_URL } = loadConfig(CommonConfig, process.env, 'insights');
  await needServers({ mongodbUri: MONGODB_URI, rabbitmqUrl: RABBITMQ_URL });
  const running = await runServices([categorization, insights], {
    env: {
      LOG_LEVEL: 'error',
      ...process.env,
      // The two talk to each other only, on ports of their own.
      SERVICE_TOKEN_SECRET: randomBytes(32).toString('hex'),
      PORT: '0',
      METRICS_PORT: '0',
    },
  });
  try {
    const jobs = running.services.find(({ name }) => name === 'insights')?.jobs;
    const id = await jobs?.run('rebuild-ledger', asked);
    for (;;) {
      const run = id === undefined ? undefined : await jobs?.find(id);
      if (run?.state === 'succeeded') {
        return run.result;
      }
      if (run === undefined || run.state === 'failed') {
        throw new Error(run?.error?.message ?? 'The run was lost');
      }
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  } finally {
    await running.stop();
  }
};

try {
  const asked = readArguments();
  if (asked === undefined) {
    console.log(USAGE);
    process.exitCode = 1;
  } else {
    console.log(JSON.stringify(await rebuild(asked)));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
