import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChromium } from '../../scripts/chromium/ensure-chromium.mjs';
import { ensurePromtool } from '../../scripts/prometheus/ensure-promtool.mjs';
import { ensureBroker } from '../../scripts/rabbitmq/ensure-broker.mjs';
import { root, startDatabase } from './servers.ts';

/**
 * `npm test`: gives the suites a database and a broker, runs Jest with the arguments it got, and closes with the plain
 * line `N passed, N failed, N skipped`. Without a broker, a browser or promtool their suites are skipped with the reason
 * said; under CI=true that counts as a failure, for browser and promtool only where they could have been installed.
 */
interface JestSummary {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
  success: boolean;
}

const BROWSER_SUITES = 'tests/browser';
const ALERT_SUITES = 'tests/observability';

async function runJest(env: NodeJS.ProcessEnv, report: string): Promise<number> {
  const jest = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--json',
      `--outputFile=${report}`,
      '--maxWorkers=2',
      ...process.argv.slice(2),
    ],
    // Jest prints its report on standard output as JSON when asked for a file as well; people read standard error.
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env },
  );
  const [status] = (await once(jest, 'exit')) as [number | null];
  return status ?? 1;
}

const scratch = await mkdtemp(join(tmpdir(), 'orrery-tests-'));
const report = join(scratch, 'report.json');
const database = await startDatabase(join(scratch, 'mongo'));
const broker = await ensureBroker();
const brokerEnv = 'url' in broker ? { RABBITMQ_URL: broker.url } : { ORRERY_BROKER_SKIPPED: broker.skipped };
if ('skipped' in broker) {
  console.log(`RabbitMQ suites are skipped: ${broker.skipped}`);
}

const suites = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const wants = (folder: string): boolean =>
  suites.length === 0 || suites.some((suite) => folder.startsWith(suite) || suite.startsWith(folder));
const wantsBrowser = wants(BROWSER_SUITES);
const browser = ensureChromium({ install: wantsBrowser, log: console.log });
const browserEnv = 'path' in browser ? { CHROMIUM_PATH: browser.path } : {};
if (wantsBrowser && 'skipped' in browser) {
  console.log(`Browser suites are skipped: ${browser.skipped}`);
}

const wantsPromtool = wants(ALERT_SUITES);
const promtool = ensurePromtool({ install: wantsPromtool, log: console.log });
const promtoolEnv = 'path' in promtool ? { PROMTOOL_PATH: promtool.path } : {};
if (wantsPromtool && 'skipped' in promtool) {
  console.log(`Tests of alert rules are skipped: ${promtool.skipped}`);
}

const status = await runJest(
  { ...process.env, ...brokerEnv, ...browserEnv, ...promtoolEnv, TEST_MONGODB_URI: database.uri },
  report,
);

if ('stop' in broker) {
  await broker.stop();
}
await database.stop();
const summary = JSON.parse(await readFile(report, 'utf8')) as JestSummary;
await rm(scratch, { recursive: true, force: true });

const isCi = process.env['CI'] === 'true';
const missing = [
  'skipped' in broker && isCi,
  'skipped' in browser && browser.couldInstall && wantsBrowser && isCi,
  'skipped' in promtool && promtool.couldInstall && wantsPromtool && isCi,
].filter(Boolean).length;
const failed = summary.numFailedTests + summary.numRuntimeErrorTestSuites + missing;
console.log(`${summary.numPassedTests} passed, ${failed} failed, ${summary.numPendingTests} skipped`);
process.exitCode = status !== 0 || failed > 0 ? 1 : 0;
