import { addDays } from '@orrery/calendar';
import { AnomalyDetected, OWN_TRANSFERS, RecurringChanged } from '@orrery/contracts';
import type { EventTransaction } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { Compute } from '../compute/compute.ts';
import type { NewAlert } from '../domain/alert.ts';
import type { Anomaly } from '../domain/anomalies/detect-anomalies.ts';
import { merchantKey } from '../domain/detector-transaction.ts';
import type { DetectorTransaction } from '../domain/detector-transaction.ts';
import { keepStreams } from '../domain/recurring/keep-streams.ts';
import type { StreamChange } from '../domain/recurring/keep-streams.ts';
import type { RecurringStream } from '../domain/recurring/detect-recurring.ts';
import type { AnalysisMarkStore } from '../store/analysis-mark-store.ts';
import type { AnomalyStore, KeptAnomaly } from '../store/anomaly-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { RecurringStore } from '../store/recurring-store.ts';
import type { RaiseAlerts } from './raise-alerts.ts';
import type { ReadUserDay } from './user-calendar.ts';

/** Rows further back no longer tell what is usual. */
const HISTORY_DAYS = 730;

/** Unusual purchases older than this are listed but no news. */
const NEWS_DAYS = 14;

/** A purchase like one that the user called expected is unusual again above this many times its amount. */
const BEYOND_EXPECTED = 1.5;

export interface RefreshAnalysesParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  ledger: LedgerStore;
  marks: AnalysisMarkStore;
  recurring: RecurringStore;
  anomalies: AnomalyStore;
  raiseAlerts: RaiseAlerts;
  compute: Compute;
  readUserDay: ReadUserDay;
}

const isExpected = (anomaly: KeptAnomaly, known: readonly KeptAnomaly[]): boolean =>
  known.some(
    (other) =>
      other.feedback === 'expected' &&
      other.kind === anomaly.kind &&
      other.currency === anomaly.currency &&
      merchantKey(other.merchant) === merchantKey(anomaly.merchant) &&
      -anomaly.amountMinor <= -other.amountMinor * BEYOND_EXPECTED,
  );

const alertOnStream = ({ change, stream, previousMinor }: StreamChange): NewAlert[] => {
  if (stream.averageMinor > 0 || (change !== 'new' && change !== 'price-rose')) {
    return [];
  }
  return [
    {
      kind: change === 'new' ? 'recurring_new' : 'recurring_rose',
      subject: stream.id,
      period: stream.lastDate.slice(0, 7),
      facts: {
        merchant: stream.name ?? stream.merchant,
        amountMinor: -stream.lastMinor,
        currency: stream.currency,
        ...(previousMinor !== undefined && { otherMinor: -previousMinor }),
      },
    },
  ];
};

/**
 * Keeps recurring payments and unusual purchases up to date with the ledger.
 * @param parts stores, the worker thread and transactions
 */
