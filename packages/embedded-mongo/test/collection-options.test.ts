import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CreateCollectionOptions, IndexSpecification } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());

const listed = async (name: string): Promise<Record<string, unknown>> => {
  const [found] = await test.db.listCollections({ name }).toArray();
  return found ?? {};
};

describe('time series', () => {
  it('are listed with their options and have an index on metadata and time', async () => {
    await test.db.createCollection('weather', {
      timeseries: { timeField: 'at', metaField: 'station', granularity: 'hours' },
      expireAfterSeconds: 60,
    });
    const description = await listed('weather');
    expect(description).toMatchObject({
      type: 'timeseries',
      options: {
        expireAfterSeconds: 60,
        timeseries: {
          timeField: 'at',
          metaField: 'station',
          granularity: 'hours',
          bucketMaxSpanSeconds: 2_592_000,
        },
      },
    });
    expect(description).not.toHaveProperty('idIndex');
    expect(await test.db.collection('weather').indexes()).toEqual([
      { v: 2, key: { station: 1, at: 1 }, name: 'station_1_at_1' },
    ]);
  });

  it('take only documents with a time', async () => {
    const series = await test.db.createCollection('series', { timeseries: { timeField: 'at' } });
    await series.insertOne({ at: new Date(), value: 1 });
    expect(await errorOf(series.insertOne({ value: 1 }))).toMatchObject({ code: 2 });
    expect(await errorOf(series.insertOne({ at: 5 }))).toMatchObject({ code: 2 });
    expect(await series.countDocuments()).toBe(1);
  });

  it.each<[object, number]>([
    [{}, 40414],
    [{ timeField: 5 }, 14],
    [{ timeField: 'a.b' }, 72],
    [{ timeField: 'a', metaField: 'a' }, 72],
    [{ timeField: 'a', metaField: '_id' }, 72],
    [{ timeField: 'a', granularity: 'years' }, 2],
    [{ timeField: 'a', bucketMaxSpanSeconds: 5 }, 72],
  ])('are refused with the options %j', async (timeseries, code) => {
    const options = { timeseries } as CreateCollectionOptions;
    expect(await errorOf(test.db.createCollection('refused', options))).toMatchObject({ code });
  });
});

describe('clustered collections', () => {
  it('are listed with their only index on _id', async () => {
    const options = { clusteredIndex: { key: { _id: 1 }, unique: true, name: 'by id' } };
    const clustered = await test.db.createCollection<{ _id: number }>('clustered', options);
    expect(await clustered.indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: 'by id', unique: true, clustered: true },
    ]);
    expect(await listed('clustered')).toMatchObject({
      options: { clusteredIndex: { v: 2, key: { _id: 1 }, name: 'by id', unique: true } },
    });
    await clustered.insertOne({ _id: 1 });
    expect(await errorOf(clustered.insertOne({ _id: 1 }))).toMatchObject({
      code: 11000,
      keyValue: { _id: 1 },
    });
    expect(await errorOf(clustered.dropIndex('by id'))).toMatchObject({ code: 72 });
  });

  it('may be created again with the same options, but not with others', async () => {
    const options = { clusteredIndex: { key: { _id: 1 }, unique: true } };
    await test.db.createCollection('again', options);
    await test.db.createCollection('again', options);
    expect(await errorOf(test.db.createCollection('again'))).toMatchObject({ code: 48 });
  });

  it.each<[object, number]>([
    [{ key: { a: 1 }, unique: true }, 197],
    [{ key: { _id: 1 } }, 197],
  ])('are refused with %j', async (clusteredIndex, code) => {
    const options = { clusteredIndex } as CreateCollectionOptions;
    expect(await errorOf(test.db.createCollection('refused', options))).toMatchObject({ code });
  });
});

