import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClientSession, type Collection, type Document, MongoServerError } from 'mongodb';
import { Long } from 'bson';
import { newUuid } from '../src/catalog.ts';
import { RawClient } from './raw-client.ts';
import { errorOf, eventually, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
const sessions: ClientSession[] = [];
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
beforeEach(async () => {
  for (const session of sessions.splice(0)) {
    if (session.inTransaction()) {
      await session.abortTransaction();
    }
    await session.endSession();
  }
  things = test.fresh();
  await things.insertMany([
    { _id: 1 as never, n: 1 },
    { _id: 2 as never, n: 2 },
  ]);
});

function begin(): ClientSession {
  const session = test.client.startSession();
  session.startTransaction();
  sessions.push(session);
  return session;
}

function hasLabel(error: Error, label: string): boolean {
  return error instanceof MongoServerError && error.hasErrorLabel(label);
}

const one = { _id: 1 as never };
const two = { _id: 2 as never };

describe('a transaction', () => {
  it('shows its writes to itself, and to others only after the commit', async () => {
    const session = begin();
    await things.insertOne({ _id: 3 as never, n: 3 }, { session });
    await things.updateOne(one, { $set: { n: 10 } }, { session });
    await things.deleteOne(two, { session });
    expect((await things.find({}, { session }).toArray()).map((it) => [it._id, it.n])).toEqual([
      [1, 10],
      [3, 3],
    ]);
    expect(await things.countDocuments({}, { session })).toBe(2);
    expect((await things.find().toArray()).map((it) => [it._id, it.n])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await things.estimatedDocumentCount()).toBe(2);
    await session.commitTransaction();
    expect((await things.find().toArray()).map((it) => [it._id, it.n])).toEqual([
      [1, 10],
      [3, 3],
    ]);
    expect(await things.estimatedDocumentCount()).toBe(2);
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({ valid: true });
  });

  it('leaves nothing when it is aborted', async () => {
    const session = begin();
    await things.insertOne({ _id: 3 as never }, { session });
    await things.updateMany({}, { $set: { n: 10 } }, { session });
    await session.abortTransaction();
    expect((await things.find().toArray()).map((it): unknown => it.n)).toEqual([1, 2]);
  });

  it('reads one state of the data, whatever others write', async () => {
    const session = begin();
    await things.findOne(one, { session });
    await things.updateOne(one, { $set: { n: 100 } });
    await things.insertOne({ _id: 3 as never, n: 3 });
    expect((await things.find({}, { session }).toArray()).map((it): unknown => it.n)).toEqual([1, 2]);
    await session.commitTransaction();
    expect((await things.find().toArray()).map((it): unknown => it.n)).toEqual([100, 2, 3]);
  });

  it('uses indexes for what it wrote itself', async () => {
    await things.createIndex({ n: 1 });
    const session = begin();
    await things.insertMany([{ n: 5 }, { n: 7 }], { session });
    await things.updateOne(one, { $set: { n: 6 } }, { session });
    const found = await things
      .find({ n: { $gte: 2 } }, { session, hint: 'n_1' })
      .sort({ n: -1 })
      .toArray();
    expect(found.map((it): unknown => it.n)).toEqual([7, 6, 5, 2]);
  });

  it('conflicts at once with a transaction that holds the document', async () => {
    const first = begin();
    const second = begin();
    await things.updateOne(one, { $inc: { n: 1 } }, { session: first });
    const error = await errorOf(things.updateOne(one, { $inc: { n: 1 } }, { session: second }));
    expect(error.code).toBe(112);
    expect(hasLabel(error, 'TransientTransactionError')).toBe(true);
    await first.commitTransaction();
    expect((await things.findOne(one))?.n).toBe(2);
  });

  it('conflicts with a write made since its state was taken', async () => {
    const session = begin();
    await things.findOne({}, { session });
    await things.updateOne(one, { $set: { n: 50 } });
    expect((await errorOf(things.deleteOne(one, { session }))).code).toBe(112);
  });

  it('conflicts when two insert the same unique key', async () => {
    const first = begin();
    const second = begin();
    await things.insertOne({ _id: 9 as never }, { session: first });
    expect((await errorOf(things.insertOne({ _id: 9 as never }, { session: second }))).code).toBe(112);
  });

  it('makes writes outside of transactions wait', async () => {
    const session = begin();
    await things.updateOne(one, { $set: { n: 10 } }, { session });
    let done = false;
    const waiting = things.updateOne(one, { $inc: { n: 5 } }).then(() => {
      done = true;
    });
    await test.db.command({ ping: 1 });
    expect(done).toBe(false);
    await session.commitTransaction();
    await waiting;
    expect((await things.findOne(one))?.n).toBe(15);
  });

  it('lets a waiting write end at its time limit', async () => {
    const session = begin();
    await things.updateOne(one, { $set: { n: 10 } }, { session });
    const error = await errorOf(things.updateOne(one, { $inc: { n: 5 } }, { maxTimeMS: 50 }));
    expect(error.code).toBe(50);
  });

  it('ends at eight when eight add one at the same time', async () => {
    await things.updateOne(one, { $set: { n: 0 } });
    await Promise.all(
      Array.from({ length: 8 }, () =>
        test.client.withSession((session) =>
          session.withTransaction(async () => {
            const found = await things.findOne(one, { session });
            await things.updateOne(one, { $set: { n: Number(found?.n) + 1 } }, { session });
          }),
        ),
      ),
    );
    expect((await things.findOne(one))?.n).toBe(8);
  });

  it('keeps a sum under concurrent transfers', async () => {
    await things.updateMany({}, { $set: { n: 100 } });
    await Promise.all(
      Array.from({ length: 12 }, (_unused, at) =>
        test.client.withSession((session) =>
          session.withTransaction(async () => {
            const [from, to] = at % 2 === 0 ? [one, two] : [two, one];
            await things.updateOne(from, { $inc: { n: -at } }, { session });
            await things.updateOne(to, { $inc: { n: at } }, { session });
          }),
        ),
      ),
    );
    const [result] = await things.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray();
    expect(result?.sum).toBe(200);
  });

  it('is aborted by any error in it', async () => {
    const session = begin();
    await things.updateOne(one, { $set: { n: 10 } }, { session });
    expect((await errorOf(things.insertOne(two, { session }))).code).toBe(11000);
    const error = await errorOf(things.findOne({}, { session }));
    expect(error.code).toBe(251);
    expect(hasLabel(error, 'TransientTransactionError')).toBe(true);
    expect((await errorOf(session.commitTransaction())).code).toBe(251);
    expect((await things.findOne(one))?.n).toBe(1);
  });

  it('creates collections and indexes that nobody else sees before the commit', async () => {
    const made = test.fresh();
    const session = begin();
    await test.db.createCollection(made.collectionName, { session });
    await made.createIndex({ a: 1 }, { unique: true, session });
    await made.insertOne({ a: 1 }, { session });
    expect(await test.db.listCollections({ name: made.collectionName }).toArray()).toEqual([]);
    expect(await made.find({ a: 1 }, { session }).toArray()).toHaveLength(1);
    await session.commitTransaction();
    expect((await errorOf(made.insertOne({ a: 1 }))).code).toBe(11000);
  });

  it('leaves no collection behind when it is aborted', async () => {
    const made = test.fresh();
    const session = begin();
    await made.insertOne({ a: 1 }, { session });
    await session.abortTransaction();
    expect(await test.db.listCollections({ name: made.collectionName }).toArray()).toEqual([]);
    await made.insertOne({ a: 1 });
    expect(await made.countDocuments()).toBe(1);
  });

  it('conflicts when a collection it has read is changed before it writes there', async () => {
    const session = begin();
    await things.findOne({}, { session });
    await things.createIndex({ n: 1 });
    expect((await errorOf(things.insertOne({ n: 9 }, { session }))).code).toBe(112);
  });

  it('makes changes of the schema wait for its end', async () => {
    const session = begin();
    await things.insertOne({ n: 9 }, { session });
    const index = things.createIndex({ n: 1 });
    await test.db.command({ ping: 1 });
    await session.commitTransaction();
    await index;
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({
      valid: true,
      nrecords: 3,
    });
  });

  it('reads on from its cursors, and not from those of others', async () => {
    await things.insertMany(Array.from({ length: 20 }, (_unused, n) => ({ n })));
    const session = begin();
    const cursor = things.find({}, { session }).batchSize(3);
    await cursor.next();
    await things.deleteMany({ n: { $gt: 5 } });
    expect(await cursor.toArray()).toHaveLength(21);
    const outside = await test.db.command({ find: things.collectionName, batchSize: 1 });
    const error = await errorOf(
      test.db.command(
        { getMore: Long.fromValue(outside.cursor.id), collection: things.collectionName },
        { session },
      ),
    );
    expect(error.code).toBe(13);
  });

  it('aggregates over its own state', async () => {
    const session = begin();
    await things.insertOne({ n: 10 }, { session });
    const [result] = await things
      .aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }], { session })
      .toArray();
    expect(result?.sum).toBe(13);
    expect(await things.distinct('n', {}, { session })).toEqual([1, 2, 10]);
  });

  it('modifies and upserts', async () => {
    const session = begin();
    await things.findOneAndUpdate(one, { $inc: { n: 1 } }, { session });
    await things.updateOne({ _id: 5 as never }, { $set: { n: 5 } }, { upsert: true, session });
    await things.bulkWrite(
      [{ deleteOne: { filter: two } }, { insertOne: { document: { _id: 6 as never } } }],
      { session },
    );
    const insert = { name: 'insertOne' as const, namespace: things.namespace, document: { _id: 7 as never } };
    await test.client.bulkWrite([insert], { session });
    await session.commitTransaction();
    expect((await things.find().sort({ _id: 1 }).toArray()).map((it): unknown => it._id)).toEqual([
      1, 5, 6, 7,
    ]);
  });
});

