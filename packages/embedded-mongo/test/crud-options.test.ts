import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection<Document>;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
beforeEach(async () => {
  things = test.fresh();
  await things.insertMany([
    { _id: 1 as never, x: 11 },
    { _id: 2 as never, x: 22 },
    { _id: 3 as never, x: 33 },
  ]);
});

const one = (_id: number): Promise<Document | null> => things.findOne({ _id: _id as never });
const run = (command: Document): Promise<Document> => test.db.command(command);
const IGNORING_CASE = { collation: { locale: 'en_US', strength: 2 } };

describe('a comment of any type', () => {
  it.each<[string, Document]>([
    ['aggregate', { pipeline: [], cursor: {} }],
    ['count', {}],
    ['createIndexes', { indexes: [{ key: { z: 1 }, name: 'z' }] }],
    ['delete', { deletes: [{ q: { _id: 99 }, limit: 1 }] }],
    ['distinct', { key: 'x' }],
    ['drop', {}],
    ['find', {}],
    ['findAndModify', { query: { _id: 1 }, remove: true }],
    ['insert', { documents: [{ _id: 9 }] }],
    ['listIndexes', {}],
    ['update', { updates: [{ q: {}, u: { $set: { a: 1 } } }] }],
  ])('is taken by %s', async (command, fields) => {
    const name = things.collectionName;
    expect(await run({ [command]: name, ...fields, comment: { deep: [1] } })).toMatchObject({ ok: 1 });
  });
});

describe('variables of let', () => {
  it('serve the filter and the pipeline of an update', async () => {
    const filter = { $expr: { $eq: ['$_id', '$$id'] } };
    await things.updateOne(filter, [{ $set: { x: '$$value' } }], { let: { id: 1, value: 'foo' } });
    expect(await one(1)).toEqual({ _id: 1, x: 'foo' });
  });

  it('serve deletes and findAndModify', async () => {
    const above = { $expr: { $gt: ['$x', '$$least'] } };
    expect(await things.findOneAndDelete(above, { let: { least: 22 } })).toEqual({ _id: 3, x: 33 });
    expect(await things.deleteMany(above, { let: { least: 11 } })).toMatchObject({ deletedCount: 1 });
  });

  it('are values, not expressions, where they are literal', async () => {
    const pipeline = [
      { $match: { $expr: { $eq: ['$_id', '$$id'] } } },
      { $project: { _id: 0, x: '$$x', y: '$$y', z: '$$z' } },
    ];
    const variables = { id: 1, x: 'foo', y: { $literal: '$bar' }, z: { $literal: { $rand: {} } } };
    expect(await things.aggregate(pipeline, { let: variables }).toArray()).toEqual([
      { x: 'foo', y: '$bar', z: { $rand: {} } },
    ]);
  });

  it('serve all operations of a client bulk write', async () => {
    const named = (variable: string): Document => ({ $expr: { $eq: ['$_id', variable] } });
    const { namespace } = things;
    const result = await test.client.bulkWrite(
      [
        { name: 'updateOne', namespace, filter: named('$$first'), update: [{ $set: { x: '$$first' } }] },
        { name: 'deleteOne', namespace, filter: named('$$last') },
      ],
      { let: { first: 1, last: 3 } },
    );
    expect(result).toMatchObject({ modifiedCount: 1, deletedCount: 1 });
  });
});

