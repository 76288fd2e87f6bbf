import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, Decimal128, type Document, Int32, Long, ObjectId } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});

describe('insert', () => {
  it('gives a document without _id one, and puts _id first', async () => {
    await test.db.command({ insert: things.collectionName, documents: [{ b: 1 }] });
    const found = await things.findOne({}, { projection: {} });
    expect(Object.keys(found ?? {})).toEqual(['_id', 'b']);
    expect(found?._id).toBeInstanceOf(ObjectId);
  });

  it('moves _id to the front', async () => {
    await test.db.command({ insert: things.collectionName, documents: [{ b: 1, _id: 5 }] });
    expect(Object.keys((await things.findOne()) ?? {})).toEqual(['_id', 'b']);
  });

  it('keeps the types of numbers', async () => {
    const document = {
      _id: 1,
      long: Long.fromNumber(7),
      int: new Int32(7),
      decimal: Decimal128.fromString('7.10'),
    };
    await things.insertOne(document as Document as { _id: never });
    const found = await things.findOne({}, { promoteValues: false });
    expect(found?.long).toBeInstanceOf(Long);
    expect(found?.int).toBeInstanceOf(Int32);
    expect(String(found?.decimal)).toBe('7.10');
  });

  it('stops an ordered insert at the first duplicate', async () => {
    const documents: Document[] = [{ _id: 1 }, { _id: 1 }, { _id: 2 }];
    const error = await errorOf(things.insertMany(documents));
    expect(error).toMatchObject({ code: 11000, result: { insertedCount: 1 } });
    expect(await things.countDocuments()).toBe(1);
  });

  it('goes on after a duplicate when unordered, and says which failed', async () => {
    const documents: Document[] = [{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }];
    const error = await errorOf(things.insertMany(documents, { ordered: false }));
    expect(error.writeErrors.map((one: { index: number }) => one.index)).toEqual([1, 3]);
    expect(await things.countDocuments()).toBe(3);
  });

  it('words a duplicate as plugins expect it', async () => {
    await things.createIndex({ email: 1 }, { unique: true });
    await things.insertOne({ email: 'a@b.c' });
    const error = await errorOf(things.insertOne({ email: 'a@b.c' }));
    expect(error.message).toBe(
      `E11000 duplicate key error collection: ${things.namespace} index: email_1 dup key: { email: "a@b.c" }`,
    );
    expect(error).toMatchObject({ keyPattern: { email: 1 }, keyValue: { email: 'a@b.c' } });
  });

  it.each([
    [[1, 2], 53],
    [/x/, 53],
    [{ $bad: 1 }, 52],
  ])('refuses _id %p', async (_id, code) => {
    const error = await errorOf(things.insertOne({ _id } as unknown as Document));
    expect(error.code).toBe(code);
  });

  it('refuses a document over 16 MiB and stays usable', async () => {
    const documents = [{ text: 'x'.repeat(16 * 1024 * 1024) }];
    const reply = await test.db.command({ insert: things.collectionName, documents });
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ code: 2 }] });
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('returns documents in the order in which they were inserted', async () => {
    const ids = Array.from({ length: 300 }, (_unused, index) => (index * 7919) % 300);
    await things.insertMany(ids.map((id) => ({ _id: id }) as unknown as Document));
    expect((await things.find().toArray()).map((one) => one._id as unknown)).toEqual(ids);
  });

  it('applies a write without acknowledgement', async () => {
    await things.insertOne({ a: 1 }, { writeConcern: { w: 0 } });
    await test.db.command({ ping: 1 });
    expect(await things.countDocuments()).toBe(1);
  });

  it('adds a write concern error when more nodes are wanted than there are', async () => {
    const reply = await test.db
      .command({ insert: things.collectionName, documents: [{}], writeConcern: { w: 2 } })
      .catch((error: { result?: Document }) => error.result);
    expect(reply).toMatchObject({ writeConcernError: { code: 100 } });
    expect(await things.countDocuments()).toBe(1);
  });
});

