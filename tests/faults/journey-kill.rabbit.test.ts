import { expect, it } from '@jest/globals';
import { runKills } from './journey-kill.ts';

const skipped = process.env['ORRERY_BROKER_SKIPPED'];
const withBroker = skipped === undefined ? it : it.skip;

withBroker(
  'loses and doubles nothing when services and the broker are killed',
  async () => {
    const seed = 20_261_120;
    const rows = 3_000;

    const result = await runKills({
      mongoUri: process.env['TEST_MONGODB_URI'] ?? '',
      rows,
      kills: 4,
      seed,
      log: () => undefined,
    });

    expect(result).toMatchObject({
      raw: rows,
      ledger: rows,
      decisions: rows,
      decidedAgain: [],
      wrongMetrics: [],
    });
    expect(result.kills).toHaveLength(4);
  },
  300_000,
);