describe('special indexes', () => {
  it('are listed with all that the server adds', async () => {
    const things = test.fresh();
    await things.createIndex(
      { body: 'text', title: 'text', at: 1 },
      { weights: { title: 5 }, name: 'words' },
    );
    await things.createIndex({ place: '2dsphere' });
    await things.createIndex({ 'a.$**': -1 });
    expect((await things.indexes()).slice(1)).toEqual([
      {
        v: 2,
        key: { _fts: 'text', _ftsx: 1, at: 1 },
        name: 'words',
        weights: { body: 1, title: 5 },
        default_language: 'english',
        language_override: 'language',
        textIndexVersion: 3,
      },
      { v: 2, key: { place: '2dsphere' }, name: 'place_2dsphere', '2dsphereIndexVersion': 3 },
      { v: 2, key: { 'a.$**': -1 }, name: 'a.$**_-1' },
    ]);
  });

  it.each<[string, IndexSpecification, object, number]>([
    ['a unique hash', { a: 'hashed' }, { unique: true }, 16764],
    ['two hashes', { a: 'hashed', b: 'hashed' }, {}, 31303],
    ['a unique wildcard', { '$**': 1 }, { unique: true }, 67],
    ['an expiring wildcard', { '$**': 1 }, { expireAfterSeconds: 1 }, 67],
    ['two wildcards', { 'a.$**': 1, 'b.$**': 1 }, {}, 67],
    ['a wildcard projection without a wildcard', { a: 1 }, { wildcardProjection: { a: 1 } }, 9],
    ['a language nobody speaks', { a: 'text' }, { default_language: 'klingon' }, 67],
    ['a weight of zero', { a: 'text' }, { weights: { a: 0 } }, 67],
  ])('refuse %s', async (_name, key, options, code) => {
    const things = test.fresh();
    expect(await errorOf(things.createIndex(key, options))).toMatchObject({ code });
  });

  it('by hash take no arrays', async () => {
    const things = test.fresh<{ _id: number; a?: unknown }>();
    await things.createIndex({ a: 'hashed' });
    await things.insertOne({ _id: 1, a: 1 });
    expect(await errorOf(things.insertOne({ _id: 2, a: [1] }))).toMatchObject({ code: 16766 });
    expect(await errorOf(things.updateOne({ _id: 1 }, { $set: { a: [1] } }))).toMatchObject({ code: 16766 });
    expect(await things.find({ a: 1 }).toArray()).toHaveLength(1);
  });
});

describe('text searches', () => {
  it('find word stems, and give and sort by their score, in queries and pipelines', async () => {
    const texts = test.fresh<{ _id: number; title: string }>();
    await texts.createIndex({ title: 'text' });
    await texts.insertMany([
      { _id: 1, title: 'searching for mongooses' },
      { _id: 2, title: 'a text search in a mongoose' },
      { _id: 3, title: 'nothing of the kind' },
    ]);
    const score = { $meta: 'textScore' as const };
    const filter = { $text: { $search: 'text search' } };
    const found = await texts.find(filter).project({ score }).sort({ score }).toArray();
    expect(found.map(({ _id }) => _id)).toEqual([2, 1]);
    const stages = [
      { $match: filter },
      { $sort: { score } },
      { $project: { score } },
      { $match: { score: { $gt: 1 } } },
    ];
    expect(await texts.aggregate(stages).toArray()).toEqual([{ _id: 2, score: found[0]?.score }]);
    const total = await texts
      .aggregate([{ $match: filter }, { $group: { _id: null, total: { $sum: score } } }])
      .toArray();
    expect(total).toEqual([
      { _id: null, total: expect.closeTo(Number(found[0]?.score) + Number(found[1]?.score)) },
    ]);
    expect(await errorOf(texts.aggregate([{ $project: { score } }]).toArray())).toMatchObject({
      code: 40218,
    });
    expect(
      await errorOf(
        texts
          .find({})
          .project({ x: { $meta: 'nothing' } })
          .toArray(),
      ),
    ).toMatchObject({
      code: 17308,
    });
  });

  it('by Atlas Search are refused as by a community server', async () => {
    const texts = test.fresh();
    await texts.insertOne({});
    const refused = { code: 31082, codeName: 'SearchNotEnabled' };
    expect(await errorOf(texts.aggregate([{ $search: {} }]).toArray())).toMatchObject(refused);
    expect(await errorOf(texts.listSearchIndexes().toArray())).toMatchObject(refused);
    expect(await errorOf(texts.createSearchIndex({ definition: { mappings: {} } }))).toMatchObject(refused);
  });
});

describe('administration', () => {
  it('lists the commands, and has no users and no profile', async () => {
    const { commands } = await test.db.command({ listCommands: 1 });
    expect(Object.keys(commands as object)).toEqual(
      expect.arrayContaining(['find', 'aggregate', 'listCommands']),
    );
    expect(await test.db.command({ usersInfo: 1 })).toMatchObject({ users: [], ok: 1 });
    expect(await test.db.command({ profile: -1 })).toMatchObject({ was: 0, ok: 1 });
    expect(await errorOf(test.db.command({ profile: 2 }))).toMatchObject({ code: 115 });
  });
});