describe('hints', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['find', () => things.find({}, { hint: 'nope' }).toArray()],
    ['count', () => things.countDocuments({}, { hint: 'nope' })],
    ['distinct', () => run({ distinct: things.collectionName, key: 'x', hint: 'nope' })],
    ['updateOne', () => things.updateOne({ _id: 1 as never }, { $set: { a: 1 } }, { hint: 'nope' })],
    ['updateMany', () => things.updateMany({}, { $set: { a: 1 } }, { hint: { nope: 1 } })],
    ['replaceOne', () => things.replaceOne({ _id: 1 as never }, { a: 1 }, { hint: 'nope' })],
    ['deleteOne', () => things.deleteOne({ _id: 1 as never }, { hint: 'nope' })],
    ['deleteMany', () => things.deleteMany({}, { hint: 'nope' })],
    ['findOneAndUpdate', () => things.findOneAndUpdate({}, { $set: { a: 1 } }, { hint: { nope: 1 } })],
    ['findOneAndReplace', () => things.findOneAndReplace({}, { a: 1 }, { hint: { nope: 1 } })],
    ['findOneAndDelete', () => things.findOneAndDelete({}, { hint: { nope: 1 } })],
    ['aggregate', () => things.aggregate([{ $match: { x: 1 } }], { hint: 'nope' }).toArray()],
  ])('of an index that does not exist are refused by %s, which changes nothing', async (_name, operation) => {
    expect(await errorOf(operation())).toMatchObject({ code: 2 });
    expect(await things.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, x: 11 },
      { _id: 2, x: 22 },
      { _id: 3, x: 33 },
    ]);
  });

  it('by name and by key are taken', async () => {
    expect(await things.deleteOne({ _id: 1 as never }, { hint: '_id_' })).toMatchObject({ deletedCount: 1 });
    expect(await things.deleteMany({ x: { $gt: 22 } }, { hint: { _id: 1 } })).toMatchObject({
      deletedCount: 1,
    });
  });

  it('are needed for min and max', async () => {
    await things.createIndex({ x: 1 });
    const bounds = { min: { x: 20 }, max: { x: 33 } };
    expect(await things.find({}, { ...bounds, hint: { x: 1 } }).toArray()).toEqual([{ _id: 2, x: 22 }]);
    expect(await errorOf(things.find({}, bounds).toArray())).toMatchObject({ code: 51173 });
  });
});

describe('collations', () => {
  beforeEach(async () => {
    await things.insertMany([{ s: 'ping' }, { s: 'pINg' }]);
  });

  it('serve updates, deletes, findAndModify, distinct and bulk writes', async () => {
    expect(await things.distinct('s', {}, IGNORING_CASE)).toHaveLength(1);
    const updated = await things.updateMany({ s: 'PING' }, { $set: { y: 1 } }, IGNORING_CASE);
    expect(updated.modifiedCount).toBe(2);
    const replaced = await things.findOneAndReplace({ s: 'PING' }, { s: 'pong' }, IGNORING_CASE);
    expect(replaced).toMatchObject({ s: 'ping', y: 1 });
    const written = await things.bulkWrite([{ deleteMany: { filter: { s: 'PiNg' }, ...IGNORING_CASE } }]);
    expect(written.deletedCount).toBe(1);
  });

  it('of a query may not differ from that of a view', async () => {
    const view = `${things.collectionName}v`;
    await test.db.createCollection(view, { viewOn: things.collectionName, pipeline: [], ...IGNORING_CASE });
    const seen = test.db.collection(view);
    expect(await seen.countDocuments({ s: 'PING' })).toBe(2);
    expect(await seen.find({ s: 'PING' }, IGNORING_CASE).toArray()).toHaveLength(2);
    const other = { collation: { locale: 'fr' } };
    expect(await errorOf(seen.find({}, other).toArray())).toMatchObject({ code: 167 });
    expect(await errorOf(seen.aggregate([], other).toArray())).toMatchObject({ code: 167 });
    expect(await errorOf(seen.distinct('s', {}, other))).toMatchObject({ code: 167 });
  });
});

