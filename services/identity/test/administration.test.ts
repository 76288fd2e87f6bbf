import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserStanding } from '@orrery/contracts';
import { aService, anAdmin } from '@orrery/testing';
import {
  ACTIVITY,
  ADMIN_PASSWORD,
  ALL_ACTIVITY,
  type OpenIdentity,
  type Person,
  identityOf,
  openIdentity,
} from './open-identity.ts';

let open: OpenIdentity;
let admin: Person;

beforeAll(async () => {
  open = await openIdentity();
  admin = await open.admin();
}, 60_000);

afterAll(async () => {
  await open.service.stop();
});

const FAMILIES = ['/users', '/admin/users'] as const;

const call = (person: Person, method: string, path: string, json?: unknown) =>
  open.service.call(path, { as: person.as, method, ...(json === undefined ? {} : { json }) });

const anotherAdmin = async (): Promise<Person> => {
  const person = await open.aPerson();
  await call(admin, 'PUT', `/admin/users/${person.user.id}/role`, { role: 'admin' });
  const { json } = await open.logIn(person.user.username, person.password);
  return { ...person, as: identityOf(String(Object(json).access_token)) };
};

const standingOf = async (userId: string) =>
  UserStanding.parse(
    (await open.service.call(`/internal/standing/${userId}`, { as: aService('gateway') })).json,
  );

describe.each(FAMILIES)('administration under %s', (family) => {
  const refusal =
    family === '/users' ? 'Insufficient permissions. Required role: admin' : 'Admin access required';

  it.each([
    ['GET', family === '/users' ? '/users/' : '/admin/users', undefined],
    ['GET', `${family}/{id}`, undefined],
    ['PUT', `${family}/{id}/role`, { role: 'admin' }],
    ['PUT', `${family}/{id}/toggle-active`, undefined],
    ['DELETE', `${family}/{id}`, undefined],
  ])('refuses a user at %s %s in the words of the contract', async (method, path, json) => {
    const [person, other] = [await open.aPerson(), await open.aPerson()];

    const reply = await call(person, method, path.replace('{id}', other.user.id), json);

    expect([reply.status, reply.json]).toEqual([403, expect.objectContaining({ detail: refusal })]);
    expect((await call(other, 'GET', '/auth/me')).json).toEqual(other.user);
  });

  it('refuses an analyst and a role that only the token claims', async () => {
    const analyst = await open.aPerson();
    await call(admin, 'PUT', `${family}/${analyst.user.id}/role`, { role: 'analyst' });

    const asAnalyst = await call(analyst, 'GET', '/admin/users');
    const claiming = await call({ ...analyst, as: { ...analyst.as, role: 'admin' } }, 'GET', '/admin/users');

    expect([asAnalyst.status, claiming.status]).toEqual([403, 403]);
    expect((await standingOf(analyst.user.id)).role).toBe('analyst');
  });

  it('lists users with counts and reads one', async () => {
    const { user } = await open.aPerson();

    const list = await call(admin, 'GET', `${family === '/users' ? '/users/' : family}?limit=500`);

    expect(list.json).toMatchObject({
      users: expect.arrayContaining([
        { ...user, total_predictions: ACTIVITY.predictions, total_saved_profiles: ACTIVITY.profiles },
      ]),
    });
    expect((await call(admin, 'GET', `${family}/${user.id}`)).json).toEqual(user);
    expect((await call(admin, 'GET', `${family}/000000000000000000000000`)).json).toMatchObject({
      detail: 'User not found',
    });
  });

  it.each(['skip=-1', 'limit=0', 'limit=-1', 'limit=100000', 'skip=x'])(
    'refuses the page %s',
    async (query) => {
      const path = family === '/users' ? '/users/' : family;

      expect((await call(admin, 'GET', `${path}?${query}`)).status).toBe(422);
    },
  );

  it('pages without overlap', async () => {
    const path = family === '/users' ? '/users/' : family;
    await Promise.all([open.aPerson(), open.aPerson(), open.aPerson()]);
    const ids = async (query: string): Promise<string[]> =>
      Object(await call(admin, 'GET', `${path}?${query}`)).json.users.map(({ id }: { id: string }) => id);

    const [first, second] = [await ids('skip=0&limit=2'), await ids('skip=2&limit=2')];

    expect(new Set([...first, ...second]).size).toBe(4);
  });

  it('refuses an unknown role', async () => {
    const { user } = await open.aPerson();

    expect((await call(admin, 'PUT', `${family}/${user.id}/role`, { role: 'root' })).status).toBe(422);
  });

  it('refuses self-demotion, self-deactivation and self-deletion, also with another administrator there', async () => {
    const second = await anotherAdmin();
    const self = `${family}/${second.user.id}`;

    const demotion = await call(second, 'PUT', `${self}/role`, { role: 'user' });
    const deactivation = await call(second, 'PUT', `${self}/toggle-active`);
    const deletion = await call(second, 'DELETE', self);

    expect([demotion.status, deactivation.status, deletion.status]).toEqual([400, 400, 400]);
    expect(demotion.json).toMatchObject({ detail: 'Cannot change your own admin role' });
    expect(deactivation.json).toMatchObject({ detail: 'Cannot deactivate your own account' });
    expect(deletion.json).toMatchObject({ detail: 'Cannot delete your own account' });
  });

  it('ends all tokens with a deactivation, and a reactivation revives none', async () => {
    const person = await open.aPerson();

    const off = await call(admin, 'PUT', `${family}/${person.user.id}/toggle-active`);

    expect(off.json).toMatchObject({ is_active: false });
    expect(await standingOf(person.user.id)).toMatchObject({ mayEnter: false, reason: 'inactive' });
    const fresh = { ...person, as: { ...person.as, tokenId: 'a-token-of-the-main-back-end' } };
    expect((await call(fresh, 'GET', '/auth/me')).json).toMatchObject({ detail: 'Inactive user' });
    expect((await call(fresh, 'GET', '/auth/me')).status).toBe(400);
    const login = await open.logIn(person.user.username, person.password);
    expect([login.status, login.json]).toEqual([400, expect.objectContaining({ detail: 'Inactive user' })]);
    expect((await open.refresh(person.tokens.refresh_token)).status).toBe(401);

    await call(admin, 'PUT', `${family}/${person.user.id}/toggle-active`);

    expect((await standingOf(person.user.id)).revokedTokenIds).toContain(person.as.tokenId);
    expect((await call(person, 'GET', '/auth/me')).status).toBe(401);
    expect((await open.logIn(person.user.username, person.password)).status).toBe(200);
  });

  it('deletes a user with all tokens', async () => {
    const person = await open.aPerson();

    const reply = await call(admin, 'DELETE', `${family}/${person.user.id}`);

    expect(reply.json).toEqual({
      message:
        family === '/users'
          ? 'User deleted successfully'
          : `User ${person.user.username} deleted successfully`,
    });
    expect((await standingOf(person.user.id)).mayEnter).toBe(false);
    expect((await call(person, 'GET', '/auth/me')).status).toBe(401);
    expect((await call(admin, 'DELETE', `${family}/${person.user.id}`)).status).toBe(404);
  });
});

