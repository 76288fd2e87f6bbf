import type { AnnualRate } from './debts/annual-rate.ts';

/** What spending is for: the three parts of the 50/30/20 rule. */
export type SpendingGroup = 'needs' | 'wants' | 'savings';

/** Money that came in, minor units. */
export interface IncomeRow {
  name: string;
  amountMinor: number;
  receivedOn: string;
}

/** Money that went out, minor units, positive. */
export interface ExpenseRow {
  name: string;
  amountMinor: number;
  spentOn: string;
  isWeekly: boolean;
  /** As its owner files it, such as `Essential(Needs)`; `Others` when unknown. */
  category: string;
  group: SpendingGroup;
}

/** One line of the plan of a month, minor units. */
export interface PlanRow {
  name: string;
  amountMinor: number;
  category: string;
  group: SpendingGroup;
  isHousehold: boolean;
  /** The shadow of an expense rather than a line somebody planned. */
  isShadow: boolean;
}

/** A debt with a balance, minor units. */
export interface DebtRow {
  name: string;
  balanceMinor: number;
  /** Paid every month. */
  paymentMinor: number;
  interestMinor: number;
  rate: AnnualRate;
  dueOn: string | null;
}

/** A savings goal, minor units. */
export interface GoalRow {
  name: string;
  totalMinor: number;
  savedMinor: number;
  monthlyMinor: number;
  completionPercent: number;
  completesOn: string | null;
  isCompleted: boolean;
}

/** All that is known about a user's money in this month and the one before; everything else is computed from it. */
export interface FinancialRecords {
  /** Where the rows come from. */
  source: 'main-backend' | 'ledger';
  /** How to address the user; empty when unknown. */
  userName: string;
  email: string;
  currency: string;
  /** UTC day for the main back end's rows, which know no other. */
  today: string;
  /** Of this month and the month before; rows of the rest of this month are included. */
  incomes: IncomeRow[];
  expenses: ExpenseRow[];
  /** Of this month. */
  plan: PlanRow[];
  debts: DebtRow[];
  goals: GoalRow[];
  /** The partner's household lines of this month; null without a partner who is linked on both sides. */
  partnerPlan: PlanRow[] | null;
}
