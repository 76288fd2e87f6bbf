import { describe, expect, it } from '@jest/globals';
import { OWN_TRANSFERS, roleOf, CATEGORIES, categoryBySlug } from '@orrery/contracts';
import fc from 'fast-check';
import { foldShares, percentages, percentChange, rangeBefore, startReport } from './spending-report.ts';
import type { ReportRow, SpendingReport } from './spending-report.ts';

const row = (changes: Partial<ReportRow> = {}): ReportRow => ({
  postedOn: '2025-06-10',
  category: 'groceries',
  merchant: 'Carrefour',
  amountMinor: -5230,
  currency: 'EUR',
  ...changes,
});

const reportOf = (rows: readonly ReportRow[]): SpendingReport[] => {
  const builder = startReport();
  rows.forEach((each) => {
    builder.add(each);
  });
  return builder.finish();
};

const anyRow = fc.record({
  postedOn: fc.constantFrom('2025-05-31', '2025-06-01', '2025-06-30', '2025-07-01'),
  category: fc.option(fc.constantFrom(...CATEGORIES.map(({ slug }) => slug))),
  merchant: fc.constantFrom('Carrefour', 'SNCF', '=1+1', '__proto__'),
  amountMinor: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  currency: fc.constantFrom('EUR', 'KRW'),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('spending report', () => {
  it('adds up to the minor unit: categories, merchants and months to the expenses, every row counted once', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 60 }), (rows) => {
        for (const report of reportOf(rows)) {
          const own = rows.filter(({ currency }) => currency === report.currency);
          const counted = own.filter(
            ({ category, amountMinor }) => roleOf(category, amountMinor) !== 'own-transfer',
          );

          expect(report.rowCount).toBe(own.length);
          expect(report.netMinor).toBe(sum(counted.map(({ amountMinor }) => amountMinor)));
          expect(report.netMinor).toBe(report.incomeMinor - report.expensesMinor);
          expect(sum(report.byCategory.map(({ amountMinor }) => amountMinor))).toBe(report.expensesMinor);
          expect(sum(report.byMerchant.map(({ amountMinor }) => amountMinor))).toBe(report.expensesMinor);
          expect(sum(report.byMonth.map(({ expensesMinor }) => expensesMinor))).toBe(report.expensesMinor);
          expect(sum(report.byMonth.map(({ incomeMinor }) => incomeMinor))).toBe(report.incomeMinor);
          expect(sum(report.byMonth.map(({ count }) => count))).toBe(counted.length);
        }
      }),
    );
  });

  it('leaves transfers between own accounts out and lets a refund reduce its category', () => {
    const [report] = reportOf([
      row({ amountMinor: -8000 }),
      row({ amountMinor: 3000 }),
      row({ category: 'credit-card-payments', amountMinor: -99_900 }),
      row({ category: 'savings-out', amountMinor: -50_000 }),
      row({ category: 'salary', amountMinor: 200_000 }),
    ]);

    expect(report).toMatchObject({ incomeMinor: 200_000, expensesMinor: 5000, netMinor: 195_000 });
    expect(report?.byCategory).toEqual([{ key: 'groceries', amountMinor: 5000, count: 2 }]);
  });

  it('gives spending without a category a bucket of its own and counts money in without one as income', () => {
    const [report] = reportOf([row({ category: null }), row({ category: null, amountMinor: 100 })]);

    expect(report?.byCategory).toEqual([{ key: 'uncategorised', amountMinor: 5230, count: 1 }]);
    expect(report?.incomeMinor).toBe(100);
  });

  it('never adds two currencies and puts the one with most rows first', () => {
    const reports = reportOf([row(), row({ currency: 'KRW' }), row({ currency: 'KRW' })]);

    expect(reports.map(({ currency, expensesMinor }) => [currency, expensesMinor])).toEqual([
      ['KRW', 10_460],
      ['EUR', 5230],
    ]);
  });

  it('names only categories that exist as transfers between own accounts', () => {
    expect([...OWN_TRANSFERS].filter((slug) => categoryBySlug(slug) === undefined)).toEqual([]);
  });

  it('keeps the sum when shares are folded under coarser keys', () => {
    const shares = [
      { key: 'groceries', amountMinor: 500, count: 2 },
      { key: 'coffee', amountMinor: 900, count: 3 },
      { key: 'fuel', amountMinor: -100, count: 1 },
    ];

    expect(foldShares(shares, (key) => (key === 'fuel' ? 'transport' : 'food'))).toEqual([
      { key: 'food', amountMinor: 1400, count: 5 },
      { key: 'transport', amountMinor: -100, count: 1 },
    ]);
  });

  it('gives percentages that add up to exactly 100', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 40 }), (amounts) => {
        expect(Math.round(sum(percentages(amounts)) * 10)).toBe(1000);
      }),
    );
    expect(percentages([1, 1, 1])).toEqual([33.4, 33.3, 33.3]);
    expect(percentages([-5, 0])).toEqual([0, 0]);
  });

  it('compares whole months with as many whole months and other periods with as many days', () => {
    expect(rangeBefore({ from: '2025-03-01', to: '2025-03-31' })).toEqual({
      from: '2025-02-01',
      to: '2025-02-28',
    });
    expect(rangeBefore({ from: '2025-01-01', to: '2025-06-30' })).toEqual({
      from: '2024-07-01',
      to: '2024-12-31',
    });
    expect(rangeBefore({ from: '2025-03-05', to: '2025-03-11' })).toEqual({
      from: '2025-02-26',
      to: '2025-03-04',
    });
  });

  it('tells no percentage of change against nothing', () => {
    expect(percentChange(100, 0)).toBeNull();
    expect(percentChange(150, 100)).toBe(50);
    expect(percentChange(50, 100)).toBe(-50);
  });
});