describe('names with dollars and dots', () => {
  it.each<[string, Document]>([
    ['a dollar at the top', { $a: 1 }],
    ['a dot at the top', { 'a.b': 1 }],
    ['both inside', { a: { $b: 1, 'c.d': 2 } }],
    ['a dot inside of _id', { _id: { 'a.b': 1 } }],
  ])('are stored: %s', async (_what, document) => {
    const other = test.fresh();
    await other.insertOne({ ...document });
    expect(await other.findOne({}, { projection: { _id: 0 } })).toEqual(
      Object.fromEntries(Object.entries(document).filter(([name]) => name !== '_id')),
    );
  });

  it('are replaced and upserted inside of documents', async () => {
    await things.replaceOne({ _id: 1 as never }, { 'a.b': 1, c: { $d: 2 } });
    await things.replaceOne({ _id: 9 as never }, { c: { $d: 2 } }, { upsert: true });
    expect([await one(1), await one(9)]).toEqual([
      { _id: 1, 'a.b': 1, c: { $d: 2 } },
      { _id: 9, c: { $d: 2 } },
    ]);
  });

  it.each(['$a', 'a.b'])('are set and read by expressions: %s', async (field) => {
    const set = { $setField: { field: { $literal: field }, value: 5, input: '$$ROOT' } };
    await things.updateOne({ _id: 1 as never }, [{ $replaceWith: set }]);
    expect(await one(1)).toEqual({ _id: 1, x: 11, [field]: 5 });
    const read = { $getField: { $literal: field } };
    expect(await things.aggregate([{ $project: { v: read } }, { $match: { _id: 1 } }]).toArray()).toEqual([
      { _id: 1, v: 5 },
    ]);
  });

  it('are refused as the first of an _id', async () => {
    expect(await errorOf(things.insertOne({ _id: { $a: 1 } as never }))).toMatchObject({ code: 52 });
  });
});

describe('a validator', () => {
  let valid: Collection<Document>;
  beforeEach(async () => {
    valid = test.fresh();
    await test.db.createCollection(valid.collectionName, { validator: { x: { $type: 'string' } } });
    await valid.insertOne({ _id: 1 as never, x: 'a' });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['insertOne', () => valid.insertOne({ _id: 2 as never, x: 1 })],
    ['updateOne', () => valid.updateOne({ _id: 1 as never }, { $set: { x: 1 } })],
    ['replaceOne', () => valid.replaceOne({ _id: 1 as never }, { x: 1 })],
    ['findOneAndUpdate', () => valid.findOneAndUpdate({ _id: 1 as never }, { $set: { x: 1 } })],
    ['bulkWrite', () => valid.bulkWrite([{ insertOne: { document: { _id: 2 as never, x: 1 } } }])],
  ])('refuses by %s and says which document and why', async (_name, operation) => {
    const error = await errorOf(operation());
    const { errInfo } = error.writeErrors?.[0]?.err ?? error;
    expect(error.code).toBe(121);
    expect(errInfo).toMatchObject({
      failingDocumentId: expect.any(Number),
      details: { operatorName: '$type', specifiedAs: { x: { $type: 'string' } } },
    });
    expect(await valid.find().toArray()).toEqual([{ _id: 1, x: 'a' }]);
  });

  it('refuses what a pipeline writes into the collection, unless that is bypassed', async () => {
    const into = valid.collectionName;
    for (const stage of [{ $out: into }, { $merge: { into } }]) {
      expect(await errorOf(things.aggregate([stage]).toArray())).toMatchObject({ code: 121 });
      expect(await valid.countDocuments()).toBe(1);
    }
    await things.aggregate([{ $merge: { into } }], { bypassDocumentValidation: true }).toArray();
    expect(await valid.countDocuments()).toBe(3);
    await things.aggregate([{ $limit: 2 }, { $out: into }], { bypassDocumentValidation: true }).toArray();
    expect(await valid.countDocuments()).toBe(2);
  });

  it('is bypassed by writes that ask for it', async () => {
    await valid.insertOne({ _id: 2 as never, x: 1 }, { bypassDocumentValidation: true });
    await valid.updateOne({ _id: 1 as never }, { $set: { x: 2 } }, { bypassDocumentValidation: true });
    expect(await valid.countDocuments({ x: { $type: 'int' } })).toBe(2);
  });
});

