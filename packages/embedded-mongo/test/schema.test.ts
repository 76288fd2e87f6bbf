import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { errorOf, eventually, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});

describe('collections', () => {
  it('are created, listed and dropped', async () => {
    await test.db.createCollection(things.collectionName);
    const [listed] = await test.db.listCollections({ name: things.collectionName }).toArray();
    expect(listed).toMatchObject({
      name: things.collectionName,
      type: 'collection',
      options: {},
      idIndex: { name: '_id_' },
    });
    await things.drop();
    expect(await test.db.listCollections({ name: things.collectionName }).toArray()).toEqual([]);
  });

  it('may be created again only with the same options', async () => {
    await test.db.createCollection(things.collectionName);
    await test.db.command({ create: things.collectionName });
    const error = await errorOf(
      test.db.createCollection(things.collectionName, { capped: true, size: 5000 }),
    );
    expect(error.code).toBe(48);
  });

  it('are empty after being dropped and made again', async () => {
    await things.insertMany([{ a: 1 }, { a: 2 }]);
    await things.createIndex({ a: 1 });
    await things.drop();
    await things.insertOne({ a: 3 });
    expect(await things.find().toArray()).toHaveLength(1);
    expect(await things.indexes()).toHaveLength(1);
  });

  it('are renamed with their documents and indexes', async () => {
    await things.createIndex({ a: 1 });
    await things.insertOne({ a: 1 });
    const renamed = await things.rename(`${things.collectionName}new`);
    expect(await renamed.find({ a: 1 }).toArray()).toHaveLength(1);
    expect(await renamed.indexes()).toHaveLength(2);
    expect(await things.countDocuments()).toBe(0);
  });

  it('are not renamed over others unless asked to', async () => {
    const other = test.fresh();
    await things.insertOne({ a: 1 });
    await other.insertOne({ b: 1 });
    expect((await errorOf(things.rename(other.collectionName))).code).toBe(48);
    await things.rename(other.collectionName, { dropTarget: true });
    expect(await other.countDocuments({ a: 1 })).toBe(1);
    expect((await errorOf(test.fresh().rename('x'))).code).toBe(26);
  });

  it('keep the newest documents when capped', async () => {
    await test.db.createCollection(things.collectionName, { capped: true, size: 100000, max: 3 });
    await things.insertMany([1, 2, 3, 4, 5].map((n) => ({ n })));
    expect((await things.find().toArray()).map((one): unknown => one.n)).toEqual([3, 4, 5]);
    expect(await things.isCapped()).toBe(true);
    expect((await errorOf(test.db.command({ create: 'nosize', capped: true }))).code).toBe(72);
  });

  it('refuse what their validator refuses', async () => {
    await test.db.createCollection(things.collectionName, {
      validator: { $jsonSchema: { required: ['name'], properties: { name: { bsonType: 'string' } } } },
    });
    await things.insertOne({ name: 'x' });
    expect(await errorOf(things.insertOne({ name: 1 }))).toMatchObject({
      code: 121,
      message: 'Document failed validation',
    });
    expect((await errorOf(things.updateOne({}, { $unset: { name: 1 } }))).code).toBe(121);
    await things.insertOne({ name: 1 }, { bypassDocumentValidation: true });
    await test.db.command({ collMod: things.collectionName, validationLevel: 'moderate' });
    await things.updateOne({ name: 1 }, { $set: { other: 1 } });
    await test.db.command({ collMod: things.collectionName, validationAction: 'warn' });
    await things.insertOne({ name: 2 });
    await test.db.command({
      collMod: things.collectionName,
      validationAction: 'error',
      validationLevel: 'off',
    });
    await things.insertOne({ name: 3 });
  });

  it('use their collation unless a query names another', async () => {
    await test.db.createCollection(things.collectionName, { collation: { locale: 'en', strength: 2 } });
    await things.insertOne({ _id: 'A' as never, s: 'X' });
    expect((await errorOf(things.insertOne({ _id: 'a' as never }))).code).toBe(11000);
    expect(await things.countDocuments({ s: 'x' })).toBe(1);
    expect(await things.countDocuments({ s: 'x' }, { collation: { locale: 'simple' } })).toBe(0);
    await things.createIndex({ s: 1 }, { unique: true });
    expect((await errorOf(things.insertOne({ s: 'x' }))).code).toBe(11000);
    const [listed] = await test.db.listCollections({ name: things.collectionName }).toArray();
    expect(listed).toMatchObject({
      options: { collation: { locale: 'en', strength: 2, caseLevel: false, version: '57.1' } },
    });
  });

  it('refuse unknown options', async () => {
    expect((await errorOf(test.db.command({ create: things.collectionName, strange: 1 }))).code).toBe(40415);
    expect((await errorOf(test.db.command({ collMod: 'missing', index: {} }))).code).toBe(26);
  });

  it('tell their size', async () => {
    await things.insertMany([{ a: 1 }, { a: 2 }]);
    expect(await test.db.command({ collStats: things.collectionName })).toMatchObject({
      count: 2,
      nindexes: 1,
    });
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({
      valid: true,
      nrecords: 2,
    });
  });
});

