import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, startDatabase } from '../tests/setup/servers.ts';
import { ensureBroker } from './rabbitmq/ensure-broker.mjs';

/**
 * `npm run bench [-- WORD …]`: runs every `bench/*.bench.ts` whose path contains one of the words (all, without words).
 * Each prints ratios against a named baseline measured in the same run; absolute figures of one machine mean little.
 */
const words = process.argv.slice(2);
const wanted = (path: string): boolean => words.length === 0 || words.some((word) => path.includes(word));

const paths: string[] = [];
for await (const path of glob('{gateway,packages/*,services/*,infra/*}/bench/*.bench.ts', { cwd: root })) {
  if (!path.includes('node_modules') && wanted(path)) {
    paths.push(path);
  }
}

const scratch = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
const database = await startDatabase(join(scratch, 'mongo'), { durable: true });
const broker = await ensureBroker();
const brokerEnv = 'url' in broker ? { RABBITMQ_URL: broker.url } : { ORRERY_BROKER_SKIPPED: broker.skipped };

let failed = 0;
for (const path of paths.sort()) {
  console.log(`\n# ${path}`);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...brokerEnv, TEST_MONGODB_URI: database.uri },
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  failed += status === 0 ? 0 : 1;
}

if ('stop' in broker) {
  await broker.stop();
}
await database.stop();
await rm(scratch, { recursive: true, force: true });
console.log(`\n${paths.length - failed} benchmarks ran, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