describe('a pipeline that writes', () => {
  it('returns nothing, whatever its batch size', async () => {
    const into = `${things.collectionName}out`;
    const pipeline = [{ $match: { _id: { $gt: 1 } } }, { $out: into }];
    expect(await things.aggregate(pipeline, { batchSize: 1 }).toArray()).toEqual([]);
    expect(await test.db.collection(into).countDocuments()).toBe(2);
  });

  it('writes into another database', async () => {
    const other = test.client.db('elsewhere');
    await things.aggregate([{ $out: { db: 'elsewhere', coll: 'o' } }]).toArray();
    await things.aggregate([{ $merge: { into: { db: 'elsewhere', coll: 'm' } } }]).toArray();
    expect([
      await other.collection('o').countDocuments(),
      await other.collection('m').countDocuments(),
    ]).toEqual([3, 3]);
  });

  it.each(['$out', '$merge'])('is refused with read concern linearizable: %s', async (stage) => {
    const options = { readConcern: { level: 'linearizable' as const } };
    expect(await errorOf(things.aggregate([{ [stage]: 'never' }], options).toArray())).toMatchObject({
      code: 72,
    });
    expect(await test.db.collection('never').countDocuments()).toBe(0);
  });

  it.each(['local', 'majority', 'available'] as const)('takes read concern %s', async (level) => {
    const into = `${things.collectionName}${level}`;
    await things.aggregate([{ $out: into }], { readConcern: { level } }).toArray();
    expect(await test.db.collection(into).countDocuments()).toBe(3);
  });

  it.each<[string, Document]>([
    ['whenMatched', { whenMatched: 'nope' }],
    ['whenNotMatched', { whenNotMatched: 'nope' }],
  ])('is refused with an unknown way of merging: %s', async (_name, options) => {
    const pipeline = [{ $merge: { into: 'never', ...options } }];
    expect(await errorOf(things.aggregate(pipeline).toArray())).toMatchObject({ code: 2 });
  });
});

describe('results of writes', () => {
  it('name what was upserted', async () => {
    const filter = { _id: 7 as never };
    expect(await things.updateOne(filter, { $set: { a: 1 } }, { upsert: true })).toMatchObject({
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 1,
      upsertedId: 7,
    });
    const bulk = await things.bulkWrite([
      { insertOne: { document: { _id: 20 as never } } },
      { updateOne: { filter: { _id: 21 as never }, update: { $set: { a: 1 } }, upsert: true } },
      { replaceOne: { filter: { _id: 22 as never }, replacement: { b: 1 }, upsert: true } },
    ]);
    expect(bulk).toMatchObject({ upsertedCount: 2, upsertedIds: { 1: 21, 2: 22 } });
  });

  it('of a client bulk write are told one by one, and by what is left after an error', async () => {
    const { namespace } = things;
    const write = test.client.bulkWrite(
      [
        {
          name: 'updateOne',
          namespace,
          filter: { _id: 4 } as never,
          update: { $set: { a: 1 } },
          upsert: true,
        },
        { name: 'insertOne', namespace, document: { _id: 1 } as never },
        { name: 'deleteOne', namespace, filter: { _id: 2 } as never },
      ],
      { ordered: false, verboseResults: true },
    );
    const error = await errorOf(write);
    expect([...error.writeErrors].map(([at, { code }]) => [at, code])).toEqual([[1, 11000]]);
    expect(error.partialResult).toMatchObject({ upsertedCount: 1, insertedCount: 0, deletedCount: 1 });
    expect(error.partialResult.updateResults.get(0)).toMatchObject({ upsertedId: 4 });
  });

  it('of a bulk write come in pieces when that is asked for', async () => {
    const reply = await test.client.db('admin').command({
      bulkWrite: 1,
      ops: [
        { insert: 0, document: { _id: 30 } },
        { insert: 0, document: { _id: 31 } },
      ],
      nsInfo: [{ ns: things.namespace }],
      cursor: { batchSize: 1 },
    });
    expect(reply).toMatchObject({ nInserted: 2, cursor: { ns: 'admin.$cmd.bulkWrite' } });
    expect(reply.cursor.firstBatch).toHaveLength(1);
    expect(String(reply.cursor.id)).not.toBe('0');
  });

  it('of the first in an order', async () => {
    const last = { sort: { _id: -1 } } as const;
    await things.updateOne({ _id: { $gt: 1 as never } }, { $inc: { x: 1 } }, last);
    expect(await one(3)).toEqual({ _id: 3, x: 34 });
    await things.replaceOne({ _id: { $gt: 1 as never } }, { y: 1 }, last);
    expect(await one(3)).toEqual({ _id: 3, y: 1 });
  });

  it('without acknowledgement arrive all the same', async () => {
    const silent = { writeConcern: { w: 0 } } as const;
    expect(
      await things.updateOne({ _id: 1 as never }, { $inc: { x: 1 } }, { ...silent, hint: '_id_' }),
    ).toMatchObject({ acknowledged: false });
    await test.client.bulkWrite(
      [{ name: 'insertOne', namespace: things.namespace, document: { _id: 50 } as never }],
      { ...silent, ordered: false },
    );
    const end = performance.now() + 10_000;
    while ((await things.countDocuments({ $or: [{ x: 12 }, { _id: 50 as never }] })) < 2) {
      expect(performance.now()).toBeLessThan(end);
    }
  });
});

