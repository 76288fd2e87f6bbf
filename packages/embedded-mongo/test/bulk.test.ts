import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

type Models = Record<string, { _id: number; n?: number; a?: number }>;

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});
const id = (value: number): { _id: never } => ({ _id: value as never });

describe('collection bulkWrite', () => {
  it('does all kinds of writes', async () => {
    const result = await things.bulkWrite([
      { insertOne: { document: { ...id(1), n: 1 } } },
      { insertOne: { document: { ...id(2), n: 2 } } },
      { updateOne: { filter: id(1), update: { $inc: { n: 1 } } } },
      { updateMany: { filter: {}, update: { $set: { all: true } } } },
      { replaceOne: { filter: id(3), replacement: { n: 3 }, upsert: true } },
      { deleteOne: { filter: id(2) } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 2,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(await things.find().toArray()).toEqual([
      { _id: 1, n: 2, all: true },
      { _id: 3, n: 3 },
    ]);
  });

  it('stops or goes on at an error', async () => {
    const operations = [
      { insertOne: { document: id(1) } },
      { insertOne: { document: id(1) } },
      { insertOne: { document: id(2) } },
    ];
    await errorOf(things.bulkWrite(operations));
    expect(await things.countDocuments()).toBe(1);
    await things.deleteMany({});
    await errorOf(things.bulkWrite(operations, { ordered: false }));
    expect(await things.countDocuments()).toBe(2);
  });

  it('sorts the document to update', async () => {
    await things.insertMany([{ n: 3 }, { n: 1 }, { n: 2 }]);
    await things.updateOne({}, { $set: { hit: true } }, { sort: { n: 1 } });
    expect((await things.findOne({ hit: true }))?.n).toBe(1);
  });

  it('inserts many documents in one go', async () => {
    const documents = Array.from({ length: 20_000 }, (_unused, n) => ({ n, text: `text ${n}` }));
    expect((await things.insertMany(documents)).insertedCount).toBe(20_000);
    expect(await things.estimatedDocumentCount()).toBe(20_000);
  });
});

describe('client bulkWrite', () => {
  it('writes to several collections', async () => {
    const other = test.fresh();
    const result = await test.client.bulkWrite<Models>(
      [
        { name: 'insertOne', namespace: things.namespace, document: { _id: 1, n: 1 } },
        { name: 'insertOne', namespace: other.namespace, document: { _id: 1 } },
        { name: 'updateMany', namespace: things.namespace, filter: {}, update: { $inc: { n: 4 } } },
        {
          name: 'updateOne',
          namespace: other.namespace,
          filter: { _id: 9 },
          update: { $set: { a: 1 } },
          upsert: true,
        },
        { name: 'deleteMany', namespace: other.namespace, filter: { _id: 1 } },
      ],
      { verboseResults: true },
    );
    expect(result).toMatchObject({
      insertedCount: 2,
      matchedCount: 1,
      modifiedCount: 1,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(result.updateResults?.get(3)).toMatchObject({ upsertedId: 9 });
    expect(await things.findOne()).toEqual({ _id: 1, n: 5 });
    expect(await other.find().toArray()).toEqual([{ _id: 9, a: 1 }]);
  });

  it('reports errors by operation', async () => {
    const insert = (_id: number) => ({
      name: 'insertOne' as const,
      namespace: things.namespace,
      document: { _id },
    });
    const error = await errorOf(
      test.client.bulkWrite<Models>([insert(1), insert(1), insert(2)], { ordered: false }),
    );
    expect(error.writeErrors.get(1)).toMatchObject({ code: 11000 });
    expect(error.partialResult).toMatchObject({ insertedCount: 2 });
  });
});
