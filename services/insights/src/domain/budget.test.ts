import { describe, expect, it } from '@jest/globals';
import { addDays, addMonths } from '@orrery/calendar';
import fc from 'fast-check';
import {
  asMonthly,
  budgetMetricsRange,
  budgetPeriodOf,
  budgetStanding,
  thresholdsReached,
} from './budget.ts';
import type { Budget, BudgetPeriod, BudgetStanding } from './budget.ts';
import type { DaySums } from './daily-metrics.ts';

const budget = (fields: Partial<Budget> = {}): Budget => ({
  id: 'total-monthly',
  taxonomy: 'total',
  category: 'total',
  amountMinor: 40_000,
  currency: 'EUR',
  period: 'monthly',
  start: '2026-01-01',
  boundedByStart: false,
  rollover: false,
  ...fields,
});

const sums = (day: string, spentMinor: number, fields: Partial<DaySums> = {}): DaySums => ({
  day,
  category: 'groceries',
  currency: 'EUR',
  count: 1,
  spentMinor,
  receivedCount: 0,
  receivedMinor: 0,
  ...fields,
});

const standing = (goal: Budget, metrics: readonly DaySums[], day: string, today = day): BudgetStanding => {
  const found = budgetStanding(goal, metrics, day, today);
  if (found === undefined) {
    throw new Error('the budget has not begun');
  }
  return found;
};

