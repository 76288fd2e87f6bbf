import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserRegistered, UserStanding } from '@orrery/contracts';
import { aService, aUser, nobody } from '@orrery/testing';
import {
  ACTIVITY,
  anAddress,
  identityOf,
  type OpenIdentity,
  openIdentity,
  UserReply,
} from './open-identity.ts';

let open: OpenIdentity;

beforeAll(async () => {
  open = await openIdentity();
}, 60_000);

afterAll(async () => {
  await open.service.stop();
});

const standingOf = async (userId: string, issuer = 'main-backend') =>
  UserStanding.parse(
    (await open.service.call(`/internal/standing/${userId}?issuer=${issuer}`, { as: aService('gateway') }))
      .json,
  );

describe('registration', () => {
  it('answers 201 with the user and no password in any form', async () => {
    const reply = await open.register({ full_name: 'Alex Morgan' });

    expect(reply.status).toBe(201);
    expect(UserReply.parse(reply.json)).toMatchObject({
      full_name: 'Alex Morgan',
      role: 'user',
      is_active: true,
    });
    expect(reply.text).not.toMatch(/password|argon2/i);
  });

  it.each([
    { role: 'admin' },
    { is_active: false, isActive: false },
    { id: 'chosen', _id: 'chosen' },
    { passwordHash: 'x' },
  ])('lets the caller set nothing by %j', async (extra) => {
    const user = UserReply.parse((await open.register(extra)).json);

    expect(user).toMatchObject({ role: 'user', is_active: true });
    expect(user.id).toMatch(/^[0-9a-f]{24}$/);
  });

  it('refuses a taken e-mail and a taken name with the texts of the contract, whatever their case', async () => {
    const { user } = await open.aPerson();

    const email = await open.register({ email: user.email.toUpperCase() });
    const name = await open.register({ username: ` ${user.username.toUpperCase()} ` });

    expect([email.status, email.json]).toEqual([
      400,
      expect.objectContaining({ detail: 'Email already registered' }),
    ]);
    expect([name.status, name.json]).toEqual([
      400,
      expect.objectContaining({ detail: 'Username already taken' }),
    ]);
  });

  it('keeps a name for one account when many ask for it at once', async () => {
    const wanted = `race${Date.now().toString(36)}`;

    const replies = await Promise.all(Array.from({ length: 8 }, () => open.register({ username: wanted })));

    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(7);
  });

  it.each([
    ['a password of five characters', { password: '12345' }],
    ['a password of one character over and over', { password: 'aaaaaaaa' }],
    ['a password that is the name', { username: 'alexander', password: 'alexander' }],
    ['a password longer than can be hashed cheaply', { password: 'x1'.repeat(100) }],
    ['a password that is no text', { password: { $ne: null } }],
    ['an e-mail without a domain', { email: 'alex' }],
    ['a name that is an e-mail', { username: 'victim@example.test' }],
    ['a name of blanks', { username: '   ' }],
    ['a name with an invisible character', { username: 'ad\u200bmin' }],
    ['a name that is an object', { username: { $gt: '' } }],
  ])('refuses %s', async (_what, fields) => {
    expect((await open.register(fields)).status).toBe(422);
  });

  it('states the fact', async () => {
    const { user } = await open.aPerson();

    await open.service.captured.waitFor(UserRegistered);

    expect(open.service.captured.of(UserRegistered).map(({ subject }) => subject)).toContain(user.id);
  });
});

