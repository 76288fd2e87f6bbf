import { byRateDescending, monthlyInterest, type AnnualRate } from './annual-rate.ts';

/** A debt as the simulation needs it; amounts in minor units. */
export interface PayoffDebt {
  name: string;
  balanceMinor: number;
  /** Paid every month as long as that much is owed. */
  minimumMinor: number;
  rate: AnnualRate;
  /** A rate that holds for the first months. */
  promo?: { rate: AnnualRate; months: number } | undefined;
}

/** `avalanche`: the dearest debt first; `snowball`: the smallest first; `minimum-only`: no debt gets more than its minimum. */
export type PayoffMethod = 'avalanche' | 'snowball' | 'minimum-only';

/** One month of a plan, 1 for the first. Amounts are those after its payments. */
export interface PayoffMonth {
  month: number;
  interestMinor: number;
  paymentMinor: number;
  balanceMinor: number;
  /** In the order of the debts given. */
  debts: { interestMinor: number; paymentMinor: number; balanceMinor: number }[];
}

export interface Payoff {
  /** False when something is still owed after 100 years. */
  isFeasible: boolean;
  months: number;
  totalInterestMinor: number;
  /** Names in the order in which the method turns to them. */
  order: string[];
  /** Empty when it is not feasible. */
  schedule: PayoffMonth[];
}

export interface PayoffOptions {
  method: PayoffMethod;
  /** Paid every month beside the minimum payments; 0 or more. Minimum payments of settled debts are freed for others. */
  extraMinor: number;
  /** Leaves the schedule out, for searches that need the outcome only. */
  withoutSchedule?: boolean;
}

/** A hundred years: whoever is not done then never will be. */
const MAX_MONTHS = 1_200;
/** Interest has run away long before this; beyond it amounts would stop being exact. */
const RUNAWAY_MINOR = 1e13;

interface OpenDebt {
  index: number;
  debt: PayoffDebt;
  balance: number;
}

const rateIn = ({ rate, promo }: PayoffDebt, month: number): AnnualRate =>
  promo !== undefined && month <= promo.months ? promo.rate : rate;

const compareFor =
  (method: PayoffMethod, month: number) =>
  (left: OpenDebt, right: OpenDebt): number => {
    const bySize = left.debt.balanceMinor - right.debt.balanceMinor;
    const byRate = byRateDescending(rateIn(left.debt, month), rateIn(right.debt, month));
    return (method === 'avalanche' ? byRate || bySize : bySize || byRate) || left.index - right.index;
  };

/**
 * Pays debts off month by month: interest first, rounded to the minor unit, then every minimum payment, then all that
 * is left of the budget to the first open debt of the method's order, and what that does not need to the next.
 * With a promotional rate the dearest debt may change from month to month, and the avalanche follows it.
 * @param debts with balances of 0 or more
 * @param options method and extra payment
 */
export const simulatePayoff = (debts: readonly PayoffDebt[], options: PayoffOptions): Payoff => {
  const { method, extraMinor, withoutSchedule = false } = options;
  const all = debts.map((debt, index): OpenDebt => ({ index, debt, balance: debt.balanceMinor }));
  const budget = debts.reduce((sum, { minimumMinor }) => sum + minimumMinor, extraMinor);
  const hasPromo = debts.some(({ promo }) => promo !== undefined);
  const ranked = [...all].sort(compareFor(method, 1));
  const firstTargeted = new Map<number, number>();
  const schedule: PayoffMonth[] = [];
  let open = ranked.filter(({ balance }) => balance > 0);
  let totalInterestMinor = 0;
  let month = 0;

  while (open.length > 0) {
    if (month === MAX_MONTHS || open.some(({ balance }) => balance > RUNAWAY_MINOR)) {
      return { isFeasible: false, months: 0, totalInterestMinor: 0, order: orderOf(), schedule: [] };
    }
    month += 1;
    if (hasPromo) {
      open.sort(compareFor(method, month));
    }
    const interest = new Array<number>(debts.length).fill(0);
    const payment = new Array<number>(debts.length).fill(0);
    let left = budget;
    for (const item of open) {
      const charged = monthlyInterest(item.balance, rateIn(item.debt, month));
      const paid = Math.min(item.debt.minimumMinor, item.balance + charged);
      interest[item.index] = charged;
      payment[item.index] = paid;
      item.balance += charged - paid;
      totalInterestMinor += charged;
      left -= paid;
    }
    if (method !== 'minimum-only') {
      for (const item of open) {
        if (left > 0 && item.balance > 0) {
          const paid = Math.min(left, item.balance);
          payment[item.index] = (payment[item.index] ?? 0) + paid;
          item.balance -= paid;
          left -= paid;
          firstTargeted.set(item.index, firstTargeted.get(item.index) ?? month);
        }
      }
    }
    open = open.filter(({ balance }) => balance > 0);
    if (!withoutSchedule) {
      schedule.push(monthOf(month, all, interest, payment));
    }
  }
  return { isFeasible: true, months: month, totalInterestMinor, order: orderOf(), schedule };

  function orderOf(): string[] {
    const byTarget = hasPromo
      ? [...ranked].sort(
          (one, other) =>
            (firstTargeted.get(one.index) ?? Infinity) - (firstTargeted.get(other.index) ?? Infinity) || 0,
        )
      : ranked;
    return byTarget.filter(({ debt }) => debt.balanceMinor > 0).map(({ debt }) => debt.name);
  }
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const monthOf = (
  month: number,
  all: readonly OpenDebt[],
  interest: readonly number[],
  payment: readonly number[],
): PayoffMonth => ({
  month,
  interestMinor: sum(interest),
  paymentMinor: sum(payment),
  balanceMinor: sum(all.map(({ balance }) => balance)),
  debts: all.map(({ index, balance }) => ({
    interestMinor: interest[index] ?? 0,
    paymentMinor: payment[index] ?? 0,
    balanceMinor: balance,
  })),
});
