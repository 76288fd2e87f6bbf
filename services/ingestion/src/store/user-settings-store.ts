import type { ClientSession, Connection } from 'mongoose';

/** What a user chose in this service. */
export interface UserSettings {
  _id: string;
  isDemo: boolean;
  /** Grows with each new set of made-up transactions. */
  generation: number;
}

/**
 * Choices of users; one row each.
 * @param connection database of the service
 */
export const createUserSettingsStore = (connection: Connection) => {
  const settings = connection.collection<UserSettings>('user_settings');

  return {
    /**
     * What a user chose; the defaults for somebody who chose nothing.
     * @param userId whose
     * @param session transaction to read in, if any
     */
    async find(userId: string, session?: ClientSession): Promise<Omit<UserSettings, '_id'>> {
      const found = await settings.findOne({ _id: userId }, session === undefined ? {} : { session });
      return found ?? { isDemo: false, generation: 0 };
    },

    /**
     * Stores what a user chose.
     * @param userId whose
     * @param chosen the choice
     * @param session transaction to write in
     */
    async save(userId: string, chosen: Omit<UserSettings, '_id'>, session: ClientSession): Promise<void> {
      await settings.updateOne({ _id: userId }, { $set: chosen }, { upsert: true, session });
    },
  };
};

export type UserSettingsStore = ReturnType<typeof createUserSettingsStore>;
