import { defineRoute, MoneyText, pageOf, pageQuery, ResourceId } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { chooseLanguage, AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { MISSION_STATES } from '../domain/life-cycle.ts';
import type { MissionState } from '../domain/life-cycle.ts';
import { achievementsOf } from '../domain/streak.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { AnswerMission } from '../use-cases/answer-mission.ts';
import type { IssueMissions } from '../use-cases/issue-missions.ts';
import type { MissionCalendar } from '../use-cases/mission-calendar.ts';
import type { SettleMissions } from '../use-cases/settle-missions.ts';
import { MissionProgress, missionShown, MissionShown, progressShown } from './mission-shape.ts';

const MissionPath = z.object({ missionId: ResourceId });

const ListMissions = defineRoute({
  method: 'get',
  path: '/v1/missions',
  operationId: 'listMissions',
  summary:
    'The missions of the caller, those that end last first; those of the running periods are issued when needed',
  tag: 'Missions',
  audience: 'user',
  query: z.object({ state: z.enum(MISSION_STATES).optional(), ...pageQuery() }),
  responses: { 200: pageOf(MissionShown) },
});

const History = defineRoute({
  method: 'get',
  path: '/v1/missions/history',
  operationId: 'listMissionHistory',
  summary: 'The missions of the caller that have come to an end, those that ended last first',
  tag: 'Missions',
  audience: 'user',
  query: z.object(pageQuery()),
  responses: { 200: pageOf(MissionShown) },
});

const Streak = defineRoute({
  method: 'get',
  path: '/v1/missions/streak',
  operationId: 'readMissionStreak',
  summary: 'What the caller has achieved: missions kept in a row, points, and savings against their own mean',
  tag: 'Missions',
  audience: 'user',
  responses: {
    200: z.object({
      current: z.int(),
      longest: z.int(),
      points: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      saved: z.array(MoneyText),
    }),
  },
});

const ReadMission = defineRoute({
  method: 'get',
  path: '/v1/missions/{missionId}',
  operationId: 'readMission',
  summary: 'One mission',
  tag: 'Missions',
  audience: 'user',
  params: MissionPath,
  responses: { 200: MissionShown },
  problems: ['not-found'],
});

const ReadProgress = defineRoute({
  method: 'get',
  path: '/v1/missions/{missionId}/progress',
  operationId: 'readMissionProgress',
  summary: 'How far a mission has come',
  tag: 'Missions',
  audience: 'user',
  params: MissionPath,
  responses: {
    200: MissionProgress.extend({ state: z.enum(MISSION_STATES), settled: z.boolean() }),
  },
  problems: ['not-found'],
});

const Accept = defineRoute({
  method: 'post',
  path: '/v1/missions/{missionId}/accept',
  operationId: 'acceptMission',
  summary: 'Take a mission on; repeating it changes nothing',
  tag: 'Missions',
  audience: 'user',
  params: MissionPath,
  responses: { 200: MissionShown },
  problems: ['not-found', 'conflict'],
});

const Dismiss = defineRoute({
  method: 'post',
  path: '/v1/missions/{missionId}/dismiss',
  operationId: 'dismissMission',
  summary: 'Refuse a mission or give it up; it is not offered again soon',
  tag: 'Missions',
  audience: 'user',
  params: MissionPath,
  responses: { 200: MissionShown },
  problems: ['not-found', 'conflict'],
});

const ENDED_STATES: readonly MissionState[] = ['succeeded', 'failed', 'dismissed', 'expired'];

export interface MissionRouteParts {
  missions: MissionStore;
  profiles: ProfileStore;
  issue: IssueMissions;
  settle: SettleMissions;
  answer: AnswerMission;
  calendar: MissionCalendar;
}

/**
 * `/v1/missions` and what lies below it for the caller.
 * @param parts stores and use cases
 */
export const missionRoutes = (parts: MissionRouteParts): MountedRoute[] => {
  const { missions, profiles, issue, settle, answer, calendar } = parts;

  const languageOf = async (userId: string, header: string | undefined): Promise<Language> =>
    chooseLanguage(header, 'en', (await profiles.find(userId))?.language);

  const bringUpToDate = async (userId: string): Promise<void> => {
    await settle.ofUser(userId);
    await missions.expire(userId, calendar.clock.now());
    await issue.ensure(userId);
  };

  const readOwn = async (userId: string, id: string) => {
    const mission = await missions.find(userId, id);
    if (mission === undefined) {
      throw new AppError('not-found');
    }
    return mission;
  };

  const listed = async (
    userId: string,
    header: string | undefined,
    states: readonly MissionState[] | undefined,
    page: { limit: number; cursor?: string | undefined },
  ) => {
    await bringUpToDate(userId);
    const [language, found] = await Promise.all([
      languageOf(userId, header),
      missions.list(userId, states, page),
    ]);
    return {
      data: found.missions.map((mission) => missionShown(mission, language)),
      page: { nextCursor: found.nextCursor },
    };
  };

  return [
    handle(ListMissions, async ({ query: { state, ...page }, identity, request }) => ({
      status: 200,
      body: await listed(
        requireUserId(identity),
        request.headers['accept-language'],
        state === undefined ? undefined : [state],
        page,
      ),
    })),
    handle(History, async ({ query, identity, request }) => ({
      status: 200,
      body: await listed(requireUserId(identity), request.headers['accept-language'], ENDED_STATES, query),
    })),
    handle(Streak, async ({ identity }) => {
      const userId = requireUserId(identity);
      await settle.ofUser(userId);
      const { saved, ...counts } = achievementsOf(await missions.outcomes(userId));
      return {
        status: 200,
        body: {
          ...counts,
          saved: saved.map(({ amountMinor, currency }) => ({
            amount: formatDecimal(amountMinor, currency),
            currency,
          })),
        },
      };
    }),
    handle(ReadMission, async ({ params, identity, request }) => {
      const userId = requireUserId(identity);
      const mission = await readOwn(userId, params.missionId);
      const language = await languageOf(userId, request.headers['accept-language']);
      return { status: 200, body: missionShown(mission, language) };
    }),
    handle(ReadProgress, async ({ params, identity }) => {
      const mission = await readOwn(requireUserId(identity), params.missionId);
      return {
        status: 200,
        body: {
          ...progressShown(mission),
          state: mission.state,
          settled: mission.settledAt !== null,
        },
      };
    }),
    handle(Accept, async ({ params, identity, request }) => {
      const userId = requireUserId(identity);
      const mission = await answer.accept(userId, params.missionId);
      const language = await languageOf(userId, request.headers['accept-language']);
      return { status: 200, body: missionShown(mission, language) };
    }),
    handle(Dismiss, async ({ params, identity, request }) => {
      const userId = requireUserId(identity);
      const mission = await answer.dismiss(userId, params.missionId);
      const language = await languageOf(userId, request.headers['accept-language']);
      return { status: 200, body: missionShown(mission, language) };
    }),
  ];
};
