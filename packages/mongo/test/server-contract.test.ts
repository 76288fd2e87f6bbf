import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collection, Connection } from 'mongoose';
import { afterCursor, cutPage, inTransaction, isDuplicateKey, sortOf } from '../src/index.ts';
import { openTestDatabase } from './test-database.ts';

/**
 * What our services rely on, asked of whatever server is configured: the embedded one by default, a real MongoDB when
 * MONGODB_URI names it. Both must pass, or one of them is not fit to stand behind the services.
 */

let connection: Connection;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ connection, remove } = await openTestDatabase());
}, 60_000);

afterAll(async () => {
  await remove();
});

interface Row {
  _id: string;
  user: string;
  amount: number;
  at?: Date;
  tags?: { name: string; count: number }[];
}

async function filled(name: string, rows: readonly Row[]): Promise<Collection<Row>> {
  const collection = connection.collection<Row>(name);
  await collection.insertMany([...rows]);
  return collection;
}

const SPENDING: readonly Row[] = [
  { _id: 'a', user: 'u1', amount: 100, at: new Date('2026-03-29T00:30:00Z') },
  { _id: 'b', user: 'u1', amount: 50, at: new Date('2026-03-29T22:30:00Z') },
  { _id: 'c', user: 'u2', amount: 7, at: new Date('2026-03-30T10:00:00Z') },
];

