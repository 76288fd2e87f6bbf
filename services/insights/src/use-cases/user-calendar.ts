import type { Clock } from '@orrery/calendar';
import { zoneOfCurrency } from '../domain/currency-zone.ts';
import type { UserSettings, UserSettingsStore } from '../store/user-settings-store.ts';

/** What a user chose, and the day it is for them. */
export interface UserDay {
  settings: UserSettings;
  today: string;
}

/** Tells what a user chose and the day it is for them. */
export type ReadUserDay = (userId: string) => Promise<UserDay>;

/**
 * Makes the function that tells a user's present day: in the chosen zone, else in the one their currency suggests.
 * @param parts settings, the clock, and the currency of users who chose none
 */
export const createReadUserDay =
  (parts: { settings: UserSettingsStore; clock: Clock; defaultCurrency: string }): ReadUserDay =>
  async (userId) => {
    const settings = await parts.settings.find(userId);
    const zone = settings.timeZone ?? zoneOfCurrency(settings.currency ?? parts.defaultCurrency) ?? 'UTC';
    return { settings, today: parts.clock.today(zone) };
  };
