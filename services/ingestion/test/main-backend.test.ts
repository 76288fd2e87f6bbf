import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved, UserErasureRequested } from '@orrery/contracts';
import {
  aUser,
  eventually,
  fakeClock,
  startTestService,
  useTestDatabase,
  type TestDatabase,
  type TestService,
} from '@orrery/testing';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { ingestion } from '../src/index.ts';

const clock = fakeClock();
let database: TestDatabase;
let client: MongoClient;
let main: Db;
let service: TestService;

beforeAll(async () => {
  database = await useTestDatabase();
  client = await new MongoClient(database.uri).connect();
  main = client.db(`main_${new ObjectId().toHexString()}`);
  service = await startTestService(ingestion, {
    clock,
    env: { DATABASE_URL: database.uri, MONGO_DB_NAME: main.databaseName, MAIN_BACKEND_POLL_MS: '50' },
  });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await main.dropDatabase();
  await client.close();
  await database.release();
});

const newUser = async (): Promise<ObjectId> => {
  const _id = new ObjectId();
  await main.collection('users').insertOne({ _id, name: 'A', role: 'USER' });
  return _id;
};

const expense = (userId: ObjectId, fields: object = {}) => ({
  _id: new ObjectId(),
  name: 'Rent',
  amount: 950,
  endDate: new Date('2026-03-01'),
  frequency: 'monthly',
  userId,
  isDeleted: false,
  createdAt: new Date(),
  updatedAt: new Date(),
  ...fields,
});

const told = (userId: ObjectId) =>
  service.captured
    .of(TransactionsIngested)
    .filter(({ data }) => data.userId === userId.toHexString())
    .flatMap(({ data }) => data.transactions);

const shown = (userId: ObjectId) =>
  service.mongo
    .collection('raw_transactions')
    .find({ userId: userId.toHexString(), hidden: { $exists: false } })
    .sort({ postedOn: 1 })
    .toArray();

