import { isDeepStrictEqual } from 'node:util';
import type { CategorizedTransaction } from '@orrery/contracts';
import type { DayPlace, LedgerChange, LedgerEntry } from './types.ts';

/** Puts a transaction on the user's calendar. */
export type PlaceOnCalendar = (transaction: CategorizedTransaction) => DayPlace;

/** Names a removed transaction and the version of the row that was removed. */
export interface Removal {
  transactionId: string;
  rowVersion: number;
}

const isNewer = (incoming: CategorizedTransaction, known: CategorizedTransaction): boolean =>
  incoming.rowVersion > known.rowVersion ||
  (incoming.rowVersion === known.rowVersion &&
    incoming.decision.decisionVersion > known.decision.decisionVersion);

/**
 * The ledger entry after a categorised transaction arrived, or null when it is older than or equal to what is known:
 * the greatest (row version, decision version) wins, and nothing at or below a removed version comes back. The result
 * of a set of events therefore does not depend on their order or repetition.
 * @param entry what is known, if anything
 * @param incoming the transaction as the event tells it
 * @param place where it lies on the user's calendar
 */
export const applyCategorized = (
  entry: LedgerEntry | undefined,
  incoming: CategorizedTransaction,
  place: PlaceOnCalendar,
): LedgerEntry | null => {
  const removedVersion = entry?.removedVersion ?? 0;
  const known = entry?.row ?? null;
  if (incoming.rowVersion <= removedVersion || (known !== null && !isNewer(incoming, known.transaction))) {
    return null;
  }
  return {
    transactionId: incoming.transactionId,
    removedVersion,
    row: { transaction: incoming, ...place(incoming) },
  };
};

/**
 * The ledger entry as its source tells it now, for a rebuild: unlike an event, equal versions replace what is known, so
 * that a damaged row is mended. Null when the entry is right, or newer than the source told.
 * @param entry what is known, if anything
 * @param source the transaction as its source knows it
 * @param place where it lies on the user's calendar
 */
export const restoreFrom = (
  entry: LedgerEntry | undefined,
  source: CategorizedTransaction,
  place: PlaceOnCalendar,
): LedgerEntry | null => {
  const removedVersion = entry?.removedVersion ?? 0;
  const known = entry?.row ?? null;
  if (source.rowVersion <= removedVersion || (known !== null && isNewer(known.transaction, source))) {
    return null;
  }
  const { providerCategory: _hint, ...transaction } = source;
  const row = { transaction, ...place(source) };
  return known !== null && isDeepStrictEqual(known, row)
    ? null
    : { transactionId: source.transactionId, removedVersion, row };
};

/**
 * The ledger entry after a removal arrived, or null when nothing changes. A removal of a transaction that has not
 * arrived yet is remembered; one that is older than the row leaves the row alone.
 * @param entry what is known, if anything
 * @param removal which transaction and version
 */
export const applyRemoval = (entry: LedgerEntry | undefined, removal: Removal): LedgerEntry | null => {
  if (removal.rowVersion <= (entry?.removedVersion ?? 0)) {
    return null;
  }
  const known = entry?.row ?? null;
  const isOutlived = known !== null && known.transaction.rowVersion > removal.rowVersion;
  return {
    transactionId: removal.transactionId,
    removedVersion: removal.rowVersion,
    row: isOutlived ? known : null,
  };
};

/**
 * The ledger entry of a row that its source does not know, for a rebuild: the row goes, and unlike a removal nothing
 * keeps it from coming back. Null when there is none, or when it is newer than the one that was looked for.
 * @param entry what is known, if anything
 * @param stray the row and the version that was looked for
 */
export const forgetStray = (entry: LedgerEntry | undefined, stray: Removal): LedgerEntry | null =>
  entry === undefined || entry.row === null || entry.row.transaction.rowVersion > stray.rowVersion
    ? null
    : { ...entry, row: null };

/** What a batch did: entries to store, and how each touched row changed. */
export interface BatchResult {
  entries: LedgerEntry[];
  changes: LedgerChange[];
}

/**
 * Applies a batch in order; a transaction that occurs several times gives one entry and one change.
 * @param known entries of the ids in the batch, by transaction id
 * @param batch items of the event
 * @param apply `applyCategorized` or `applyRemoval`
 */
export const applyBatch = <Item extends { transactionId: string }>(
  known: ReadonlyMap<string, LedgerEntry>,
  batch: readonly Item[],
  apply: (entry: LedgerEntry | undefined, item: Item) => LedgerEntry | null,
): BatchResult => {
  const touched = new Map<string, LedgerEntry>();
  for (const item of batch) {
    const next = apply(touched.get(item.transactionId) ?? known.get(item.transactionId), item);
    if (next !== null) {
      touched.set(item.transactionId, next);
    }
  }
  const entries = [...touched.values()];
  return {
    entries,
    changes: entries.map((entry) => ({
      before: known.get(entry.transactionId)?.row ?? null,
      after: entry.row,
    })),
  };
};
