import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { nextState } from '../domain/life-cycle.ts';
import type { Mission } from '../domain/mission.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface AnswerMissionParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  missions: MissionStore;
  calendar: MissionCalendar;
}

/**
 * What a user answers to missions. The same answer given twice changes nothing the second time.
 * @param parts store, transactions and the calendar
 */
export const createAnswerMission = ({ missions, calendar, inTransaction }: AnswerMissionParts) => {
  const change = (
    userId: string,
    id: string,
    decide: (mission: Mission, now: Date) => Mission,
  ): Promise<Mission> =>
    inTransaction(async (session: ClientSession) => {
      const mission = await missions.find(userId, id, session);
      if (mission === undefined) {
        throw new AppError('not-found');
      }
      const changed = decide(mission, calendar.clock.now());
      if (changed !== mission) {
        await missions.save(userId, [changed], session);
      }
      return changed;
    });

  return {
    /**
     * Takes a mission on.
     * @param userId owner
     * @param id of the mission
     * @throws AppError `not-found`; `conflict` when it was refused, is over, or cannot be won any more
     */
    accept: (userId: string, id: string): Promise<Mission> =>
      change(userId, id, (mission, now) => {
        if (mission.acceptedAt !== null && mission.state !== 'dismissed') {
          return mission;
        }
        const state = nextState(mission.state, 'accept');
        if (state === undefined || now >= mission.endsAt) {
          throw new AppError('conflict', { detail: 'This mission is over or was dismissed.' });
        }
        if (!mission.kept) {
          throw new AppError('conflict', { detail: 'Purchases that were made already break this mission.' });
        }
        return { ...mission, state, acceptedAt: now, version: mission.version + 1 };
      }),

    /**
     * Refuses a mission, or gives it up.
     * @param userId owner
     * @param id of the mission
     * @throws AppError `not-found`; `conflict` when it has ended
     */
    dismiss: (userId: string, id: string): Promise<Mission> =>
      change(userId, id, (mission, now) => {
        if (mission.state === 'dismissed') {
          return mission;
        }
        const state = nextState(mission.state, 'dismiss');
        if (state === undefined || now >= mission.endsAt) {
          throw new AppError('conflict', { detail: 'This mission has ended.' });
        }
        return { ...mission, state, dismissedAt: now, version: mission.version + 1 };
      }),
  };
};

export type AnswerMission = ReturnType<typeof createAnswerMission>;