describe('login', () => {
  it('takes the name and the e-mail, in any case', async () => {
    const { user, password } = await open.aPerson();

    const byName = await open.logIn(user.username.toUpperCase(), password);
    const byEmail = await open.logIn(user.email.toUpperCase(), password);

    expect([byName.status, byEmail.status]).toEqual([200, 200]);
    expect(byName.json).toMatchObject({ token_type: 'bearer', user });
  });

  it('refuses a JSON body, as the contract has a form', async () => {
    const reply = await open.service.call('/auth/login', {
      as: nobody,
      method: 'POST',
      json: { username: 'admin', password: 'x' },
    });

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ detail: [{ loc: ['body'] }] });
  });

  it('takes the form in parts as a browser sends it, with each field once', async () => {
    const { user, password } = await open.aPerson();
    const form = new FormData();
    form.set('username', user.username);
    form.set('password', password);
    const logIn = () => open.service.call('/auth/login', { as: nobody, method: 'POST', body: form });

    const entered = await logIn();
    form.append('username', 'admin');
    const twice = await logIn();

    expect(entered).toMatchObject({ status: 200, json: { token_type: 'bearer' } });
    expect(twice).toMatchObject({ status: 422, json: { detail: [{ loc: ['body', 'username'] }] } });
  });

  it('answers a wrong password and an unknown user alike', async () => {
    const { user } = await open.aPerson();

    const wrong = await open.logIn(user.username, 'not-the-password');
    const unknown = await open.logIn('nobody-has-this-name', 'not-the-password');

    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    for (const reply of [wrong, unknown]) {
      expect(reply.json).toMatchObject({
        detail: 'Incorrect username or password',
        code: 'wrong-credentials',
      });
    }
    const names = (headers: Headers): string[] => [...headers.keys()].filter((name) => name !== 'date');
    expect(names(wrong.headers)).toEqual(names(unknown.headers));
  });

  it('takes about as long for an unknown user as for a wrong password', async () => {
    const { user } = await open.aPerson();
    const timeOf = async (name: string): Promise<number> => {
      const startedAt = performance.now();
      await open.logIn(name, 'not-the-password');
      return performance.now() - startedAt;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      known.push(await timeOf(user.username));
      unknown.push(await timeOf(`nobody-${String(index)}`));
    }

    const median = (times: number[]): number => times.sort((a, b) => a - b)[4] ?? 0;

    // Without the stand-in hash the ratio is above ten.
    expect(median(unknown)).toBeGreaterThan(median(known) / 3);
    expect(median(unknown)).toBeLessThan(median(known) * 3);
  });

  it('binds the token to the user id and says nothing of the password in it', async () => {
    const { tokens, user } = await open.aPerson();
    const [, payload = ''] = tokens.access_token.split('.');

    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());

    expect(claims).toMatchObject({ id: user.id, role: 'USER', email: user.email });
    expect(claims).not.toHaveProperty('username');
  });

  it('stores no token and no password that could be used', async () => {
    const { tokens, password, user } = await open.aPerson();
    const rows = JSON.stringify([
      await open.service.mongo.collection('sessions').find({ userId: user.id }).toArray(),
      await open.service.mongo.collection<{ _id: string }>('accounts').findOne({ _id: user.id }),
    ]);

    expect(rows).toContain('$argon2id$');
    for (const secret of [password, tokens.access_token, ...tokens.refresh_token.split('.')]) {
      expect(rows).not.toContain(secret);
    }
    expect(open.service.logs.join('')).not.toContain(password);
  });
});

describe('guessing', () => {
  it('waits after ten failures of one account from ever new addresses, for the right password too', async () => {
    const { user, password } = await open.aPerson();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await open.logIn(user.username, 'guess')).status).toBe(401);
    }

    const reply = await open.logIn(user.username, password);

    expect(reply.status).toBe(429);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('waits for an account that does not exist just as for one that does', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      statuses.push((await open.logIn('nobody-is-called-so', 'guess')).status);
    }

    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it('lets no more than ten of fifty simultaneous guesses through', async () => {
    const { user } = await open.aPerson();

    const replies = await Promise.all(Array.from({ length: 50 }, () => open.logIn(user.username, 'guess')));

    expect(replies.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(40);
  });

  it('counts only failures', async () => {
    const { user, password } = await open.aPerson();

    for (let attempt = 0; attempt < 15; attempt += 1) {
      expect((await open.logIn(user.username, password)).status).toBe(200);
    }
  });

  it('keeps neither names nor addresses of those who try', async () => {
    const address = anAddress();
    await open.logIn('a-name-that-is-tried', 'guess', address);

    const rows = JSON.stringify(await open.service.mongo.collection('login_attempts').find({}).toArray());

    expect(rows).not.toContain('a-name-that-is-tried');
    expect(rows).not.toContain(address);
  });
});

