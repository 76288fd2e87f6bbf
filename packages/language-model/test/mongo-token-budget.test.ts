import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@orrery/mongo';
import { useTestDatabase, type TestDatabase } from '@orrery/testing';
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import {
  createMongoTokenBudget,
  memoryTokenBudget,
  type TokenBudget,
  type TokenCeilings,
} from '../src/index.ts';

let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  database = await useTestDatabase();
  connection = await openDatabase(database.uri, `t${randomUUID().slice(0, 8)}_budget`);
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
  await database.release();
});

const NOON = Date.UTC(2026, 2, 16, 12);
const DAY_MS = 86_400_000;

const adapters: [string, (ceilings: TokenCeilings, now: () => number) => Promise<TokenBudget>][] = [
  ['memory', (ceilings, now) => Promise.resolve(memoryTokenBudget(ceilings, now))],
  [
    'database',
    async (ceilings, now) => {
      await connection.collection('model_usage').deleteMany({});
      return createMongoTokenBudget(connection, ceilings, now);
    },
  ],
];

describe.each(adapters)('token budget in the %s', (_name, open) => {
  it('refuses what would pass the ceiling of a user', async () => {
    const budget = await open({ perUser: 100, inAll: 1_000 }, () => NOON);

    expect(await budget.reserve('a', 60)).toBeDefined();
    expect(await budget.reserve('a', 41)).toBeUndefined();
    expect(await budget.reserve('a', 40)).toBeDefined();
    expect(await budget.reserve('b', 101)).toBeUndefined();
  });

  it('refuses what would pass the ceiling of all, and leaves the user uncharged then', async () => {
    const budget = await open({ perUser: 100, inAll: 150 }, () => NOON);
    await budget.reserve('a', 100);

    expect(await budget.reserve('b', 60)).toBeUndefined();
    expect(await budget.reserve('b', 50)).toBeDefined();
  });

  it('gives back what a call did not take', async () => {
    const budget = await open({ perUser: 100, inAll: 100 }, () => NOON);
    const reservation = await budget.reserve('a', 90);
    if (reservation === undefined) {
      throw new Error('the first reservation must fit');
    }
    await budget.settle(reservation, 10);

    expect(await budget.reserve('a', 90)).toBeDefined();
    expect(await budget.reserve('a', 1)).toBeUndefined();
  });

  it('starts anew on the next UTC day', async () => {
    let now = NOON;
    const budget = await open({ perUser: 100, inAll: 100 }, () => now);
    await budget.reserve('a', 100);
    now += DAY_MS;

    expect(await budget.reserve('a', 100)).toBeDefined();
  });

  it('never passes the ceiling when many calls come at once', async () => {
    const budget = await open({ perUser: 1_000, inAll: 55 }, () => NOON);

    const granted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => budget.reserve(`u${String(index % 4)}`, 10)),
    );

    expect(granted.filter((reservation) => reservation !== undefined)).toHaveLength(5);
  });
});
