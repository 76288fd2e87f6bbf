import { accountIdFor } from './import/row-identity.ts';
import { hide } from './raw-transaction.ts';
import type { RawTransaction, RowChange } from './raw-transaction.ts';

/** An income or expense as the main back end has it now. */
export interface MainMoney {
  kind: 'income' | 'expense';
  id: string;
  userId: string;
  isDeleted: boolean;
  /** Undefined when amount or day cannot be read. */
  record: { name: string; amountMinor: number; day: string } | undefined;
}

/** Name of the account that these rows belong to. */
export const MAIN_BACKEND_ACCOUNT = 'Main app';

const MAX_NAME = 256;

const EARNED: readonly (readonly [words: RegExp, category: string])[] = [
  [/\b(?:salary|wages?|payroll|pay)\b/i, 'salary'],
  [/\bpensions?\b/i, 'pension'],
];

/**
 * What an income is filed as. The user wrote it down as income, so "Sold bike" is no refund of a sports shop that would
 * make the month's spending look smaller.
 */
const incomeCategory = (label: string): string =>
  EARNED.find(([words]) => words.test(label))?.[1] ?? 'other-income';

/**
 * Id of the transaction that an income or expense becomes.
 * @param money which
 */
export const mainBackendId = ({ kind, id }: Pick<MainMoney, 'kind' | 'id'>): string => `${kind}_${id}`;

const comparable = ({ rowVersion: _version, ...row }: RawTransaction): string =>
  JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)));

/** Next month's row of a salary is there already; until its day it is a plan and no transaction. */
const hiddenState = (
  before: RawTransaction | undefined,
  isDue: boolean,
): Pick<RawTransaction, 'hidden' | 'duplicateOf'> => {
  if (!isDue) {
    return { hidden: 'not-due' };
  }
  return before?.hidden === 'duplicate' && before.duplicateOf !== undefined
    ? { hidden: 'duplicate', duplicateOf: before.duplicateOf }
    : {};
};

/**
 * Decides how a row changes that is followed in the main back end.
 * @param money as it is there now
 * @param before as we have it, if we do
 * @param today day up to which rows count
 * @param currency of that back end
 * @returns undefined when nothing changes
 */
export const decideMainBackendChange = (
  money: MainMoney,
  before: RawTransaction | undefined,
  today: string,
  currency: string,
): RowChange | undefined => {
  if (money.isDeleted || money.record === undefined) {
    return before === undefined ? undefined : hide(before, 'removed');
  }
  const { name, amountMinor, day } = money.record;
  const label = name.trim().slice(0, MAX_NAME) || (money.kind === 'income' ? 'Income' : 'Expense');
  const signed = money.kind === 'income' ? amountMinor : -amountMinor;
  // What was said about the row stays, also where it came from a twin that hides behind it.
  const stated = before?.statedCategory ?? (money.kind === 'income' ? incomeCategory(label) : undefined);
  const row: RawTransaction = {
    _id: mainBackendId(money),
    userId: money.userId,
    rowVersion: (before?.rowVersion ?? 0) + 1,
    accountId: accountIdFor(money.userId, MAIN_BACKEND_ACCOUNT),
    source: 'main-backend',
    postedOn: day,
    description: label,
    amountMinor: signed === 0 ? 0 : signed,
    currency,
    pending: false,
    ...(stated === undefined ? {} : { statedCategory: stated }),
    ...(before?.statedGroup === undefined ? {} : { statedGroup: before.statedGroup }),
    ...(before?.keptApart === undefined ? {} : { keptApart: before.keptApart }),
    ...(before?.wasBehind === undefined ? {} : { wasBehind: before.wasBehind }),
    ...hiddenState(before, day <= today),
  };
  if (before !== undefined && comparable(row) === comparable(before)) {
    return undefined;
  }
  const wasShown = before !== undefined && before.hidden === undefined;
  const tell = row.hidden === undefined ? 'ingested' : wasShown ? 'removed' : 'nothing';
  const isBack = before?.hidden === 'removed' && row.hidden === undefined;
  return { row, isNew: before === undefined, tell, ...(isBack ? { isBack } : {}) };
};
