import type { Language } from '@orrery/contracts';
import type { Connection } from 'mongoose';

/** What a user chose; an absent field means the default applies. */
export interface UserSettings {
  /** Currency of reports. */
  currency?: string;
  /** IANA zone in which the user's days are cut. */
  timeZone?: string;
  language?: Language;
}

/**
 * Settings of users, one document each.
 * @param connection database of the service
 */
export const createUserSettingsStore = (connection: Connection) => {
  const settings = connection.collection<UserSettings & { _id: string }>('user_settings');
  return {
    /**
     * What the user chose; empty when nothing.
     * @param userId owner
     */
    async find(userId: string): Promise<UserSettings> {
      const stored = await settings.findOne({ _id: userId }, { projection: { _id: 0 } });
      return stored ?? {};
    },
  };
};

export type UserSettingsStore = ReturnType<typeof createUserSettingsStore>;
