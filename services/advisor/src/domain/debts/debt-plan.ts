import { simulatePayoff, type Payoff, type PayoffDebt } from './simulate-payoff.ts';

/** The three ways of paying the same debts. */
export interface DebtPlan {
  /** Whether the minimum payments and the extra payment settle everything within 100 years. */
  isFeasible: boolean;
  /** Minimum payments and extra payment of the first month. */
  budgetMinor: number;
  /** When it is not feasible: the least monthly payment in all that settles everything, by the avalanche. */
  leastBudgetMinor: number | null;
  avalanche: Payoff;
  snowball: Payoff;
  minimumOnly: Payoff;
}

const settles = (debts: readonly PayoffDebt[], extraMinor: number): boolean =>
  simulatePayoff(debts, { method: 'avalanche', extraMinor, withoutSchedule: true }).isFeasible;

/** Least extra payment that settles everything, found by halving: more money never makes it take longer. */
const leastExtra = (debts: readonly PayoffDebt[], tooLittle: number): number => {
  let low = tooLittle;
  let high = Math.max(1, tooLittle * 2);
  while (!settles(debts, high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (settles(debts, middle)) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return high;
};

/**
 * Plans the repayment of debts.
 * @param debts amounts in minor units; debts without a balance are allowed and cost nothing
 * @param extraMinor paid every month beside the minimum payments
 */
export const planDebts = (debts: readonly PayoffDebt[], extraMinor: number): DebtPlan => {
  const minimumMinor = debts.reduce((sum, debt) => sum + debt.minimumMinor, 0);
  const avalanche = simulatePayoff(debts, { method: 'avalanche', extraMinor });
  return {
    isFeasible: avalanche.isFeasible,
    budgetMinor: minimumMinor + extraMinor,
    leastBudgetMinor: avalanche.isFeasible ? null : minimumMinor + leastExtra(debts, extraMinor),
    avalanche,
    snowball: simulatePayoff(debts, { method: 'snowball', extraMinor }),
    minimumOnly: simulatePayoff(debts, { method: 'minimum-only', extraMinor: 0 }),
  };
};
