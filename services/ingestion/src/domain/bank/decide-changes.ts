import { hash } from 'node:crypto';
import { NO_CURRENCY, hide } from '../raw-transaction.ts';
import type { RawTransaction, RowChange } from '../raw-transaction.ts';
import type { BankTransaction } from './bank-transaction.ts';

/** What a bank says has changed, in the order in which it said so; a removal is final. */
export interface BankUpdates {
  upserts: readonly BankTransaction[];
  /** Provider ids. */
  removals: readonly string[];
}

/** Whose rows they are. */
export interface BankOwner {
  userId: string;
  itemId: string;
}

const ID_LENGTH = 24;

/**
 * Id of a bank's transaction that is new to us. It stays with the purchase when the pending row posts under another
 * provider id, so that whatever the user did to it stays as well.
 * @param itemId the bank link
 * @param providerId the provider's id when it was first seen
 */
export const bankTransactionId = (itemId: string, providerId: string): string =>
  `txn_${hash('sha256', `${itemId}\u0000${providerId}`, 'base64url').slice(0, ID_LENGTH)}`;

/**
 * Net updates of several pages: the last word on each transaction counts, and a removal is final.
 * @param pages in the order in which they were served
 */
export const foldUpdates = (pages: readonly BankUpdates[]): BankUpdates => {
  const upserts = new Map<string, BankTransaction>();
  const removals = new Set<string>();
  for (const page of pages) {
    for (const transaction of page.upserts) {
      upserts.set(transaction.providerId, transaction);
    }
    for (const providerId of page.removals) {
      removals.add(providerId);
    }
  }
  return {
    upserts: [...upserts.values()].filter(({ providerId }) => !removals.has(providerId)),
    removals: [...removals],
  };
};

const rowOf = (
  owner: BankOwner,
  { replaces: _replaces, currency, ...fields }: BankTransaction,
  before: RawTransaction | undefined,
): RawTransaction => ({
  _id: before?._id ?? bankTransactionId(owner.itemId, fields.providerId),
  ...owner,
  source: 'plaid',
  ...fields,
  currency: currency ?? NO_CURRENCY,
  rowVersion: (before?.rowVersion ?? 0) + 1,
  ...(before?.keptApart === undefined ? {} : { keptApart: before.keptApart }),
  ...(before?.statedCategory === undefined ? {} : { statedCategory: before.statedCategory }),
  ...(before?.statedGroup === undefined ? {} : { statedGroup: before.statedGroup }),
  ...hiddenState(currency, before),
});

/** A row that is hidden as another source's duplicate stays so; one that was removed comes back. */
const hiddenState = (
  currency: string | null,
  before: RawTransaction | undefined,
): Pick<RawTransaction, 'hidden' | 'duplicateOf'> => {
  if (currency === null) {
    return { hidden: 'no-currency' };
  }
  return before?.hidden === 'duplicate' && before.duplicateOf !== undefined
    ? { hidden: 'duplicate', duplicateOf: before.duplicateOf }
    : {};
};

const comparable = ({ rowVersion: _version, ...row }: RawTransaction): string =>
  JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)));

const tellOf = (row: RawTransaction, before: RawTransaction | undefined): RowChange['tell'] => {
  if (row.hidden === undefined) {
    return 'ingested';
  }
  return before !== undefined && before.hidden === undefined ? 'removed' : 'nothing';
};

/**
 * Decides how a bank's updates change our rows. What is already so changes nothing; a posted transaction takes over the
 * row of its pending predecessor, also when that was removed before.
 * @param owner user and bank link
 * @param known our rows of this bank that the updates name, and those whose id a new row would get
 * @param updates net updates
 */
export const decideBankChanges = (
  owner: BankOwner,
  known: readonly RawTransaction[],
  updates: BankUpdates,
): RowChange[] => {
  const byProviderId = new Map(known.map((row) => [row.providerId, row]));
  const taken = new Set(known.map(({ _id }) => _id));
  const changes = new Map<string, RowChange>();
  for (const transaction of updates.upserts) {
    const { providerId, replaces } = transaction;
    const pendingRow = replaces === undefined ? undefined : byProviderId.get(replaces);
    const before = byProviderId.get(providerId) ?? pendingRow;
    const row = rowOf(owner, transaction, before);
    if (before === undefined && taken.has(row._id)) {
      // The pending form of a purchase whose posted form we have: it is history.
      continue;
    }
    if (before === pendingRow && replaces !== undefined) {
      byProviderId.delete(replaces);
    }
    byProviderId.set(providerId, row);
    taken.add(row._id);
    const stored = changes.get(row._id);
    if (before !== undefined && stored === undefined && comparable(row) === comparable(before)) {
      byProviderId.set(providerId, before);
      continue;
    }
    // Two changes of one row in one batch are one change for others.
    const first = known.find(({ _id }) => _id === row._id);
    const merged = stored === undefined ? row : { ...row, rowVersion: stored.row.rowVersion };
    byProviderId.set(providerId, merged);
    const isBack = first?.hidden !== undefined && merged.hidden === undefined;
    changes.set(row._id, {
      row: merged,
      isNew: first === undefined,
      tell: tellOf(merged, first),
      ...(isBack ? { isBack } : {}),
    });
  }
  for (const providerId of updates.removals) {
    const row = byProviderId.get(providerId);
    const change = row === undefined || changes.has(row._id) ? undefined : hide(row, 'removed');
    if (change !== undefined) {
      changes.set(change.row._id, change);
    }
  }
  return [...changes.values()];
};
