import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserStanding } from '@orrery/contracts';
import {
  type TestService,
  aService,
  aUser,
  nobody,
  startTestService,
  useTestDatabase,
} from '@orrery/testing';
import { MongoClient, ObjectId } from 'mongodb';
import { mainBackendReader } from '@orrery/main-backend';
import { identity } from '../src/index.ts';
import { followDeletions } from '../src/jobs/follow-deletions.ts';
import { createSeenUserStore } from '../src/store/seen-user-store.ts';

let service: TestService;
let client: MongoClient;
let database: Awaited<ReturnType<typeof useTestDatabase>>;
const name = `main_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  database = await useTestDatabase();
  client = await new MongoClient(database.uri).connect();
  service = await startTestService(identity, {
    env: {
      IDENTITY_MODE: 'main',
      JWT_SECRET: 'a-secret-of-the-main-back-end-32-bytes',
      DATABASE_URL: database.uri,
      MONGO_DB_NAME: name,
    },
  });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await client.db(name).dropDatabase();
  await client.close();
  await database.release();
});

const aMainUser = async (fields: Record<string, unknown> = {}): Promise<string> => {
  const _id = new ObjectId();
  await client
    .db(name)
    .collection('users')
    .insertOne({
      _id,
      name: 'Hannah Okafor',
      email: 'hannah@example.test',
      role: 'USER',
      status: 'active',
      isDeleted: false,
      password: '$2b$12$a-hash-that-nobody-may-read',
      authentication: { oneTimeCode: 123456 },
      ...fields,
    });
  return _id.toHexString();
};

const standingOf = async (userId: string) =>
  UserStanding.parse((await service.call(`/internal/standing/${userId}`, { as: aService('gateway') })).json);

describe('where accounts are kept here', () => {
  let standalone: TestService;
  const reasonOf = async (userId: string) =>
    UserStanding.parse(
      (await standalone.call(`/internal/standing/${userId}`, { as: aService('gateway') })).json,
    );

  beforeAll(async () => {
    standalone = await startTestService(identity, {
      env: {
        JWT_SECRET: 'a-secret-of-the-main-back-end-32-bytes',
        // The database may be named in the address alone.
        DATABASE_URL: database.uri.replace(/\/?(\?|$)/, `/${name}$1`),
      },
    });
  }, 60_000);
  afterAll(() => standalone.stop());

  it.each([
    ['a blocked user', { status: 'blocked' }, { mayEnter: false, reason: 'blocked' }],
    ['a deleted user', { isDeleted: true }, { mayEnter: false, reason: 'deleted' }],
    ['an active user', {}, { mayEnter: true, reason: 'token-only' }],
  ])('the token of %s of the main back end is taken as that one says', async (_who, fields, expected) => {
    expect(await reasonOf(await aMainUser(fields))).toMatchObject(expected);
  });

  it('the token of a user whom nobody knows is taken', async () => {
    expect(await reasonOf('not-an-object-id')).toMatchObject({ mayEnter: true, reason: 'token-only' });
  });
});

describe('beside a main back end', () => {
  it.each([
    ['an active user', {}, { mayEnter: true, reason: 'active', role: 'user' }],
    ['an administrator', { role: 'ADMIN' }, { mayEnter: true, reason: 'active', role: 'admin' }],
    ['a blocked user', { status: 'blocked' }, { mayEnter: false, reason: 'blocked' }],
    ['a deleted user', { isDeleted: true }, { mayEnter: false, reason: 'deleted' }],
  ])('the standing of %s is that of its database', async (_who, fields, expected) => {
    expect(await standingOf(await aMainUser(fields))).toMatchObject(expected);
  });

  it('lets nobody in whom that database does not know', async () => {
    expect(await standingOf(new ObjectId().toHexString())).toMatchObject({
      mayEnter: false,
      reason: 'unknown',
    });
    expect(await standingOf('not-an-object-id')).toMatchObject({ mayEnter: false, reason: 'unknown' });
  });

  it('lets users of another issuer in as users of their own', async () => {
    const admin = await aMainUser({ role: 'ADMIN' });

    const reply = await service.call(`/internal/standing/${admin}?issuer=supabase`, {
      as: aService('gateway'),
    });

    expect(reply.json).toMatchObject({ mayEnter: true, reason: 'external', role: 'user' });
  });

  it('takes a block into account at the next question', async () => {
    const userId = await aMainUser();
    expect((await standingOf(userId)).mayEnter).toBe(true);

    await client
      .db(name)
      .collection('users')
      .updateOne({ _id: new ObjectId(userId) }, { $set: { status: 'blocked' } });

    expect((await standingOf(userId)).mayEnter).toBe(false);
  });

  it('shows a user without password and authentication fields', async () => {
    const userId = await aMainUser();

    const reply = await service.call('/auth/me', { as: aUser({ userId }) });

    expect(reply.json).toMatchObject({ id: userId, email: 'hannah@example.test', role: 'user' });
    expect(reply.text).not.toMatch(/password|authentication|\$2b|123456/);
  });

  it('ends a token of the main back end with a log out', async () => {
    const userId = await aMainUser();
    const as = { ...aUser({ userId }), tokenId: 'digest-of-the-token' };

    await service.call('/auth/logout', { as, method: 'POST' });

    expect((await standingOf(userId)).revokedTokenIds).toEqual(['digest-of-the-token']);
  });

  it.each([
    ['POST', '/auth/register'],
    ['POST', '/auth/login'],
    ['POST', '/auth/refresh'],
    ['PUT', '/users/me'],
    ['DELETE', '/users/me'],
    ['GET', '/admin/users'],
    ['GET', '/admin/stats'],
  ])('has no %s %s', async (method, path) => {
    const as = path.startsWith('/auth') ? nobody : aUser({ role: 'admin' });

    expect((await service.call(path, { as, method })).status).toBe(404);
  });

  it('follows a deletion there with an erasure here, and leaves users alone who are merely missing', async () => {
    const [deleted, missing] = [await aMainUser(), await aMainUser()];
    await standingOf(deleted);
    await standingOf(missing);
    const users = client.db(name).collection('users');
    await users.updateOne({ _id: new ObjectId(deleted) }, { $set: { isDeleted: true } });
    await users.deleteOne({ _id: new ObjectId(missing) });

    const erased: string[] = [];
    const job = followDeletions({
      seen: createSeenUserStore(service.mongo),
      findMainUser: mainBackendReader(client.db(name)).findUser,
      erase: (userId) => {
        erased.push(userId);
        return Promise.resolve('an-erasure');
      },
    });
    await job.run({ signal: AbortSignal.timeout(10_000), input: undefined, jobId: 'job' });

    expect(erased).toEqual([deleted]);
  });

  it('never writes to it', async () => {
    const before = await client.db(name).collection('users').find({}).toArray();
    const userId = await aMainUser();
    await service.call('/v1/privacy/erase', { as: aUser({ userId }), method: 'POST' });

    const after = await client.db(name).collection('users').find({}).toArray();

    expect(after).toHaveLength(before.length + 1);
    expect(await client.db(name).listCollections().toArray()).toHaveLength(1);
  });
});