describe('the configured database server', () => {
  it('lets one of many racing inserts of a unique key win', async () => {
    const collection = connection.collection<{ key: string; by: number }>('races');
    await collection.createIndex({ key: 1 }, { unique: true });

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, by) => collection.insertOne({ key: 'one', by })),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(
      results.filter((result) => result.status === 'rejected' && isDuplicateKey(result.reason, 'key')),
    ).toHaveLength(19);
  });

  it('keeps nothing of a transaction that throws', async () => {
    const collection = await filled('aborts', [{ _id: 'kept', user: 'u1', amount: 1 }]);

    const work = inTransaction(connection, async (session) => {
      await collection.updateOne({ _id: 'kept' }, { $set: { amount: 2 } }, { session });
      await collection.insertOne({ _id: 'gone', user: 'u1', amount: 3 }, { session });
      throw new Error('changed my mind');
    });

    await expect(work).rejects.toThrow('changed my mind');
    expect(await collection.find().toArray()).toEqual([{ _id: 'kept', user: 'u1', amount: 1 }]);
  });

  it('loses no increment when eight transactions change one document at once', async () => {
    const collection = await filled('conflicts', [{ _id: 'sum', user: 'u1', amount: 0 }]);

    await Promise.all(
      Array.from({ length: 8 }, () =>
        inTransaction(connection, async (session) => {
          const found = await collection.findOne({ _id: 'sum' }, { session });
          await collection.updateOne(
            { _id: 'sum' },
            { $set: { amount: (found?.amount ?? 0) + 1 } },
            { session },
          );
        }),
      ),
    );

    expect((await collection.findOne({ _id: 'sum' }))?.amount).toBe(8);
  });

  it('removes what is past its time and keeps the rest', async () => {
    await connection.getClient().db('admin').command({ setParameter: 1, ttlMonitorSleepSecs: 1 });
    const collection = await filled('times', [
      { _id: 'past', user: 'u1', amount: 1, at: new Date(Date.now() - 60_000) },
      { _id: 'future', user: 'u1', amount: 1, at: new Date(Date.now() + 3_600_000) },
      { _id: 'timeless', user: 'u1', amount: 1 },
    ]);

    await collection.createIndex({ at: 1 }, { expireAfterSeconds: 0 });
    while ((await collection.countDocuments()) > 2) {
      await pause(50);
    }

    expect((await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).toEqual([
      'future',
      'timeless',
    ]);
  }, 90_000);

  it('pages by key without skipping or repeating rows of equal rank', async () => {
    const rows = Array.from({ length: 25 }, (_, index) => ({
      _id: `r${String(index).padStart(2, '0')}`,
      user: 'u1',
      amount: index % 3,
    }));
    const collection = await filled('pages', rows);
    const order = [
      { field: 'amount', direction: -1, kind: 'number' },
      { field: '_id', direction: 1, kind: 'string' },
    ] as const;
    const seen: string[] = [];

    let cursor: string | undefined;
    do {
      const found: Row[] = await collection
        .find(afterCursor(order, cursor))
        .sort(sortOf(order))
        .limit(8)
        .toArray();
      const page = cutPage(order, found, 7);
      seen.push(...page.rows.map(({ _id }) => _id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);

    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  it('changes the array elements that a filter names', async () => {
    const collection = await filled('arrays', [
      {
        _id: 'a',
        user: 'u1',
        amount: 0,
        tags: [
          { name: 'x', count: 1 },
          { name: 'y', count: 5 },
          { name: 'x', count: 7 },
        ],
      },
    ]);

    await collection.updateOne(
      { _id: 'a' },
      { $inc: { 'tags.$[tag].count': 10 } },
      { arrayFilters: [{ 'tag.name': 'x' }] },
    );

    expect((await collection.findOne({ _id: 'a' }))?.tags?.map(({ count }) => count)).toEqual([11, 5, 17]);
  });

  it('groups by the day of a zone across a change of the clocks', async () => {
    const collection = await filled('groups', SPENDING);

    const days = await collection
      .aggregate([
        { $match: { user: 'u1' } },
        {
          $group: {
            _id: { $dateTrunc: { date: '$at', unit: 'day', timezone: 'Europe/Paris' } },
            sum: { $sum: '$amount' },
          },
        },
        { $sort: { _id: 1 } },
      ])
      .toArray();

    expect(days).toEqual([
      { _id: new Date('2026-03-28T23:00:00Z'), sum: 100 },
      { _id: new Date('2026-03-29T22:00:00Z'), sum: 50 },
    ]);
  });

  it('joins, facets and merges', async () => {
    const collection = await filled('facts', SPENDING);
    await connection.collection<{ _id: string; name: string }>('people').insertMany([
      { _id: 'u1', name: 'Ann' },
      { _id: 'u2', name: 'Ben' },
    ]);

    const [facets] = await collection
      .aggregate([
        { $lookup: { from: 'people', localField: 'user', foreignField: '_id', as: 'person' } },
        { $unwind: '$person' },
        {
          $facet: {
            byName: [{ $group: { _id: '$person.name', sum: { $sum: '$amount' } } }, { $sort: { _id: 1 } }],
            largest: [{ $sort: { amount: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }],
          },
        },
      ])
      .toArray();
    for (let round = 0; round < 2; round += 1) {
      await collection
        .aggregate([
          { $group: { _id: '$user', sum: { $sum: '$amount' } } },
          { $merge: { into: 'sums', on: '_id', whenMatched: 'replace', whenNotMatched: 'insert' } },
        ])
        .toArray();
    }

    expect(facets).toEqual({
      byName: [
        { _id: 'Ann', sum: 150 },
        { _id: 'Ben', sum: 7 },
      ],
      largest: [{ _id: 'a' }],
    });
    expect(await connection.collection('sums').find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'u1', sum: 150 },
      { _id: 'u2', sum: 7 },
    ]);
  });

  it('upserts in bulk, and the same again changes nothing', async () => {
    const collection = connection.collection<Row>('upserts');
    const operations = Array.from({ length: 200 }, (_, index) => ({
      updateOne: {
        filter: { _id: `k${index}` },
        update: { $set: { user: 'u1', amount: index } },
        upsert: true,
      },
    }));

    const first = await collection.bulkWrite(operations, { ordered: false });
    const second = await collection.bulkWrite(operations, { ordered: false });

    expect([first.upsertedCount, second.upsertedCount, second.matchedCount, second.modifiedCount]).toEqual([
      200, 0, 200, 0,
    ]);
  });

  it('tells of changes by a stream that can be resumed, transactions whole', async () => {
    const collection = connection.collection<Row>('watched');
    const stream = collection.watch([], { fullDocument: 'updateLookup', maxAwaitTimeMS: 50 });
    await stream.tryNext();
    await collection.insertOne({ _id: 'a', user: 'u1', amount: 1 });
    await collection.updateOne({ _id: 'a' }, { $set: { amount: 2 } });
    const [inserted, updated] = [await stream.next(), await stream.next()];
    await stream.close();
    await inTransaction(connection, async (session) => {
      await collection.deleteOne({ _id: 'a' }, { session });
      await collection.insertOne({ _id: 'b', user: 'u1', amount: 3 }, { session });
    });
    const resumed = collection.watch([], { resumeAfter: inserted._id });
    const rest = [await resumed.next(), await resumed.next(), await resumed.next()];
    await resumed.close();

    expect(updated).toMatchObject({
      operationType: 'update',
      documentKey: { _id: 'a' },
      updateDescription: { updatedFields: { amount: 2 }, removedFields: [] },
      fullDocument: { _id: 'a', amount: 2 },
    });
    expect(rest.map(({ operationType }) => operationType)).toEqual(['update', 'delete', 'insert']);
    expect(rest[0]?._id).toEqual(updated._id);
  });
});
