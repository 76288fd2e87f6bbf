import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from 'mongoose';
import { inTransaction } from '../src/in-transaction.ts';
import { isDuplicateKey } from '../src/is-duplicate-key.ts';
import { openTestDatabase } from './test-database.ts';

interface Counter {
  _id: string;
  value: number;
}

describe('a transaction', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;
  const counters = () => connection.collection<Counter>('counters');

  beforeAll(async () => {
    database = await openTestDatabase();
    connection = database.connection;
    await connection.createCollection('counters');
    await connection.createCollection('rows');
  });

  afterAll(() => database.remove());

  it('returns the result of its work and stores all of it', async () => {
    const result = await inTransaction(connection, async (session) => {
      await counters().insertOne({ _id: 'stored', value: 1 }, { session });
      await connection.collection('rows').insertOne({ of: 'stored' }, { session });
      return 'answer';
    });

    expect(result).toBe('answer');
    expect(await counters().findOne({ _id: 'stored' })).toEqual({ _id: 'stored', value: 1 });
    expect(await connection.collection('rows').countDocuments({ of: 'stored' })).toBe(1);
  });

  it('stores nothing when its work throws, and throws the same error', async () => {
    const failure = new Error('changed my mind');

    const outcome = inTransaction(connection, async (session) => {
      await counters().insertOne({ _id: 'undone', value: 1 }, { session });
      throw failure;
    });

    await expect(outcome).rejects.toBe(failure);
    expect(await counters().findOne({ _id: 'undone' })).toBeNull();
  });

  it('repeats its work on a conflict, so that no concurrent change is lost', async () => {
    await counters().insertOne({ _id: 'shared', value: 0 });
    const addOne = () =>
      inTransaction(connection, async (session) => {
        const row = await counters().findOne({ _id: 'shared' }, { session });
        await counters().updateOne(
          { _id: 'shared' },
          { $set: { value: (row?.value ?? 0) + 1 } },
          { session },
        );
      });

    await Promise.all(Array.from({ length: 8 }, addOne));

    expect((await counters().findOne({ _id: 'shared' }))?.value).toBe(8);
  }, 30_000);

  it('does not repeat an error that repetition cannot mend', async () => {
    await counters().insertOne({ _id: 'taken', value: 0 });
    let attempts = 0;

    const outcome = inTransaction(connection, async (session) => {
      attempts += 1;
      await counters().insertOne({ _id: 'taken', value: 1 }, { session });
    }).catch((error: unknown) => error);

    expect(isDuplicateKey(await outcome)).toBe(true);
    expect(attempts).toBe(1);
  });

  it('gives up after its bounds and throws the conflict', async () => {
    const conflict = Object.assign(new Error('conflict'), { errorLabels: ['TransientTransactionError'] });
    let attempts = 0;

    const outcome = inTransaction(
      connection,
      () => {
        attempts += 1;
        return Promise.reject(conflict);
      },
      { maxAttempts: 3 },
    );

    await expect(outcome).rejects.toBe(conflict);
    expect(attempts).toBe(3);
  });
});