describe('how a budget stands', () => {
  it('is 85 % and a warning at 340 of 400, and exceeded at 401', () => {
    const at = (minor: number) => standing(budget(), [sums('2026-03-10', minor)], '2026-03-16');

    expect(at(34_000)).toMatchObject({ percent: 85, state: 'warning', remainingMinor: 6000 });
    expect(at(31_999).state).toBe('ok');
    expect(at(32_000).state).toBe('warning');
    expect(at(40_000)).toMatchObject({ percent: 100, state: 'warning' });
    expect(thresholdsReached(at(40_000))).toEqual([80, 100]);
    expect(at(40_100)).toMatchObject({ state: 'exceeded', remainingMinor: -100 });
    expect(thresholdsReached(at(31_999))).toEqual([]);
  });

  it('counts spending of its currency only, less refunds, without income and own transfers', () => {
    const metrics = [
      sums('2026-03-02', 10_000),
      sums('2026-03-02', 99_000, { currency: 'USD' }),
      sums('2026-03-02', 99_000, { currency: 'KWD' }),
      sums('2026-03-03', 0, { receivedCount: 1, receivedMinor: 2500 }),
      sums('2026-03-03', 0, { category: 'salary', receivedCount: 1, receivedMinor: 200_000 }),
      sums('2026-03-04', 50_000, { category: 'own-transfers-out' }),
      sums('2026-03-05', 50_000, { category: 'credit-card-payments' }),
      sums('2026-03-06', 700, { category: 'uncategorised', receivedCount: 1, receivedMinor: 90_000 }),
    ];

    expect(standing(budget(), metrics, '2026-03-16').spentMinor).toBe(10_000 - 2500 + 700);
  });

  it('counts every day of the calendar in exactly one period, across ends of years and leap days', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<BudgetPeriod>('weekly', 'monthly', 'yearly'),
        fc.integer({ min: 0, max: 4000 }),
        (period, offset) => {
          const day = addDays('2019-12-20', offset);
          const { from, to } = budgetPeriodOf({ period }, day);
          const next = budgetPeriodOf({ period }, addDays(to, 1));

          expect(from <= day && day <= to).toBe(true);
          expect(next.from).toBe(addDays(to, 1));
          const goal = budget({ period });
          const inside = [sums(from, 1), sums(day, 10), sums(to, 100)];
          const outside = [sums(addDays(from, -1), 5000), sums(addDays(to, 1), 5000)];
          expect(standing(goal, [...inside, ...outside], day, to).spentMinor).toBe(111);
        },
      ),
    );
    expect(budgetPeriodOf({ period: 'weekly' }, '2026-01-01')).toMatchObject({
      from: '2025-12-29',
      to: '2026-01-04',
    });
  });

  it('carries over what is left of earlier periods and never what was overspent', () => {
    const goal = budget({ rollover: true, start: '2026-01-01' });
    const carried = (...spent: number[]) =>
      standing(
        goal,
        spent.map((minor, index) => sums(addMonths('2026-01-10', index), minor)),
        addMonths('2026-01-16', spent.length),
      ).carriedMinor;

    expect(carried(30_000)).toBe(10_000);
    expect(carried(30_000, 45_000)).toBe(5000);
    expect(carried(90_000, 39_000)).toBe(1000);
    expect(carried(0, 0, 90_000)).toBe(30_000);
    expect(standing(budget(), [sums('2026-01-10', 100)], '2026-02-01').carriedMinor).toBe(0);
  });

  it('needs no day outside the range that it asks for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<BudgetPeriod>('weekly', 'monthly', 'yearly'),
        fc.boolean(),
        fc.integer({ min: 0, max: 800 }),
        fc.integer({ min: -40, max: 40 }),
        fc.array(fc.tuple(fc.integer({ min: -1500, max: 800 }), fc.integer({ min: 1, max: 90_000 })), {
          maxLength: 60,
        }),
        (period, rollover, dayOffset, todayOffset, spent) => {
          const day = addDays('2025-01-01', dayOffset);
          const goal = budget({ period, rollover, start: '2024-06-01' });
          const all = spent.map(([offset, minor]) => sums(addDays('2025-01-01', offset), minor));
          const { from, to } = budgetMetricsRange(goal, day);
          const inRange = all.filter((each) => each.day >= from && each.day <= to);
          const today = addDays(day, todayOffset);
          const { projectedMinor: _whole, ...whole } = standing(goal, all, day, today);
          const { projectedMinor: _cut, ...cut } = standing(goal, inRange, day, today);

          expect(cut).toEqual(whole);
        },
      ),
    );
  });

  it('projects what is spent and what usually follows; all of a period that has not begun', () => {
    const rents = ['2025-12-01', '2026-01-01', '2026-02-01', '2026-03-01'].map((day) => sums(day, 90_000));
    const late = ['2025-12-28', '2026-01-28', '2026-02-26'].map((day) => sums(day, 3000));
    const metrics = [...rents, ...late];

    expect(standing(budget(), metrics, '2026-03-16').projectedMinor).toBe(93_000);
    expect(standing(budget(), metrics, '2026-03-16', '2026-04-02').projectedMinor).toBe(90_000);
    expect(standing(budget(), metrics, '2026-04-10', '2026-03-16').projectedMinor).toBe(93_000);
    expect(standing(budget(), [sums('2026-03-01', 1600)], '2026-03-16').projectedMinor).toBe(3100);
    expect(standing(budget(), [], '2026-03-16').projectedMinor).toBe(0);
  });

  it('is never projected below what is spent', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<BudgetPeriod>('weekly', 'monthly', 'yearly'),
        fc.array(fc.tuple(fc.integer({ min: -900, max: 60 }), fc.integer({ min: 1, max: 90_000 })), {
          maxLength: 60,
        }),
        fc.integer({ min: -60, max: 60 }),
        (period, spent, offset) => {
          const metrics = spent.map(([day, minor]) => sums(addDays('2026-03-16', day), minor));
          const found = standing(budget({ period }), metrics, addDays('2026-03-16', offset), '2026-03-16');

          expect(found.projectedMinor).toBeGreaterThanOrEqual(found.spentMinor);
          expect(Number.isSafeInteger(found.projectedMinor)).toBe(true);
        },
      ),
    );
  });

  it('is not there before a start that was chosen', () => {
    const goal = budget({ start: '2026-04-01', boundedByStart: true });

    expect(budgetStanding(goal, [], '2026-03-31', '2026-03-31')).toBeUndefined();
    expect(budgetStanding(goal, [], '2026-04-01', '2026-03-31')).toBeDefined();
  });

  it('is stated for a month by its share of the days or a twelfth', () => {
    expect(asMonthly(budget({ period: 'weekly', amountMinor: 7000 }), '2026-02-10').amountMinor).toBe(28_000);
    expect(asMonthly(budget({ period: 'yearly', amountMinor: 120_000 }), '2026-02-10').amountMinor).toBe(
      10_000,
    );
  });
});
