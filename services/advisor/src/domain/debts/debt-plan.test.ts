import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { monthlyInterest, percentOfRate, rateOfDebt, rateOfPercent } from './annual-rate.ts';
import { planDebts } from './debt-plan.ts';
import { simulatePayoff, type PayoffDebt } from './simulate-payoff.ts';

const debt = (
  name: string,
  balanceMinor: number,
  percent: number,
  minimumMinor: number,
  promo?: { percent: number; months: number },
): PayoffDebt => ({
  name,
  balanceMinor,
  minimumMinor,
  rate: rateOfPercent(percent),
  promo: promo === undefined ? undefined : { rate: rateOfPercent(promo.percent), months: promo.months },
});

const someDebts = fc
  .array(
    fc.record({
      // Large enough that a penny of rounding cannot eat a minimum payment.
      balance: fc.integer({ min: 10_000, max: 2_000_000 }),
      percent: fc.integer({ min: 0, max: 40 }),
      share: fc.integer({ min: 2, max: 20 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) =>
    parts.map(({ balance, percent, share }, index) =>
      // Minimum payments above the interest, so that every plan ends.
      debt(`d${String(index)}`, balance, percent, Math.ceil((balance * (percent / 12 + share)) / 100)),
    ),
  );

describe('the rate of a debt', () => {
  it('is what its owner entered, else twelve months of interest over the balance', () => {
    const parts = { balanceMinor: 180_000, interestMinor: 7_000 };

    expect(percentOfRate(rateOfDebt({ ...parts, enteredPercent: null }))).toBe(46.67);
    expect(percentOfRate(rateOfDebt({ ...parts, enteredPercent: 9.9 }))).toBe(9.9);
    expect(percentOfRate(rateOfDebt({ ...parts, enteredPercent: 0 }))).toBe(0);
  });

  it.each([-3, 1e9])('ignores an entry of %s percent, which no lender charges', (enteredPercent) => {
    expect(percentOfRate(rateOfDebt({ balanceMinor: 1_200, interestMinor: 1, enteredPercent }))).toBe(1);
  });

  it('charges exactly half a penny as a whole one, also where floats would lose it', () => {
    // 600.00 at 1.21 % is 0.605 a month.
    expect(monthlyInterest(60_000, rateOfPercent(1.21))).toBe(61);
    expect(monthlyInterest(999_999_999_999, rateOfPercent(39.9))).toBe(33_250_000_000);
  });
});

describe('paying debts off', () => {
  it('takes one debt month by month: interest, then payment, the last one only what is owed', () => {
    const { months, totalInterestMinor, schedule } = simulatePayoff([debt('Card', 10_000, 12, 5_000)], {
      method: 'avalanche',
      extraMinor: 0,
    });

    expect(
      schedule.map(({ interestMinor, paymentMinor, balanceMinor }) => [
        interestMinor,
        paymentMinor,
        balanceMinor,
      ]),
    ).toEqual([
      [100, 5_000, 5_100],
      [51, 5_000, 151],
      [2, 153, 0],
    ]);
    expect([months, totalInterestMinor]).toEqual([3, 153]);
  });

  it('passes a freed payment on in the same month, and turns to the dearest or the smallest first', () => {
    const debts = [
      debt('Dear', 100_000, 30, 3_000),
      debt('Small', 20_000, 5, 2_000),
      debt('Big', 200_000, 10, 4_000),
    ];

    const avalanche = simulatePayoff(debts, { method: 'avalanche', extraMinor: 1_000 });
    const snowball = simulatePayoff(debts, { method: 'snowball', extraMinor: 1_000 });

    expect(avalanche.order).toEqual(['Dear', 'Big', 'Small']);
    expect(snowball.order).toEqual(['Small', 'Dear', 'Big']);
    for (const { schedule } of [avalanche, snowball]) {
      expect(schedule.slice(0, -1).every(({ paymentMinor }) => paymentMinor === 10_000)).toBe(true);
    }
  });

  it('follows promotional rates: a free year makes the other debt the dearer one until it ends', () => {
    const promo = debt('Transfer', 100_000, 40, 1_000, { percent: 0, months: 12 });
    const other = debt('Loan', 30_000, 10, 1_000);

    const { schedule, order } = simulatePayoff([promo, other], { method: 'avalanche', extraMinor: 4_000 });

    expect(order).toEqual(['Loan', 'Transfer']);
    expect(schedule[0]?.debts[0]).toEqual({ interestMinor: 0, paymentMinor: 1_000, balanceMinor: 99_000 });
    expect(schedule[12]?.debts[0]?.interestMinor).toBeGreaterThan(0);
  });

  it('says so when payments never settle the debts, and names the least budget that does', () => {
    const debts = [debt('Card', 500_000, 24, 5_000), debt('Loan', 100_000, 6, 2_000)];

    const plan = planDebts(debts, 0);

    expect(plan.isFeasible).toBe(false);
    const least = plan.leastBudgetMinor ?? 0;
    const extra = least - 7_000;
    expect(planDebts(debts, extra).isFeasible).toBe(true);
    expect(planDebts(debts, extra - 1).isFeasible).toBe(false);
  });

  it('answers at once when nothing at all is paid', () => {
    expect(planDebts([debt('Card', 100, 0, 0)], 0)).toMatchObject({ isFeasible: false, leastBudgetMinor: 1 });
  });

  it('has nothing to do without a balance', () => {
    expect(planDebts([debt('Settled', 0, 20, 5_000)], 0).avalanche).toEqual({
      isFeasible: true,
      months: 0,
      totalInterestMinor: 0,
      order: [],
      schedule: [],
    });
  });

  it('never pays more or less than balance and interest, whatever the debts', () => {
    fc.assert(
      fc.property(someDebts, fc.integer({ min: 0, max: 100_000 }), (debts, extraMinor) => {
        const plan = planDebts(debts, extraMinor);
        const owed = debts.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0);
        for (const payoff of [plan.avalanche, plan.snowball, plan.minimumOnly]) {
          const paid = payoff.schedule.reduce((sum, { paymentMinor }) => sum + paymentMinor, 0);
          expect(paid).toBe(owed + payoff.totalInterestMinor);
          expect(payoff.schedule.at(-1)?.balanceMinor).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never loses more by the avalanche than by paying minimums only, whatever the debts', () => {
    fc.assert(
      fc.property(someDebts, fc.integer({ min: 0, max: 100_000 }), (debts, extraMinor) => {
        const { avalanche, minimumOnly } = planDebts(debts, extraMinor);

        expect(avalanche.months).toBeLessThanOrEqual(minimumOnly.months);
        // Rounding each month to the penny can move a few pence between debts.
        expect(avalanche.totalInterestMinor).toBeLessThanOrEqual(
          minimumOnly.totalInterestMinor + minimumOnly.months * debts.length,
        );
      }),
      { numRuns: 60 },
    );
  });
});
