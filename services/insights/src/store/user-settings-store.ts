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

/** New choices; null takes one back, an absent one stays. */
export type SettingsChange = { [Name in keyof UserSettings]?: UserSettings[Name] | null | undefined };

interface StoredSettings extends UserSettings {
  _id: string;
  /** When a time zone was chosen in which the rows of the ledger are not cut yet. */
  zoneChosenAt?: Date;
}

/** Users whose days one run cuts anew; the next run goes on. */
const MAX_MOVED = 100;

/**
 * Settings of users, one document each.
 * @param connection database of the service
 */
export const createUserSettingsStore = (connection: Connection) => {
  const settings = connection.collection<StoredSettings>('user_settings');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await settings.createIndexes([
        {
          key: { zoneChosenAt: 1 },
          name: 'by_zone_chosen',
          partialFilterExpression: { zoneChosenAt: { $exists: true } },
        },
      ]);
    },

    /**
     * What the user chose; empty when nothing.
     * @param userId owner
     */
    async find(userId: string): Promise<UserSettings> {
      const stored = await settings.findOne({ _id: userId }, { projection: { _id: 0, zoneChosenAt: 0 } });
      return stored ?? {};
    },

    /**
     * Stores what the user chose; a time zone, even the one of before, has the days of the ledger cut anew.
     * @param userId owner
     * @param change new choices
     */
    async change(userId: string, change: SettingsChange): Promise<void> {
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      const chosen = Object.fromEntries([
        ...given.filter(([, value]) => value !== null),
        ...(change.timeZone === undefined ? [] : [['zoneChosenAt', new Date()] as const]),
      ]);
      const takenBack = given.filter(([, value]) => value === null).map(([name]) => [name, ''] as const);
      if (given.length > 0) {
        await settings.updateOne(
          { _id: userId },
          {
            ...(Object.keys(chosen).length > 0 && { $set: chosen }),
            ...(takenBack.length > 0 && { $unset: Object.fromEntries(takenBack) }),
          },
          { upsert: true },
        );
      }
    },

    /** Users whose days have to be cut anew, those who wait longest first. */
    async withMovedDays(): Promise<{ userId: string; zoneChosenAt: Date }[]> {
      const stored = await settings
        .find({ zoneChosenAt: { $exists: true } }, { projection: { zoneChosenAt: 1 } })
        .sort({ zoneChosenAt: 1 })
        .limit(MAX_MOVED)
        .toArray();
      return stored.flatMap(({ _id, zoneChosenAt }) =>
        zoneChosenAt === undefined ? [] : [{ userId: _id, zoneChosenAt }],
      );
    },

    /**
     * Notes that the days of a user are cut; a zone chosen meanwhile keeps the user waiting.
     * @param userId owner
     * @param zoneChosenAt the choice that was carried out
     */
    async daysAreCut(userId: string, zoneChosenAt: Date): Promise<void> {
      await settings.updateOne({ _id: userId, zoneChosenAt }, { $unset: { zoneChosenAt: '' } });
    },
  };
};

export type UserSettingsStore = ReturnType<typeof createUserSettingsStore>;