describe('incomes and expenses of the main back end', () => {
  it('enter the ledger in pence with their sign, legacy shapes included', async () => {
    const user = await newUser();
    await main
      .collection('expenses')
      .insertMany([
        expense(user, { amount: 12.99 }),
        expense(user, { amount: '7.5', endDate: '2026-03-02T00:00:00.000Z', frequency: 'once' }),
        expense(user, { amount: 'twelve' }),
        expense(user, { isDeleted: undefined }),
      ]);
    await main.collection('incomes').insertOne({
      ...expense(user, { name: 'Salary', amount: 1650 }),
      receiveDate: new Date('2026-03-03'),
    });

    const rows = await eventually(
      () => shown(user),
      (found) => found.length === 3,
    );
    expect(rows.map(({ amountMinor, currency }) => [amountMinor, currency])).toEqual([
      [-1299, 'GBP'],
      [-750, 'GBP'],
      [165_000, 'GBP'],
    ]);
    await eventually(() => told(user).length === 3);
  });

  it('follow changes and soft deletions there', async () => {
    const user = await newUser();
    const row = expense(user);
    await main.collection('expenses').insertOne(row);
    await eventually(async () => (await shown(user)).length === 1);

    await main
      .collection('expenses')
      .updateOne({ _id: row._id }, { $set: { amount: 990, updatedAt: new Date() } });
    await eventually(async () => (await shown(user))[0]?.['amountMinor'] === -99_000);
    await main
      .collection('expenses')
      .updateOne({ _id: row._id }, { $set: { isDeleted: true, updatedAt: new Date() } });

    await eventually(async () => (await shown(user)).length === 0);
    await eventually(
      () =>
        service.captured.of(TransactionsRemoved).filter(({ data }) => data.userId === user.toHexString())
          .length === 1,
    );
  });

  it("count the copy of a recurring row on its own day, not next month's plan", async () => {
    const user = await newUser();
    await main
      .collection('expenses')
      .insertMany([expense(user), expense(user, { endDate: new Date('2026-04-01'), name: 'Rent' })]);
    await eventually(async () => (await shown(user)).length === 1);

    clock.set('2026-04-01T09:00:00Z');

    await eventually(async () => (await shown(user)).length === 2);
    clock.set('2026-03-16T12:00:00Z');
  });

  it('restored from a copy, with the times they had, enter the ledger without waiting for a day', async () => {
    const user = await newUser();
    await main.collection('expenses').insertOne(expense(user, { name: 'Bus' }));
    await eventually(async () => (await shown(user)).length === 1);
    const long = new Date('2026-01-05');

    await main
      .collection('expenses')
      .insertMany([
        expense(user, { createdAt: long, updatedAt: long }),
        expense(user, { name: 'Gas', createdAt: long, updatedAt: long }),
      ]);

    await eventually(async () => (await shown(user)).length === 3);
  });

  it('restored in the same moment in which others change enter the ledger as well', async () => {
    const [user, gone] = [await newUser(), new ObjectId()];
    await main.collection('users').insertOne({ _id: gone, isDeleted: true });
    const bus = expense(user, { name: 'Bus' });
    await main.collection('expenses').insertMany([bus, expense(gone)]);
    await eventually(async () => (await shown(user)).length === 1);
    const long = new Date('2026-01-05');

    for (const name of ['Gas', 'Water', 'Books']) {
      const before = (await shown(user)).length;
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await main
            .collection('expenses')
            .insertOne(expense(user, { name, createdAt: long, updatedAt: long }), { session });
          await main
            .collection('expenses')
            .updateOne(
              { _id: bus._id },
              { $set: { name: `Bus ${name}`, updatedAt: new Date() } },
              { session },
            );
        }),
      );
      await eventually(async () => {
        const rows = await shown(user);
        return rows.length === before + 1 && rows.some(({ description }) => description === `Bus ${name}`);
      });
    }
  });

  it('of users who are gone there are left alone', async () => {
    const gone = new ObjectId();
    await main.collection('users').insertOne({ _id: gone, isDeleted: true });
    const user = await newUser();
    await main.collection('expenses').insertMany([expense(gone), expense(new ObjectId()), expense(user)]);

    await eventually(async () => (await shown(user)).length === 1);

    expect(
      await service.mongo.collection('raw_transactions').countDocuments({ userId: gone.toHexString() }),
    ).toBe(0);
  });

  it('of an erased user do not come back', async () => {
    const user = await newUser();
    const row = expense(user);
    await main.collection('expenses').insertOne(row);
    await eventually(async () => (await shown(user)).length === 1);

    await service.publish(UserErasureRequested, user.toHexString(), {
      userId: user.toHexString(),
      erasureId: 'erasure-1',
      round: 1,
      requestedAt: new Date(Date.now() + 1000).toISOString(),
    });
    await eventually(async () => (await shown(user)).length === 0);
    const other = await newUser();
    await main.collection('expenses').insertOne(expense(other));
    await service.mongo.collection('source_marks').deleteMany({});
    await eventually(async () => (await shown(other)).length === 1);

    expect(await shown(user)).toEqual([]);
  });

  it('that a bank file shows as well count once, and twice when the user says so', async () => {
    const user = await newUser();
    const as = aUser({ userId: user.toHexString() });
    await main.collection('expenses').insertOne(expense(user));
    await eventually(async () => (await shown(user)).length === 1);
    const form = new FormData();
    form.set('file', new File(['Date,Description,Amount\n2026-03-02,MARLOW RENT,-950.00\n'], 'bank.csv'));
    form.set('currency', 'GBP');

    await service.call('/v1/imports', { as, method: 'POST', body: form });

    const rows = await shown(user);
    expect(rows.map(({ source }) => String(source))).toEqual(['import']);
    const { data } = (await service.call('/v1/matches', { as })).json as {
      data: { id: string; hidden: { source: string }; kept: { source: string } }[];
    };
    expect(data).toMatchObject([{ hidden: { source: 'main-backend' }, kept: { source: 'import' } }]);
    const [match] = data;
    expect(
      (await service.call(`/v1/matches/${match?.id ?? ''}`, { as: aUser(), method: 'DELETE' })).status,
    ).toBe(404);

    expect((await service.call(`/v1/matches/${match?.id ?? ''}`, { as, method: 'DELETE' })).status).toBe(204);
    expect(await shown(user)).toHaveLength(2);
    await main.collection('expenses').updateMany({ userId: user }, { $set: { updatedAt: new Date() } });
    await service.mongo.collection('source_marks').deleteMany({});
    expect(await shown(user)).toHaveLength(2);
  });
});