describe('find', () => {
  beforeEach(async () => {
    await things.insertMany(Array.from({ length: 20 }, (_unused, n) => ({ n, mod: n % 3, text: `t${n}` })));
  });

  it('sorts, skips and limits', async () => {
    const found = await things.find().sort({ mod: -1, n: 1 }).skip(2).limit(3).toArray();
    expect(found.map((one): unknown => one.n)).toEqual([8, 11, 14]);
  });

  it('takes a negative limit as a single batch', async () => {
    const reply = await test.db.command({ find: things.collectionName, limit: -5 });
    expect(reply.cursor.firstBatch).toHaveLength(5);
    expect(reply.cursor.id).toBe(0);
  });

  it('projects', async () => {
    expect(
      await things.findOne({ n: 4 }, { projection: { _id: 0, n: 1, twice: { $multiply: ['$n', 2] } } }),
    ).toEqual({
      n: 4,
      twice: 8,
    });
  });

  it('projects the matched array element', async () => {
    await things.insertOne({ list: [1, 5, 9] });
    const found = await things.findOne({ list: { $gt: 4 } }, { projection: { 'list.$': 1, _id: 0 } });
    expect(found).toEqual({ list: [5] });
  });

  it('shows record ids and evaluates let variables', async () => {
    const [found] = await things
      .find({ $expr: { $eq: ['$n', '$$wanted'] } }, { let: { wanted: 7 }, showRecordId: true })
      .toArray();
    expect(found?.n).toBe(7);
    expect(typeof found?.$recordId).toBe('number');
  });

  it('reads in natural order backwards', async () => {
    const found = await things.find().sort({ $natural: -1 }).limit(2).toArray();
    expect(found.map((one): unknown => one.n)).toEqual([19, 18]);
  });

  it('compares strings by the collation of the query', async () => {
    await things.insertMany([{ s: 'b' }, { s: 'A' }, { s: 'a' }, { s: 'C' }]);
    const found = await things.find({ s: 'a' }).collation({ locale: 'en', strength: 2 }).toArray();
    expect(found).toHaveLength(2);
    const sorted = await things
      .find({ s: { $exists: true } })
      .collation({ locale: 'en', strength: 1 })
      .sort({ s: 1 })
      .toArray();
    expect(sorted.map((one): unknown => one.s)).toEqual(['A', 'a', 'b', 'C']);
  });

  it.each<[Document, number]>([
    [{ filter: { $foo: 1 } }, 2],
    [{ filter: { a: { $foo: 1 } } }, 2],
    [{ filter: { $where: 'true' } }, 2],
    [{ sort: { a: 2 } }, 15975],
    [{ sort: 5 }, 14],
    [{ limit: 'x' }, 14],
    [{ skip: -1 }, 51024],
    [{ batchSize: -1 }, 51024],
    [{ hint: 'none' }, 2],
    [{ hint: { x: 1 } }, 2],
    [{ unknown: 1 }, 40415],
    [{ projection: { a: 1, b: 0 } }, 31254],
    [{ tailable: true }, 2],
    [{ collation: { locale: 'no such!' } }, 2],
  ])('refuses %j with code %i', async (options, code) => {
    const error = await errorOf(test.db.command({ find: things.collectionName, ...options }));
    expect(error.code === code || (options.filter?.$where !== undefined && error.code !== undefined)).toBe(
      true,
    );
  });

  it('finds nothing in a collection that does not exist', async () => {
    expect(await test.db.collection('never').find({ a: 1 }).sort({ b: 1 }).toArray()).toEqual([]);
    expect(await test.db.collection('never').countDocuments()).toBe(0);
    expect(await test.db.collection('never').distinct('a')).toEqual([]);
  });

  it('counts and lists distinct values', async () => {
    expect(await things.countDocuments({ mod: 1 })).toBe(7);
    expect(await things.countDocuments({}, { skip: 15, limit: 10 })).toBe(5);
    expect(await things.estimatedDocumentCount()).toBe(20);
    expect(await things.distinct('mod')).toEqual([0, 1, 2]);
    expect(await things.distinct('mod', { n: { $lt: 2 } })).toEqual([0, 1]);
  });

  it('ends a query that takes longer than maxTimeMS', async () => {
    await test.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['find'], blockConnection: true, blockTimeMS: 60 },
    });
    const started = performance.now();
    await things.findOne({});
    expect(performance.now() - started).toBeGreaterThan(50);
  });
});

