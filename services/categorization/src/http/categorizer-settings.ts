import { defineRoute } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute, Runtime } from '@orrery/service-kit';
import { z } from 'zod';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

const tag = 'Categories';
const audience = 'user';

const Settings = z
  .object({
    /** From this confidence on a category is filed without asking; 1 files nothing by itself. */
    auto: z.number(),
    /** From this confidence on a category is offered. */
    suggest: z.number(),
    /** Whether corrections may teach the common model; changed with the consent of the account. */
    pooledLearning: z.boolean(),
  })
  .meta({ id: 'CategorizerSettings' });

const ReadSettings = defineRoute({
  method: 'get',
  path: '/v1/categorizer/settings',
  operationId: 'readCategorizerSettings',
  summary: 'From which confidence on categories are filed and offered to the caller',
  tag,
  audience,
  responses: { 200: Settings },
});

const ChangeSettings = defineRoute({
  method: 'patch',
  path: '/v1/categorizer/settings',
  operationId: 'changeCategorizerSettings',
  summary: "Changes the caller's thresholds; they count for decisions from now on",
  tag,
  audience,
  body: z.object({
    auto: z.number().min(0.5).max(1).optional(),
    suggest: z.number().min(0).max(1).optional(),
  }),
  responses: { 200: Settings },
});

/**
 * The routes of a user's thresholds.
 * @param settings users' choices
 * @param inTransaction runs work in one database transaction
 */
export const settingsRoutes = (
  settings: UserSettingsStore,
  inTransaction: Runtime<unknown>['inTransaction'],
): MountedRoute[] => [
  handle(ReadSettings, async ({ identity }) => ({
    status: 200,
    body: await settings.find(requireUserId(identity)),
  })),
  handle(ChangeSettings, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    const changed = await inTransaction(async (session) => {
      const present = await settings.find(userId, session);
      const auto = body.auto ?? present.auto;
      const suggest = body.suggest ?? present.suggest;
      if (suggest > auto) {
        throw new AppError('validation-failed', {
          fields: [{ field: 'suggest', message: 'must not be above auto' }],
        });
      }
      await settings.change(userId, { auto, suggest }, session);
      return { ...present, auto, suggest };
    });
    return { status: 200, body: changed };
  }),
];