describe('commands with wrong arguments', () => {
  it.each<[string, Document, number]>([
    ['a negative skip', { count: 'c', skip: -1 }, 51024],
    ['an aggregate without a cursor', { aggregate: 'c', pipeline: [] }, 9],
    ['an empty insert', { insert: 'c', documents: [] }, 16],
    ['an unknown read concern', { find: 'c', readConcern: { level: 'foo' } }, 9],
    ['an unknown operator', { find: 'c', filter: { a: { $foo: 1 } } }, 2],
    ['an unknown operator at the top', { find: 'c', filter: { $foo: 1 } }, 2],
    ['an unknown stage', { aggregate: 'c', pipeline: [{ $foo: 1 }], cursor: {} }, 40324],
    ['$out before the end', { aggregate: 'c', pipeline: [{ $out: 'x' }, { $match: {} }], cursor: {} }, 40601],
    ['a group without _id', { aggregate: 'c', pipeline: [{ $group: {} }], cursor: {} }, 15955],
    ['a limit of nothing', { aggregate: 'c', pipeline: [{ $limit: 0 }], cursor: {} }, 15958],
    ['a cursor that is not there', { getMore: 123n, collection: 'c' }, 43],
    ['expiry without a time series', { create: 'expiring', expireAfterSeconds: 10 }, 72],
    ['a capped collection without size', { create: 'capped', capped: true }, 72],
  ])('%s', async (_what, command, code) => {
    expect(await errorOf(run(command))).toMatchObject({ code });
  });

  it.each<[string, Document, number]>([
    ['names and operators together', { $set: { a: 1 }, b: 2 }, 9],
    ['an empty document for many', {}, 9],
    ['an unknown operator', { $foo: { a: 1 } }, 9],
    ['two values for one path', { $set: { a: 1, 'a.b': 2 } }, 40],
    ['a path through a number', { $set: { 'x.y': 1 } }, 28],
    ['a number added to a text', { $inc: { s: 1 } }, 14],
    ['an element for a number', { $push: { x: 1 } }, 2],
    ['another _id', { $set: { _id: 9 } }, 66],
  ])('an update with %s', async (_what, u, code) => {
    await things.updateMany({}, { $set: { s: 'text' } });
    const reply = await run({ update: things.collectionName, updates: [{ q: { _id: 1 }, u, multi: true }] });
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code }] });
  });
});

describe('write concerns', () => {
  it.each<[Document, number]>([
    [{ w: 'nope' }, 79],
    [{ w: 2, wtimeoutMS: 10 }, 100],
  ])('%j cannot be satisfied, but the write is made', async (writeConcern, code) => {
    expect(await errorOf(things.insertOne({ _id: 5 as never }, { writeConcern }))).toMatchObject({ code });
    expect(await one(5)).toEqual({ _id: 5 });
  });
});
