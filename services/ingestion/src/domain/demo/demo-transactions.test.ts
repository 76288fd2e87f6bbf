import { describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { categoryByCashSense } from '@orrery/contracts';
import fc from 'fast-check';
import { demoTransactions } from './demo-transactions.ts';

describe('made-up transactions', () => {
  it('lie within the days asked for, newest first, in known categories, with different keys', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 3000 }),
        (seed, days, offset) => {
          const to = addDays('2020-01-01', offset);
          const from = addDays(to, 1 - days);
          const made = demoTransactions(seed, from, to);

          expect(made.every(({ day }) => day >= from && day <= to)).toBe(true);
          expect(made.map(({ day }) => day)).toEqual(
            made
              .map(({ day }) => day)
              .sort()
              .reverse(),
          );
          expect(new Set(made.map(({ key }) => key)).size).toBe(made.length);
          expect(made.every(({ category }) => categoryByCashSense(...category) !== undefined)).toBe(true);
          expect(
            made.every(({ amountMinor }) => Number.isSafeInteger(amountMinor) && amountMinor !== 0),
          ).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('bring salary and rent in each whole month, fifteen rows at least', () => {
    const made = demoTransactions(7, '2026-01-01', '2026-03-31');

    for (const month of ['2026-01', '2026-02', '2026-03']) {
      const rows = made.filter(({ day }) => day.startsWith(month));
      expect(rows.length).toBeGreaterThanOrEqual(15);
      expect(
        rows.some(({ category, amountMinor }) => category[1] === 'salary' && amountMinor >= 180_000),
      ).toBe(true);
      expect(rows.some(({ merchantName }) => merchantName === 'Agence Immobilière')).toBe(true);
    }
  });

  it('are the same for the same seed, whichever days around a day are asked for', () => {
    const long = demoTransactions(3, '2026-01-01', '2026-03-31').filter(({ day }) =>
      day.startsWith('2026-02'),
    );

    expect(demoTransactions(3, '2026-02-01', '2026-02-28')).toEqual(long);
    expect(demoTransactions(4, '2026-02-01', '2026-02-28')).not.toEqual(long);
  });
});