describe('the rules of transactions', () => {
  const command = (session: ClientSession, document: Document, database = 'test'): Promise<Document> =>
    test.client.db(database).command(document, { session });

  it.each<Document>([
    { count: 'x' },
    { listCollections: 1 },
    { drop: 'x' },
    { dropDatabase: 1 },
    { collMod: 'x' },
    { explain: { find: 'x' } },
  ])('refuse %j inside of one with code 263', async (document) => {
    const session = begin();
    await things.findOne({}, { session });
    expect((await errorOf(command(session, document))).code).toBe(263);
  });

  it('refuse the admin database', async () => {
    const session = begin();
    expect((await errorOf(test.client.db('admin').collection('x').insertOne({}, { session }))).code).toBe(
      263,
    );
  });

  it('refuse a new index on a collection with documents', async () => {
    const session = begin();
    expect((await errorOf(things.createIndex({ a: 1 }, { session }))).code).toBe(263);
  });

  it('let a commit be repeated', async () => {
    const session = begin();
    await things.insertOne({}, { session });
    await session.commitTransaction();
    await session.commitTransaction();
    expect(await things.countDocuments()).toBe(3);
  });

  it('answer statements for unknown, ended and older transactions as MongoDB does', async () => {
    const raw = await RawClient.connect(test.server.port);
    const lsid = { id: newUuid() };
    const send = (document: Document, number: number, $db = 'test'): Promise<Document> =>
      raw.command({ ...document, $db, lsid, txnNumber: Long.fromNumber(number), autocommit: false });
    const find = { find: things.collectionName };
    const start = { ...find, startTransaction: true };
    const commit = { commitTransaction: 1 };
    const abort = { abortTransaction: 1 };
    expect(await send(find, 5)).toMatchObject({ code: 251, errorLabels: ['TransientTransactionError'] });
    expect(await send(start, 5)).toMatchObject({ ok: 1 });
    expect(await send(start, 4)).toMatchObject({ code: 225 });
    expect(await send(start, 5)).toMatchObject({ code: 50911 });
    expect(await send(commit, 5, 'admin')).toMatchObject({ ok: 1 });
    expect(await send(find, 5)).toMatchObject({ code: 256 });
    expect(await send(abort, 5, 'admin')).toMatchObject({ code: 256 });
    expect(await send(start, 6)).toMatchObject({ ok: 1 });
    expect(await send(abort, 6, 'admin')).toMatchObject({ ok: 1 });
    expect(await send(find, 6)).toMatchObject({ code: 251 });
    expect(await send(commit, 6, 'admin')).toMatchObject({ code: 251 });
    expect(await send(start, 7)).toMatchObject({ ok: 1 });
    const insert = { insert: things.collectionName, documents: [{}], writeConcern: { w: 1 } };
    expect(await send(insert, 7)).toMatchObject({ code: 72 });
    raw.close();
  });

  it('end the transaction of a session that starts another', async () => {
    const session = begin();
    await things.updateOne(one, { $set: { n: 7 } }, { session });
    await session.abortTransaction();
    session.startTransaction();
    await things.updateOne(one, { $set: { n: 8 } }, { session });
    await session.commitTransaction();
    expect((await things.findOne(one))?.n).toBe(8);
  });

  it('abort a transaction when its session is killed', async () => {
    const session = begin();
    await things.updateOne(one, { $set: { n: 7 } }, { session });
    await test.client.db('admin').command({ killAllSessions: [] });
    await things.updateOne(one, { $inc: { n: 1 } });
    expect((await things.findOne(one))?.n).toBe(2);
    await errorOf(session.commitTransaction());
  });

  it('do not wait for a write whose commit is still under way', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, async (_unused, at) => {
        if (at % 3 > 0) {
          await things.updateOne(one, { $inc: { n: 1 } });
          return;
        }
        await test.client.withSession((session) =>
          session.withTransaction(async () => {
            const found = await things.findOne(one, { session });
            await things.updateOne(one, { $set: { n: Number(found?.n) + 1 } }, { session });
          }),
        );
      }),
    );
    expect(results.filter((result) => result.status === 'rejected')).toEqual([]);
    await eventually(async () => (await things.findOne(one))?.n === 31);
  });
});
