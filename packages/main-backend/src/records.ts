import { fromFloat } from '@orrery/money';
import { readDay, readInstant, readNumber, readReference, readText } from './parse-values.ts';

/** The main back end keeps every amount in pounds and names no currency. */
export const MAIN_BACKEND_CURRENCY = 'GBP';

/** Beyond this, pence are no longer exact integers; such a value is a broken row, not an amount. */
const MAX_POUNDS = Number.MAX_SAFE_INTEGER / 100;

/** A document as it comes from the database: no field can be relied on. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** How often an income or expense recurs. `one-off` stands for the stored `on-off` and the older `once`. */
export type Frequency = 'one-off' | 'weekly' | 'monthly' | 'yearly' | 'unknown';

/** A user of the main app. The password and authentication fields are never read. */
export interface MainUser {
  userId: string;
  name: string;
  email: string;
  isAdmin: boolean;
  isBlocked: boolean;
  isDeleted: boolean;
  /** Id of the linked partner; the only authority for the household view. */
  partnerId: string | null;
}

/** Money that came in. Amounts are pence. */
export interface Income {
  id: string;
  name: string;
  amountMinor: number;
  receivedOn: string;
  frequency: Frequency;
}

/** Money that went out. Amounts are pence, positive. */
export interface Expense {
  id: string;
  name: string;
  amountMinor: number;
  spentOn: string;
  frequency: Frequency;
  budgetId: string | null;
}

/** A planned amount of one month; the month is that of `createdAt`. Amounts are pence. */
export interface Budget {
  id: string;
  ownerId: string;
  name: string;
  amountMinor: number;
  type: 'personal' | 'household' | 'unknown';
  frequency: Frequency;
  category: string;
  /** Set when the row is the shadow of an expense rather than a plan. */
  expenseId: string | null;
  createdAt: Date;
}

/** A debt. Amounts are pence; there is no stored interest rate other than the one the user may have entered. */
export interface Debt {
  id: string;
  name: string;
  balanceMinor: number;
  monthlyPaymentMinor: number;
  adHocPaymentMinor: number;
  capitalRepaymentMinor: number;
  interestRepaymentMinor: number;
  /** Annual percentage as the user typed it. */
  enteredRatePercent: number | null;
  dueOn: string | null;
}

/** A savings goal. Amounts are pence. */
export interface SavingGoal {
  id: string;
  name: string;
  totalMinor: number;
  monthlyTargetMinor: number;
  savedMinor: number;
  completionPercent: number;
  completesOn: string | null;
  isCompleted: boolean;
}

const FREQUENCIES: Readonly<Record<string, Frequency>> = {
  'on-off': 'one-off',
  once: 'one-off',
  weekly: 'weekly',
  monthly: 'monthly',
  yearly: 'yearly',
};

const readFrequency = (value: unknown, whenAbsent: Frequency): Frequency =>
  value === undefined
    ? whenAbsent
    : ((Object.hasOwn(FREQUENCIES, String(value)) ? FREQUENCIES[String(value)] : undefined) ?? 'unknown');

/**
 * Pence of an amount in pounds as the main back end keeps it.
 * @param value anything a document may hold
 * @returns undefined for what is no amount
 */
export function readPence(value: unknown): number | undefined {
  const pounds = readNumber(value);
  return pounds === undefined || Math.abs(pounds) > MAX_POUNDS
    ? undefined
    : fromFloat(pounds, MAIN_BACKEND_CURRENCY);
}

/** A user from a `users` document, or undefined when it has no id. */
export function parseUser(document: StoredDocument): MainUser | undefined {
  const userId = readReference(document['_id']);
  if (userId === undefined) {
    return undefined;
  }
  return {
    userId,
    name: readText(document['name']) ?? '',
    email: readText(document['email']) ?? '',
    isAdmin: readText(document['role'])?.toUpperCase() === 'ADMIN',
    isBlocked: document['status'] === 'blocked',
    isDeleted: document['isDeleted'] === true,
    partnerId: readReference(document['partnerId']) ?? null,
  };
}

