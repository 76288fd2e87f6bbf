import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedMongo, startEmbeddedMongo } from '@orrery/embedded-mongo';
import {
  eventually,
  fakeClock,
  startTestService,
  useTestDatabase,
  type TestDatabase,
  type TestService,
} from '@orrery/testing';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { ingestion } from '../src/index.ts';

/**
 * The main back end's database is one of its own here, which is stopped and made to fail. Where the service looks once
 * an hour, nothing but the change stream can bring a row.
 */

const HOUR = '3600000';
const clock = fakeClock();
let database: TestDatabase;
let directory: string;
let server: EmbeddedMongo;
let client: MongoClient;
let main: Db;
let service: TestService | undefined;

beforeAll(async () => {
  database = await useTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'main-backend-'));
  server = await startEmbeddedMongo({ dataDirectory: directory, durability: 'nosync' });
  client = await new MongoClient(server.uri).connect();
  main = client.db('finance-management');
}, 60_000);

afterEach(async () => {
  await service?.stop();
  service = undefined;
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
});

afterAll(async () => {
  await client.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
  await database.release();
});

const start = async (pollMs: string): Promise<TestService> => {
  service = await startTestService(ingestion, {
    clock,
    env: { DATABASE_URL: server.uri, MONGO_DB_NAME: main.databaseName, MAIN_BACKEND_POLL_MS: pollMs },
  });
  return service;
};

/** Streams and other cursors that are open on the main back end's server. */
const openCursors = async (): Promise<number> => {
  const { metrics } = await client.db('admin').command({ serverStatus: 1 });
  return (metrics as { cursor: { open: { total: number } } }).cursor.open.total;
};

const addUser = async (): Promise<ObjectId> => {
  const _id = new ObjectId();
  await main.collection('users').insertOne({ _id, name: 'A', role: 'USER' });
  return _id;
};

const addExpense = async (userId: ObjectId, amount: number): Promise<ObjectId> => {
  const _id = new ObjectId();
  await main.collection('expenses').insertOne({
    _id,
    name: 'Rent',
    amount,
    endDate: new Date('2026-03-01'),
    frequency: 'once',
    userId,
    isDeleted: false,
    updatedAt: new Date(),
  });
  return _id;
};

const amounts = async ({ mongo }: TestService, userId: ObjectId): Promise<unknown[]> =>
  (
    await mongo
      .collection('raw_transactions')
      .find({ userId: userId.toHexString(), hidden: { $exists: false } })
      .sort({ amountMinor: 1 })
      .toArray()
  ).map((row): unknown => row['amountMinor']);

const arrive = (running: TestService, userId: ObjectId, expected: readonly number[]): Promise<boolean> =>
  eventually(async () => JSON.stringify(await amounts(running, userId)) === JSON.stringify(expected));

describe('by the change stream of the main back end', () => {
  it('an expense that is added, changed and soft-deleted arrives', async () => {
    const running = await start(HOUR);
    const user = await addUser();
    const id = await addExpense(user, 12.5);
    await arrive(running, user, [-1250]);
    await main.collection('expenses').updateOne({ _id: id }, { $set: { amount: 13, updatedAt: new Date() } });
    await arrive(running, user, [-1300]);
    await main
      .collection('expenses')
      .updateOne({ _id: id }, { $set: { isDeleted: true, updatedAt: new Date() } });
    await arrive(running, user, []);
  });

  it('rows arrive after its database was away', async () => {
    // On a slow machine the driver may give the stream up before the database is back: then it is opened again.
    const running = await start('1000');
    const user = await addUser();
    await addExpense(user, 1);
    await arrive(running, user, [-100]);

    await server.stop();
    server = await startEmbeddedMongo({
      dataDirectory: directory,
      port: server.port,
      durability: 'nosync',
    });
    await addExpense(user, 2);

    await arrive(running, user, [-200, -100]);
  });

  it('rows arrive that were written while the service was away', async () => {
    const before = await start(HOUR);
    const user = await addUser();
    await addExpense(user, 1);
    await arrive(before, user, [-100]);
    await before.stop();
    await addExpense(user, 2);

    const running = await start(HOUR);

    await arrive(running, user, [-200, -100]);
    await addExpense(user, 3);
    await arrive(running, user, [-300, -200, -100]);
  });

  it('rows arrive when the stream was lost for good: it is opened again', async () => {
    const running = await start('100');
    await eventually(async () => (await openCursors()) === 1);
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['getMore'], appName: 'orrery-ingestion', errorCode: 286 },
    });
    const user = await addUser();
    await addExpense(user, 1);
    await arrive(running, user, [-100]);
    const isTaken = async (): Promise<boolean> => {
      const { count } = await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
      return count === 1;
    };
    await eventually(isTaken);
    await eventually(async () => (await openCursors()) === 1);
  });
});

describe('without a change stream', () => {
  it('rows arrive by looking', async () => {
    // What a server that stands alone answers to $changeStream.
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: 'alwaysOn',
      data: { failCommands: ['aggregate'], appName: 'orrery-ingestion', errorCode: 40573 },
    });
    const running = await start('100');
    const user = await addUser();
    const id = await addExpense(user, 5);
    await arrive(running, user, [-500]);
    await main
      .collection('expenses')
      .updateOne({ _id: id }, { $set: { isDeleted: true, updatedAt: new Date() } });
    await arrive(running, user, []);
    expect(await openCursors()).toBe(0);
  });
});
