import { hash } from 'node:crypto';

/** What makes a bank row the same row when its file is uploaded again. */
export interface RowIdentity {
  accountId: string;
  /** Instant or wall-clock time when the file tells it, else the day. */
  moment: string;
  description: string;
  amountMinor: number;
  currency: string;
}

/** Separates the parts of a key; no part can contain it, since control characters are taken out of texts. */
const SEPARATOR = '\u0000';

const digest = (parts: readonly (string | number)[]): string =>
  hash('sha256', parts.join(SEPARATOR), 'base64url');

/** 24 base64url letters are 144 bits: two different rows do not meet by chance. */
const ID_LENGTH = 24;

/**
 * Stable id of an account that is known only by a name: the same name gives the same account of the same user.
 * @param userId owner
 * @param name free name, compared without case and surplus white space
 */
export const accountIdFor = (userId: string, name: string): string =>
  `acc_${digest([userId, name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()]).slice(0, ID_LENGTH)}`;

/**
 * A function that gives each row of one file its transaction id. Equal rows are numbered in file order, so a real
 * double purchase keeps two ids, and a second upload of the file gives the same ids again.
 * @param userId owner; ids of two users never meet
 */
export const transactionIdsOf = (userId: string): ((row: RowIdentity) => string) => {
  const seen = new Map<string, number>();
  return (row) => {
    const base = digest([userId, row.accountId, row.moment, row.description, row.amountMinor, row.currency]);
    const ordinal = seen.get(base) ?? 0;
    seen.set(base, ordinal + 1);
    return `txn_${(ordinal === 0 ? base : digest([base, ordinal])).slice(0, ID_LENGTH)}`;
  };
};
