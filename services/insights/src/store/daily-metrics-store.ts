import type { ClientSession, Connection } from 'mongoose';
import { ADDITIVE_FIELDS, applyMetricChange, metricKeyText, needsRecount } from '../domain/daily-metrics.ts';
import type { DailyMetric, MetricChange, MetricKey } from '../domain/daily-metrics.ts';
import type { DayRange } from '../domain/spending-report.ts';

interface StoredMetric extends DailyMetric {
  /** `<userId>:<day>:<currency>:<category>` */
  _id: string;
  userId: string;
}

/** Tells the largest purchase of keys from the rows themselves, by `metricKeyText`. */
export type RecountLargest = (keys: readonly MetricKey[]) => Promise<ReadonlyMap<string, number>>;

const toMetric = ({ _id, userId: _userId, ...metric }: StoredMetric): DailyMetric => metric;

/**
 * Daily metrics: one document per user, day, currency and category.
 * @param connection database of the service
 */
export const createDailyMetricsStore = (connection: Connection) => {
  const metrics = connection.collection<StoredMetric>('daily_metrics');

  const metricId = (userId: string, key: MetricKey): string => `${userId}:${metricKeyText(key)}`;

  const increment = (userId: string, { key, delta, largestAddedMinor }: MetricChange) => ({
    updateOne: {
      filter: { _id: metricId(userId, key) },
      update: {
        $inc: Object.fromEntries(ADDITIVE_FIELDS.map((field) => [field, delta[field]])),
        $max: { largestMinor: largestAddedMinor },
        $setOnInsert: { userId, ...key },
      },
      upsert: true,
    },
  });

  const put = (userId: string, metric: DailyMetric) => {
    const document = { _id: metricId(userId, metric), userId, ...metric };
    return { replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } };
  };

  const remove = (userId: string, key: MetricKey) => ({
    deleteOne: { filter: { _id: metricId(userId, key) } },
  });

  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await metrics.createIndexes([{ key: { userId: 1, day: 1 }, name: 'by_day' }]);
    },

    /**
     * Applies changes in one round trip. Numbers that only grow are added blindly; where rows went, the stored
     * numbers are read first, because the largest purchase may have to be counted again. A concurrent change of the
     * same key makes one of the two transactions start over.
     * @param userId owner
     * @param changes one per key
     * @param recount asked only for keys that lost their largest purchase
     * @param session transaction that also holds the ledger rows
     */
    async apply(
      userId: string,
      changes: readonly MetricChange[],
      recount: RecountLargest,
      session: ClientSession,
    ): Promise<void> {
      if (changes.length === 0) {
        return;
      }
      const falling = changes.filter(({ hasRemovals }) => hasRemovals);
      const ids = falling.map(({ key }) => metricId(userId, key));
      const stored =
        ids.length === 0
          ? []
          : await metrics.find({ _id: { $in: ids } }, { session, batchSize: 1000 }).toArray();
      const known = new Map(stored.map((metric) => [metric._id, metric]));
      const lost = falling.filter((change) => {
        const metric = known.get(metricId(userId, change.key));
        return metric !== undefined && needsRecount(metric, change);
      });
      const recounted =
        lost.length === 0 ? new Map<string, number>() : await recount(lost.map(({ key }) => key));
      const isLost = new Set(lost);

      await metrics.bulkWrite(
        changes.map((change) => {
          const metric = known.get(metricId(userId, change.key));
          if (metric === undefined) {
            return increment(userId, change);
          }
          const largestMinor = isLost.has(change)
            ? (recounted.get(metricKeyText(change.key)) ?? 0)
            : undefined;
          const next = applyMetricChange(metric, change, largestMinor);
          return next === null ? remove(userId, change.key) : put(userId, next);
        }),
        { session, ordered: false },
      );
    },

    /**
     * Metrics of some days.
     * @param userId owner
     * @param range days, both included
     * @param session transaction to read in, if any
     */
    async between(userId: string, range: DayRange, session?: ClientSession): Promise<DailyMetric[]> {
      const stored = await metrics
        .find(
          { userId, day: { $gte: range.from, $lte: range.to } },
          { ...(session && { session }), batchSize: 5000 },
        )
        .toArray();
      return stored.map(toMetric);
    },

    /**
     * Writes corrected metrics and removes stale ones, in one round trip.
     * @param userId owner
     * @param corrections metrics as they should be
     * @param stale keys that should not exist
     * @param session transaction of the rebuild
     */
    async correct(
      userId: string,
      corrections: readonly DailyMetric[],
      stale: readonly MetricKey[],
      session: ClientSession,
    ): Promise<void> {
      if (corrections.length === 0 && stale.length === 0) {
        return;
      }
      await metrics.bulkWrite(
        [...corrections.map((metric) => put(userId, metric)), ...stale.map((key) => remove(userId, key))],
        { session, ordered: false },
      );
    },

    /**
     * Ids of users who have metrics, in order. Each id is one seek in the index, however many metrics a user has.
     * @param after the id before; empty for the first
     * @param limit most ids
     */
    async usersAfter(after: string, limit: number): Promise<string[]> {
      const userIds: string[] = [];
      let last = after;
      while (userIds.length < limit) {
        const next = await metrics
          .find({ userId: { $gt: last } }, { projection: { userId: 1 } })
          .sort({ userId: 1, day: 1 })
          .limit(1)
          .next();
        if (next === null) {
          break;
        }
        last = next.userId;
        userIds.push(last);
      }
      return userIds;
    },

    /**
     * First and last day with metrics, or undefined without any.
     * @param userId owner
     */
    async span(userId: string): Promise<DayRange | undefined> {
      const edge = (direction: 1 | -1) =>
        metrics
          .find({ userId }, { projection: { day: 1 } })
          .sort({ day: direction })
          .limit(1)
          .next();
      const [first, last] = await Promise.all([edge(1), edge(-1)]);
      return first === null || last === null ? undefined : { from: first.day, to: last.day };
    },
  };
};

export type DailyMetricsStore = ReturnType<typeof createDailyMetricsStore>;