describe('the last active administrator', () => {
  it('stays, whoever acts, by every route', async () => {
    const alone = await openIdentity();
    try {
      const only = await alone.admin();
      // An administrator of the main back end, known here by token only.
      const outside = anAdmin();
      for (const family of FAMILIES) {
        const path = `${family}/${only.user.id}`;
        for (const [method, route, json] of [
          ['PUT', `${path}/role`, { role: 'user' }],
          ['PUT', `${path}/toggle-active`, undefined],
          ['DELETE', path, undefined],
        ] as const) {
          const reply = await alone.service.call(route, {
            as: outside,
            method,
            ...(json === undefined ? {} : { json }),
          });
          expect([reply.status, reply.json]).toEqual([
            400,
            expect.objectContaining({ detail: 'Cannot remove the last active admin' }),
          ]);
        }
      }
      const own = await alone.service.call('/users/me', { as: only.as, method: 'DELETE' });
      const erased = await alone.service.call('/v1/privacy/erase', { as: only.as, method: 'POST' });

      expect([own.status, erased.status]).toEqual([400, 400]);
      expect((await alone.logIn('admin', ADMIN_PASSWORD)).status).toBe(200);
    } finally {
      await alone.service.stop();
    }
  }, 60_000);

  it('remains when two administrators demote each other at the same moment', async () => {
    const pair = await openIdentity();
    try {
      const first = await pair.admin();
      const second = await pair.aPerson();
      const put = (as: Person, target: Person, role: string) =>
        pair.service.call(`/admin/users/${target.user.id}/role`, {
          as: as.as,
          method: 'PUT',
          json: { role },
        });
      await put(first, second, 'admin');

      const replies = await Promise.all([put(first, second, 'user'), put(second, first, 'user')]);

      expect(replies.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
      const admins = pair.service.mongo
        .collection('accounts')
        .countDocuments({ role: 'admin', isActive: true });
      expect(await admins).toBe(1);
    } finally {
      await pair.service.stop();
    }
  }, 60_000);
});

describe('statistics', () => {
  it('equal the database', async () => {
    const person = await open.aPerson();
    await call(admin, 'PUT', `/admin/users/${person.user.id}/toggle-active`);
    const accounts = open.service.mongo.collection('accounts');
    const [total, active, users, analysts, admins] = await Promise.all([
      accounts.countDocuments({}),
      accounts.countDocuments({ isActive: true }),
      accounts.countDocuments({ role: 'user' }),
      accounts.countDocuments({ role: 'analyst' }),
      accounts.countDocuments({ role: 'admin' }),
    ]);

    expect((await call(admin, 'GET', '/admin/stats')).json).toEqual({
      total_users: total,
      active_users: active,
      inactive_users: total - active,
      total_predictions: ALL_ACTIVITY.predictions,
      total_profiles: ALL_ACTIVITY.profiles,
      users_by_role: { user: users, analyst: analysts, admin: admins },
    });
    expect((await call(person, 'GET', '/admin/stats')).status).not.toBe(200);
  });
});

describe('the audit log', () => {
  it('tells administrators, and nobody else, who did what to whom', async () => {
    const person = await open.aPerson();
    await call(admin, 'PUT', `/users/${person.user.id}/role`, { role: 'analyst' });
    await call(admin, 'PUT', `/admin/users/${person.user.id}/toggle-active`);

    const reply = await call(admin, 'GET', '/v1/audit-log?limit=2');

    const common = { adminId: admin.user.id, targetId: person.user.id };
    expect(reply.json).toMatchObject({
      data: [
        { ...common, act: 'deactivate' },
        { ...common, act: 'set-role', before: 'user', after: 'analyst' },
      ],
      page: { nextCursor: expect.any(String) },
    });
    const other = await open.aPerson();
    expect((await call(other, 'GET', '/v1/audit-log')).status).toBe(403);
  });
});
