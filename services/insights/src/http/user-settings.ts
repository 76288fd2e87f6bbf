import { isValidZone } from '@orrery/calendar';
import { Currency, defineRoute, LANGUAGES } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { UserSettings, UserSettingsStore } from '../store/user-settings-store.ts';

const TimeZone = z.string().max(64).refine(isValidZone, 'must be an IANA time zone such as Europe/Paris');

const SettingsShown = z
  .object({
    currency: Currency.nullable(),
    timeZone: z.string().nullable(),
    language: z.enum(LANGUAGES).nullable(),
  })
  .meta({ id: 'UserSettings' });

const ReadUserSettings = defineRoute({
  method: 'get',
  path: '/v1/settings',
  operationId: 'readUserSettings',
  summary: 'Currency, time zone and language that the caller chose; null where the default applies',
  tag: 'Settings',
  audience: 'user',
  responses: { 200: SettingsShown },
});

const ChangeUserSettings = defineRoute({
  method: 'patch',
  path: '/v1/settings',
  operationId: 'changeUserSettings',
  summary: 'Choose a currency, a time zone or a language, or take a choice back with null',
  tag: 'Settings',
  audience: 'user',
  body: z.object({
    currency: Currency.nullable().optional(),
    timeZone: TimeZone.nullable().optional(),
    language: z.enum(LANGUAGES).nullable().optional(),
  }),
  responses: { 200: SettingsShown },
});

const shown = ({ currency, timeZone, language }: UserSettings) => ({
  currency: currency ?? null,
  timeZone: timeZone ?? null,
  language: language ?? null,
});

/**
 * `/v1/settings`: what a user chose for reports, days and words.
 * @param settings the choices of users
 */
export const userSettingsRoutes = (settings: UserSettingsStore): MountedRoute[] => [
  handle(ReadUserSettings, async ({ identity }) => ({
    status: 200,
    body: shown(await settings.find(requireUserId(identity))),
  })),
  handle(ChangeUserSettings, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    await settings.change(userId, body);
    return { status: 200, body: shown(await settings.find(userId)) };
  }),
];
