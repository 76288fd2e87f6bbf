import { describe, expect, it } from '@jest/globals';
import { bankStatement, statementCsv } from './bank-statement.ts';

describe('demo statement', () => {
  it('is the same for the same seed and different for another', () => {
    expect(bankStatement('2026-11-20', 60, 1)).toEqual(bankStatement('2026-11-20', 60, 1));
    expect(bankStatement('2026-11-20', 60, 1)).not.toEqual(bankStatement('2026-11-20', 60, 2));
  });

  it('covers the days asked for and pays rent and salary every month', () => {
    const lines = bankStatement('2026-11-20', 730, 1);

    expect(lines[0]?.day.slice(0, 7)).toBe('2024-11');
    expect(lines.at(-1)?.day.slice(0, 7)).toBe('2026-11');
    expect(lines.filter(({ description }) => description.includes('RENT'))).toHaveLength(24);
    expect(lines.filter(({ amountMinor }) => amountMinor > 0)).toHaveLength(24);
  });

  it('writes exact pounds with money out and money in apart', () => {
    const csv = statementCsv([
      { day: '2026-11-05', description: 'SHOP', amountMinor: -1205 },
      { day: '2026-11-06', description: 'PAY', amountMinor: 9 },
    ]);

    expect(csv.split('\r\n')).toEqual([
      'Date,Description,Money out,Money in',
      '05/11/2026,"SHOP",12.05,',
      '06/11/2026,"PAY",,0.09',
      '',
    ]);
  });
});
