import { describe, expect, it } from '@jest/globals';
import { addToReport, compareReductions, summariseReport } from './mission-report.ts';
import type { ReportCell } from './mission-report.ts';
import { issueMission } from './mission.ts';
import type { Mission } from './mission.ts';
import { banRule } from './mission-rule.ts';

const mission = (fields: Partial<Mission>): Mission => ({
  ...issueMission(
    {
      rule: banRule('CATEGORY_BAN_DAILY', 1),
      isDefault: false,
      difficulty: 'medium',
      points: 15,
      successShare: 550,
      savingMinor: 4000,
      baselineMinor: 4000,
      pastPeriods: 30,
      score: null,
    },
    {
      userId: 'user-1',
      period: 'daily',
      periodStart: '2026-03-16',
      currency: 'KRW',
      zone: 'Asia/Seoul',
      rollMinute: 0,
      settleMs: 0,
      segmentId: 'seg-1',
      now: new Date('2026-03-16T00:00:00Z'),
    },
    [],
  ),
  settledAt: new Date('2026-03-17T00:00:00Z'),
  savedMinor: 0,
  ...fields,
});

const acceptedAt = new Date('2026-03-16T01:00:00Z');
const kept = mission({ acceptedAt, state: 'succeeded', spentMinor: 0, savedMinor: 4000 });
const missed = mission({ acceptedAt, state: 'failed', spentMinor: 6000 });
const untaken = mission({ state: 'expired', spentMinor: 4000 });
const refused = mission({ state: 'dismissed', spentMinor: 4000 });

const reportOf = (missions: readonly Mission[]) => {
  const cells = new Map<string, ReportCell>();
  for (const each of missions) {
    addToReport(cells, each);
  }
  return summariseReport(cells.values());
};

describe('the report on missions', () => {
  it('counts what was taken on, kept and saved, by template and segment', () => {
    const lines = reportOf([
      kept,
      kept,
      missed,
      untaken,
      refused,
      mission({ segmentId: null, state: 'expired' }),
      { ...kept, currency: 'EUR', savedMinor: 500 },
    ]);

    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({
      template: 'CATEGORY_BAN_DAILY',
      segmentId: 'seg-1',
      proposed: 6,
      accepted: 4,
      dismissed: 1,
      succeeded: 3,
      failed: 1,
      acceptanceRate: 0.667,
      successRate: 0.75,
      saved: [
        { currency: 'EUR', amountMinor: 500 },
        { currency: 'KRW', amountMinor: 8000 },
      ],
      comparison: null,
    });
    expect(lines[0]).toMatchObject({ segmentId: null, proposed: 1, acceptanceRate: 0, successRate: null });
  });

  it('compares spending with offers that were not taken on, where both sides have enough missions', () => {
    const many = (each: Mission, count: number) => Array.from({ length: count }, () => each);

    const [line] = reportOf([...many(kept, 30), ...many(missed, 10), ...many(untaken, 40)]);

    // Taken: 30 of the whole mean saved and 10 of half of it lost; untaken: the mean was spent.
    expect(line?.comparison).toMatchObject({
      taken: { missions: 40, meanReduction: 0.625 },
      untaken: { missions: 40, meanReduction: 0 },
      difference: 0.625,
    });
    const { low = 0, high = 0 } = line?.comparison?.interval ?? {};
    expect(low).toBeLessThan(0.625);
    expect(low).toBeGreaterThan(0.4);
    expect(high + low).toBeCloseTo(1.25, 3);
    expect(reportOf([...many(kept, 29), ...many(untaken, 40)])[0]?.comparison).toBeNull();
  });

  it('leaves out of the comparison what nobody can tell, and bounds what one mission weighs', () => {
    const [unknown] = reportOf([mission({ acceptedAt, state: 'expired', savedMinor: null })]);
    const cells = new Map<string, ReportCell>();
    addToReport(cells, { ...missed, spentMinor: 4_000_000 });
    const [cell] = cells.values();

    expect(unknown?.comparison).toBeNull();
    expect(cell?.taken).toEqual({ count: 1, sum: -2000, sumOfSquares: 4_000_000 });
    expect(
      compareReductions(
        { count: 0, sum: 0, sumOfSquares: 0 },
        cell?.taken ?? { count: 0, sum: 0, sumOfSquares: 0 },
      ),
    ).toBeNull();
  });
});
