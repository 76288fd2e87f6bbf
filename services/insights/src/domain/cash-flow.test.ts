import { describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { dailyNets, simulateCashFlow } from './cash-flow.ts';

const TODAY = '2026-03-16';

const quiet = (netMinor: number) =>
  dailyNets(
    Array.from({ length: 56 }, (_unused, index) => ({
      date: addDays(TODAY, -1 - index),
      amountMinor: netMinor,
    })),
    addDays(TODAY, -56),
    addDays(TODAY, -1),
  );

describe('simulated cash flow', () => {
  it('puts known items on their days and is exact when nothing else varies', () => {
    const flow = simulateCashFlow({
      today: TODAY,
      days: 30,
      balanceMinor: 100_000,
      streams: [
        { period: 'monthly', nextDate: '2026-03-31', amountMinor: -120_000 },
        { period: 'monthly', nextDate: '2026-04-01', amountMinor: 200_000 },
      ],
      otherDays: quiet(-1000),
    });

    expect(flow.days).toHaveLength(30);
    expect(flow.days[0]).toEqual({
      day: '2026-03-17',
      balanceMinor: 99_000,
      lowerMinor: 99_000,
      upperMinor: 99_000,
    });
    expect(flow.lowest).toEqual({ day: '2026-03-31', balanceMinor: -35_000 });
    expect(flow.probabilityBelowZero).toBe(1);
    expect(flow.safeToSpendMinor).toBe(0);
    expect(flow.days.at(-1)?.balanceMinor).toBe(150_000);
  });

  it('tells a range, the same each time, and what is safe to spend', () => {
    const input = {
      today: TODAY,
      days: 28,
      balanceMinor: 50_000,
      streams: [],
      otherDays: quiet(0).map((each, index) => ({ ...each, netMinor: index % 9 === 0 ? -9000 : 500 })),
    };
    const flow = simulateCashFlow(input);

    expect(simulateCashFlow(input)).toEqual(flow);
    for (const { lowerMinor, balanceMinor, upperMinor } of flow.days) {
      expect(lowerMinor).toBeLessThanOrEqual(balanceMinor);
      expect(balanceMinor).toBeLessThanOrEqual(upperMinor);
    }
    expect(flow.safeToSpendMinor).toBeGreaterThan(0);
    expect(flow.safeToSpendMinor).toBeLessThan(50_000);
    const spent = simulateCashFlow({ ...input, balanceMinor: 50_000 - flow.safeToSpendMinor });
    expect(spent.probabilityBelowZero).toBeLessThanOrEqual(0.1);
  });

  it('expects what is overdue at once', () => {
    const flow = simulateCashFlow({
      today: TODAY,
      days: 7,
      balanceMinor: 0,
      streams: [{ period: 'monthly', nextDate: '2026-03-14', amountMinor: -5000 }],
      otherDays: quiet(0),
    });
    expect(flow.days[0]?.balanceMinor).toBe(-5000);
  });
});
