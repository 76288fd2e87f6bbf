import { describe, expect, it } from '@jest/globals';
import type { DailyMetric } from './daily-metrics.ts';
import { monthlyHistory, predictExpenses } from './predict-expenses.ts';

const metric = (day: string, category: string, spentMinor: number, receivedMinor = 0): DailyMetric => ({
  day,
  category,
  currency: 'EUR',
  count: 1,
  spentMinor,
  largestMinor: spentMinor,
  receivedCount: receivedMinor > 0 ? 1 : 0,
  receivedMinor,
  nightCount: 0,
  morningCount: 0,
  afternoonCount: 0,
  eveningCount: 0,
});

const same = (category: string): string => category;

describe('expense prediction', () => {
  it('reads whole months of spending: no present month, no own transfers, refunds taken off', () => {
    const history = monthlyHistory(
      [
        metric('2026-01-20', 'groceries', 999),
        metric('2026-02-03', 'groceries', 5000, 1000),
        metric('2026-03-02', 'coffee', 300),
        metric('2026-03-09', 'salary', 0, 200_000),
        metric('2026-03-10', 'savings-out', 50_000),
        metric('2026-04-01', 'groceries', 7000),
      ],
      '2026-04-15',
      same,
    );

    expect(history).toEqual({
      months: ['2026-02', '2026-03'],
      buckets: [
        { key: 'groceries', minor: [4000, 0] },
        { key: 'coffee', minor: [0, 300] },
      ],
    });
  });

  it('predicts the months after the present one and beats "the same as last month" on a year with noise', () => {
    const year = Array.from({ length: 12 }, (_unused, month) => 40_000 + ((month * 7919) % 13) * 1500 - 9000);
    const history = {
      months: year.map((_minor, month) => `2025-${String(month + 1).padStart(2, '0')}`),
      buckets: [{ key: 'food', minor: year }],
    };
    const predicted = predictExpenses(history, 3);
    const centre = year.reduce((sum, minor) => sum + minor, 0) / 12;

    expect(predicted.map(({ month }) => month)).toEqual(['2026-02', '2026-03', '2026-04']);
    for (const { minor, lowerMinor, upperMinor } of predicted) {
      expect(lowerMinor).toBeLessThanOrEqual(minor);
      expect(upperMinor).toBeGreaterThanOrEqual(minor);
      expect(Math.abs(minor - centre)).toBeLessThan(Math.abs((year.at(-1) ?? 0) - centre));
    }
  });

  it('refuses to predict from nothing', () => {
    expect(monthlyHistory([], '2026-04-15', same)).toEqual({ months: [], buckets: [] });
    expect(() => predictExpenses({ months: [], buckets: [] }, 1)).toThrow(RangeError);
  });
});
