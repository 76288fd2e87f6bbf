import { isValidZone } from '@orrery/calendar';
import { defineRoute, LANGUAGES } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { ProfileStore } from '../store/profile-store.ts';
import type { ChangeSettings } from '../use-cases/change-settings.ts';

const SettingsShown = z
  .object({ timeZone: z.string().nullable(), language: z.enum(LANGUAGES).nullable() })
  .meta({ id: 'MissionSettings' });

const ReadSettings = defineRoute({
  method: 'get',
  path: '/v1/missions/settings',
  operationId: 'readMissionSettings',
  summary: 'The zone and language of the caller’s missions; null where none was chosen',
  tag: 'Missions',
  audience: 'user',
  responses: { 200: SettingsShown },
});

const PatchSettings = defineRoute({
  method: 'patch',
  path: '/v1/missions/settings',
  operationId: 'changeMissionSettings',
  summary: 'Choose the zone in which missions begin and end, and their language',
  tag: 'Missions',
  audience: 'user',
  body: z.object({
    timeZone: z
      .string()
      .max(64)
      .refine(isValidZone, 'must be an IANA time zone such as Europe/Paris')
      .optional(),
    language: z.enum(LANGUAGES).optional(),
  }),
  responses: { 200: SettingsShown },
});

/**
 * `GET` and `PATCH /v1/missions/settings`.
 * @param parts store and use case
 */
export const missionSettings = (parts: {
  profiles: ProfileStore;
  changeSettings: ChangeSettings;
}): MountedRoute[] => {
  const shown = async (userId: string) => {
    const profile = await parts.profiles.find(userId);
    return { timeZone: profile?.timeZone ?? null, language: profile?.language ?? null };
  };
  return [
    handle(ReadSettings, async ({ identity }) => ({
      status: 200,
      body: await shown(requireUserId(identity)),
    })),
    handle(PatchSettings, async ({ body, identity }) => {
      const userId = requireUserId(identity);
      await parts.changeSettings(userId, body);
      return { status: 200, body: await shown(userId) };
    }),
  ];
};
