import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runKillRounds } from '../test/kill-rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const directory = await mkdtemp(join(tmpdir(), 'embedded-mongo-kill-'));
const report = await runKillRounds({
  directory,
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  onRound: (round, { acknowledged, repeated, problems }) => {
    console.log(
      `round ${round}: ${acknowledged} acknowledged, ${repeated} sent again, ${problems.length} problems`,
    );
  },
});
await rm(directory, { recursive: true });
console.log(JSON.stringify(report, undefined, 2));
process.exitCode = report.problems.length === 0 ? 0 : 1;
