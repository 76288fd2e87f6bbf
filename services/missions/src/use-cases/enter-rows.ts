import { addDays } from '@orrery/calendar';
import type { ClientSession } from 'mongoose';
import { changeSheets } from '../domain/day-sheet.ts';
import { applyToRows, daysOf, updatesOf } from '../domain/known-rows.ts';
import type { RowChange, RowEntry } from '../domain/known-rows.ts';
import { netPurchasesIn } from '../domain/offer-missions.ts';
import { withProgress } from '../domain/mission.ts';
import { zoneOfCurrency } from '../domain/place-on-calendar.ts';
import { MAX_REFUND_DAYS } from '../domain/purchases.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { Profile, ProfileStore } from '../store/profile-store.ts';
import type { RowStore } from '../store/row-store.ts';
import type { SetStore } from '../store/set-store.ts';
import type { SheetStore } from '../store/sheet-store.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface EnterRowsParts {
  rows: RowStore;
  sheets: SheetStore;
  profiles: ProfileStore;
  sets: SetStore;
  missions: MissionStore;
  calendar: MissionCalendar;
  /** Days of transactions that are kept. */
  historyDays: number;
}

/** Missions that ended longer ago are left to the settling job. */
const OPEN_SINCE_MS = 60 * 24 * 3_600_000;

const commonCurrency = (entries: readonly RowEntry[]): string | undefined => {
  const counts = new Map<string, number>();
  for (const { row } of entries) {
    if (row !== null) {
      counts.set(row.currency, (counts.get(row.currency) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0];
};

/**
 * Keeps rows, daily sheets and the progress of missions up to date with the events about transactions, all in the
 * event's transaction. Progress is always evaluated from everything that is known, never added up, so events may come
 * late, twice or in any order.
 * @param parts stores and the calendar
 */
export const createEnterRows = (parts: EnterRowsParts) => {
  const { rows, sheets, profiles, sets, missions, calendar } = parts;

  const updateProgress = async (
    userId: string,
    days: readonly string[],
    session: ClientSession,
  ): Promise<void> => {
    const now = calendar.clock.now();
    const open = await missions.open(userId, new Date(now.getTime() - OPEN_SINCE_MS), session);
    const lastTouched = days.at(-1) ?? '';
    const concerned = open.filter(({ window }) => lastTouched >= addDays(window.fromDay, -MAX_REFUND_DAYS));
    const first = concerned.map(({ window }) => window.fromDay).sort()[0];
    if (first === undefined) {
      return;
    }
    const known = await sheets.since(userId, addDays(first, -MAX_REFUND_DAYS), session);
    const byCurrency = new Map(
      [...new Set(concerned.map(({ currency }) => currency))].map((currency) => [
        currency,
        netPurchasesIn(known, currency),
      ]),
    );
    const changed = concerned
      .map((mission) => withProgress(mission, byCurrency.get(mission.currency) ?? [], now))
      .filter((mission) => mission !== null);
    await missions.save(userId, changed, session);
  };

  const profileChange = (profile: Profile | undefined, entries: readonly RowEntry[]): Partial<Profile> => {
    const lastDay =
      entries
        .map(({ row }) => row?.day ?? '')
        .sort()
        .at(-1) ?? '';
    const currency = commonCurrency(entries);
    const isFirst = profile === undefined || profile.lastDay === '';
    return {
      ...(lastDay > (profile?.lastDay ?? '') && { lastDay }),
      ...(isFirst &&
        profile?.timeZone === undefined &&
        currency !== undefined && { zone: zoneOfCurrency(currency) ?? calendar.defaultTimeZone }),
    };
  };

  return {
    /**
     * Applies what happened to some transactions of a user.
     * @param userId owner
     * @param changesOf makes the changes, by transaction id, for the zone that the user chose
     * @param session transaction of the event
     */
    async apply(
      userId: string,
      changesOf: (chosenZone: string | undefined) => readonly (readonly [string, RowChange])[],
      session: ClientSession,
    ): Promise<void> {
      const profile = await profiles.find(userId, session);
      const changes = changesOf(profile?.timeZone);
      const known = await rows.find(
        userId,
        changes.map(([id]) => id),
        session,
      );
      const today = calendar.today(profile?.zone ?? calendar.defaultTimeZone);
      const oldest = addDays(today, -parts.historyDays);
      // A row that is too old is not entered; one that is known may grow older and still be corrected.
      const entries = applyToRows(known, changes).filter(
        ({ transactionId, row }) => known.has(transactionId) || row === null || row.day >= oldest,
      );
      if (entries.length === 0) {
        return;
      }
      await rows.save(userId, entries, known, today, session);
      await profiles.change(
        userId,
        profileChange(profile, entries),
        { zone: calendar.defaultTimeZone },
        session,
      );
      const updates = updatesOf(known, entries);
      const days = daysOf(updates);
      const [firstDay] = days;
      if (firstDay === undefined) {
        return;
      }
      const present = await sheets.ofDays(userId, days, session);
      await sheets.save(userId, changeSheets(present, updates), session);
      await sets.markStale(userId, firstDay, addDays(today, -1), session);
      await updateProgress(userId, days, session);
    },
  };
};

export type EnterRows = ReturnType<typeof createEnterRows>;
