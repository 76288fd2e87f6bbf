import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Document, Long, MongoClient, type ServerApi } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

/** What official drivers rely on beyond reading and writing: the stable API, time limits, fail points, batch sizes. */

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});
afterEach(async () => {
  for (const name of ['failCommand', 'failGetMoreAfterCursorCheckout', 'maxTimeAlwaysTimeOut']) {
    await test.client.db('admin').command({ configureFailPoint: name, mode: 'off' });
  }
});

const fail = (name: string, mode: Document | string, data: Document = {}): Promise<Document> =>
  test.client.db('admin').command({ configureFailPoint: name, mode, data });

describe('the stable API', () => {
  it.each<[Document, number]>([
    [{ ping: 1, apiVersion: '2' }, 322],
    [{ ping: 1, apiVersion: 1 }, 322],
    [{ ping: 1, apiStrict: true }, 4886600],
    [{ ping: 1, apiDeprecationErrors: true }, 4886600],
    [{ distinct: 'x', key: 'a', apiVersion: '1', apiStrict: true }, 323],
    [{ buildInfo: 1, apiVersion: '1', apiStrict: true }, 323],
    [{ aggregate: 'x', pipeline: [{ $indexStats: {} }], cursor: {}, apiVersion: '1', apiStrict: true }, 323],
  ])('refuses %j with %i', async (command, code) => {
    expect((await errorOf(test.db.command(command))).code).toBe(code);
  });

  it('serves clients that declare it, strictly too', async () => {
    const serverApi: ServerApi = { version: '1', strict: true, deprecationErrors: true };
    const client = await new MongoClient(test.server.uri, { serverApi }).connect();
    const rows = client.db('test').collection(things.collectionName);
    await rows.insertMany([{ n: 1 }, { n: 2 }]);
    await rows.updateOne({ n: 1 }, { $set: { n: 3 } });
    expect(await rows.countDocuments({ n: { $gt: 1 } })).toBe(2);
    expect(await errorOf(rows.distinct('n'))).toMatchObject({
      code: 323,
      codeName: 'APIStrictError',
      message: expect.stringContaining('command distinct is not in API Version 1'),
    });
    await client.close();
  });

  it('can be required', async () => {
    const admin = test.client.db('admin');
    await admin.command({ setParameter: 1, requireApiVersion: true });
    expect((await errorOf(test.db.command({ ping: 1 }))).code).toBe(498870);
    await admin.command({ setParameter: 1, requireApiVersion: false, apiVersion: '1' });
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

describe('maxTimeMS', () => {
  const openCursor = async (maxTimeMS: number): Promise<Long> => {
    await things.insertMany(Array.from({ length: 500 }, (_unused, n) => ({ n })));
    const reply = await test.db.command({ find: things.collectionName, batchSize: 2, maxTimeMS });
    return Long.fromValue(reply.cursor.id);
  };

  it('of a find does not count the time between its batches', async () => {
    const id = await openCursor(200);
    const start = performance.now();
    while (performance.now() - start < 250) {
      await test.db.command({ ping: 1 });
    }
    const more = await test.db.command({ getMore: id, collection: things.collectionName });
    expect(more.cursor.nextBatch).toHaveLength(498);
  });

  it('can be made to run out, for a command and for the batches of a cursor', async () => {
    const id = await openCursor(60_000);
    await fail('maxTimeAlwaysTimeOut', 'alwaysOn');
    expect(await errorOf(things.findOne({}, { maxTimeMS: 60_000 }))).toMatchObject({
      code: 50,
      codeName: 'MaxTimeMSExpired',
    });
    expect(await things.findOne({})).not.toBeNull();
    const error = await errorOf(test.db.command({ getMore: id, collection: things.collectionName }));
    expect(error.code).toBe(50);
  });
});

describe('a getMore', () => {
  it('of a change stream that fails says whether the stream can be resumed', async () => {
    const open = async (): Promise<Long> => {
      const pipeline = [{ $changeStream: {} }];
      const reply = await test.db.command({ aggregate: things.collectionName, pipeline, cursor: {} });
      return Long.fromValue(reply.cursor.id);
    };
    const failing = async (id: Long, errorCode: number): Promise<Error & Document> => {
      await fail('failGetMoreAfterCursorCheckout', { times: 1 }, { errorCode, closeConnection: false });
      return errorOf(test.db.command({ getMore: id, collection: things.collectionName }));
    };
    expect(await failing(await open(), 189)).toMatchObject({
      code: 189,
      errorLabels: ['ResumableChangeStreamError'],
    });
    expect((await failing(await open(), 96)).errorLabels).toEqual([]);
    await things.insertMany(Array.from({ length: 5 }, (_unused, n) => ({ n })));
    const find = await test.db.command({ find: things.collectionName, batchSize: 1 });
    expect((await failing(Long.fromValue(find.cursor.id), 189)).errorLabels).toEqual([]);
  });

  it('of a tailable cursor keeps to skip and limit', async () => {
    await test.db.createCollection(things.collectionName, { capped: true, size: 10_000 });
    await things.insertMany([1, 2, 3, 4, 5].map((n) => ({ n })));
    const numbers = async (skip: number, limit: number, batchSize: number): Promise<unknown[]> =>
      (await things.find({}, { tailable: true, skip, limit, batchSize }).toArray()).map(
        (one): unknown => one.n,
      );
    expect(await numbers(0, 1, 10)).toEqual([1]);
    expect(await numbers(1, 3, 10)).toEqual([2, 3, 4]);
    expect(await numbers(1, 3, 2)).toEqual([2, 3, 4]);
  });

  it('is told when a capped collection has overtaken its position', async () => {
    await test.db.createCollection(things.collectionName, { capped: true, size: 10_000, max: 3 });
    await things.insertMany([1, 2, 3].map((n) => ({ n })));
    const reply = await test.db.command({ find: things.collectionName, tailable: true });
    expect(reply.cursor.firstBatch).toHaveLength(3);
    const id = Long.fromValue(reply.cursor.id);
    await things.insertOne({ n: 4 });
    const more = await test.db.command({ getMore: id, collection: things.collectionName });
    expect(more.cursor.nextBatch).toMatchObject([{ n: 4 }]);
    await things.insertMany([5, 6, 7, 8].map((n) => ({ n })));
    expect(await errorOf(test.db.command({ getMore: id, collection: things.collectionName }))).toMatchObject({
      code: 136,
      codeName: 'CappedPositionLost',
    });
  });
});

describe('an index in a transaction', () => {
  it('can be made on a collection of the same transaction, not on an older one, even when it is empty', async () => {
    const older = test.fresh();
    await test.db.createCollection(older.collectionName);
    await test.client.withSession(async (session) => {
      session.startTransaction();
      await things.createIndex({ a: 1 }, { session });
      await session.commitTransaction();
      session.startTransaction();
      expect((await errorOf(older.createIndex({ a: 1 }, { session }))).code).toBe(263);
      await session.abortTransaction();
      session.startTransaction();
      await things.createIndex({ a: 1 }, { session });
      await session.commitTransaction();
    });
    expect(await things.indexExists('a_1')).toBe(true);
  });
});

describe('a write concern that cannot be kept', () => {
  it('is told of with the error of a write that failed', async () => {
    await things.insertOne({});
    const other = test.fresh();
    await other.insertOne({});
    const error = await errorOf(
      test.client.db('admin').command({
        renameCollection: things.namespace,
        to: other.namespace,
        writeConcern: { w: 2 },
      }),
    );
    expect(error).toMatchObject({ code: 48, errorResponse: { writeConcernError: { code: 100 } } });
  });
});

describe('validate', () => {
  it('is either full or in the background', async () => {
    await things.insertOne({});
    const command = { validate: things.collectionName };
    expect(await test.db.command({ ...command, full: true })).toMatchObject({ valid: true });
    expect((await errorOf(test.db.command({ ...command, full: true, background: true }))).code).toBe(72);
  });
});

describe('the fail point onPrimaryTransactionalWrite', () => {
  it('counts each inserted document', async () => {
    await fail(
      'onPrimaryTransactionalWrite',
      { skip: 2 },
      {
        closeConnection: false,
        failBeforeCommitExceptionCode: 1,
      },
    );
    const error = await errorOf(
      things.insertMany([{ _id: 1 as never }, { _id: 2 as never }, { _id: 3 as never }]),
    );
    await test.client.db('admin').command({ configureFailPoint: 'onPrimaryTransactionalWrite', mode: 'off' });
    expect(error.code).toBe(1);
    expect(await things.countDocuments()).toBe(2);
  });
});

describe('$merge', () => {
  it('that may not change documents names the key it found', async () => {
    await things.insertOne({ _id: 1 as never, a: 1 });
    const pipeline = [
      { $documents: [{ _id: 1, a: 2 }] },
      { $merge: { into: things.collectionName, whenMatched: 'fail' } },
    ];
    expect(await errorOf(test.db.aggregate(pipeline).toArray())).toMatchObject({
      code: 11000,
      keyPattern: { _id: 1 },
      keyValue: { _id: 1 },
    });
  });
});
