import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineRoute, type Audience } from '@orrery/contracts';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { Identity } from '../src/auth/identity.ts';
import { requireOwnUser } from '../src/auth/require-audience.ts';
import { serviceTokenKeys, signServiceToken, verifyServiceToken } from '../src/auth/service-token.ts';
import { handle, type MountedRoute } from '../src/define-service.ts';
import { keys, openApp, SECRET, secretKey, signed, user, type OpenApp } from './open-app.ts';

const OTHER_SECRET = 'another-secret-that-is-long-enough-012345';
const now = (): number => Math.floor(Date.now() / 1000);
const claims = (): Record<string, unknown> => ({
  iss: 'orrery',
  aud: 'insights',
  azp: 'gateway',
  kind: 'user',
  sub: 'user-1',
  role: 'user',
  rid: 'r',
  iat: now(),
  exp: now() + 60,
});
const forge = (change: Record<string, unknown>, options: jwt.SignOptions = {}): string => {
  const payload = Object.fromEntries(
    Object.entries({ ...claims(), ...change }).filter(([, value]) => value !== undefined),
  );
  return jwt.sign(payload, secretKey, { algorithm: 'HS256', noTimestamp: true, ...options });
};

const routeFor = (audience: Audience): MountedRoute => {
  const definition = defineRoute({
    method: 'get',
    path: `/v1/${audience}`,
    operationId: audience,
    summary: 'A test',
    tag: 'Tests',
    audience,
    responses: { 200: z.object({ userId: z.string().nullable() }) },
  });
  return handle(definition, ({ identity }) =>
    Promise.resolve({ status: 200, body: { userId: identity.userId ?? null } }),
  );
};

const person = (role: 'user' | 'analyst' | 'admin'): Identity => ({
  kind: 'user',
  userId: 'user-1',
  role,
  caller: 'gateway',
});
const nobody: Identity = { kind: 'anonymous', role: 'anonymous', caller: 'gateway' };
const machine: Identity = { kind: 'service', role: 'service', caller: 'ingestion' };

describe('a call to a service', () => {
  let app: OpenApp;
  beforeAll(async () => {
    app = await openApp((['public', 'user', 'analyst', 'admin', 'service'] as const).map(routeFor));
  });
  afterAll(() => app.close());

  const statusWith = async (token: string): Promise<number> => {
    const { status } = await app.call('/v1/user', { as: null, headers: { 'x-service-token': token } });
    return status;
  };

  it('is let in with a fresh token of ours for this service', async () => {
    const reply = await app.call('/v1/user', { as: user });

    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({ userId: 'user-1' });
  });

  it.each<[string, () => string]>([
    [
      'signed with another key',
      () =>
        signServiceToken(serviceTokenKeys(OTHER_SECRET), {
          identity: user,
          target: 'insights',
          requestId: 'r',
        }),
    ],
    ['replayed from another service', () => signed(user, 'ingestion')],
    ['expired', () => forge({ iat: now() - 120, exp: now() - 60 })],
    ['without an expiry', () => forge({ exp: undefined })],
    ['that lives longer than a minute', () => forge({ exp: now() + 3600 })],
    ['issued in the future', () => forge({ iat: now() + 30, exp: now() + 80 })],
    ['of another issuer', () => forge({ iss: 'elsewhere' })],
    ['for several audiences', () => forge({ aud: ['insights', 'ingestion'] })],
    ['without an audience', () => forge({ aud: undefined })],
    ['with alg none', () => jwt.sign(claims(), '', { algorithm: 'none' })],
    ['signed with HS512', () => jwt.sign(claims(), secretKey, { algorithm: 'HS512' })],
    [
      'with a critical extension',
      () => forge({}, { header: { alg: 'HS256', crit: ['x'], x: 1 } as jwt.JwtHeader }),
    ],
    ['whose subject is an object', () => forge({ sub: { $ne: null } })],
    ['whose subject is not an id', () => forge({ sub: '../admin' })],
    ['of a user without a subject', () => forge({ sub: undefined })],
    ['of a user with the role of a service', () => forge({ role: 'service' })],
    [
      'of nobody with the role of an admin',
      () => forge({ kind: 'anonymous', sub: undefined, role: 'admin' }),
    ],
    ['over 4 KiB', () => forge({ padding: 'x'.repeat(5000) })],
    ['that is no token', () => 'x.y.z'],
    ['that is empty', () => ''],
  ])('is refused with a token %s', async (_what, token) => {
    expect(await statusWith(token())).toBe(401);
  });

  it('is refused without a token, whatever plain headers say', async () => {
    const headers = { authorization: `Bearer ${signed(user)}`, 'x-user-id': 'user-1', 'x-identity': 'admin' };

    const reply = await app.call('/v1/public', { as: null, headers });

    expect(reply.status).toBe(401);
    expect(reply.json).toMatchObject({ code: 'sign-in-required' });
  });

  it('is refused with two tokens', async () => {
    const { hostname, port } = new URL(app.url);

    const status = await new Promise((resolve, reject) => {
      httpRequest(
        { hostname, port, path: '/v1/user', headers: { 'x-service-token': [signed(user), signed(user)] } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on('error', reject)
        .end();
    });

    expect(status).toBe(401);
  });

  it('needs a token for unknown addresses and the document too, but not for health', async () => {
    expect((await app.call('/v1/unknown', { as: null })).status).toBe(401);
    expect((await app.call('/openapi.json', { as: null })).status).toBe(401);
    expect((await app.call('/health/live', { as: null })).status).toBe(200);
    expect((await app.call('/health/ready', { as: null })).status).toBe(200);
  });

  it.each<[string, Identity, number[]]>([
    // public, user, analyst, admin, service
    ['nobody', nobody, [200, 401, 401, 401, 404]],
    ['a user', person('user'), [200, 200, 403, 403, 404]],
    ['an analyst', person('analyst'), [200, 200, 200, 403, 404]],
    ['an admin', person('admin'), [200, 200, 200, 200, 404]],
    ['a service', machine, [200, 200, 200, 200, 200]],
    ['a service on behalf of a user', { ...person('user'), caller: 'ingestion' }, [200, 200, 403, 403, 200]],
  ])('opens the right doors for %s', async (_who, identity, expected) => {
    const paths = ['public', 'user', 'analyst', 'admin', 'service'];

    const statuses = await Promise.all(
      paths.map(async (path) => (await app.call(`/v1/${path}`, { as: identity })).status),
    );

    expect(statuses).toEqual(expected);
  });

  it('keeps working while the secret is rotated', () => {
    const oldToken = signServiceToken(keys, { identity: user, target: 'insights', requestId: 'r' });
    const rotated = serviceTokenKeys(OTHER_SECRET, SECRET);

    expect(verifyServiceToken(rotated, oldToken, 'insights').identity).toEqual(user);
    expect(() => verifyServiceToken(serviceTokenKeys(OTHER_SECRET), oldToken, 'insights')).toThrow();
    expect(() => serviceTokenKeys('short')).toThrow(RangeError);
  });

  it('hides the data of others behind 404, or 403 where the contract names users', () => {
    expect(requireOwnUser(person('user'), 'user-1')).toBe('user-1');
    expect(requireOwnUser(person('admin'), 'someone')).toBe('someone');
    expect(requireOwnUser(machine, 'someone')).toBe('someone');
    expect(() => requireOwnUser(person('user'), 'someone')).toThrow(expect.objectContaining({ status: 404 }));
    expect(() => requireOwnUser(person('analyst'), 'someone', { reveal: true })).toThrow(
      expect.objectContaining({ status: 403 }),
    );
  });
});
