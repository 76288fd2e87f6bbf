import type { CategorizedTransaction } from '@orrery/contracts';
import { DailyMetricsUpdated, MAX_DAYS_PER_EVENT } from '@orrery/contracts';
import type { EventTransaction, NewEvent } from '@orrery/messaging';
import {
  applyBatch,
  applyCategorized,
  applyRemoval,
  forgetStray,
  restoreFrom,
} from '../domain/apply-events.ts';
import type { BatchResult, PlaceOnCalendar, Removal } from '../domain/apply-events.ts';
import { zoneOfCurrency } from '../domain/currency-zone.ts';
import { metricChanges } from '../domain/daily-metrics.ts';
import { placeInZone } from '../domain/day-place.ts';
import type { AnalysisMarkStore } from '../store/analysis-mark-store.ts';
import type { DailyMetricsStore } from '../store/daily-metrics-store.ts';
import type { KnownEntry, LedgerStore } from '../store/ledger-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

export interface EnterTransactionsParts {
  ledger: LedgerStore;
  metrics: DailyMetricsStore;
  settings: UserSettingsStore;
  /** Tells that recurring payments and unusual purchases have to be sought again. */
  marks: AnalysisMarkStore;
}

/**
 * Keeps the ledger and the daily metrics up to date with the events about transactions. A batch costs one read of the
 * rows, one write of rows and one write of metrics, all in the event's transaction.
 * @param parts stores
 */
export const createEnterTransactions = ({ ledger, metrics, settings, marks }: EnterTransactionsParts) => {
  const places = new Map<string, PlaceOnCalendar>();
  const placeIn = (zone: string): PlaceOnCalendar => {
    const known = places.get(zone);
    if (known !== undefined) {
      return known;
    }
    const place = placeInZone(zone);
    places.set(zone, place);
    return place;
  };
  const calendarOf =
    (chosenZone: string | undefined): PlaceOnCalendar =>
    (transaction) => {
      const zone = chosenZone ?? zoneOfCurrency(transaction.currency);
      return zone === undefined ? { day: transaction.postedOn, band: null } : placeIn(zone)(transaction);
    };

  const save = async (
    userId: string,
    known: ReadonlyMap<string, KnownEntry>,
    { entries, changes }: BatchResult,
    transaction: EventTransaction,
  ): Promise<void> => {
    const { session } = transaction;
    if (entries.length === 0) {
      return;
    }
    await ledger.saveEntries(userId, entries, known, session);
    await marks.touch(userId, session);
    const metricsToApply = metricChanges(changes);
    await metrics.apply(
      userId,
      metricsToApply,
      (keys) => ledger.largestPurchases(userId, keys, session),
      session,
    );
    const days = [...new Set(metricsToApply.map(({ key }) => key.day))].sort();
    const told: NewEvent[] = [];
    for (let start = 0; start < days.length; start += MAX_DAYS_PER_EVENT) {
      const data = { userId, days: days.slice(start, start + MAX_DAYS_PER_EVENT) };
      told.push({ definition: DailyMetricsUpdated, subject: userId, data });
    }
    await transaction.record(told);
  };

  const enter = async (
    userId: string,
    batch: readonly CategorizedTransaction[],
    transaction: EventTransaction,
    apply: typeof applyCategorized,
  ): Promise<string[]> => {
    const [{ timeZone }, known] = await Promise.all([
      settings.find(userId),
      ledger.findEntries(
        userId,
        batch.map(({ transactionId }) => transactionId),
        transaction.session,
      ),
    ]);
    const place = calendarOf(timeZone);
    const result = applyBatch(known, batch, (entry, item) => apply(entry, item, place));
    await save(userId, known, result, transaction);
    return result.entries.map(({ transactionId }) => transactionId);
  };

  const take = async (
    userId: string,
    batch: readonly Removal[],
    transaction: EventTransaction,
    apply: typeof applyRemoval,
  ): Promise<string[]> => {
    const known = await ledger.findEntries(
      userId,
      batch.map(({ transactionId }) => transactionId),
      transaction.session,
    );
    const result = applyBatch(known, batch, apply);
    await save(userId, known, result, transaction);
    return result.changes.flatMap(({ before, after }) =>
      before !== null && after === null ? [before.transaction.transactionId] : [],
    );
  };

  return {
    /**
     * Enters categorised transactions; older versions than known are ignored.
     * @param userId owner
     * @param batch transactions of one event or several, in order
     * @param transaction the event's transaction
     */
    categorized: async (
      userId: string,
      batch: readonly CategorizedTransaction[],
      transaction: EventTransaction,
    ): Promise<void> => {
      await enter(userId, batch, transaction, applyCategorized);
    },

    /**
     * Brings rows to what their source tells, those included that differ at the same version.
     * @param userId owner
     * @param batch transactions as their source knows them now
     * @param transaction the transaction of the rebuild
     * @returns ids that were wrong
     */
    restored: (
      userId: string,
      batch: readonly CategorizedTransaction[],
      transaction: EventTransaction,
    ): Promise<string[]> => enter(userId, batch, transaction, restoreFrom),

    /**
     * Takes removed transactions out, and remembers those that have not arrived yet.
     * @param userId owner
     * @param batch removals of one event
     * @param transaction the event's transaction
     * @returns ids whose rows went
     */
    removed: (userId: string, batch: readonly Removal[], transaction: EventTransaction): Promise<string[]> =>
      take(userId, batch, transaction, applyRemoval),

    /**
     * Takes out rows that their source does not know.
     * @param userId owner
     * @param strays rows with the versions that were looked for
     * @param transaction the transaction of the rebuild
     * @returns ids whose rows went
     */
    forgotten: (
      userId: string,
      strays: readonly Removal[],
      transaction: EventTransaction,
    ): Promise<string[]> => take(userId, strays, transaction, forgetStray),
  };
};

export type EnterTransactions = ReturnType<typeof createEnterTransactions>;
