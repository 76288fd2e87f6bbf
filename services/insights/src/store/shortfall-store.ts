import type { CalendarDate } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';

/** A balance that is expected to fall below zero. */
export interface Shortfall {
  currency: string;
  /** Day on which it was first expected; the alert comes once for it. */
  since: CalendarDate;
  /** Day of the lowest balance that was stated last. */
  statedDate: CalendarDate;
}

interface StoredShortfall extends Shortfall {
  /** `<userId>:<currency>` */
  _id: string;
  userId: string;
}

/** Currencies of one user that are read at most. */
const MAX_CURRENCIES = 50;

/**
 * Shortfalls that are expected at present, one document per user and currency.
 * @param connection database of the service
 */
export const createShortfallStore = (connection: Connection) => {
  const shortfalls = connection.collection<StoredShortfall>('shortfalls');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await shortfalls.createIndexes([{ key: { userId: 1 }, name: 'by_user' }]);
    },

    /**
     * A user's expected shortfalls.
     * @param userId owner
     * @param session transaction that states new ones
     */
    async all(userId: string, session: ClientSession): Promise<Shortfall[]> {
      const stored = await shortfalls
        .find({ userId }, { session, batchSize: MAX_CURRENCIES })
        .limit(MAX_CURRENCIES)
        .toArray();
      return stored.map(({ currency, since, statedDate }) => ({ currency, since, statedDate }));
    },

    /**
     * Keeps these shortfalls and no others.
     * @param userId owner
     * @param expected what is expected now
     * @param session transaction that states new ones
     */
    async replace(userId: string, expected: readonly Shortfall[], session: ClientSession): Promise<void> {
      await shortfalls.deleteMany(
        { userId, currency: { $nin: expected.map(({ currency }) => currency) } },
        { session },
      );
      for (const shortfall of expected) {
        const document = { _id: `${userId}:${shortfall.currency}`, userId, ...shortfall };
        await shortfalls.replaceOne({ _id: document._id }, document, { upsert: true, session });
      }
    },
  };
};

export type ShortfallStore = ReturnType<typeof createShortfallStore>;
