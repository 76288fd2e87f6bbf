import type { Language } from '@orrery/contracts';
import type { Runtime } from '@orrery/service-kit';
import type { ProfileStore } from '../store/profile-store.ts';
import type { SetStore } from '../store/set-store.ts';
import type { KeepHouse } from './keep-house.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface ChangeSettingsParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  profiles: ProfileStore;
  sets: SetStore;
  keepHouse: KeepHouse;
  calendar: MissionCalendar;
}

/** What a user may choose; an absent field stays as it is. */
export interface SettingsChange {
  timeZone?: string | undefined;
  language?: Language | undefined;
}

/** Before every day that a user has rows of. */
const FIRST_DAY = '0001-01-01';

/**
 * Makes the function that changes what a user chose. With another zone the user's purchases fall on other days, so they
 * are put on the calendar again and running offers are thought over; missions that were taken on keep their windows.
 * @param parts stores, transactions and the calendar
 */
export const createChangeSettings =
  ({ profiles, sets, keepHouse, calendar, inTransaction }: ChangeSettingsParts) =>
  (userId: string, { timeZone, language }: SettingsChange): Promise<void> =>
    inTransaction(async (session) => {
      const known = await profiles.find(userId, session);
      const isMoved = timeZone !== undefined && timeZone !== known?.timeZone;
      await profiles.change(
        userId,
        {
          ...(language !== undefined && { language }),
          ...(isMoved && { timeZone, zone: timeZone }),
        },
        { zone: timeZone ?? calendar.defaultTimeZone },
        session,
      );
      if (isMoved) {
        await keepHouse.rebuild(userId, timeZone, session);
        await sets.markStale(userId, FIRST_DAY, calendar.today(timeZone), session);
      }
    });

export type ChangeSettings = ReturnType<typeof createChangeSettings>;
