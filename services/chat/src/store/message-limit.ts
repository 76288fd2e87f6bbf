import type { Connection } from 'mongoose';

const WINDOW_MS = 60_000;

interface CountRow {
  _id: string;
  userId: string;
  messages: number;
  expiresAt: Date;
}

/** Decides whether a user may send another message now. */
export interface MessageLimit {
  /**
   * Counts one message.
   * @param userId owner
   * @returns milliseconds to wait when the limit is passed, else undefined
   */
  take(userId: string): Promise<number | undefined>;
}

/** Lets everything pass. */
export const NO_MESSAGE_LIMIT: MessageLimit = { take: () => Promise.resolve(undefined) };

/**
 * Counts messages per user and minute in the database, so that all replicas and both ways of sending share one count.
 * @param connection database of the service
 * @param perMinute most messages
 * @param now milliseconds of the machine's clock
 */
export async function openMessageLimit(
  connection: Connection,
  perMinute: number,
  now: () => number = Date.now,
): Promise<MessageLimit> {
  const counts = connection.collection<CountRow>('message_counts');
  await counts.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  await counts.createIndex({ userId: 1 });
  return {
    async take(userId) {
      const window = Math.floor(now() / WINDOW_MS);
      const endsAt = (window + 1) * WINDOW_MS;
      const row = await counts.findOneAndUpdate(
        { _id: `${userId}:${String(window)}` },
        { $inc: { messages: 1 }, $setOnInsert: { userId, expiresAt: new Date(endsAt) } },
        { upsert: true, returnDocument: 'after' },
      );
      return (row?.messages ?? 0) > perMinute ? Math.max(1, endsAt - now()) : undefined;
    },
  };
}
