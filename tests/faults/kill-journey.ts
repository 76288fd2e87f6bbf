import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runKills } from './journey-kill.ts';

/** `npm run test:kills -- --rows 20000 --kills 10 --seed 7`: the full run against the database in TEST_MONGODB_URI. */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string' },
  },
});
const seed = Number(values.seed ?? randomInt(1_000_000));
const rows = Number(values.rows);
console.log(`seed ${seed}, ${rows} rows, ${values.kills} kills`);
const result = await runKills({
  mongoUri: process.env['TEST_MONGODB_URI'] ?? 'mongodb://127.0.0.1:27117',
  rows,
  kills: Number(values.kills),
  seed,
  log: (line) => {
    console.log(line);
  },
});
console.log(JSON.stringify({ ...result, kills: result.kills.length }, null, 2));
const kept =
  result.raw === rows &&
  result.ledger === rows &&
  result.decisions === rows &&
  result.decidedAgain.length === 0 &&
  result.wrongMetrics.length === 0;
console.log(kept ? 'nothing lost, nothing doubled' : 'PROMISE BROKEN');
process.exitCode = kept ? 0 : 1;
