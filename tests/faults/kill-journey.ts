import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDatabase } from '../setup/servers.ts';
import { runKills } from './journey-kill.ts';

/** `npm run test:kills -- --rows 20000 --kills 10 --seed 7`: the full run, against MONGODB_URI or a durable embedded database. */
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
const scratch = await mkdtemp(join(tmpdir(), 'orrery-kills-'));
const database = await startDatabase(scratch, { durable: true });
const result = await runKills({
  mongoUri: database.uri,
  rows,
  kills: Number(values.kills),
  seed,
  log: (line) => {
    console.log(line);
  },
});
await database.stop();
await rm(scratch, { recursive: true, force: true });
console.log(JSON.stringify({ ...result, kills: result.kills.length }, null, 2));
const kept =
  result.raw === rows &&
  result.ledger === rows &&
  result.decisions === rows &&
  result.decidedAgain.length === 0 &&
  result.wrongMetrics.length === 0;
console.log(kept ? 'nothing lost, nothing doubled' : 'PROMISE BROKEN');
process.exitCode = kept ? 0 : 1;
