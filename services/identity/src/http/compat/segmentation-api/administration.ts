import { AccountRole, UserId, defineRoute } from '@orrery/contracts';
import { AppError, type MountedRoute, handle } from '@orrery/service-kit';
import { z } from 'zod';
import type { ActivityCounts } from '../../../clients/activity-client.ts';
import type { Account } from '../../../domain/account.ts';
import { USER_NOT_FOUND } from '../../../identity-errors.ts';
import type { AccountStore } from '../../../store/account-store.ts';
import type { AdministerAccounts } from '../../../use-cases/administer-accounts.ts';
import type { Gatekeeper } from '../../require-account.ts';
import { CountedUser, Message, UserBody, toUserBody } from './user-shape.ts';

export interface AdministrationParts {
  gatekeeper: Gatekeeper;
  accounts: AccountStore;
  administer: AdministerAccounts;
  activity: ActivityCounts;
}

/** The two families of routes differ in path and in the words of a refusal, and in nothing else. */
interface Family {
  prefix: string;
  /** First part of operation ids. */
  name: string;
  tag: string;
  refusal: string;
  deletedMessage(account: Account): string;
}

const FAMILIES: readonly Family[] = [
  {
    prefix: '/users',
    name: 'users',
    tag: 'users',
    refusal: 'Insufficient permissions. Required role: admin',
    deletedMessage: () => 'User deleted successfully',
  },
  {
    prefix: '/admin/users',
    name: 'admin',
    tag: 'admin',
    refusal: 'Admin access required',
    deletedMessage: ({ username }) => `User ${username} deleted successfully`,
  },
];

const Page = z.object({
  skip: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const Stats = defineRoute({
  method: 'get',
  path: '/admin/stats',
  operationId: 'readStats',
  summary: 'Numbers of users, predictions and profiles',
  tag: 'admin',
  audience: 'user',
  errorShape: 'detail',
  responses: {
    200: z.object({
      total_users: z.int(),
      active_users: z.int(),
      inactive_users: z.int(),
      total_predictions: z.int(),
      total_profiles: z.int(),
      users_by_role: z.record(z.string(), z.int()),
    }),
  },
  problems: ['admins-only'],
});

const declare = ({ prefix, name, tag }: Family) => {
  // The role is judged by the present account, so the declared audience is that of the token.
  const common = { tag, errorShape: 'detail', audience: 'user' } as const;
  const params = z.object({ id: UserId });
  const problems = ['admins-only', 'not-authenticated', 'inactive-user'];
  return {
    list: defineRoute({
      ...common,
      method: 'get',
      path: prefix === '/users' ? '/users/' : prefix,
      operationId: `${name}ListUsers`,
      summary: 'All users, oldest first, with counts of what they did',
      query: Page,
      responses: { 200: z.object({ users: z.array(CountedUser), total: z.int() }) },
      problems,
    }),
    read: defineRoute({
      ...common,
      method: 'get',
      path: `${prefix}/{id}`,
      operationId: `${name}ReadUser`,
      summary: 'One user',
      params,
      responses: { 200: UserBody },
      problems: [...problems, 'user-not-found'],
    }),
    setRole: defineRoute({
      ...common,
      method: 'put',
      path: `${prefix}/{id}/role`,
      operationId: `${name}SetRole`,
      summary: 'Changes the role of a user; the own role and that of the last active administrator stay',
      params,
      body: z.object({ role: AccountRole }),
      responses: { 200: UserBody },
      problems: [...problems, 'user-not-found', 'act-refused'],
    }),
    remove: defineRoute({
      ...common,
      method: 'delete',
      path: `${prefix}/{id}`,
      operationId: `${name}DeleteUser`,
      summary: 'Deletes a user and erases what the services hold about them',
      params,
      responses: { 200: Message },
      problems: [...problems, 'user-not-found', 'act-refused'],
    }),
    toggleActive: defineRoute({
      ...common,
      method: 'put',
      path: `${prefix}/{id}/toggle-active`,
      operationId: `${name}ToggleActive`,
      summary: 'Activates or deactivates a user; a deactivation ends all sessions',
      params,
      responses: { 200: UserBody },
      problems: [...problems, 'user-not-found', 'act-refused'],
    }),
  };
};

const routesOf = (family: Family, parts: AdministrationParts): MountedRoute[] => {
  const { gatekeeper, accounts, administer, activity } = parts;
  const routes = declare(family);
  const { refusal, deletedMessage } = family;
  return [
    handle(routes.list, async ({ identity, query }) => {
      await gatekeeper.requireAdmin(identity, refusal);
      const { rows, total } = await accounts.list(query);
      const { byUser } = await activity.of(rows.map(({ userId }) => userId));
      const users = rows.map((account) => {
        const { predictions = 0, profiles = 0 } = byUser.get(account.userId) ?? {};
        return { ...toUserBody(account), total_predictions: predictions, total_saved_profiles: profiles };
      });
      return { status: 200, body: { users, total } };
    }),
    handle(routes.read, async ({ identity, params }) => {
      await gatekeeper.requireAdmin(identity, refusal);
      const account = await accounts.find(params.id);
      if (account === undefined) {
        throw new AppError(USER_NOT_FOUND);
      }
      return { status: 200, body: toUserBody(account) };
    }),
    handle(routes.setRole, async ({ identity, params, body, requestId }) => {
      const adminId = await gatekeeper.requireAdmin(identity, refusal);
      const changed = await administer.setRole({ adminId, requestId }, params.id, body.role);
      return { status: 200, body: toUserBody(changed) };
    }),
    handle(routes.toggleActive, async ({ identity, params, requestId }) => {
      const adminId = await gatekeeper.requireAdmin(identity, refusal);
      const changed = await administer.toggleActive({ adminId, requestId }, params.id);
      return { status: 200, body: toUserBody(changed) };
    }),
    handle(routes.remove, async ({ identity, params, requestId }) => {
      const adminId = await gatekeeper.requireAdmin(identity, refusal);
      const removed = await administer.remove({ adminId, requestId }, params.id);
      return { status: 200, body: { message: deletedMessage(removed) } };
    }),
  ];
};

/**
 * Administration of users, by both families of routes, and the statistics.
 * @param parts who calls, stores, use case and counts
 */
export function administrationRoutes(parts: AdministrationParts): MountedRoute[] {
  return [
    ...FAMILIES.flatMap((family) => routesOf(family, parts)),
    handle(Stats, async ({ identity }) => {
      await parts.gatekeeper.requireAdmin(identity, 'Admin access required');
      const [counts, { totals }] = await Promise.all([parts.accounts.count(), parts.activity.of([])]);
      return {
        status: 200,
        body: {
          total_users: counts.total,
          active_users: counts.active,
          inactive_users: counts.total - counts.active,
          total_predictions: totals.predictions,
          total_profiles: totals.profiles,
          users_by_role: { user: 0, analyst: 0, admin: 0, ...counts.byRole },
        },
      };
    }),
  ];
}
