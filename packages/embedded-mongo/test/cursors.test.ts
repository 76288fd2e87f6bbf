import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, Long } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(async () => {
  things = test.fresh();
  await things.insertMany(Array.from({ length: 250 }, (_unused, n) => ({ n })));
});

describe('cursors', () => {
  it('give 101 documents first and the rest on request', async () => {
    const first = await test.db.command({ find: things.collectionName });
    expect(first.cursor.firstBatch).toHaveLength(101);
    expect(first.cursor.ns).toBe(things.namespace);
    const second = await test.db.command({
      getMore: Long.fromValue(first.cursor.id),
      collection: things.collectionName,
    });
    expect(second.cursor.nextBatch).toHaveLength(149);
    expect(second.cursor.id).toBe(0);
  });

  it('stay open when the batch is just full, as in MongoDB', async () => {
    const reply = await test.db.command({ find: things.collectionName, batchSize: 250 });
    expect(Long.fromValue(reply.cursor.id).isZero()).toBe(false);
    const last = await test.db.command({
      getMore: Long.fromValue(reply.cursor.id),
      collection: things.collectionName,
    });
    expect(last.cursor).toMatchObject({ nextBatch: [], id: 0 });
  });

  it('are closed when the limit is reached, and never opened with singleBatch', async () => {
    const limited = await test.db.command({ find: things.collectionName, batchSize: 5, limit: 5 });
    expect(limited.cursor.id).toBe(0);
    const single = await test.db.command({ find: things.collectionName, batchSize: 5, singleBatch: true });
    expect(single.cursor.id).toBe(0);
  });

  it('give nothing at first with a batch size of 0', async () => {
    const reply = await test.db.command({ find: things.collectionName, batchSize: 0 });
    expect(reply.cursor.firstBatch).toEqual([]);
    expect(Long.fromValue(reply.cursor.id).isZero()).toBe(false);
  });

  it.each([1, 7, 100, 1000])('deliver everything in order with batches of %i', async (batchSize) => {
    const found = await things.find().sort({ n: -1 }).batchSize(batchSize).toArray();
    expect(found.map((one): unknown => one.n)).toEqual(Array.from({ length: 250 }, (_unused, n) => 249 - n));
  });

  it('see documents inserted behind their position, and not those deleted before it is reached', async () => {
    const cursor = things.find().batchSize(10);
    await cursor.next();
    await things.deleteMany({ n: { $gte: 50, $lt: 240 } });
    await things.insertOne({ n: 1000 });
    const rest = await cursor.toArray();
    expect(rest.map((one): unknown => one.n)).toEqual([
      ...Array.from({ length: 49 }, (_unused, n) => n + 1),
      ...Array.from({ length: 10 }, (_unused, n) => n + 240),
      1000,
    ]);
  });

  it('can be killed', async () => {
    const reply = await test.db.command({ find: things.collectionName, batchSize: 2 });
    const id = Long.fromValue(reply.cursor.id);
    const killed = await test.db.command({
      killCursors: things.collectionName,
      cursors: [id, Long.fromNumber(5)],
    });
    expect(killed.cursorsKilled.map(String)).toEqual([id.toString()]);
    expect(killed.cursorsNotFound).toHaveLength(1);
    const error = await errorOf(test.db.command({ getMore: id, collection: things.collectionName }));
    expect(error).toMatchObject({ code: 43, codeName: 'CursorNotFound' });
  });

  it('belong to a collection', async () => {
    const reply = await test.db.command({ find: things.collectionName, batchSize: 2 });
    const error = await errorOf(
      test.db.command({ getMore: Long.fromValue(reply.cursor.id), collection: 'other' }),
    );
    expect(error.code).toBe(13);
  });

  it('end with their session', async () => {
    const session = test.client.startSession();
    const cursor = things.find({}, { session }).batchSize(2);
    await cursor.next();
    await test.client.db('admin').command({ killSessions: [session.id ?? {}] });
    const error = await errorOf(cursor.toArray());
    expect(error.code).toBe(43);
    await session.endSession();
  });

  it('end when the collection is dropped', async () => {
    const cursor = things.find().batchSize(2);
    await cursor.next();
    await things.drop();
    expect((await errorOf(cursor.toArray())).code).toBe(43);
  });

  it('go on over pipelines piece by piece', async () => {
    const found = await things
      .aggregate(
        [{ $match: { n: { $lt: 220 } } }, { $project: { _id: 0, double: { $multiply: ['$n', 2] } } }],
        { batchSize: 30 },
      )
      .toArray();
    expect(found).toHaveLength(220);
    expect(found[219]).toEqual({ double: 438 });
  });

  it('split large batches at 16 MB', async () => {
    const large = test.fresh();
    for (let n = 0; n < 8; n += 1) {
      await large.insertOne({ n, text: 'x'.repeat(5_000_000) });
    }
    expect(await large.find().sort({ n: -1 }).toArray()).toHaveLength(8);
  });
});
