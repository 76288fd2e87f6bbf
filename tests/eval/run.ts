import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startModelSandbox } from '../../infra/model-sandbox/src/index.ts';
import { startConstellation } from '../e2e/constellation.ts';
import { startDatabase } from '../setup/servers.ts';
import { heldOutSet1 } from './held-out/held-out-set-1.ts';
import { heldOutSet2 } from './held-out/held-out-set-2.ts';
import { heldOutSet3 } from './held-out/held-out-set-3.ts';
import { heldOutSet4 } from './held-out/held-out-set-4.ts';
import { heldOutScore, runHeldOut } from './held-out/run-held-out.ts';
import { runEvaluation, scoreOf } from './run-evaluation.ts';

const HELD_OUT_SETS = [
  ['first', heldOutSet1],
  ['second', heldOutSet2],
  ['third', heldOutSet3],
  ['fourth', heldOutSet4],
] as const;

/**
 * `npm run eval`: asks the questions of the evaluation set and prints the table. It asks the model that OPENAI_BASE_URL
 * and OPENAI_API_KEY name, else the local one. `--failures` shows the answers that were not right.
 */
const given = (name: string): string | undefined => {
  const value = process.env[name];
  return value === '' ? undefined : value;
};

const scratch = await mkdtemp(join(tmpdir(), 'orrery-eval-'));
const database = await startDatabase(join(scratch, 'mongo'));
process.env['TEST_MONGODB_URI'] = database.uri;
const isOwnModel = given('OPENAI_BASE_URL') === undefined && given('OPENAI_API_KEY') === undefined;
const sandbox = isOwnModel ? await startModelSandbox({ port: 0 }) : undefined;
const model: Record<string, string> = {
  ...(sandbox === undefined ? {} : { OPENAI_BASE_URL: sandbox.url }),
  ...Object.fromEntries(
    ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'MODEL_CHAT'].flatMap((name) => {
      const value = given(name);
      return value === undefined ? [] : [[name, value]];
    }),
  ),
};
const orrery = await startConstellation({
  ORRERY_NOW: '2026-11-15T12:00:00Z',
  MODEL_TOKENS_PER_USER: '100000000',
  MODEL_TOKENS_PER_DAY: '1000000000',
  ...model,
});
try {
  const outcomes = await runEvaluation(orrery, {
    progress: (done, all) => {
      if (done % 25 === 0) {
        console.log(`  ${String(done)} of ${String(all)} asked`);
      }
    },
  });
  console.log(`\nModel: ${isOwnModel ? 'the local one (rules)' : (given('MODEL_CHAT') ?? 'the default')}\n`);
  console.log('| Questions | Asked | Right | Wrong numbers | Right tool | Unsafe | p50 | p95 |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const kind of ['factual', 'comparison', 'follow-up', 'adversarial', undefined] as const) {
    const score = scoreOf(outcomes, kind);
    console.log(
      `| ${[
        kind ?? 'all',
        score.asked,
        kind === 'adversarial' ? '–' : `${score.rightPercent.toFixed(1)} %`,
        score.wrongNumbers,
        `${score.rightToolPercent.toFixed(1)} %`,
        score.unsafe,
        `${score.p50Ms.toFixed(0)} ms`,
        `${score.p95Ms.toFixed(0)} ms`,
      ].join(' | ')} |`,
    );
  }
  console.log('\n| Held-out set | Asked | Right | Not answered | Wrong |\n|---|---|---|---|---|');
  for (const [name, questions] of HELD_OUT_SETS) {
    const heldOut = await runHeldOut(orrery, questions());
    const { asked, right, declined, wrong } = heldOutScore(heldOut);
    console.log(`| ${[name, asked, right, declined, wrong].join(' | ')} |`);
    if (process.argv.includes('--failures')) {
      for (const { question, answer, verdict } of heldOut.filter(({ verdict }) => verdict !== 'right')) {
        console.log(`\n${verdict} ${question.asker}: ${question.texts.join(' → ')}\n  said: ${answer}`);
      }
    }
  }
  if (process.argv.includes('--failures')) {
    for (const { question, answer, isRight, hasWrongNumber, isSafe } of outcomes) {
      if ((!isRight && question.kind !== 'adversarial') || hasWrongNumber || !isSafe) {
        console.log(
          `\n${question.kind} ${question.language}: ${[...question.before, question.text].join(' → ')}`,
        );
        console.log(`  said: ${answer}`);
        console.log(
          `  expected: ${JSON.stringify(question.expected.amounts ?? question.expected.texts ?? [])}`,
        );
      }
    }
  }
} finally {
  await orrery.stop();
  await sandbox?.stop();
  await database.stop();
  await rm(scratch, { recursive: true, force: true });
}