describe('databases', () => {
  it('are listed and dropped', async () => {
    const other = test.client.db('other');
    await other.collection('a').insertOne({});
    await other.collection('b').insertOne({});
    const { databases } = await test.client
      .db('admin')
      .admin()
      .listDatabases({ filter: { name: 'other' } });
    expect(databases).toMatchObject([{ name: 'other', empty: false }]);
    await other.dropDatabase();
    expect((await other.listCollections().toArray()).length).toBe(0);
    const { databases: left } = await test.client.db('admin').admin().listDatabases({ nameOnly: true });
    expect(left.map((one) => one.name)).not.toContain('other');
  });
});

describe('indexes', () => {
  it('get names, are listed, and are dropped by name or key', async () => {
    expect(await things.createIndexes([{ key: { a: 1 } }, { key: { b: -1, 'c.d': 1 } }])).toEqual([
      'a_1',
      'b_-1_c.d_1',
    ]);
    expect((await things.indexes()).map((index) => index.key)).toEqual([
      { _id: 1 },
      { a: 1 },
      { b: -1, 'c.d': 1 },
    ]);
    await things.dropIndex('a_1');
    await test.db.command({ dropIndexes: things.collectionName, index: { b: -1, 'c.d': 1 } });
    expect(await things.indexes()).toHaveLength(1);
    expect((await errorOf(things.dropIndex('a_1'))).code).toBe(27);
    expect((await errorOf(things.dropIndex('_id_'))).code).toBe(72);
    expect((await errorOf(test.fresh().indexes())).code).toBe(26);
  });

  it('are made for the documents that exist', async () => {
    await things.insertMany([{ a: 1 }, { a: [2, 3] }, {}]);
    await things.createIndex({ a: 1 });
    expect(await things.find({ a: 3 }).hint('a_1').toArray()).toHaveLength(1);
    expect(await things.find({ a: null }).hint('a_1').toArray()).toHaveLength(1);
  });

  it.each([10, 3000])(
    'are not made when %i documents hold a duplicate, and leave nothing behind',
    async (count) => {
      await things.insertMany(
        Array.from({ length: count }, (_unused, n) => ({ n: n === count - 1 ? 0 : n })),
      );
      expect((await errorOf(things.createIndex({ n: 1 }, { unique: true }))).code).toBe(11000);
      expect(await things.indexes()).toHaveLength(1);
      await things.insertOne({ n: 0 });
    },
  );

  it('are kept up to date by writes during a long build', async () => {
    await things.insertMany(Array.from({ length: 3000 }, (_unused, n) => ({ n })));
    const build = things.createIndex({ n: 1 });
    const second = things.createIndex({ n: 1 });
    await Promise.all([
      build,
      second,
      things.updateMany({ n: { $lt: 100 } }, { $inc: { n: 10000 } }),
      things.deleteMany({ n: { $gte: 2900, $lt: 3000 } }),
      things.insertMany([{ n: 20000 }, { n: 20001 }]),
    ]);
    expect(await things.countDocuments({ n: { $gte: 10000, $lt: 20000 } }, { hint: 'n_1' })).toBe(100);
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({
      valid: true,
      nrecords: 2902,
    });
  });

  it('repeat without effect and contradict with an error', async () => {
    await things.createIndex({ a: 1 }, { expireAfterSeconds: 5 });
    const again = await test.db.command({
      createIndexes: things.collectionName,
      indexes: [{ key: { a: 1 }, name: 'a_1', expireAfterSeconds: 5 }],
    });
    expect(again).toMatchObject({
      numIndexesBefore: 2,
      numIndexesAfter: 2,
      note: 'all indexes already exist',
    });
    expect((await errorOf(things.createIndex({ a: 1 }, { expireAfterSeconds: 9 }))).code).toBe(85);
    expect((await errorOf(things.createIndex({ b: 1 }, { name: 'a_1' }))).code).toBe(86);
    expect((await errorOf(things.createIndex({ a: 1 }, { name: 'other', expireAfterSeconds: 5 }))).code).toBe(
      85,
    );
    expect((await errorOf(things.createIndex({ a: 1 }, { unique: true }))).code).toBe(86);
  });

  it.each<[Document, number]>([
    [{ key: {}, name: 'x' }, 67],
    [{ key: { a: 0 }, name: 'x' }, 67],
    [{ key: { a: 'nonsense' }, name: 'x' }, 67],
    [{ key: { a: true }, name: 'x' }, 67],
    [{ key: { a: 1 }, name: 'x', strange: 1 }, 197],
    [{ key: { a: 1 }, name: 'x', sparse: true, partialFilterExpression: { b: 1 } }, 67],
    [{ key: { a: 1 }, name: 'x', partialFilterExpression: { b: { $ne: 1 } } }, 67],
    [{ key: { a: 1, b: 1 }, name: 'x', expireAfterSeconds: 1 }, 67],
    [{ key: { a: 1 }, name: 'x', expireAfterSeconds: 'soon' }, 14],
    [{ key: { _id: 1 }, name: 'x', expireAfterSeconds: 1 }, 197],
    [{ key: { a: 1 } }, 9],
    [{ name: 'x' }, 9],
  ])('refuse the specification %j with code %i', async (spec, code) => {
    expect(
      (await errorOf(test.db.command({ createIndexes: things.collectionName, indexes: [spec] }))).code,
    ).toBe(code);
  });

  it('of special kinds are listed though nothing reads them', async () => {
    await things.createIndex({ place: '2dsphere' });
    await things.createIndex({ words: 'text' });
    await things.insertOne({ place: { type: 'Point', coordinates: [1, 2] }, words: 'x' });
    expect((await things.indexes()).map((index) => index.name)).toEqual([
      '_id_',
      'place_2dsphere',
      'words_text',
    ]);
  });

  it('let a sparse unique index pass documents without the field', async () => {
    await things.createIndex({ a: 1 }, { unique: true, sparse: true });
    await things.insertMany([{}, {}, { a: 1 }]);
    expect((await errorOf(things.insertOne({ a: 1 }))).code).toBe(11000);
    expect((await errorOf(things.updateOne({ a: { $exists: false } }, { $set: { a: 1 } }))).code).toBe(11000);
    expect(await things.find().sort({ a: 1 }).toArray()).toHaveLength(3);
  });

  it('let a partial unique index pass documents outside of its filter', async () => {
    await things.createIndex({ a: 1 }, { unique: true, partialFilterExpression: { active: true } });
    await things.insertMany([{ a: 1 }, { a: 1 }, { a: 1, active: true }]);
    expect((await errorOf(things.insertOne({ a: 1, active: true }))).code).toBe(11000);
    expect((await errorOf(things.updateMany({}, { $set: { active: true } }))).code).toBe(11000);
  });

  it('count a missing field as null in a unique index', async () => {
    await things.createIndex({ a: 1 }, { unique: true });
    await things.insertOne({ b: 1 });
    expect(await errorOf(things.insertOne({ b: 2 }))).toMatchObject({ code: 11000, keyValue: { a: null } });
  });

  it('hold each element of an array, and refuse two arrays', async () => {
    await things.createIndex({ a: 1, b: 1 });
    await things.insertOne({ a: [1, 2, 2], b: 5 });
    expect((await errorOf(things.insertOne({ a: [1], b: [2] }))).code).toBe(171);
    await things.updateOne({}, [{ $set: { a: [2] } }]);
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({
      valid: true,
      keysPerIndex: { a_1_b_1: 1 },
    });
  });

  it('tell long keys apart', async () => {
    await things.createIndex({ a: 1 }, { unique: true });
    const long = 'x'.repeat(5000);
    await things.insertMany([{ a: `${long}1` }, { a: `${long}2` }, { a: 'y' }, { a: 'w' }]);
    expect((await errorOf(things.insertOne({ a: `${long}2` }))).code).toBe(11000);
    expect(await things.countDocuments({ a: `${long}1` })).toBe(1);
    expect(await things.countDocuments({ a: { $gt: `${long}1`, $lt: 'y' } })).toBe(1);
    await things.deleteOne({ a: `${long}1` });
    expect(await test.db.command({ validate: things.collectionName })).toMatchObject({
      valid: true,
      nrecords: 3,
    });
  });

  it('can be hidden and shown again', async () => {
    await things.createIndex({ a: 1 });
    const reply = await test.db.command({
      collMod: things.collectionName,
      index: { name: 'a_1', hidden: true },
    });
    expect(reply).toMatchObject({ hidden_old: false, hidden_new: true });
    expect(JSON.stringify(await things.find({ a: 1 }).explain())).toContain('COLLSCAN');
    await test.db.command({ collMod: things.collectionName, index: { keyPattern: { a: 1 }, hidden: false } });
    expect(JSON.stringify(await things.find({ a: 1 }).explain())).toContain('IXSCAN');
  });

  it('are cleared away after being dropped', async () => {
    await things.insertMany(Array.from({ length: 1200 }, (_unused, n) => ({ n })));
    await things.createIndex({ n: 1 });
    await things.drop();
    await things.insertOne({ n: 1 });
    await eventually(async () => (await test.db.command({ validate: things.collectionName })).valid === true);
  });
});

