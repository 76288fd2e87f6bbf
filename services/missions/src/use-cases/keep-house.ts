import { addDays } from '@orrery/calendar';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { sheetsOf } from '../domain/day-sheet.ts';
import type { RowEntry } from '../domain/known-rows.ts';
import { placeOnCalendar } from '../domain/place-on-calendar.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { RowStore } from '../store/row-store.ts';
import type { SetStore } from '../store/set-store.ts';
import type { SheetStore } from '../store/sheet-store.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface KeepHouseParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  rows: RowStore;
  sheets: SheetStore;
  profiles: ProfileStore;
  sets: SetStore;
  missions: MissionStore;
  calendar: MissionCalendar;
  historyDays: number;
}

/** Days for which missions stay after they were settled: two years. */
const MISSION_DAYS = 731;

/**
 * Keeps the read model within its bounds and makes it anew.
 * @param parts stores, transactions and the calendar
 */
export const createKeepHouse = (parts: KeepHouseParts) => {
  const { rows, sheets, profiles, sets, missions, calendar, historyDays } = parts;

  const rebuild = async (
    userId: string,
    chosenZone: string | undefined,
    session: ClientSession,
  ): Promise<void> => {
    const entries = await rows.all(userId, session);
    const placed = entries.map((entry): RowEntry =>
      entry.row === null
        ? entry
        : { ...entry, row: { ...entry.row, ...placeOnCalendar(entry.row, chosenZone) } },
    );
    const moved = placed.filter(({ row }, index) => {
      const before = entries[index]?.row;
      return row !== null && (row.day !== before?.day || row.minute !== before.minute);
    });
    await rows.save(
      userId,
      moved,
      new Map(entries.map((entry) => [entry.transactionId, entry])),
      calendar.today(calendar.defaultTimeZone),
      session,
    );
    const present = placed.map(({ row }) => row).filter((row) => row !== null);
    await sheets.clear(userId, session);
    await sheets.save(userId, sheetsOf(present), session);
  };

  return {
    /**
     * Puts a user's rows on the calendar again and makes the sheets anew, in the transaction of a change of zone.
     * @param userId owner
     * @param chosenZone IANA zone that the user chose, if any
     * @param session transaction of the change
     */
    rebuild,

    /**
     * Makes the sheets of everybody anew from the rows.
     * @param signal ends the work early
     */
    async rebuildSheets(signal: AbortSignal): Promise<{ users: number }> {
      let users = 0;
      for await (const userId of rows.users()) {
        signal.throwIfAborted();
        await parts.inTransaction(async (session) => {
          const profile = await profiles.find(userId, session);
          await profiles.change(userId, {}, { zone: calendar.defaultTimeZone }, session);
          await rebuild(userId, profile?.timeZone, session);
        });
        users += 1;
      }
      return { users };
    },

    /**
     * Forgets rows and sheets beyond the history, and missions two years after they ended.
     * @param signal ends the work early
     */
    async forget(signal: AbortSignal): Promise<Record<string, number>> {
      const today = calendar.today(calendar.defaultTimeZone);
      const oldest = addDays(today, -historyDays);
      const missionsBefore = addDays(today, -MISSION_DAYS);
      return {
        rows: await rows.forget(oldest, signal),
        sheets: await sheets.forget(oldest, signal),
        sets: await sets.forget(missionsBefore, signal),
        missions: await missions.forget(new Date(`${missionsBefore}T00:00:00Z`), signal),
      };
    },
  };
};

export type KeepHouse = ReturnType<typeof createKeepHouse>;
