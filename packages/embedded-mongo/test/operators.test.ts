import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, Decimal128, type Document, Int32, Long, MinKey, Timestamp } from 'mongodb';
import { startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection<Document>;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});

const instant = (text: string): Date => new Date(text);

describe('update operators', () => {
  it.each<[string, Document, Document | Document[], Document, Document?]>([
    ['$min and $max', { a: 5, b: 5 }, { $min: { a: 3 }, $max: { b: 9 } }, { a: 3, b: 9 }],
    ['$mul of a missing field', {}, { $mul: { a: 3 } }, { a: 0 }],
    ['$rename out of a document', { a: { b: 1 } }, { $rename: { 'a.b': 'c' } }, { a: {}, c: 1 }],
    ['$bit', { a: 13 }, { $bit: { a: { and: 10 } } }, { a: 8 }],
    [
      '$push with order and length',
      { a: [{ s: 5 }, { s: 1 }] },
      { $push: { a: { $each: [{ s: 3 }, { s: 9 }], $sort: { s: -1 }, $slice: 3 } } },
      { a: [{ s: 9 }, { s: 5 }, { s: 3 }] },
    ],
    [
      '$push before the last',
      { a: [1, 2, 3] },
      { $push: { a: { $each: [9], $position: -1 } } },
      { a: [1, 2, 9, 3] },
    ],
    ['$addToSet', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
    ['$pull by condition', { a: [1, 5, 8] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    [
      '$pull by part of a document',
      { a: [{ b: 1, c: 2 }, { b: 2 }] },
      { $pull: { a: { b: 1 } } },
      { a: [{ b: 2 }] },
    ],
    ['$pullAll', { a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { a: [2] }],
    ['$pop at the front', { a: [1, 2, 3] }, { $pop: { a: -1 } }, { a: [2, 3] }],
    ['$unset of an element', { a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
    ['$set beyond the end', { a: [1] }, { $set: { 'a.3': 4 } }, { a: [1, null, null, 4] }],
    ['$[]', { a: [{ b: 1 }, { b: 2 }] }, { $inc: { 'a.$[].b': 1 } }, { a: [{ b: 2 }, { b: 3 }] }],
    [
      '$[name] in two levels',
      { y: [{ c: [{ d: 2 }, { d: 1 }] }] },
      { $set: { 'y.$[i].c.$[j].d': 0 } },
      { y: [{ c: [{ d: 2 }, { d: 0 }] }] },
      { arrayFilters: [{ 'i.c': { $exists: true } }, { 'j.d': 1 }] },
    ],
    [
      'a pipeline',
      { a: 1, b: 2 },
      [{ $set: { c: { $add: ['$a', '$b'] } } }, { $unset: 'a' }],
      { b: 2, c: 3 },
    ],
  ])('%s', async (_name, before, update, after, options = {}) => {
    await things.insertOne({ ...before });
    await things.updateOne({}, update, options);
    expect(await things.findOne({}, { projection: { _id: 0 } })).toEqual(after);
  });

  it('keep the types of numbers, and widen them when they overflow', async () => {
    await things.insertOne({ a: new Int32(2147483647), b: Long.fromString('9007199254740993') });
    await things.updateOne({}, { $inc: { a: 1, b: 1 } });
    const raw = await things.findOne({}, { promoteValues: false });
    expect([raw?.a._bsontype, String(raw?.a), String(raw?.b)]).toEqual([
      'Long',
      '2147483648',
      '9007199254740994',
    ]);
  });

  it.each<[Document, Document]>([
    [
      { $and: [{ a: 1 }, { b: { $eq: 2 } }], c: { $gt: 1 } },
      { a: 1, b: 2, d: 1 },
    ],
    [{ 'a.b': 1 }, { a: { b: 1 }, d: 1 }],
    [{ a: { $in: [1] } }, { d: 1 }],
  ])('insert from the filter %j', async (filter, expected) => {
    await things.updateOne(filter, { $set: { d: 1 } }, { upsert: true });
    expect(await things.findOne({}, { projection: { _id: 0 } })).toMatchObject(expected);
  });
});

describe('query operators', () => {
  it.each<[string, Document[], Document, number[]]>([
    [
      '$elemMatch of numbers',
      [{ a: [82, 85] }, { a: [75, 88] }],
      { a: { $elemMatch: { $gte: 80, $lt: 85 } } },
      [0],
    ],
    ['$size', [{ a: [1, 2] }, { a: [1] }], { a: { $size: 1 } }, [1]],
    ['$mod', [{ a: 4 }, { a: 5 }], { a: { $mod: [4, 0] } }, [0]],
    ['$bitsAllSet', [{ a: 54 }, { a: 20 }], { a: { $bitsAllSet: [1, 5] } }, [0]],
    ['$type of several', [{ a: 'x' }, { a: 1 }, { a: null }], { a: { $type: ['string', 'null'] } }, [0, 2]],
    ['$regex by lines', [{ a: 'abc\ndef' }, { a: 'DEF' }], { a: { $regex: '^def', $options: 'im' } }, [0, 1]],
    ['$in with a pattern', [{ a: 'abc' }, { a: 'x' }, { a: 'y' }], { a: { $in: [/^a/, 'x'] } }, [0, 1]],
    ['$not of a pattern', [{ a: 'abc' }, { a: 'x' }, {}], { a: { $not: /^a/ } }, [1, 2]],
    [
      '$jsonSchema',
      [{ a: 1 }, { a: 'x' }],
      { $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'string' } } } },
      [1],
    ],
    [
      '$expr',
      [
        { a: 1, b: 2 },
        { a: 3, b: 2 },
      ],
      { $expr: { $gt: ['$a', '$b'] } },
      [1],
    ],
    ['null', [{ a: null }, {}, { a: 1 }], { a: null }, [0, 1]],
    ['$ne over an array', [{ a: [1, 2] }, { a: [2] }], { a: { $ne: 1 } }, [1]],
    ['a date is no number', [{ a: new Date(5) }, { a: 5 }], { a: { $lt: new Date(6) } }, [0]],
    ['above the least', [{ a: new MinKey() }, { a: 1 }], { a: { $gt: new MinKey() } }, [1]],
    ['a decimal equals a number', [{ a: Decimal128.fromString('1.0') }, { a: 1 }], { a: 1 }, [0, 1]],
    ['$nor', [{ a: 1 }, { b: 1 }, {}], { $nor: [{ a: 1 }, { b: 1 }] }, [2]],
    [
      '$all of documents',
      [{ a: [{ x: 1 }, { x: 2 }] }, { a: [{ x: 1 }] }],
      { a: { $all: [{ $elemMatch: { x: 1 } }, { $elemMatch: { x: 2 } }] } },
      [0],
    ],
  ])('%s', async (_name, documents, filter, expected) => {
    await things.insertMany(documents.map((one, _id) => ({ _id: _id as never, ...one })));
    const found = await things.find(filter).sort({ _id: 1 }).toArray();
    expect(found.map(({ _id }) => _id)).toEqual(expected);
  });
});

describe('projections', () => {
  it.each<[string, Document, Document, Document]>([
    ['$slice', { a: [1, 2, 3, 4] }, { a: { $slice: [1, 2] } }, { _id: 1, a: [2, 3] }],
    ['$elemMatch', { a: [{ b: 1 }, { b: 2 }] }, { a: { $elemMatch: { b: 2 } } }, { _id: 1, a: [{ b: 2 }] }],
    ['an expression', { a: 2 }, { b: { $multiply: ['$a', 3] }, _id: 0 }, { b: 6 }],
    ['a part', { a: { b: 1, c: 2 } }, { a: { b: 1 } }, { _id: 1, a: { b: 1 } }],
    ['without a part', { a: { b: 1, c: 2 } }, { 'a.c': 0 }, { _id: 1, a: { b: 1 } }],
  ])('%s', async (_name, document, projection, expected) => {
    await things.insertOne({ _id: 1 as never, ...document });
    expect(await things.findOne({}, { projection })).toEqual(expected);
  });
});

describe('stages', () => {
  const SALES = [
    { _id: 1, item: 'a', qty: 2, price: 10, day: instant('2026-01-15T10:00:00Z') },
    { _id: 2, item: 'b', qty: 1, price: 20, day: instant('2026-01-20T10:00:00Z') },
    { _id: 3, item: 'a', qty: 5, price: 10, day: instant('2026-02-02T10:00:00Z') },
  ];

  it.each<[string, Document[], Document[]]>([
    [
      '$group',
      [
        {
          $group: {
            _id: '$item',
            count: { $sum: 1 },
            total: { $sum: { $multiply: ['$qty', '$price'] } },
            mean: { $avg: '$qty' },
            ids: { $push: '$_id' },
            spread: { $stdDevPop: '$qty' },
            top: { $topN: { n: 1, sortBy: { qty: -1 }, output: '$_id' } },
          },
        },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: 'a', count: 2, total: 70, mean: 3.5, ids: [1, 3], spread: 1.5, top: [3] },
        { _id: 'b', count: 1, total: 20, mean: 1, ids: [2], spread: 0, top: [2] },
      ],
    ],
    [
      '$bucket',
      [{ $bucket: { groupBy: '$qty', boundaries: [0, 2, 4], default: 'more', output: { n: { $sum: 1 } } } }],
      [
        { _id: 0, n: 1 },
        { _id: 2, n: 1 },
        { _id: 'more', n: 1 },
      ],
    ],
    [
      '$bucketAuto',
      [{ $bucketAuto: { groupBy: '$qty', buckets: 2 } }],
      [
        { _id: { min: 1, max: 5 }, count: 2 },
        { _id: { min: 5, max: 5 }, count: 1 },
      ],
    ],
    [
      '$sortByCount',
      [{ $sortByCount: '$item' }],
      [
        { _id: 'a', count: 2 },
        { _id: 'b', count: 1 },
      ],
    ],
    [
      '$facet',
      [{ $facet: { some: [{ $match: { item: 'a' } }, { $count: 'n' }], none: [{ $match: { item: 'z' } }] } }],
      [{ some: [{ n: 2 }], none: [] }],
    ],
    [
      '$setWindowFields',
      [
        {
          $setWindowFields: {
            partitionBy: '$item',
            sortBy: { day: 1 },
            output: {
              sum: { $sum: '$qty', window: { documents: ['unbounded', 'current'] } },
              rank: { $rank: {} },
            },
          },
        },
        { $project: { sum: 1, rank: 1 } },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: 1, sum: 2, rank: 1 },
        { _id: 2, sum: 1, rank: 1 },
        { _id: 3, sum: 7, rank: 2 },
      ],
    ],
    [
      '$redact',
      [{ $redact: { $cond: [{ $gt: ['$qty', 1] }, '$$PRUNE', '$$KEEP'] } }, { $project: { qty: 1 } }],
      [{ _id: 2, qty: 1 }],
    ],
  ])('%s', async (_name, pipeline, expected) => {
    await things.insertMany(SALES.map((one) => ({ ...one, _id: one._id as never })));
    expect(await things.aggregate(pipeline).toArray()).toEqual(expected);
  });

  it('$graphLookup follows references', async () => {
    await things.insertMany([
      { _id: 'dev' as never },
      { _id: 'eliot' as never, to: 'dev' },
      { _id: 'ron' as never, to: 'eliot' },
    ]);
    const follow = {
      from: things.collectionName,
      startWith: '$to',
      connectFromField: 'to',
      connectToField: '_id',
      as: 'above',
      depthField: 'level',
    };
    const [ron] = await things
      .aggregate([{ $match: { _id: 'ron' as never } }, { $graphLookup: follow }])
      .toArray();
    const levels = ron?.above.map(({ _id, level }: Document) => [_id, Number(level)]);
    expect(levels.sort()).toEqual([
      ['dev', 1],
      ['eliot', 0],
    ]);
  });

  it('$densify and $fill make what is missing', async () => {
    await things.insertMany([
      { t: 1, v: 10 },
      { t: 3, v: 30 },
    ]);
    const pipeline = [
      { $densify: { field: 't', range: { step: 1, bounds: 'full' } } },
      { $fill: { sortBy: { t: 1 }, output: { v: { method: 'linear' } } } },
      { $project: { _id: 0, t: 1, v: 1 } },
    ];
    expect(await things.aggregate(pipeline).toArray()).toEqual([
      { t: 1, v: 10 },
      { t: 2, v: 20 },
      { t: 3, v: 30 },
    ]);
  });
});

describe('expressions', () => {
  it.each<[string, Document, unknown]>([
    [
      '$dateToString',
      {
        $dateToString: {
          date: instant('2026-11-30T23:30:00Z'),
          format: '%Y-%m-%d %H:%M %z',
          timezone: 'Asia/Seoul',
        },
      },
      '2026-12-01 08:30 +0900',
    ],
    [
      '$dateTrunc',
      { $dateTrunc: { date: instant('2026-11-30T23:30:00Z'), unit: 'week', startOfWeek: 'monday' } },
      instant('2026-11-30T00:00:00Z'),
    ],
    [
      '$dateAdd',
      { $dateAdd: { startDate: instant('2026-01-31T00:00:00Z'), unit: 'month', amount: 1 } },
      instant('2026-02-28T00:00:00Z'),
    ],
    [
      '$dateDiff',
      { $dateDiff: { startDate: instant('2026-01-31'), endDate: instant('2026-03-01'), unit: 'month' } },
      2,
    ],
    [
      '$dateFromParts',
      { $dateFromParts: { isoWeekYear: 2026, isoWeek: 1, isoDayOfWeek: 1 } },
      instant('2025-12-29T00:00:00Z'),
    ],
    [
      '$dateFromString',
      { $dateFromString: { dateString: '2026-02-03', timezone: 'America/New_York' } },
      instant('2026-02-03T05:00:00Z'),
    ],
    ['$isoWeek', { $isoWeek: instant('2026-01-01') }, 1],
    ['$substrCP', { $substrCP: ['héllo', 1, 3] }, 'éll'],
    ['$strLenBytes', { $strLenBytes: 'é' }, 2],
    ['$indexOfCP', { $indexOfCP: ['cafétéria', 'é', 4] }, 5],
    [
      '$regexFindAll',
      { $regexFindAll: { input: 'ab12cd3', regex: /[0-9]+/ } },
      [
        { match: '12', idx: 2, captures: [] },
        { match: '3', idx: 6, captures: [] },
      ],
    ],
    ['$replaceAll', { $replaceAll: { input: 'aXbX', find: 'X', replacement: '-' } }, 'a-b-'],
    ['$toDecimal', { $toString: { $toDecimal: '1.10' } }, '1.10'],
    ['$convert', { $convert: { input: 'zz', to: 'int', onError: 'bad' } }, 'bad'],
    ['$round to even', { $round: [2.5, 0] }, 2],
    ['$round to hundreds', { $round: [1234, -2] }, 1200],
    ['$trunc', { $trunc: [-2.7] }, -2],
    ['$mod', { $mod: [-7, 3] }, -1],
    ['$range', { $range: [0, 10, 4] }, [0, 4, 8]],
    ['$reduce', { $reduce: { input: [1, 2, 3], initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
    ['$filter', { $filter: { input: [1, 2, 3, 4], as: 'x', cond: { $gt: ['$$x', 1] }, limit: 2 } }, [2, 3]],
    [
      '$zip',
      { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true, defaults: [0, 'z'] } },
      [
        [1, 'a'],
        [2, 'z'],
      ],
    ],
    ['$sortArray', { $sortArray: { input: [{ a: 2 }, { a: 1 }], sortBy: { a: 1 } } }, [{ a: 1 }, { a: 2 }]],
    ['$maxN', { $maxN: { n: 2, input: [1, 5, 3] } }, [5, 3]],
    ['$mergeObjects', { $mergeObjects: [{ a: 1 }, null, { b: 2 }] }, { a: 1, b: 2 }],
    ['$switch', { $switch: { branches: [{ case: false, then: 1 }], default: 2 } }, 2],
    ['$ifNull', { $ifNull: ['$a', '$b', 7] }, 7],
    ['$type', { $type: '$nope' }, 'missing'],
    ['$let', { $let: { vars: { x: 2 }, in: { $add: ['$$x', 1] } } }, 3],
    ['$bsonSize', { $bsonSize: { a: 1 } }, 12],
    ['$tsSecond', { $tsSecond: new Timestamp({ t: 5, i: 1 }) }, 5],
    ['$percentile', { $percentile: { input: [1, 2, 3, 4], p: [0.5], method: 'approximate' } }, [2]],
  ])('%s', async (_name, expression, expected) => {
    await things.insertOne({ _id: 1 as never });
    const [found] = await things.aggregate([{ $project: { _id: 0, v: expression } }]).toArray();
    expect(found).toEqual({ v: expected });
  });

  it.each<[Document, number]>([
    [{ $divide: [1, 0] }, 2],
    [{ $toInt: 'zz' }, 241],
    [{ $concat: ['a', 1] }, 16702],
    [{ $arrayElemAt: ['x', 0] }, 28689],
    [{ $size: 'x' }, 17124],
  ])('fail: %j', async (expression, code) => {
    await things.insertOne({ _id: 1 as never });
    await expect(things.aggregate([{ $project: { v: expression } }]).toArray()).rejects.toMatchObject({
      code,
    });
  });
});
