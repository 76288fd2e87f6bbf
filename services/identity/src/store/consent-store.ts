import type { ClientSession, Connection } from 'mongoose';

/** What a user allows beyond their own use; nothing by default. */
export interface Consents {
  /** Corrections may improve the categories of everybody. */
  pooledLearning: boolean;
  /** The linked partner may see the household view. */
  partnerView: boolean;
}

/** Nothing is allowed that was not asked. */
export const NO_CONSENT: Consents = { pooledLearning: false, partnerView: false };

/**
 * Consents of users, one document each.
 * @param connection database of the service
 */
export const createConsentStore = (connection: Connection) => {
  const consents = connection.collection<Consents & { _id: string; updatedAt: Date }>('consents');
  return {
    /**
     * What the user allows.
     * @param userId the user
     */
    async find(userId: string): Promise<Consents> {
      const row = await consents.findOne({ _id: userId });
      return row === null ? NO_CONSENT : { pooledLearning: row.pooledLearning, partnerView: row.partnerView };
    },

    /**
     * Stores what the user allows.
     * @param userId the user
     * @param chosen the choice
     * @param session transaction that also states the fact
     */
    async save(userId: string, chosen: Consents, session: ClientSession): Promise<void> {
      await consents.updateOne(
        { _id: userId },
        { $set: { ...chosen, updatedAt: new Date() } },
        { upsert: true, session },
      );
    },
  };
};

export type ConsentStore = ReturnType<typeof createConsentStore>;
