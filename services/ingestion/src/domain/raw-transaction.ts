import type { IngestedTransaction } from '@orrery/contracts';

/**
 * Why a row is kept but not shown: its source removed it, its bank link ended, another source has it too, its money has
 * no ISO currency, its day has not come, or demo mode is off.
 */
export type HiddenReason = 'removed' | 'bank-removed' | 'duplicate' | 'no-currency' | 'not-due' | 'demo-off';

/** A transaction as it came in, and where from. */
export interface RawTransaction extends Omit<IngestedTransaction, 'transactionId'> {
  /** The transaction id. */
  _id: string;
  userId: string;
  importId?: string;
  /** Physical line of the imported file. */
  line?: number;
  /** The bank link it came by. */
  itemId?: string;
  /** Its present id at the provider; a pending row gets another one when it posts. */
  providerId?: string;
  /** The amount as the provider wrote it, with the provider's sign. */
  providerAmount?: string;
  unofficialCurrency?: string;
  /** Absent: it is in the ledger. */
  hidden?: HiddenReason;
  /** The row of another source that shows the same purchase, while this one is hidden as `duplicate`. */
  duplicateOf?: string;
  /** The row behind which this one was hidden until that one went; should it come back, this one hides again. */
  wasBehind?: string;
  /** Rows that the user said are other purchases. */
  keptApart?: string[];
}

/** One row to write, and what others have to be told about it. */
export interface RowChange {
  row: RawTransaction;
  isNew: boolean;
  tell: 'ingested' | 'removed' | 'nothing';
  /** Its source had removed it and has it again. */
  isBack?: true;
}

/** ISO 4217's own code for "no currency": rows with it are kept and never told. */
export const NO_CURRENCY = 'XXX';

/**
 * The fact that others are told about a row.
 * @param row a row that is not hidden
 */
export const toIngested = ({ _id, ...row }: RawTransaction): IngestedTransaction => ({
  transactionId: _id,
  rowVersion: row.rowVersion,
  accountId: row.accountId,
  source: row.source,
  postedOn: row.postedOn,
  description: row.description,
  amountMinor: row.amountMinor,
  currency: row.currency,
  pending: row.pending,
  ...(row.authorizedOn === undefined ? {} : { authorizedOn: row.authorizedOn }),
  ...(row.occurredAt === undefined ? {} : { occurredAt: row.occurredAt }),
  ...(row.merchantName === undefined ? {} : { merchantName: row.merchantName }),
  ...(row.paymentChannel === undefined ? {} : { paymentChannel: row.paymentChannel }),
  ...(row.mcc === undefined ? {} : { mcc: row.mcc }),
  ...(row.country === undefined ? {} : { country: row.country }),
  ...(row.providerCategory === undefined ? {} : { providerCategory: row.providerCategory }),
  ...(row.statedCategory === undefined ? {} : { statedCategory: row.statedCategory }),
  ...(row.statedGroup === undefined ? {} : { statedGroup: row.statedGroup }),
});

/**
 * The same row, hidden.
 * @param row a row
 * @param reason why
 * @returns the change, or undefined when it is hidden for this reason already
 */
export const hide = (row: RawTransaction, reason: HiddenReason): RowChange | undefined => {
  if (row.hidden === reason) {
    return undefined;
  }
  const { duplicateOf: _other, ...rest } = row;
  return {
    row: { ...rest, hidden: reason, rowVersion: row.rowVersion + 1 },
    isNew: false,
    tell: row.hidden === undefined ? 'removed' : 'nothing',
  };
};

/**
 * The same row, shown again.
 * @param row a hidden row
 */
export const show = (row: RawTransaction): RowChange => {
  const { hidden: _hidden, duplicateOf: _other, wasBehind: _former, ...rest } = row;
  return { row: { ...rest, rowVersion: row.rowVersion + 1 }, isNew: false, tell: 'ingested' };
};

/**
 * The same row, shown again because the one that showed the same purchase has gone.
 * @param row a row that was hidden as a duplicate
 */
export const showAlone = (row: RawTransaction): RowChange => {
  const change = show(row);
  return row.duplicateOf === undefined
    ? change
    : { ...change, row: { ...change.row, wasBehind: row.duplicateOf } };
};

/**
 * The same row, hidden because another one shows the same purchase.
 * @param row a row
 * @param keptId id of the other one
 */
export const hideBehind = (row: RawTransaction, keptId: string): RowChange => {
  const { wasBehind: _former, ...rest } = row;
  return {
    row: { ...rest, hidden: 'duplicate', duplicateOf: keptId, rowVersion: row.rowVersion + 1 },
    isNew: false,
    tell: row.hidden === undefined ? 'removed' : 'nothing',
  };
};

/**
 * The same row with the category that the user wrote on its twin, or the main category where no more was written, unless
 * it has one.
 * @param row a row that is shown
 * @param twin the row that hides behind it
 * @returns undefined when there is nothing to carry over
 */
export const withStatedCategory = (
  row: RawTransaction,
  { statedCategory, statedGroup }: RawTransaction,
): RowChange | undefined => {
  if (row.statedCategory !== undefined) {
    return undefined;
  }
  const rowVersion = row.rowVersion + 1;
  if (statedCategory !== undefined) {
    return { row: { ...row, statedCategory, rowVersion }, isNew: false, tell: 'ingested' };
  }
  return statedGroup === undefined || row.statedGroup !== undefined
    ? undefined
    : { row: { ...row, statedGroup, rowVersion }, isNew: false, tell: 'ingested' };
};
