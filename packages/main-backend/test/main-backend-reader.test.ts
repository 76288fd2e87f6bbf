import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { mainBackendReader } from '../src/index.ts';

const uri = process.env['TEST_MONGODB_URI'] ?? '';
const databaseName = `main_backend_${new ObjectId().toHexString()}`;
const october = { from: new Date('2026-10-01'), before: new Date('2026-11-01') };

let client: MongoClient;
let db: Db;
const hannah = new ObjectId();
const tom = new ObjectId();
const stranger = new ObjectId();

beforeAll(async () => {
  client = await new MongoClient(uri, { monitorCommands: true }).connect();
  db = client.db(databaseName);
  await db.collection('users').insertMany([
    {
      _id: hannah,
      name: 'Hannah',
      email: 'h@example.test',
      role: 'USER',
      password: 'secret-hash',
      authentication: { oneTimeCode: 1234 },
      partnerId: tom,
    },
    { _id: tom, name: 'Tom', email: 't@example.test', role: 'USER', partnerId: hannah },
    {
      _id: stranger,
      name: 'Sam',
      email: 's@example.test',
      role: 'USER',
      partnerId: hannah,
      status: 'blocked',
    },
  ]);
  await db.collection('incomes').insertMany([
    { name: 'Salary', amount: 2000.1, receiveDate: new Date('2026-10-31'), userId: hannah, isDeleted: false },
    { name: 'Old row', amount: '12.5', receiveDate: '2026-10-02', userId: hannah, isDeleted: false },
    {
      name: 'Next month',
      amount: 2000,
      receiveDate: new Date('2026-11-01'),
      userId: hannah,
      isDeleted: false,
    },
    { name: 'Broken', amount: 'lots', receiveDate: new Date('2026-10-05'), userId: hannah, isDeleted: false },
    { name: 'Deleted', amount: 1, receiveDate: new Date('2026-10-05'), userId: hannah, isDeleted: true },
    { name: 'Before the flag', amount: 1, receiveDate: new Date('2026-10-05'), userId: hannah },
    { name: 'Other user', amount: 9, receiveDate: new Date('2026-10-05'), userId: tom, isDeleted: false },
  ]);
  await db.collection('budgets').insertMany([
    {
      name: 'Rent',
      amount: 900,
      type: 'household',
      category: 'Essential(Needs)',
      userId: tom,
      createdAt: new Date('2026-10-03'),
      isDeleted: false,
    },
    {
      name: 'Games',
      amount: 50,
      type: 'personal',
      category: 'Discretionary(Wants)',
      userId: tom,
      createdAt: new Date('2026-10-03'),
      isDeleted: false,
    },
  ]);
});

afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

describe('read-only view of the main back end', () => {
  it('returns the rows of the month, counts unreadable ones and leaves out what the app itself hides', async () => {
    const incomes = await mainBackendReader(db).listIncomes(hannah.toHexString(), october);

    expect(incomes.rows.map((row) => [row.name, row.amountMinor])).toEqual([
      ['Salary', 200_010],
      ['Old row', 1250],
    ]);
    expect(incomes.unreadable).toBe(1);
  });

  it('shows household budgets of a partner only while both users name each other', async () => {
    const reader = mainBackendReader(db);

    expect(
      (await reader.listPartnerHouseholdBudgets(hannah.toHexString(), october)).rows.map((row) => row.name),
    ).toEqual(['Rent']);
    expect((await reader.listPartnerHouseholdBudgets(stranger.toHexString(), october)).rows).toEqual([]);
  });

  it('answers an id of another form like an unknown user', async () => {
    const reader = mainBackendReader(db);

    expect(await reader.findUser('42')).toBeUndefined();
    expect(await reader.findUser(new ObjectId().toHexString())).toBeUndefined();
    expect((await reader.listDebts('{"$ne":null}')).rows).toEqual([]);
  });

  it('sends only reads, and never asks for password or authentication fields', async () => {
    const commands: { name: string; command: unknown }[] = [];
    client.on('commandStarted', (event) =>
      commands.push({ name: event.commandName, command: event.command }),
    );
    const reader = mainBackendReader(db);

    const user = await reader.findUser(hannah.toHexString());
    await reader.listExpenses(hannah.toHexString(), october);
    await reader.listBudgets(hannah.toHexString(), october);
    await reader.listSavingGoals(hannah.toHexString());

    expect(user).toMatchObject({ name: 'Hannah', partnerId: tom.toHexString() });
    expect(JSON.stringify(user)).not.toContain('secret-hash');
    expect(new Set(commands.map(({ name }) => name))).toEqual(new Set(['find']));
    expect(JSON.stringify(commands[0]?.command)).not.toMatch(/password|authentication/);
  });
});
