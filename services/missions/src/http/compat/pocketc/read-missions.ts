import { CalendarDate, defineRoute, UserId } from '@orrery/contracts';
import { chooseLanguage, handle, requireOwnUser } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { MissionPeriod } from '../../../domain/mission-rule.ts';
import { localBounds } from '../../../domain/mission-window.ts';
import { wordMission } from '../../../domain/word-mission.ts';
import type { ProfileStore } from '../../../store/profile-store.ts';
import type { IssueMissions } from '../../../use-cases/issue-missions.ts';

const LocalMoment = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?$/);

const Envelope = z.object({
  /** Always 201; clients of the older system look here. */
  status: z.int(),
  message: z.string(),
  data: z.object({
    /** A number when the id is an integer. */
    userId: z.union([z.int(), UserId]),
    date: CalendarDate,
    missions: z.array(
      z.object({
        mission: z.string(),
        subId: z.int(),
        /** The rule as JSON text. */
        dsl: z.string(),
        type: z.union([z.literal(0), z.literal(1), z.literal(2)]),
        /** Local time of the user. */
        validFrom: LocalMoment,
        validTo: LocalMoment,
        isDefault: z.boolean(),
      }),
    ),
  }),
});

const readMissionsOf = (period: MissionPeriod, operationId: string) =>
  defineRoute({
    method: 'get',
    path: `/ai/missions/{userId}/${period}`,
    operationId,
    summary: `PocketC: the ${period} missions of a user; asking again gives the same ones`,
    tag: 'PocketC',
    audience: 'user',
    errorShape: 'detail',
    params: z.object({ userId: UserId }),
    responses: { 201: Envelope },
    problems: ['forbidden'],
  });

const Placeholder = defineRoute({
  method: 'get',
  path: '/ai/missions/{userId}',
  operationId: 'pocketcMissionsPlaceholder',
  summary: 'PocketC: a placeholder of the older system; missions are at /v1/missions',
  tag: 'PocketC',
  audience: 'user',
  errorShape: 'detail',
  params: z.object({ userId: UserId }),
  responses: { 200: z.literal('mission') },
  problems: ['forbidden'],
});

const SURFACES = [
  {
    period: 'daily',
    type: 0,
    message: '데일리 미션 생성 완료',
    route: readMissionsOf('daily', 'pocketcDailyMissions'),
  },
  {
    period: 'weekly',
    type: 1,
    message: '주간 미션 생성 완료',
    route: readMissionsOf('weekly', 'pocketcWeeklyMissions'),
  },
  {
    period: 'monthly',
    type: 2,
    message: '월간 미션 생성 완료',
    route: readMissionsOf('monthly', 'pocketcMonthlyMissions'),
  },
] as const;

const legacyId = (userId: string): number | string => {
  const number = Number(userId);
  return /^(0|[1-9]\d*)$/.test(userId) && Number.isSafeInteger(number) ? number : userId;
};

/**
 * `GET /ai/missions/{userId}/daily`, `/weekly` and `/monthly`, and the placeholder above them. Somebody else's id is
 * refused with 403. Missions of the user's own are issued once per period; for anybody else nothing is stored.
 * @param parts stores and the use case
 */
export const pocketcMissionRoutes = (parts: {
  issue: IssueMissions;
  profiles: ProfileStore;
}): MountedRoute[] => {
  const { issue, profiles } = parts;
  return [
    handle(Placeholder, ({ params, identity }) => {
      requireOwnUser(identity, params.userId, { reveal: true });
      return Promise.resolve({ status: 200, body: 'mission' });
    }),
    ...SURFACES.map(({ period, type, message, route }) =>
      handle(route, async ({ params, identity, request }) => {
        const userId = requireOwnUser(identity, params.userId, { reveal: true });
        const profile = await profiles.find(userId);
        const isStored = identity.userId === userId || profile !== undefined;
        if (isStored) {
          await issue.ensure(userId);
        }
        const { today, missions } = isStored
          ? await issue.current(userId, period)
          : await issue.preview(userId, period);
        const language = chooseLanguage(request.headers['accept-language'], 'ko', profile?.language);
        return {
          status: 201,
          body: {
            status: 201,
            message,
            data: {
              userId: legacyId(userId),
              date: today,
              missions: missions.map(({ rule, window, isDefault }) => ({
                mission: wordMission(rule, language, { bracketed: true }),
                subId: rule.sub_id,
                dsl: JSON.stringify(rule),
                type,
                ...localBounds(window),
                isDefault,
              })),
            },
          },
        };
      }),
    ),
  ];
};