describe('a session', () => {
  const me = (as = aUser()) => open.service.call('/auth/me', { as });

  it('knows its user, also after a renaming', async () => {
    const { as, user } = await open.aPerson();
    expect((await me(as)).json).toEqual(user);

    const renamed = await open.service.call('/users/me', {
      as,
      method: 'PUT',
      json: { username: `${user.username}2` },
    });

    expect(renamed.status).toBe(200);
    expect((await me(as)).json).toEqual({ ...user, username: `${user.username}2` });
    expect((await standingOf(user.id)).mayEnter).toBe(true);
  });

  it('ends with a log out, and with it its refresh token', async () => {
    const { as, tokens, user } = await open.aPerson();

    const reply = await open.service.call('/auth/logout', { as, method: 'POST' });

    expect([reply.status, reply.json]).toEqual([200, { message: 'Successfully logged out' }]);
    expect(await standingOf(user.id)).toMatchObject({ mayEnter: true, revokedTokenIds: [as.tokenId] });
    expect((await me(as)).status).toBe(401);
    expect((await open.refresh(tokens.refresh_token)).status).toBe(401);
  });

  it('of another issuer ends with a log out too', async () => {
    const stranger = { ...aUser(), tokenId: 'digest-of-a-foreign-token' };

    await open.service.call('/auth/logout', { as: stranger, method: 'POST' });

    expect((await standingOf(stranger.userId)).revokedTokenIds).toEqual(['digest-of-a-foreign-token']);
  });

  it('goes on with each refresh token once', async () => {
    const { tokens, user } = await open.aPerson();

    const next = await open.refresh(tokens.refresh_token);

    expect(next.status).toBe(200);
    expect(next.json).toMatchObject({ user });
    expect(next.text).not.toContain(tokens.refresh_token);
  });

  it('ends everywhere when a refresh token is used twice', async () => {
    const { tokens, as, user } = await open.aPerson();
    const second = await open.refresh(tokens.refresh_token);
    const secondToken = String(Object(second.json).refresh_token);

    const stolen = await open.refresh(tokens.refresh_token);

    expect(stolen.status).toBe(401);
    expect((await open.refresh(secondToken)).status).toBe(401);
    expect((await standingOf(user.id)).revokedTokenIds).toContain(as.tokenId);
  });

  it.each(['', 'x', 'a.b', `${'A'.repeat(43)}.${'A'.repeat(43)}`, '../../x'])(
    'does not go on with the made-up refresh token %j',
    async (token) => {
      expect([401, 422]).toContain((await open.refresh(token)).status);
    },
  );

  it('is kept by a password change that ends all others', async () => {
    const { as, user, password } = await open.aPerson();
    const other = identityOf(String(Object((await open.logIn(user.username, password)).json).access_token));

    const reply = await open.service.call('/users/me', {
      as,
      method: 'PUT',
      json: { password: 'another-password', current_password: password },
    });

    expect(reply.status).toBe(200);
    expect((await me(as)).status).toBe(200);
    expect((await me(other)).status).toBe(401);
    expect((await standingOf(user.id)).revokedTokenIds).toEqual([other.tokenId]);
    expect((await open.logIn(user.username, password)).status).toBe(401);
    expect((await open.logIn(user.username, 'another-password')).status).toBe(200);
  });
});

