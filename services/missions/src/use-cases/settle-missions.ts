import { addDays, dayInZone } from '@orrery/calendar';
import { LANGUAGES, MissionCompleted, MissionFailed } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { NewEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { Mission } from '../domain/mission.ts';
import { netPurchasesIn } from '../domain/offer-missions.ts';
import { MAX_REFUND_DAYS } from '../domain/purchases.ts';
import { settleMission, waitLonger } from '../domain/settle-mission.ts';
import { achievementsOf } from '../domain/streak.ts';
import { wordMission } from '../domain/word-mission.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { RowStore } from '../store/row-store.ts';
import type { SheetStore } from '../store/sheet-store.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface SettleMissionsParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  rows: RowStore;
  sheets: SheetStore;
  profiles: ProfileStore;
  missions: MissionStore;
  calendar: MissionCalendar;
}

/** A user who asks finds these settled; what ended longer ago is left to the job. */
const ASKED_DAYS = 60;

const FIRST_INSTANT = new Date(0);

const textsOf = ({ rule }: Mission) => {
  const [en, fr, ko] = LANGUAGES.map((language) => wordMission(rule, language));
  return { en: en ?? '', fr: fr ?? '', ko: ko ?? '' };
};

const outcomeEvent = (userId: string, mission: Mission, streak: number): NewEvent[] => {
  const fact = {
    userId,
    missionId: mission.id,
    period: mission.period,
    texts: textsOf(mission),
    validFrom: mission.startsAt.toISOString(),
    validTo: new Date(mission.endsAt.getTime() - 1).toISOString(),
    rowVersion: mission.version,
  };
  if (mission.state === 'succeeded') {
    const { savedMinor, currency, points } = mission;
    return [
      newEvent(MissionCompleted, userId, {
        ...fact,
        ...(savedMinor !== null && { saved: { amountMinor: savedMinor, currency } }),
        points,
        streak,
      }),
    ];
  }
  return mission.state === 'failed' ? [newEvent(MissionFailed, userId, fact)] : [];
};

/**
 * Settles missions when the time for late transactions is over: the outcome becomes final and is told.
 * @param parts stores, transactions and the calendar
 */
export const createSettleMissions = (parts: SettleMissionsParts) => {
  const { rows, sheets, profiles, missions, calendar } = parts;

  const settle = (userId: string, since: Date): Promise<number> =>
    parts.inTransaction(async (session) => {
      const now = calendar.clock.now();
      const due = await missions.due(userId, { since, now }, session);
      const first = due.map(({ window }) => window.fromDay).sort()[0];
      if (first === undefined) {
        return 0;
      }
      // Excludes events of the same user, so that the outcome is of everything that is known.
      await profiles.change(userId, {}, { zone: calendar.defaultTimeZone }, session);
      const zone = (await profiles.find(userId, session))?.zone ?? calendar.defaultTimeZone;
      const lastDay = await rows.lastDay(userId, dayInZone(now, zone), session);
      const known = await sheets.since(userId, addDays(first, -MAX_REFUND_DAYS), session);
      const outcomes = await missions.outcomes(userId, session);
      const changed: Mission[] = [];
      const events: NewEvent[] = [];
      let settled = 0;
      for (const mission of due) {
        const later = waitLonger(mission, lastDay, now, calendar.settleMs);
        if (later !== null) {
          changed.push({ ...mission, settleAt: later });
          continue;
        }
        const final = settleMission(mission, netPurchasesIn(known, mission.currency), lastDay, now);
        outcomes.push(final);
        changed.push(final);
        events.push(...outcomeEvent(userId, final, achievementsOf(outcomes).current));
        settled += 1;
      }
      await missions.save(userId, changed, session);
      await parts.recordEvents(session, events);
      return settled;
    });

  return {
    /**
     * Settles what is due of a user who asks, so that nobody waits for the job.
     * @param userId owner
     */
    async ofUser(userId: string): Promise<void> {
      const now = calendar.clock.now();
      const since = new Date(now.getTime() - ASKED_DAYS * 24 * 3_600_000);
      const due = await missions.due(userId, { since, now });
      if (due.length > 0) {
        await settle(userId, since);
      }
    },

    /**
     * Settles what is due of everybody, one user at a time in a transaction of its own.
     * @param signal ends the work early
     * @returns how many missions were settled
     */
    async everyone(signal: AbortSignal): Promise<{ settled: number }> {
      let settled = 0;
      for await (const userId of missions.ownersToSettle(calendar.clock.now())) {
        signal.throwIfAborted();
        settled += await settle(userId, FIRST_INSTANT);
      }
      return { settled };
    },
  };
};

export type SettleMissions = ReturnType<typeof createSettleMissions>;
