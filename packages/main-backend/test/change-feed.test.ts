import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { moneyFeed, type ChangedMoney } from '../src/index.ts';

const uri = process.env['TEST_MONGODB_URI'] ?? '';
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  client = await new MongoClient(uri).connect();
  db = client.db(`main_${new ObjectId().toHexString()}`);
});

afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const user = new ObjectId();

const income = (fields: object) => ({
  _id: new ObjectId(),
  name: 'Salary',
  amount: 1650,
  receiveDate: new Date('2026-03-01'),
  userId: user,
  isDeleted: false,
  updatedAt: new Date('2026-03-01T10:00:00Z'),
  ...fields,
});

describe('the feed of incomes and expenses', () => {
  it('gives every row once by pages, whatever its fields hold', async () => {
    await db
      .collection('incomes')
      .insertMany([
        income({}),
        income({ isDeleted: true }),
        income({ isDeleted: undefined }),
        income({ amount: 'twelve' }),
        income({ updatedAt: undefined }),
        income({ userId: 'nobody' }),
      ]);
    const feed = moneyFeed(db);
    const rows: ChangedMoney[] = [];
    let after: string | undefined;
    do {
      const page = await feed.all('income', after, 2);
      rows.push(...page.rows);
      after = page.next;
    } while (after !== undefined);

    expect(
      rows.map(({ isDeleted, record, updatedAt }) => [isDeleted, record?.amountMinor, updatedAt === null]),
    ).toEqual([
      [false, 165_000, false],
      [true, 165_000, false],
      [true, 165_000, false],
      [false, undefined, false],
      [false, 165_000, true],
    ]);
  });

  it('gives what was written since an instant, in order, also when many share it', async () => {
    const at = new Date('2026-04-01T00:00:00Z');
    await db.collection('expenses').insertMany([
      { ...income({ updatedAt: new Date('2026-03-31') }), endDate: new Date('2026-03-01') },
      ...[1, 2, 3, 4, 5].map((amount) => ({
        ...income({ updatedAt: at, amount }),
        endDate: new Date('2026-03-01'),
      })),
    ]);
    const feed = moneyFeed(db);
    const amounts: (number | undefined)[] = [];
    let after: Awaited<ReturnType<typeof feed.since>>['next'];
    do {
      const page = await feed.since('expense', at, after, 2);
      amounts.push(...page.rows.map(({ record }) => record?.amountMinor));
      after = page.next;
    } while (after !== undefined);

    expect(amounts).toEqual([100, 200, 300, 400, 500]);
  });

  it('knows which users live', async () => {
    const gone = new ObjectId();
    await db.collection('users').insertMany([{ _id: user }, { _id: gone, isDeleted: true }]);

    expect(
      await moneyFeed(db).livingUsers([user, gone, new ObjectId()].map((id) => id.toHexString())),
    ).toEqual(new Set([user.toHexString()]));
  });
});
