import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPrivateBroker } from '../../scripts/rabbitmq/ensure-broker.mjs';
import { root, startDatabase } from '../setup/servers.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { seededRandom } from './seeded-random.ts';

/**
 * `npm run test:faults`: every kind of fault against the constellation as processes, a real broker and a durable
 * database, and what has to hold meanwhile. `--short` is the part for every CI run, `--seed 7` repeats a run, names of
 * scenarios run only these, `--list` shows the names, `--document` writes the results into docs/reliability.md, `--logs <dir>` keeps
 * the logs of the processes.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    document: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    logs: { type: 'string' },
  },
});

if (values.list) {
  console.log(SCENARIOS.map(({ name, fault }) => `${name}: ${fault}`).join('\n'));
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

const seed = Number(values.seed ?? randomInt(1_000_000));
const chosen = SCENARIOS.filter(({ name, inShort }) =>
  positionals.length === 0 ? inShort || !values.short : positionals.includes(name),
);
if (chosen.length === 0) {
  throw new Error(`There is no such scenario. They are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
}

interface Outcome {
  scenario: Scenario;
  passed: boolean;
  measured: string;
  seconds: number;
}

const DOCUMENT = join(root, 'docs/reliability.md');
const TABLE = /<!-- results -->[\s\S]*<!-- end of results -->/;

/** Puts the results of this run between the marks of the document. */
async function writeDocument(outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.map(
    ({ scenario: { fault, promise }, passed, measured, seconds }) =>
      `| ${fault} | ${promise} | ${passed ? 'holds' : '**broken**'}: ${measured} | ${seconds} s |`,
  );
  const table = `<!-- results -->
Seed ${seed}, ${new Date().toISOString().slice(0, 10)}, two cores.

| Fault | What has to hold | Measured | Took |
|---|---|---|---|
${rows.join('\n')}
<!-- end of results -->`;
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(
    DOCUMENT,
    text.replace(TABLE, () => table),
  );
}

const broker = await startPrivateBroker({ log: console.log });
if ('skipped' in broker) {
  console.log(`The faults are skipped: ${broker.skipped}`);
  console.log(`0 passed, ${process.env['CI'] === 'true' ? 1 : 0} failed, ${chosen.length} skipped`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}
const scratch = await mkdtemp(join(tmpdir(), 'orrery-faults-'));
const database = await startDatabase(scratch, { durable: !values.short });
console.log(`seed ${seed}, ${chosen.length} kinds of faults`);
const outcomes: Outcome[] = [];
for (const scenario of chosen) {
  const startedAt = performance.now();
  let passed = true;
  let measured: string;
  try {
    measured = await scenario.run({
      mongoUri: database.uri,
      broker,
      // By its place among all, so that a part of a run repeats what the whole does.
      random: seededRandom(seed + SCENARIOS.indexOf(scenario)),
      seed,
      isShort: values.short,
      log: console.log,
      logs: values.logs,
    });
  } catch (error) {
    passed = false;
    measured = error instanceof Error ? error.message : String(error);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  outcomes.push({ scenario, passed, measured, seconds });
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${scenario.name} (${seconds} s): ${measured}`);
}
await broker.stop();
await database.stop();
await rm(scratch, { recursive: true, force: true });
if (values.document) {
  await writeDocument(outcomes);
}
const failed = outcomes.filter(({ passed }) => !passed).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
