import type { ImportedRow, RejectedRow } from './map-rows.ts';
import { accountIdFor, transactionIdsOf } from './row-identity.ts';

/** A row together with its account and its id. */
export interface IdentifiedRow extends ImportedRow {
  transactionId: string;
  accountId: string;
  accountName: string;
}

/** Whose rows they are and into which accounts they go. */
export interface RowOwner {
  userId: string;
  /** The user's known accounts, by id. */
  accounts: Readonly<Record<string, string>>;
  /** Free name or id of one account for the whole file; wins over a column that was merely detected. */
  account: string | undefined;
  /** The user's mapping names an account column. */
  hasMappedAccounts: boolean;
}

/** Account of files that name none. */
export const DEFAULT_ACCOUNT_NAME = 'Imported';

/** Card and account numbers keep only their last four letters, since a name travels and is shown. */
const maskNumber = (name: string): string =>
  name.replace(
    /[\p{L}\p{N}*](?:[\s-]?[\p{N}*]){7,}/gu,
    (number) => `•••• ${number.replace(/[\s-]/g, '').slice(-4)}`,
  );

/**
 * Gives each row its account and its stable id, in file order; rejections pass through.
 * @param rows rows of one file, from the first to the last
 * @param owner the user and the accounts
 */
export function* identifyRows(
  rows: Iterable<ImportedRow | RejectedRow>,
  owner: RowOwner,
): Generator<IdentifiedRow | RejectedRow> {
  const transactionIdOf = transactionIdsOf(owner.userId);
  const resolved = new Map<string, { accountId: string; accountName: string }>();
  const accountOf = (name: string): { accountId: string; accountName: string } => {
    const known = resolved.get(name);
    if (known !== undefined) {
      return known;
    }
    const nameOfId = Object.hasOwn(owner.accounts, name) ? owner.accounts[name] : undefined;
    const account =
      nameOfId === undefined
        ? { accountId: accountIdFor(owner.userId, name), accountName: maskNumber(name) }
        : { accountId: name, accountName: nameOfId };
    resolved.set(name, account);
    return account;
  };
  for (const row of rows) {
    if (row.kind === 'rejected') {
      yield row;
      continue;
    }
    const named = owner.hasMappedAccounts ? (row.account ?? owner.account) : (owner.account ?? row.account);
    const account = accountOf(named ?? DEFAULT_ACCOUNT_NAME);
    const transactionId = transactionIdOf({ ...row, accountId: account.accountId });
    yield { ...row, ...account, transactionId };
  }
}
