import { defineRoute } from '@orrery/contracts';
import { type MountedRoute, handle } from '@orrery/service-kit';
import { z } from 'zod';
import type { ActivityCounts } from '../../../clients/activity-client.ts';
import { GivenPassword, NewPassword } from '../../../domain/password-rules.ts';
import type { KeepAccount } from '../../../use-cases/keep-account.ts';
import { type Gatekeeper, clientAddressOf } from '../../require-account.ts';
import { CountedUser, Deleted, Email, FullName, UserBody, Username, toUserBody } from './user-shape.ts';

const common = { tag: 'users', errorShape: 'detail', audience: 'user' } as const;
const accountProblems = ['not-authenticated', 'inactive-user', 'user-not-found'] as const;

const Profile = defineRoute({
  ...common,
  method: 'get',
  path: '/users/me/profile',
  operationId: 'readProfile',
  summary: 'The signed-in user with counts of predictions and saved profiles',
  responses: { 200: CountedUser },
  problems: [...accountProblems],
});

const Update = defineRoute({
  ...common,
  method: 'put',
  path: '/users/me',
  operationId: 'updateMe',
  summary: 'Changes the own account; a new password needs the current one and ends all other sessions',
  body: z.object({
    username: Username.optional(),
    email: Email.optional(),
    full_name: FullName.optional(),
    password: NewPassword.optional(),
    current_password: GivenPassword.optional(),
  }),
  responses: { 200: UserBody },
  problems: [...accountProblems, 'username-in-use', 'email-in-use', 'wrong-password'],
});

const Delete = defineRoute({
  ...common,
  method: 'delete',
  path: '/users/me',
  operationId: 'deleteMe',
  summary: 'Ends the own account and erases the user everywhere',
  responses: { 200: Deleted },
  problems: [...accountProblems, 'act-refused'],
});

/**
 * Routes of the own account.
 * @param parts who calls, use case and counts
 */
export function ownAccountRoutes({
  gatekeeper,
  keepAccount,
  activity,
}: {
  gatekeeper: Gatekeeper;
  keepAccount: KeepAccount;
  activity: ActivityCounts;
}): MountedRoute[] {
  return [
    handle(Profile, async ({ identity }) => {
      const account = await gatekeeper.requireAccount(identity);
      const { byUser } = await activity.of([account.userId]);
      const { predictions = 0, profiles = 0 } = byUser.get(account.userId) ?? {};
      return {
        status: 200,
        body: { ...toUserBody(account), total_predictions: predictions, total_saved_profiles: profiles },
      };
    }),
    handle(Update, async ({ identity, body, request }) => {
      const { userId } = await gatekeeper.requireAccount(identity);
      const { full_name: fullName, current_password: currentPassword, ...rest } = body;
      const holder = { userId, sessionId: identity.tokenId, address: clientAddressOf(request) };
      const changed = await keepAccount.change(holder, { ...rest, fullName, currentPassword });
      return { status: 200, body: toUserBody(changed) };
    }),
    handle(Delete, async ({ identity }) => {
      const { userId } = await gatekeeper.requireAccount(identity);
      const erasureId = await keepAccount.end(userId);
      return {
        status: 200,
        body: { message: 'Account deleted successfully', erasure_id: erasureId },
      };
    }),
  ];
}