describe('update', () => {
  it('counts matched and modified documents apart', async () => {
    await things.insertMany([{ a: 1 }, { a: 2 }, { a: 2 }]);
    expect(await things.updateMany({}, { $set: { a: 2 } })).toMatchObject({
      matchedCount: 3,
      modifiedCount: 1,
    });
  });

  it('upserts from the filter', async () => {
    const result = await things.updateOne(
      { _id: 5 as never, a: { $eq: 1 }, 'b.c': 2 },
      { $set: { d: 4 }, $setOnInsert: { e: 5 } },
      { upsert: true },
    );
    expect(result).toMatchObject({ upsertedCount: 1, upsertedId: 5, matchedCount: 0 });
    expect(await things.findOne()).toEqual({ _id: 5, a: 1, b: { c: 2 }, d: 4, e: 5 });
  });

  it('replaces, keeps _id, and takes only _id from the filter when it inserts', async () => {
    await things.insertOne({ _id: 1 as never, a: 1 });
    await things.replaceOne({ _id: 1 as never }, { b: 2 });
    await things.replaceOne({ _id: 2 as never, x: 3 }, { c: 3 }, { upsert: true });
    expect(await things.find().toArray()).toEqual([
      { _id: 1, b: 2 },
      { _id: 2, c: 3 },
    ]);
  });

  it('fills the positional operators', async () => {
    await things.insertOne({ _id: 1 as never, list: [{ n: 1 }, { n: 5 }, { n: 9 }] });
    await things.updateOne({ 'list.n': 5 }, { $set: { 'list.$.hit': true } });
    await things.updateOne({}, { $inc: { 'list.$[].n': 10 } });
    await things.updateOne(
      {},
      { $set: { 'list.$[big].big': true } },
      { arrayFilters: [{ 'big.n': { $gt: 17 } }] },
    );
    expect((await things.findOne())?.list).toEqual([{ n: 11 }, { n: 15, hit: true }, { n: 19, big: true }]);
  });

  it('takes a pipeline', async () => {
    await things.insertOne({ _id: 1 as never, a: 2 });
    await things.updateOne({}, [{ $set: { b: { $add: ['$a', 3] } } }, { $unset: 'a' }]);
    expect(await things.findOne()).toEqual({ _id: 1, b: 5 });
  });

  it('uses a hint, and refuses one that does not exist', async () => {
    await things.createIndex({ a: 1 });
    await things.insertOne({ a: 1 });
    expect((await things.updateOne({ a: 1 }, { $inc: { n: 1 } }, { hint: 'a_1' })).modifiedCount).toBe(1);
    expect((await errorOf(things.updateOne({ a: 1 }, { $inc: { n: 1 } }, { hint: 'b_1' }))).code).toBe(2);
  });

  it('reports an error of one statement among others', async () => {
    await things.insertOne({ _id: 1 as never, text: 'x' });
    const reply = await test.db.command({
      update: things.collectionName,
      ordered: false,
      updates: [
        { q: {}, u: { $inc: { text: 1 } } },
        { q: {}, u: { $set: { ok: 1 } } },
      ],
    });
    expect(reply).toMatchObject({ n: 1, nModified: 1, writeErrors: [{ index: 0, code: 14 }] });
  });

  it.each<[Document, number]>([
    [{ q: {}, u: { a: 1 }, multi: true }, 9],
    [{ q: {}, u: { $set: { _id: 9 } } }, 66],
    [{ q: {}, u: { $foo: { a: 1 } } }, 9],
    [{ q: {}, u: { $set: { a: 1 }, $inc: { a: 1 } } }, 40],
  ])('refuses %j with code %i', async (statement, code) => {
    await things.insertOne({ _id: 1 as never });
    const reply = await test.db.command({ update: things.collectionName, updates: [statement] });
    expect(reply.writeErrors[0].code).toBe(code);
  });

  it('refuses a sort below wire version 25, and unknown fields', async () => {
    for (const extra of [{ sort: { a: 1 } }, { strange: 1 }]) {
      const command = {
        update: things.collectionName,
        updates: [{ q: {}, u: { $set: { a: 1 } }, ...extra }],
      };
      expect((await errorOf(test.db.command(command))).code).toBe(40415);
    }
  });

  it('does not see a document again that its own change moved in the index', async () => {
    await things.createIndex({ n: 1 });
    await things.insertMany(Array.from({ length: 100 }, (_unused, n) => ({ n })));
    const result = await things.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1000 } });
    expect(result.modifiedCount).toBe(100);
    expect(await things.countDocuments({ n: { $lt: 1100 } })).toBe(100);
  });

  it('keeps what was changed before a duplicate stopped it', async () => {
    await things.createIndex({ u: 1 }, { unique: true });
    await things.insertMany([{ u: 1 }, { u: 2 }, { u: 3 }]);
    expect((await errorOf(things.updateMany({}, { $set: { u: 9 } }))).code).toBe(11000);
    expect((await things.find().toArray()).map((one): unknown => one.u)).toEqual([9, 2, 3]);
  });
});

