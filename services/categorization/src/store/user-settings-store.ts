import type { ClientSession, Connection } from 'mongoose';
import { DEFAULT_THRESHOLDS } from '../domain/thresholds.ts';
import type { Thresholds } from '../domain/types.ts';

/** What a user chose about deciding and learning. */
export interface UserSettings extends Thresholds {
  /** Whether corrections may teach the common model; off until the user agrees. */
  pooledLearning: boolean;
}

interface SettingsDocument extends Partial<UserSettings> {
  /** User id. */
  _id: string;
}

/** What holds for a user who chose nothing. */
export const DEFAULT_SETTINGS: UserSettings = { ...DEFAULT_THRESHOLDS, pooledLearning: false };

/**
 * Users' choices. Every function takes the user first.
 * @param mongo the service's database
 */
export const createUserSettingsStore = (mongo: Connection) => {
  const collection = mongo.collection<SettingsDocument>('settings');
  return {
    /**
     * A user's choices, completed with the defaults.
     * @param userId owner
     * @param session transaction to read in
     */
    async find(userId: string, session?: ClientSession): Promise<UserSettings> {
      const found = await collection.findOne({ _id: userId }, session === undefined ? {} : { session });
      return {
        auto: found?.auto ?? DEFAULT_SETTINGS.auto,
        suggest: found?.suggest ?? DEFAULT_SETTINGS.suggest,
        pooledLearning: found?.pooledLearning ?? DEFAULT_SETTINGS.pooledLearning,
      };
    },

    /**
     * Stores the given choices; the others stay.
     * @param userId owner
     * @param change new values
     * @param session transaction to write in
     */
    async change(userId: string, change: Partial<UserSettings>, session: ClientSession): Promise<void> {
      await collection.updateOne({ _id: userId }, { $set: change }, { upsert: true, session });
    },
  };
};

export type UserSettingsStore = ReturnType<typeof createUserSettingsStore>;