/** An income from an `incomes` document, or undefined when id, amount or day cannot be read. */
export function parseIncome(document: StoredDocument): Income | undefined {
  const id = readReference(document['_id']);
  const amountMinor = readPence(document['amount']);
  const receivedOn = readDay(document['receiveDate']);
  if (id === undefined || amountMinor === undefined || receivedOn === undefined) {
    return undefined;
  }
  const frequency = readFrequency(document['frequency'], 'one-off');
  return { id, name: readText(document['name']) ?? '', amountMinor, receivedOn, frequency };
}

/** An expense from an `expenses` document, or undefined when id, amount or day cannot be read. */
export function parseExpense(document: StoredDocument): Expense | undefined {
  const id = readReference(document['_id']);
  const amountMinor = readPence(document['amount']);
  const spentOn = readDay(document['endDate']);
  if (id === undefined || amountMinor === undefined || spentOn === undefined) {
    return undefined;
  }
  return {
    id,
    name: readText(document['name']) ?? '',
    amountMinor,
    spentOn,
    frequency: readFrequency(document['frequency'], 'one-off'),
    budgetId: readReference(document['budgetId']) ?? null,
  };
}

/** A budget from a `budgets` document, or undefined when id, owner, amount or creation time cannot be read. */
export function parseBudget(document: StoredDocument): Budget | undefined {
  const id = readReference(document['_id']);
  const ownerId = readReference(document['userId']);
  const amountMinor = readPence(document['amount']);
  const createdAt = readInstant(document['createdAt']);
  if (id === undefined || ownerId === undefined || amountMinor === undefined || createdAt === undefined) {
    return undefined;
  }
  const type = document['type'];
  return {
    id,
    ownerId,
    name: readText(document['name']) ?? '',
    amountMinor,
    type: type === 'personal' || type === 'household' ? type : 'unknown',
    frequency: readFrequency(document['frequency'], 'monthly'),
    category: readText(document['category']) ?? '',
    expenseId: readReference(document['expensesId']) ?? null,
    createdAt,
  };
}

/** A debt from a `debts` document, or undefined when id or balance cannot be read. */
export function parseDebt(document: StoredDocument): Debt | undefined {
  const id = readReference(document['_id']);
  const balanceMinor = readPence(document['amount']);
  if (id === undefined || balanceMinor === undefined) {
    return undefined;
  }
  return {
    id,
    name: readText(document['name']) ?? '',
    balanceMinor,
    monthlyPaymentMinor: readPence(document['monthlyPayment']) ?? 0,
    adHocPaymentMinor: readPence(document['AdHocPayment']) ?? 0,
    capitalRepaymentMinor: readPence(document['capitalRepayment']) ?? 0,
    interestRepaymentMinor: readPence(document['interestRepayment']) ?? 0,
    enteredRatePercent: readNumber(document['userInterestRate']) ?? null,
    dueOn: readDay(document['payDueDate']) ?? null,
  };
}

/** A savings goal from a `savinggoals` document, or undefined when id or total cannot be read. */
export function parseSavingGoal(document: StoredDocument): SavingGoal | undefined {
  const id = readReference(document['_id']);
  const totalMinor = readPence(document['totalAmount']);
  if (id === undefined || totalMinor === undefined) {
    return undefined;
  }
  return {
    id,
    name: readText(document['name']) ?? '',
    totalMinor,
    monthlyTargetMinor: readPence(document['monthlyTarget']) ?? 0,
    savedMinor: readPence(document['savedMoney']) ?? 0,
    completionPercent: readNumber(document['completionRation']) ?? 0,
    completesOn: readDay(document['completeDate']) ?? null,
    isCompleted: document['isCompleted'] === true,
  };
}