describe('delete', () => {
  it('removes one or all', async () => {
    await things.insertMany([{ a: 1 }, { a: 1 }, { a: 2 }]);
    expect((await things.deleteOne({ a: 1 })).deletedCount).toBe(1);
    expect((await things.deleteMany({})).deletedCount).toBe(2);
    expect(await things.countDocuments()).toBe(0);
    expect(await things.estimatedDocumentCount()).toBe(0);
  });

  it('refuses a limit other than 0 and 1', async () => {
    const command = { delete: things.collectionName, deletes: [{ q: {}, limit: 5 }] };
    expect((await errorOf(test.db.command(command))).code).toBe(9);
  });
});

describe('findAndModify', () => {
  beforeEach(async () => {
    await things.insertMany([
      { _id: 1 as never, n: 3 },
      { _id: 2 as never, n: 1 },
      { _id: 3 as never, n: 2 },
    ]);
  });

  it('returns the document before or after', async () => {
    expect(await things.findOneAndUpdate({ _id: 1 as never }, { $inc: { n: 10 } })).toEqual({ _id: 1, n: 3 });
    expect(
      await things.findOneAndUpdate({ _id: 1 as never }, { $inc: { n: 10 } }, { returnDocument: 'after' }),
    ).toEqual({
      _id: 1,
      n: 23,
    });
  });

  it('takes the first in the order of the sort', async () => {
    expect(await things.findOneAndDelete({}, { sort: { n: 1 } })).toEqual({ _id: 2, n: 1 });
    expect(
      await things.findOneAndReplace({}, { x: 1 }, { sort: { n: -1 }, returnDocument: 'after' }),
    ).toEqual({
      _id: 1,
      x: 1,
    });
  });

  it('upserts and says so', async () => {
    const result = await things.findOneAndUpdate(
      { _id: 9 as never },
      { $set: { a: 1 } },
      { upsert: true, includeResultMetadata: true, returnDocument: 'after', projection: { _id: 0 } },
    );
    expect(result).toMatchObject({
      lastErrorObject: { n: 1, updatedExisting: false, upserted: 9 },
      value: { a: 1 },
    });
  });

  it('returns null when nothing matches', async () => {
    expect(await things.findOneAndUpdate({ _id: 99 as never }, { $set: { a: 1 } })).toBeNull();
    expect(await things.findOneAndDelete({ _id: 99 as never })).toBeNull();
  });

  it.each<[Document, number]>([
    [{ remove: true, update: { a: 1 } }, 9],
    [{ remove: true, new: true }, 9],
    [{ remove: true, upsert: true }, 9],
    [{}, 9],
    [{ update: { a: 1 }, strange: 1 }, 40415],
  ])('refuses %j', async (options, code) => {
    const error = await errorOf(test.db.command({ findAndModify: things.collectionName, ...options }));
    expect(error.code).toBe(code);
  });
});

describe('commands as such', () => {
  it('refuses unknown commands with code 59', async () => {
    const error = await errorOf(test.db.command({ fly: 1 }));
    expect(error).toMatchObject({ code: 59, codeName: 'CommandNotFound', message: "no such command: 'fly'" });
  });

  it.each(['', '.x', 'a$b'])('refuses the collection name %j', async (name) => {
    expect((await errorOf(test.db.command({ find: name }))).code).toBe(73);
  });

  it('refuses admin commands elsewhere', async () => {
    expect((await errorOf(test.db.command({ listDatabases: 1 }))).code).toBe(13);
  });

  it.each([
    'buildInfo',
    'hostInfo',
    'serverStatus',
    'connectionStatus',
    'dbStats',
    'ping',
    'hello',
    'isMaster',
  ])('answers %s', async (name) => {
    expect(await test.db.command({ [name]: 1 })).toMatchObject({ ok: 1 });
  });

  it('presents itself as a writable primary of a set of one', async () => {
    const hello = await test.db.command({ hello: 1 });
    expect(hello).toMatchObject({
      setName: 'rs0',
      isWritablePrimary: true,
      hosts: [`127.0.0.1:${test.server.port}`],
      logicalSessionTimeoutMinutes: 30,
      maxWireVersion: 21,
      minWireVersion: 0,
    });
    expect(hello.topologyVersion).toBeUndefined();
  });

  it('lets the logical time grow', async () => {
    const first = await test.db.command({ ping: 1 });
    const second = await test.db.command({ ping: 1 });
    expect(second.operationTime.compare(first.operationTime)).toBe(1);
  });
});