describe('the own account', () => {
  const put = (as: ReturnType<typeof aUser>, json: unknown) =>
    open.service.call('/users/me', { as, method: 'PUT', json });

  it('is shown with counts', async () => {
    const { as, user } = await open.aPerson();

    expect((await open.service.call('/users/me/profile', { as })).json).toEqual({
      ...user,
      total_predictions: ACTIVITY.predictions,
      total_saved_profiles: ACTIVITY.profiles,
    });
  });

  it('takes no name or e-mail of somebody else', async () => {
    const [one, other] = [await open.aPerson(), await open.aPerson()];

    expect((await put(one.as, { username: other.user.username })).json).toMatchObject({
      detail: 'Username already in use',
    });
    expect((await put(one.as, { email: other.user.email })).json).toMatchObject({
      detail: 'Email already in use',
    });
    expect((await put(one.as, { username: one.user.username, email: one.user.email })).status).toBe(200);
  });

  it('changes the password only with the present one and to eight characters', async () => {
    const { as, password } = await open.aPerson();

    expect((await put(as, { password: 'another-password' })).status).toBe(422);
    expect((await put(as, { password: 'another-password', current_password: 'wrong' })).status).toBe(400);
    expect((await put(as, { password: '1234567', current_password: password })).status).toBe(422);
  });

  it.each([
    { role: 'admin' },
    { is_active: false },
    { isActive: false },
    { id: 'x' },
    { passwordHash: 'x' },
    { createdAt: 'x' },
  ])('takes no %j from its owner', async (extra) => {
    const { as, user } = await open.aPerson();

    await put(as, extra);

    expect((await open.service.call('/auth/me', { as })).json).toEqual(user);
  });

  it.each([{ username: null }, { email: null }, { password: null }, { username: { $set: 1 } }])(
    'refuses %j',
    async (change) => {
      const { as } = await open.aPerson();

      expect((await put(as, change)).status).toBe(422);
    },
  );

  it('ends with its tokens, and a newcomer with the same name inherits nothing', async () => {
    const { as, user, tokens } = await open.aPerson();

    const reply = await open.service.call('/users/me', { as, method: 'DELETE' });

    expect(reply.json).toMatchObject({ message: 'Account deleted successfully' });
    expect(await standingOf(user.id)).toMatchObject({ mayEnter: false, reason: 'deleted' });
    expect((await open.refresh(tokens.refresh_token)).status).toBe(401);

    const again = await open.register({ username: user.username, email: user.email });

    expect(again.status).toBe(201);
    expect(UserReply.parse(again.json).id).not.toBe(user.id);
    expect((await open.service.call('/auth/me', { as })).status).toBe(401);
    expect((await standingOf(user.id)).mayEnter).toBe(false);
  });

  it('does not exist for a user known by token only, who may enter all the same', async () => {
    const stranger = aUser();

    expect((await open.service.call('/auth/me', { as: stranger })).status).toBe(404);
    expect((await open.service.call('/users/me/profile', { as: stranger })).status).toBe(404);
    expect(await standingOf(stranger.userId)).toMatchObject({ mayEnter: true, reason: 'token-only' });
  });

  it('gives nothing to the user of another issuer who has the same id', async () => {
    const { user } = await open.admin();

    expect(await standingOf(user.id, 'supabase')).toMatchObject({ reason: 'external', role: 'user' });
  });
});

describe('anonymous callers', () => {
  it.each([
    ['GET', '/auth/me'],
    ['POST', '/auth/logout'],
    ['GET', '/users/me/profile'],
    ['PUT', '/users/me'],
    ['DELETE', '/users/me'],
    ['GET', '/users/'],
    ['GET', '/admin/users'],
    ['GET', '/admin/stats'],
    ['GET', '/v1/audit-log'],
    ['GET', '/v1/privacy/export'],
    ['POST', '/v1/privacy/erase'],
    ['GET', '/v1/privacy/consents'],
  ])('are refused at %s %s', async (method, path) => {
    expect((await open.service.call(path, { as: nobody, method })).status).toBe(401);
  });

  it.each(['/internal/standing/u1', '/internal/users/u1/data'])(
    'and signed-in ones find nothing at %s',
    async (path) => {
      expect((await open.service.call(path, { as: nobody })).status).toBe(404);
      expect((await open.service.call(path, { as: aUser({ role: 'admin' }) })).status).toBe(404);
    },
  );
});
