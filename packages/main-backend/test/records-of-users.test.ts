import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { addMainBackendIndexes, calculationsReader, recordsReader, TooManyRowsError } from '../src/index.ts';

const uri = process.env['TEST_MONGODB_URI'] ?? '';
const may = { from: new Date('2026-05-01'), before: new Date('2026-06-01') };
const [ada, bea, cem, dee] = [new ObjectId(), new ObjectId(), new ObjectId(), new ObjectId()];
const hex = (id: ObjectId): string => id.toHexString();

let client: MongoClient;
let db: Db;

beforeAll(async () => {
  client = await new MongoClient(uri).connect();
  db = client.db(`main_backend_${new ObjectId().toHexString()}`);
  await db.collection('users').insertMany([
    { _id: ada, name: 'Ada', email: 'a@x.example', role: 'USER', partnerId: bea, password: 'secret' },
    { _id: bea, name: 'Bea', email: 'b@x.example', role: 'USER', partnerId: ada },
    // Names a partner who names somebody else.
    { _id: cem, name: 'Cem', email: 'c@x.example', role: 'USER', partnerId: ada, status: 'blocked' },
    { _id: dee, name: 'Dee', email: 'd@x.example', role: 'Admin' },
  ]);
  await db.collection('incomes').insertMany([
    ...[ada, ada, bea, cem].map((userId, index) => ({
      userId,
      isDeleted: false,
      name: `Pay ${String(index)}`,
      amount: 100 + index,
      receiveDate: new Date('2026-05-02'),
    })),
    {
      userId: ada,
      isDeleted: false,
      name: 'Broken',
      amount: { $gt: 1 },
      receiveDate: new Date('2026-05-02'),
    },
  ]);
  await db.collection('budgets').insertMany([
    ...[ada, bea].map((userId) => ({
      userId,
      isDeleted: false,
      name: 'Shared',
      amount: 50,
      type: 'household',
      category: 'Savings',
      createdAt: new Date('2026-05-03'),
    })),
    {
      userId: bea,
      isDeleted: false,
      name: 'Own',
      amount: 9,
      type: 'personal',
      category: 'Savings',
      createdAt: new Date('2026-05-03'),
    },
  ]);
});

afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

describe('records of many users', () => {
  it('come with their owner, and an unknown or malformed id is left out', async () => {
    const records = await recordsReader(db).readRecords(
      [hex(ada), hex(bea), hex(new ObjectId()), 'not-an-id'],
      may,
    );

    expect([...records.keys()].sort()).toEqual([hex(ada), hex(bea)].sort());
    expect(records.get(hex(ada))?.incomes.map(({ name }) => name)).toEqual(['Pay 0', 'Pay 1']);
    expect(records.get(hex(ada))?.unreadable).toBe(1);
    expect(records.get(hex(bea))?.incomes.map(({ name }) => name)).toEqual(['Pay 2']);
    expect(JSON.stringify([...records])).not.toContain('secret');
  });

  it('show household budgets of a partner only where both name each other', async () => {
    const records = await recordsReader(db).readRecords([hex(ada), hex(cem)], may);

    expect(records.get(hex(ada))?.partnerHouseholdBudgets?.map(({ name }) => name)).toEqual(['Shared']);
    expect(records.get(hex(cem))?.partnerHouseholdBudgets).toBeNull();
  });

  it('are read in halves when together they are too many, and refused when one user alone has too many', async () => {
    const reader = recordsReader(db, { mostRows: 2 });

    const both = await reader.readRecords([hex(bea), hex(cem)], may);

    expect([...both.values()].map(({ incomes }) => incomes.length)).toEqual([1, 1]);
    await expect(reader.readRecords([hex(ada)], may)).rejects.toBeInstanceOf(TooManyRowsError);
  });

  it('list the users who get advice in pages: neither administrators nor blocked ones', async () => {
    const reader = recordsReader(db);
    const [first] = await reader.listAdvisedUsers(undefined, 1);
    const rest = await reader.listAdvisedUsers(first, 10);

    expect([first, ...rest]).toEqual([hex(ada), hex(bea)].sort());
  });
});

describe('calculator runs', () => {
  it('are the latest of each calculator, read from numbers and from text, and nothing where they are broken', async () => {
    const run = (fields: object) => ({ userId: ada, ...fields });
    await db
      .collection('savingcalculations')
      .insertMany([
        run({ amount: 10, frequency: 'Yearly', years: 1 }),
        run({ amount: '20.5', frequency: 'Monthly', years: '3', returnRate: 4, taxRate: 15 }),
      ]);
    await db.collection('loanrepaymentcalculations').insertOne(run({ principal: 'a lot', loanTermYears: 1 }));

    const found = await calculationsReader(db)(hex(ada));

    expect(found).toEqual({
      saving: {
        depositMinor: 2_050,
        frequency: 'monthly',
        years: 3,
        returnPercent: 4,
        taxPercent: 15,
        inflationPercent: 0,
      },
      loan: undefined,
      inflation: undefined,
      historical: undefined,
    });
    expect((await calculationsReader(db)('not-an-id')).saving).toBeUndefined();
  });
});

describe('indexes for reading by user', () => {
  it('are added to what is there, never unique, and adding them again changes nothing', async () => {
    expect(await addMainBackendIndexes(db)).toEqual([]);
    expect(await addMainBackendIndexes(db)).toEqual([]);

    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    const indexes = (await Promise.all(names.map((name) => db.collection(name).indexes()))).flat();
    expect(names).not.toContain('debts');
    expect(indexes.filter(({ name }) => name?.startsWith('orrery_'))).not.toEqual([]);
    expect(indexes.filter(({ unique }) => unique === true)).toEqual([]);
  });

  it('are told as refused by a role that may only read, and any other failure is not swallowed', async () => {
    const refusing = (code: number): Db =>
      ({
        listCollections: () => ({ toArray: () => Promise.resolve([{ name: 'incomes' }, { name: 'other' }]) }),
        collection: () => ({
          createIndexes: () => Promise.reject(Object.assign(new Error('refused'), { code })),
        }),
      }) as unknown as Db;

    expect(await addMainBackendIndexes(refusing(13))).toEqual(['incomes']);
    await expect(addMainBackendIndexes(refusing(6))).rejects.toThrow('refused');
  });
});
