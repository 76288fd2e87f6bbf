import { createHash } from 'node:crypto';
import type { CategorizedTransaction } from '@orrery/contracts';
import { placeOnCalendar } from './place-on-calendar.ts';
import type { CalendarPlace } from './place-on-calendar.ts';

/** What missions keep of a transaction. */
export interface KnownRow extends CalendarPlace {
  rowVersion: number;
  decisionVersion: number;
  postedOn: string;
  occurredAt?: string | undefined;
  /** Signed minor units; negative is money out. */
  amountMinor: number;
  currency: string;
  /** Slug; null when decided as unknown. */
  category: string | null;
  /** Digest of the shop's name, enough to find the purchase that a refund belongs to. */
  shop: number;
}

/** What is known about a transaction id; a removed one keeps its version, so that a late event cannot bring it back. */
export interface RowEntry {
  transactionId: string;
  /** Highest row version that was removed; 0 when it never was. */
  removedVersion: number;
  row: KnownRow | null;
}

/** A change of one entry, as a step of `applyToRows`. */
export type RowChange = (entry: RowEntry | undefined) => RowEntry | null;

const shopDigest = (name: string): number =>
  createHash('sha256').update(name.normalize('NFKC').toLowerCase()).digest().readInt32BE(0);

const isNewer = (incoming: CategorizedTransaction, known: KnownRow): boolean =>
  incoming.rowVersion > known.rowVersion ||
  (incoming.rowVersion === known.rowVersion && incoming.decision.decisionVersion > known.decisionVersion);

/**
 * A categorised transaction arrived. The greatest (row version, decision version) wins and nothing at or below a
 * removed version comes back, so the order and repetition of events do not matter.
 * @param incoming the transaction as the event tells it
 * @param chosenZone IANA zone that the user chose, if any
 */
export const rowArrived =
  (incoming: CategorizedTransaction, chosenZone: string | undefined): RowChange =>
  (entry) => {
    const removedVersion = entry?.removedVersion ?? 0;
    const known = entry?.row ?? null;
    if (incoming.rowVersion <= removedVersion || (known !== null && !isNewer(incoming, known))) {
      return null;
    }
    const { transactionId, rowVersion, postedOn, occurredAt, amountMinor, currency, decision } = incoming;
    return {
      transactionId,
      removedVersion,
      row: {
        rowVersion,
        decisionVersion: decision.decisionVersion,
        postedOn,
        ...(occurredAt === undefined ? {} : { occurredAt }),
        ...placeOnCalendar(incoming, chosenZone),
        amountMinor,
        currency,
        category: decision.category,
        shop: shopDigest(decision.merchant ?? incoming.merchantName ?? incoming.description),
      },
    };
  };

/**
 * A transaction was removed at its source; one that has not arrived yet is remembered.
 * @param removal which transaction and row version
 */
export const rowRemoved =
  (removal: { transactionId: string; rowVersion: number }): RowChange =>
  (entry) => {
    if (removal.rowVersion <= (entry?.removedVersion ?? 0)) {
      return null;
    }
    const known = entry?.row ?? null;
    const isOutlived = known !== null && known.rowVersion > removal.rowVersion;
    return {
      transactionId: removal.transactionId,
      removedVersion: removal.rowVersion,
      row: isOutlived ? known : null,
    };
  };

/**
 * The user filed a transaction elsewhere. The decision itself also travels with the transaction; whichever comes first
 * takes effect, and the other changes nothing.
 * @param correction which transaction, the version of the decision, and the new category
 */
export const rowCorrected =
  (correction: { decisionVersion: number; to: string }): RowChange =>
  (entry) => {
    const known = entry?.row ?? null;
    if (entry === undefined || known === null || correction.decisionVersion <= known.decisionVersion) {
      return null;
    }
    return {
      ...entry,
      row: { ...known, category: correction.to, decisionVersion: correction.decisionVersion },
    };
  };

/** How a row changed. */
export interface RowUpdate {
  before: KnownRow | null;
  after: KnownRow | null;
}

/**
 * Applies changes in order; a transaction that occurs several times gives one entry.
 * @param known entries of the ids in the batch, by transaction id
 * @param changes transaction ids with what happened to them
 * @returns entries that changed
 */
export const applyToRows = (
  known: ReadonlyMap<string, RowEntry>,
  changes: readonly (readonly [transactionId: string, change: RowChange])[],
): RowEntry[] => {
  const touched = new Map<string, RowEntry>();
  for (const [id, change] of changes) {
    const next = change(touched.get(id) ?? known.get(id));
    if (next !== null) {
      touched.set(id, next);
    }
  }
  return [...touched.values()];
};

/**
 * How the rows of entries changed.
 * @param known entries as they were, by transaction id
 * @param entries as they are
 */
export const updatesOf = (known: ReadonlyMap<string, RowEntry>, entries: readonly RowEntry[]): RowUpdate[] =>
  entries.map(({ transactionId, row }) => ({ before: known.get(transactionId)?.row ?? null, after: row }));

/**
 * The days that changes touch, earliest first.
 * @param updates how rows changed
 */
export const daysOf = (updates: readonly RowUpdate[]): string[] => {
  const days = updates.flatMap(({ before, after }) => [before?.day, after?.day]);
  return [...new Set(days.filter((day) => day !== undefined))].sort();
};