describe('TTL indexes', () => {
  const sweep = (): Promise<Document> =>
    test.client.db('admin').command({ setParameter: 1, ttlMonitorEnabled: true });
  const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

  it('remove documents whose time is over, and no others', async () => {
    await things.createIndex({ at: 1 }, { expireAfterSeconds: 60 });
    await things.insertMany([
      { _id: 1 as never, at: ago(120) },
      { _id: 2 as never, at: ago(30) },
      { _id: 3 as never, at: [ago(10), ago(90)] },
      { _id: 4 as never, at: 'never' },
      { _id: 5 as never },
      { _id: 6 as never, at: ago(-1000) },
      { _id: 7 as never, at: 5 },
    ]);
    await sweep();
    expect((await things.find().toArray()).map((one): unknown => one._id)).toEqual([2, 4, 5, 6, 7]);
    await test.db.command({
      collMod: things.collectionName,
      index: { keyPattern: { at: 1 }, expireAfterSeconds: 10 },
    });
    await sweep();
    expect(await things.countDocuments({ _id: 2 as never })).toBe(0);
  });

  it('honour partial filters and descending order', async () => {
    await things.createIndex({ at: -1 }, { expireAfterSeconds: 60, partialFilterExpression: { old: true } });
    await things.insertMany([{ at: ago(100), old: true }, { at: ago(100) }, { at: ago(10), old: true }]);
    await sweep();
    expect(await things.countDocuments()).toBe(2);
  });

  it('remove thousands', async () => {
    await things.createIndex({ at: 1 }, { expireAfterSeconds: 0 });
    await things.insertMany(Array.from({ length: 1700 }, (_unused, n) => ({ at: ago(n + 1) })));
    await sweep();
    expect(await things.estimatedDocumentCount()).toBe(0);
  });

  it('are swept at the interval that is set', async () => {
    await things.createIndex({ at: 1 }, { expireAfterSeconds: 0 });
    await test.client.db('admin').command({ setParameter: 1, ttlMonitorSleepSecs: 0.05 });
    await things.insertOne({ at: ago(1) });
    await eventually(async () => (await things.countDocuments()) === 0);
    await test.client.db('admin').command({ setParameter: 1, ttlMonitorSleepSecs: 60 });
  });
});
