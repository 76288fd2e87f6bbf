import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let sales: Collection;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(async () => {
  sales = test.fresh();
  await sales.insertMany(
    Array.from({ length: 60 }, (_unused, n) => ({ _id: n as never, shop: n % 3, amount: n, day: n % 5 })),
  );
});

describe('aggregate', () => {
  it('groups and sorts', async () => {
    const result = await sales
      .aggregate([
        { $match: { day: { $ne: 0 } } },
        { $group: { _id: '$shop', total: { $sum: '$amount' } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(result).toEqual([
      { _id: 0, total: 480 },
      { _id: 1, total: 460 },
      { _id: 2, total: 500 },
    ]);
  });

  it('runs a pipeline over many documents on another thread, with the same result', async () => {
    const many = test.fresh();
    const documents = Array.from({ length: 5000 }, (_unused, n) => ({ n, group: n % 7, at: new Date(n) }));
    await many.insertMany(documents);
    const [result] = await many
      .aggregate([{ $group: { _id: null, count: { $sum: 1 }, top: { $max: '$n' }, last: { $max: '$at' } } }])
      .toArray();
    expect(result).toEqual({ _id: null, count: 5000, top: 4999, last: new Date(4999) });
    await many.insertOne({ n: 9000, group: 1, at: new Date(1) });
    const [again] = await many.aggregate([{ $group: { _id: null, top: { $max: '$n' } } }]).toArray();
    expect(again?.top).toBe(9000);
    const error = await errorOf(
      many.aggregate([{ $group: { _id: null, bad: { $sum: { $divide: ['$n', 0] } } } }]).toArray(),
    );
    expect(error.code).toBe(2);
  });

  it('joins through an index of the other collection', async () => {
    const shops = test.fresh();
    await shops.insertMany([
      { number: 0, name: 'a' },
      { number: 1, name: 'b' },
    ]);
    await shops.createIndex({ number: 1 });
    const result = await sales
      .aggregate([
        { $match: { _id: { $in: [0, 1, 2] } } },
        { $lookup: { from: shops.collectionName, localField: 'shop', foreignField: 'number', as: 'shops' } },
        { $project: { names: '$shops.name' } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(result.map((one): unknown => one.names)).toEqual([['a'], ['b'], []]);
  });

  it('counts by an empty group without a result when there is nothing', async () => {
    expect(
      await sales.aggregate([{ $match: { shop: 99 } }, { $group: { _id: 1, n: { $sum: 1 } } }]).toArray(),
    ).toEqual([]);
    expect(
      await sales.aggregate([{ $match: { shop: 1 } }, { $group: { _id: 1, n: { $sum: 1 } } }]).toArray(),
    ).toEqual([{ _id: 1, n: 20 }]);
  });

  it('replaces a collection with $out, keeping its indexes', async () => {
    const target = test.fresh();
    await target.createIndex({ total: 1 });
    await target.insertOne({ old: 1 });
    await sales
      .aggregate([{ $group: { _id: '$shop', total: { $sum: '$amount' } } }, { $out: target.collectionName }])
      .toArray();
    expect(await target.countDocuments()).toBe(3);
    expect(await target.countDocuments({ old: 1 })).toBe(0);
    expect((await target.indexes()).map((index) => index.name)).toEqual(['_id_', 'total_1']);
  });

  it.each<[unknown, unknown, Document[]]>([
    [
      'merge',
      'insert',
      [
        { _id: 0, total: 570, kept: 1 },
        { _id: 1, total: 590 },
      ],
    ],
    [
      'replace',
      'insert',
      [
        { _id: 0, total: 570 },
        { _id: 1, total: 590 },
      ],
    ],
    [
      'keepExisting',
      'insert',
      [
        { _id: 0, kept: 1 },
        { _id: 1, total: 590 },
      ],
    ],
    ['merge', 'discard', [{ _id: 0, total: 570, kept: 1 }]],
    [
      [{ $set: { total: '$$new.total', piped: true } }],
      'discard',
      [{ _id: 0, kept: 1, total: 570, piped: true }],
    ],
  ])('merges with whenMatched %j, whenNotMatched %j', async (whenMatched, whenNotMatched, expected) => {
    const target = test.fresh();
    await target.insertOne({ _id: 0 as never, kept: 1 });
    await sales
      .aggregate([
        { $match: { shop: { $lt: 2 } } },
        { $group: { _id: '$shop', total: { $sum: '$amount' } } },
        { $merge: { into: target.collectionName, whenMatched, whenNotMatched } as never },
      ])
      .toArray();
    const found = await target.find().sort({ _id: 1 }).toArray();
    expect(found.map((one) => Object.entries(one).sort())).toEqual(
      expected.map((one) => Object.entries(one).sort()),
    );
  });

  it.each<[Document[], number]>([
    [[{ $nope: 1 }], 40324],
    [[{ $match: {}, $sort: { a: 1 } }], 40323],
    [[{ $out: 'x' }, { $match: {} }], 40601],
    [[{ $project: { a: '$$nope' } }], 17276],
  ])('refuses %j with code %i', async (pipeline, code) => {
    expect((await errorOf(sales.aggregate(pipeline).toArray())).code).toBe(code);
  });

  it('runs without a collection', async () => {
    const result = await test.db
      .aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }])
      .toArray();
    expect(result).toEqual([{ a: 2 }]);
  });

  it('tells collection and index statistics', async () => {
    const [statistics] = await sales.aggregate([{ $collStats: { count: {} } }]).toArray();
    expect(statistics).toMatchObject({ count: 60 });
    const [index] = await sales.aggregate([{ $indexStats: {} }]).toArray();
    expect(index).toMatchObject({ name: '_id_' });
  });

  it('serves leading $match and $sort from an index', async () => {
    await sales.createIndex({ shop: 1, amount: 1 });
    const explained = await sales
      .aggregate([{ $match: { shop: 1 } }, { $sort: { amount: -1 } }, { $limit: 2 }])
      .explain('queryPlanner');
    expect(JSON.stringify(explained)).toContain('"indexName":"shop_1_amount_1"');
    expect(JSON.stringify(explained)).not.toContain('"stage":"SORT"');
  });
});

describe('views', () => {
  it('can be read like collections', async () => {
    const name = `${sales.collectionName}view`;
    await test.db.createCollection(name, {
      viewOn: sales.collectionName,
      pipeline: [{ $match: { shop: 1 } }],
    });
    const view = test.db.collection(name);
    expect(await view.countDocuments()).toBe(20);
    expect(await view.estimatedDocumentCount()).toBe(20);
    expect(
      await view
        .find({ amount: { $gt: 50 } }, { projection: { amount: 1, _id: 0 } })
        .sort({ amount: -1 })
        .toArray(),
    ).toEqual([{ amount: 58 }, { amount: 55 }, { amount: 52 }]);
    expect(await view.distinct('day')).toHaveLength(5);
    expect(await view.aggregate([{ $count: 'n' }]).toArray()).toEqual([{ n: 20 }]);
    expect((await errorOf(view.insertOne({}))).code).toBe(166);
    expect((await errorOf(view.createIndex({ a: 1 }))).code).toBe(166);
    expect((await test.db.listCollections({ name }).toArray())[0]).toMatchObject({ type: 'view' });
  });
});

describe('long pipelines', () => {
  it('end at their time limit, and leave the server as it was', async () => {
    const many = test.fresh();
    await many.insertMany(Array.from({ length: 40_000 }, (_unused, n) => ({ n, text: `text ${n}` })));
    const pipeline = [{ $group: { _id: '$text', n: { $sum: '$n' } } }, { $count: 'groups' }];
    expect((await errorOf(many.aggregate(pipeline, { maxTimeMS: 1 }).toArray())).code).toBe(50);
    expect(await many.aggregate(pipeline).toArray()).toEqual([{ groups: 40_000 }]);
  });
});