export const createRefreshAnalyses = (parts: RefreshAnalysesParts) => {
  const { ledger, marks, recurring, anomalies, raiseAlerts, compute } = parts;

  const saveStreams = async (
    userId: string,
    detected: readonly RecurringStream[],
    rows: readonly DetectorTransaction[],
    today: string,
    transaction: EventTransaction,
  ): Promise<void> => {
    const byId = new Map(rows.map((row) => [row.id, row]));
    const edgesOf = ({ transactionIds, averageMinor }: RecurringStream) => ({
      firstDate: byId.get(transactionIds[0] ?? '')?.date ?? today,
      lastMinor: byId.get(transactionIds.at(-1) ?? '')?.amountMinor ?? averageMinor,
      category: byId.get(transactionIds.at(-1) ?? '')?.category ?? null,
    });
    const known = await recurring.all(userId, transaction.session);
    const { streams, changes, goneIds } = keepStreams(known, detected, edgesOf, today);
    await recurring.save(userId, streams, goneIds, transaction.session);
    if (changes.length === 0) {
      return;
    }
    await transaction.record([
      {
        definition: RecurringChanged,
        subject: userId,
        data: {
          userId,
          changes: changes.map(({ change, stream, previousMinor }) => ({
            streamId: stream.id,
            change,
            merchant: stream.name ?? stream.merchant,
            amount: { amountMinor: stream.lastMinor, currency: stream.currency },
            ...(previousMinor !== undefined && {
              previous: { amountMinor: previousMinor, currency: stream.currency },
            }),
            nextDate: stream.nextDate,
          })),
        },
      },
    ]);
    await raiseAlerts.raise(userId, changes.flatMap(alertOnStream), transaction);
  };

  const saveAnomalies = async (
    userId: string,
    detected: readonly Anomaly[],
    rows: readonly DetectorTransaction[],
    today: string,
    transaction: EventTransaction,
  ): Promise<void> => {
    const byId = new Map(rows.map((row) => [row.id, row]));
    const known = await anomalies.all(userId, transaction.session);
    const knownById = new Map(known.map((anomaly) => [anomaly.id, anomaly]));
    const found = detected.flatMap((anomaly): KeptAnomaly[] => {
      const row = byId.get(anomaly.id);
      const { feedback = null } = knownById.get(anomaly.id) ?? {};
      if (row === undefined) {
        return [];
      }
      const { date, merchant, amountMinor, category = null } = row;
      return [{ ...anomaly, date, merchant, amountMinor, category, feedback }];
    });
    const kept = found.filter((anomaly) => anomaly.feedback !== null || !isExpected(anomaly, known));
    const keptIds = new Set(kept.map(({ id }) => id));
    const oldest = rows[0]?.date ?? today;
    const goneIds = known
      .filter(({ id, feedback, date }) => !keptIds.has(id) && feedback === null && date >= oldest)
      .map(({ id }) => id);
    await anomalies.save(userId, kept, goneIds, transaction.session);
    const news = kept.filter(({ id, date }) => !knownById.has(id) && date >= addDays(today, -NEWS_DAYS));
    if (news.length === 0) {
      return;
    }
    await transaction.record(
      news.map(({ id, kind, score, reason, merchant, date, amountMinor, currency }) => ({
        definition: AnomalyDetected,
        subject: userId,
        data: {
          userId,
          transactionId: id,
          kind,
          score,
          reason,
          merchant,
          date,
          amount: { amountMinor, currency },
        },
      })),
    );
    await raiseAlerts.raise(
      userId,
      news.map(({ id, merchant, date, amountMinor, currency }) => ({
        kind: 'anomaly',
        subject: id,
        period: date,
        facts: { merchant, day: date, amountMinor: -amountMinor, currency },
      })),
      transaction,
    );
  };

  const refresh = async (userId: string, waiting: readonly string[]): Promise<void> => {
    const { today } = await parts.readUserDay(userId);
    const rows = await ledger.detectorRows(userId, { from: addDays(today, -HISTORY_DAYS), to: today });
    const [streams, unusual] = await Promise.all([
      compute.run('detectRecurring', rows),
      // Moving money to one's own savings is no purchase, however large.
      compute.run(
        'detectAnomalies',
        rows.filter(({ category }) => !OWN_TRANSFERS.has(category ?? '')),
      ),
    ]);
    await parts.inTransaction(async (session) => {
      const transaction: EventTransaction = {
        session,
        record: (events) => parts.recordEvents(session, events),
      };
      await saveStreams(userId, streams, rows, today, transaction);
      await saveAnomalies(userId, unusual, rows, today, transaction);
      await marks.settle(userId, waiting, session);
    });
  };

  const refreshIfStale = async (userId: string): Promise<boolean> => {
    const waiting = await marks.waiting(userId);
    if (waiting.length === 0) {
      return false;
    }
    await refresh(userId, waiting);
    return true;
  };

  return {
    /**
     * Brings one user up to date when their rows changed; tells whether they had.
     * @param userId owner
     */
    refreshIfStale,

    /**
     * Brings users up to date whose rows changed.
     * @param signal stops it between two users
     */
    async refreshStale(signal: AbortSignal): Promise<{ users: number }> {
      const users = await marks.stale();
      for (const userId of users) {
        signal.throwIfAborted();
        await refreshIfStale(userId);
      }
      return { users: users.length };
    },

    /**
     * Looks at every user again, because streams become late and end as days pass.
     * @param signal stops it between two users
     */
    async refreshEveryone(signal: AbortSignal): Promise<{ users: number }> {
      let users = 0;
      for await (const userId of ledger.users()) {
        signal.throwIfAborted();
        await refresh(userId, await marks.waiting(userId));
        users += 1;
      }
      return { users };
    },
  };
};

export type RefreshAnalyses = ReturnType<typeof createRefreshAnalyses>;
