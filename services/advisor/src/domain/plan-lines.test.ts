import { describe, expect, it } from '@jest/globals';
import type { ExpenseRow, PlanRow } from './financial-records.ts';
import { planLines } from './plan-lines.ts';

const line = (name: string, amountMinor: number, parts: Partial<PlanRow> = {}): PlanRow => ({
  name,
  amountMinor,
  category: 'Essential(Needs)',
  group: 'needs',
  isHousehold: false,
  isShadow: false,
  ...parts,
});
const expense = (name: string, amountMinor: number): ExpenseRow => ({
  name,
  amountMinor,
  spentOn: '2026-11-03',
  isWeekly: false,
  category: 'Others',
  group: 'wants',
});

describe('the budgets of a month by name', () => {
  it('have what was spent under their name, whether or not it is linked, and the largest comes first', () => {
    expect(
      planLines(
        [line('Groceries', 40_000), line('Rent', 95_000)],
        [expense('groceries ', 8_250), expense('Groceries', 8_250), expense('Betting', 18_000)],
      ).map(({ name, limitMinor, spentMinor }) => [name, limitMinor, spentMinor]),
    ).toEqual([
      ['Rent', 95_000, 0],
      ['Groceries', 40_000, 16_500],
    ]);
  });

  it('count a copy of the daily job once and two shadows twice', () => {
    const lines = planLines(
      [
        line('ISA', 60_000),
        line('isa', 60_000),
        line('Netflix', 1_299, { isShadow: true }),
        line('Netflix', 1_299, { isShadow: true }),
      ],
      [expense('Netflix', 1_299), expense('Netflix', 1_299)],
    );

    expect(lines.map(({ name, limitMinor, spentMinor }) => [name, limitMinor, spentMinor])).toEqual([
      ['ISA', 60_000, 0],
      ['Netflix', 2_598, 2_598],
    ]);
  });

  it('keep a shared budget apart from an own one of the same name', () => {
    expect(planLines([line('Food', 100), line('Food', 200, { isHousehold: true })], [])).toHaveLength(2);
  });
});
