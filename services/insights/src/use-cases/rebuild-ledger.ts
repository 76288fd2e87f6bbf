import type { EventTransaction } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { CategorizedSource } from '../clients/categorized-source.ts';
import type { Removal } from '../domain/apply-events.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { EnterTransactions } from './enter-transactions.ts';
import type { RebuildDailyMetrics } from './rebuild-daily-metrics.ts';

/** Rows that one transaction removes. */
const REMOVALS_PER_TRANSACTION = 200;

export interface RebuildLedgerParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  ledger: LedgerStore;
  source: CategorizedSource;
  enter: EnterTransactions;
  metrics: RebuildDailyMetrics;
}

/** What a rebuild looked at and mended; all zeros but `users` and `rows` when the ledger was right. */
export interface LedgerRebuilt {
  users: number;
  /** Rows that the source has. */
  rows: number;
  /** Rows that were missing or wrong. */
  corrected: number;
  /** Rows that the source does not have. */
  removed: number;
  /** Months whose packed rows were wrong. */
  repacked: number;
  /** Daily metrics that were wrong, missing or stale. */
  metrics: number;
}

/**
 * Rebuilds ledgers from what categorisation tells now, in place and beside the events that go on arriving: a row that is
 * newer than what the source told stays, and a row counts as gone only when it was there before the source was read.
 * @param parts stores, the source and transactions
 */
export const createRebuildLedger = (parts: RebuildLedgerParts) => {
  const { ledger, source, enter, metrics } = parts;

  const within = <Result>(work: (transaction: EventTransaction) => Promise<Result>): Promise<Result> =>
    parts.inTransaction((session) =>
      work({ session, record: (events) => parts.recordEvents(session, events) }),
    );

  const takeOut = async (
    userId: string,
    how: 'removed' | 'forgotten',
    removals: readonly Removal[],
    signal: AbortSignal,
  ): Promise<number> => {
    let removed = 0;
    for (let index = 0; index < removals.length; index += REMOVALS_PER_TRANSACTION) {
      signal.throwIfAborted();
      const batch = removals.slice(index, index + REMOVALS_PER_TRANSACTION);
      removed += (await within((transaction) => enter[how](userId, batch, transaction))).length;
    }
    return removed;
  };

  const rebuildUser = async (userId: string, signal: AbortSignal): Promise<Omit<LedgerRebuilt, 'users'>> => {
    const before = await ledger.versions(userId);
    const result = { rows: 0, corrected: 0, removed: 0, repacked: 0, metrics: 0 };
    for await (const { transactions, removed } of source.transactionsOf(userId)) {
      signal.throwIfAborted();
      transactions.forEach(({ transactionId }) => before.delete(transactionId));
      removed.forEach(({ transactionId }) => before.delete(transactionId));
      result.rows += transactions.length;
      if (transactions.length > 0) {
        const restored = await within((transaction) => enter.restored(userId, transactions, transaction));
        result.corrected += restored.length;
      }
      result.removed += await takeOut(userId, 'removed', removed, signal);
    }
    const strays = [...before].map(([transactionId, rowVersion]) => ({ transactionId, rowVersion }));
    result.removed += await takeOut(userId, 'forgotten', strays, signal);
    for (const month of await ledger.months(userId)) {
      signal.throwIfAborted();
      const differed = await parts.inTransaction((session) => ledger.repack(userId, month, session));
      result.repacked += differed ? 1 : 0;
    }
    result.metrics = await metrics.ofUser(userId, signal);
    return result;
  };

  const everyone = async function* (): AsyncGenerator<string> {
    const known = new Set<string>();
    for await (const userId of source.users()) {
      known.add(userId);
      yield userId;
    }
    for await (const userId of ledger.users()) {
      if (!known.has(userId)) {
        yield userId;
      }
    }
  };

  return async (asked: { userId?: string | undefined; signal: AbortSignal }): Promise<LedgerRebuilt> => {
    const total = { users: 0, rows: 0, corrected: 0, removed: 0, repacked: 0, metrics: 0 };
    for await (const userId of asked.userId === undefined ? everyone() : [asked.userId]) {
      const { rows, corrected, removed, repacked, metrics: mended } = await rebuildUser(userId, asked.signal);
      total.users += 1;
      total.rows += rows;
      total.corrected += corrected;
      total.removed += removed;
      total.repacked += repacked;
      total.metrics += mended;
    }
    return total;
  };
};

export type RebuildLedger = ReturnType<typeof createRebuildLedger>;
