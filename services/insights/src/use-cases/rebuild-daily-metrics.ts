import { addDays, diffDays } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import { DailyMetricsUpdated } from '@orrery/contracts';
import type { Runtime } from '@orrery/service-kit';
import { ADDITIVE_FIELDS, countDailyMetrics, metricKeyText } from '../domain/daily-metrics.ts';
import type { DailyMetric } from '../domain/daily-metrics.ts';
import { MAX_POSTING_LAG_DAYS } from '../domain/day-place.ts';
import type { DayRange } from '../domain/spending-report.ts';
import type { DailyMetricsStore } from '../store/daily-metrics-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

/** Days that one transaction recounts, so that it stays short beside the events of the same user. */
const DAYS_PER_TRANSACTION = 31;

export interface RebuildParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  ledger: LedgerStore;
  metrics: DailyMetricsStore;
  settings: UserSettingsStore;
  clock: Clock;
  defaultTimeZone: string;
}

/** What a rebuild found and mended. */
export interface RebuildResult {
  users: number;
  /** Metrics that were wrong, missing or stale. */
  corrected: number;
}

const isSame = (left: DailyMetric, right: DailyMetric | undefined): boolean =>
  right !== undefined &&
  left.largestMinor === right.largestMinor &&
  ADDITIVE_FIELDS.every((field) => left[field] === right[field]);

const inPieces = function* (range: DayRange): Generator<DayRange> {
  for (let from = range.from; from <= range.to; from = addDays(from, DAYS_PER_TRANSACTION)) {
    const last = addDays(from, Math.min(DAYS_PER_TRANSACTION - 1, diffDays(from, range.to)));
    yield { from, to: last };
  }
};

/**
 * Recounts daily metrics from the ledger rows and corrects what differs. Repeating it changes nothing, and metrics
 * outside the days are not touched.
 * @param parts stores, transactions and the clock
 */
export const createRebuildDailyMetrics = (parts: RebuildParts) => {
  const { ledger, metrics, settings, clock, defaultTimeZone } = parts;

  const rebuildPiece = (userId: string, range: DayRange): Promise<number> =>
    parts.inTransaction(async (session) => {
      const rows = await ledger.rowsPlacedBetween(userId, range, session);
      const stored = await metrics.between(userId, range, session);
      const storedByKey = new Map(stored.map((metric) => [metricKeyText(metric), metric]));
      const counted = countDailyMetrics(rows);
      const countedKeys = new Set(counted.map(metricKeyText));
      const corrections = counted.filter((metric) => !isSame(metric, storedByKey.get(metricKeyText(metric))));
      const stale = stored.filter((metric) => !countedKeys.has(metricKeyText(metric)));
      await metrics.correct(userId, corrections, stale, session);
      const days = [...new Set([...corrections, ...stale].map(({ day }) => day))].sort();
      if (days.length > 0) {
        await parts.recordEvents(session, [
          { definition: DailyMetricsUpdated, subject: userId, data: { userId, days } },
        ]);
      }
      return corrections.length + stale.length;
    });

  const rebuildDays = async (userId: string, range: DayRange, signal?: AbortSignal): Promise<number> => {
    let corrected = 0;
    for (const piece of inPieces(range)) {
      signal?.throwIfAborted();
      corrected += await rebuildPiece(userId, piece);
    }
    return corrected;
  };

  const everyDay = async (userId: string): Promise<DayRange | undefined> => {
    const [posted, counted] = await Promise.all([ledger.postedSpan(userId), metrics.span(userId)]);
    const edges = [
      ...(posted === undefined
        ? []
        : [addDays(posted.from, -MAX_POSTING_LAG_DAYS), addDays(posted.to, MAX_POSTING_LAG_DAYS)]),
      ...(counted === undefined ? [] : [counted.from, counted.to]),
    ].sort();
    const [from, to] = [edges[0], edges.at(-1)];
    return from === undefined || to === undefined ? undefined : { from, to };
  };

  return {
    /**
     * Recounts all metrics of one user.
     * @param userId owner
     * @param signal stops it between two pieces
     * @returns metrics that were wrong, missing or stale
     */
    async ofUser(userId: string, signal: AbortSignal): Promise<number> {
      const range = await everyDay(userId);
      return range === undefined ? 0 : rebuildDays(userId, range, signal);
    },

    /**
     * Recounts the metrics of every user.
     * @param options `lookbackDays` limits it to the last days of each user's calendar, today included; `signal` stops it
     */
    async everyone(options: { lookbackDays?: number; signal?: AbortSignal } = {}): Promise<RebuildResult> {
      const result = { users: 0, corrected: 0 };
      for await (const userId of ledger.users()) {
        const { timeZone = defaultTimeZone } = await settings.find(userId);
        const today = clock.today(timeZone);
        const range =
          options.lookbackDays === undefined
            ? await everyDay(userId)
            : { from: addDays(today, 1 - options.lookbackDays), to: today };
        result.users += 1;
        result.corrected += range === undefined ? 0 : await rebuildDays(userId, range, options.signal);
      }
      return result;
    },
  };
};

export type RebuildDailyMetrics = ReturnType<typeof createRebuildDailyMetrics>;
