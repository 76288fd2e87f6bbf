import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { TEMPLATES } from '../src/domain/mission-rule.ts';
import type { MissionTemplate } from '../src/domain/mission-rule.ts';
import type { Fared, simulateMissions } from './simulate-missions.ts';

/** Three of each kind of period, begun on different weekdays and in months of different length. */
const STARTS = {
  daily: ['2026-03-16', '2026-03-21', '2026-04-02'],
  weekly: ['2026-03-16', '2026-04-06', '2026-05-11'],
  monthly: ['2026-03-01', '2026-04-01', '2026-06-01'],
};

/** Runs in a thread of its own, several times faster than inside the test runner's sandbox. */
const simulate = async (
  options: Parameters<typeof simulateMissions>[0],
): Promise<Map<MissionTemplate, Fared>> => {
  const worker = new Worker(new URL('./simulation.worker.ts', import.meta.url), { workerData: options });
  const [fared] = (await once(worker, 'message')) as [Map<MissionTemplate, Fared>];
  await worker.terminate();
  return fared;
};

describe.each([30, 90])('missions proposed from %s days, to users who go on as before', (historyDays) => {
  let fared: Map<MissionTemplate, Fared>;

  beforeAll(async () => {
    fared = await simulate({ seed: 2026, users: 500, historyDays, starts: STARTS });
  });

  it.each(TEMPLATES)('%s is kept in 40 to 70 % of cases', (template) => {
    const { proposed = 0, kept = 0 } = fared.get(template) ?? {};

    expect(proposed).toBeGreaterThan(60);
    expect(kept / proposed).toBeGreaterThanOrEqual(0.4);
    expect(kept / proposed).toBeLessThanOrEqual(0.7);
  });

  it('promise about what comes true', () => {
    const all = [...fared.values()];
    const sum = (field: 'proposed' | 'kept' | 'promised') =>
      all.reduce((total, each) => total + each[field], 0);

    expect(Math.abs(sum('kept') - sum('promised') / 1000) / sum('proposed')).toBeLessThan(0.04);
  });
});
