import type { Connection } from 'mongoose';
import type { SharedCounts } from './rate-limiter.ts';

interface RateWindow {
  _id: string;
  count: number;
  expiresAt: Date;
}

const COLLECTION = 'rate_windows';

/**
 * Shared counts in MongoDB: one document for each key and window, removed by a time-to-live index.
 * @param connection the gateway's database
 */
export async function mongoCounts(connection: Connection): Promise<SharedCounts> {
  const windows = connection.collection<RateWindow>(COLLECTION);
  await windows.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  return {
    async exchange(counts) {
      await windows.bulkWrite(
        counts.map(({ id, added, expiresAt }) => ({
          updateOne: {
            filter: { _id: id },
            update: { $inc: { count: added }, $setOnInsert: { expiresAt } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
      const found = await windows.find({ _id: { $in: counts.map(({ id }) => id) } }).toArray();
      return new Map(found.map(({ _id, count }) => [_id, count]));
    },
  };
}
