import { parseArgs } from 'node:util';
import { checkConsistency, startEmbeddedMongo } from './index.ts';

const USAGE = `embedded-mongo --data DIR [--port N] [--wire 21|25] [--nosync] [--check]

  --data DIR   directory of the data (created when it does not exist)
  --port N     port on 127.0.0.1 (27017 by default, 0 for any)
  --wire N     21 announces MongoDB 7.0 (the default), 25 announces 8.0
  --nosync     do not flush each commit to disk (safe when killed, not when the power fails)
  --check      check the data and stop; no server may be using them`;

async function check(dataDirectory: string): Promise<void> {
  const report = await checkConsistency(dataDirectory);
  console.log(
    `${report.collections} collections, ${report.documents} documents, ${report.indexEntries} index entries`,
  );
  for (const problem of report.problems) {
    console.log(problem);
  }
  console.log(
    report.problems.length === 0 ? 'no problems found' : `${report.problems.length} problems found`,
  );
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}

async function serve(values: { data: string; port: number; wire: 21 | 25; nosync: boolean }): Promise<void> {
  const server = await startEmbeddedMongo({
    dataDirectory: values.data,
    port: values.port,
    wireVersion: values.wire,
    durability: values.nosync ? 'nosync' : 'sync',
    logger: {
      info: (message) => {
        console.log(message);
      },
      error: (message, error) => {
        console.error(message, error ?? '');
      },
    },
  });
  console.log(`connect with ${server.uri}`);
  const stop = (): void => {
    console.log('stopping');
    void server.stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '27017' },
      host: { type: 'string', default: '127.0.0.1' },
      wire: { type: 'string', default: '21' },
      nosync: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (values.data === undefined) {
    throw new Error(`--data is missing\n\n${USAGE}`);
  }
  if (values.host !== '127.0.0.1') {
    throw new Error(`the server has no authentication and listens on 127.0.0.1 only, not on ${values.host}`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
  }
  if (values.wire !== '21' && values.wire !== '25') {
    throw new Error(`--wire must be 21 or 25, not ${values.wire}`);
  }
  if (values.check) {
    await check(values.data);
  } else {
    await serve({ data: values.data, port, wire: values.wire === '25' ? 25 : 21, nosync: values.nosync });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
