import type { CalendarDate, CategorizedTransaction } from '@orrery/contracts';

/**
 * Part of the local day in which a purchase fell. Night is 22:00 to 06:00 and afternoon 12:00 to 19:00; morning and
 * evening take every hour between, so that each purchase counts exactly once.
 */
export type DayBand = 'night' | 'morning' | 'afternoon' | 'evening';

/** Where a purchase lies on the user's calendar; `band` is null when the source tells no time of day. */
export interface DayPlace {
  day: CalendarDate;
  band: DayBand | null;
}

/** A transaction in the ledger with its place on the user's calendar at the time it was entered. */
export interface LedgerRow extends DayPlace {
  transaction: CategorizedTransaction;
}

/**
 * What the ledger knows about one transaction id. A removed one keeps its `removedVersion`, so that an event that
 * comes late cannot bring it back; `row` is null while it is removed.
 */
export interface LedgerEntry {
  transactionId: string;
  /** Highest row version that was removed; 0 when it never was. */
  removedVersion: number;
  row: LedgerRow | null;
}

/** What an event did to one row. */
export interface LedgerChange {
  before: LedgerRow | null;
  after: LedgerRow | null;
}

/** The bucket of transactions that were decided as unknown. */
export const UNCATEGORISED = 'uncategorised';
