import { describe, expect, it } from '@jest/globals';
import { Decimal128, Double, EJSON, Long, ObjectId } from 'bson';
import fc from 'fast-check';
import { evaluateExpression, runPipeline, splitPipeline, validatePipeline } from './aggregate.ts';
import { MongoServerError } from './errors.ts';
import { compileMatcher } from './match.ts';
import type { AggregationHost, BsonDocument, Collation } from './types.ts';

const NOW = new Date('2026-03-04T05:06:07.089Z');
const long = (text: string | number): Long => Long.fromString(String(text));
const decimal = (text: string): Decimal128 => Decimal128.fromString(text);
const double = (value: number): Double => new Double(value);
const date = (text: string): Date => new Date(text);
const exact = (value: unknown): string => EJSON.stringify({ value }, { relaxed: false });

const PEOPLE: BsonDocument[] = [
  { _id: 1, name: 'Ada', boss: null, team: 'x' },
  { _id: 2, name: 'Bob', boss: 'Ada', team: 'x' },
  { _id: 3, name: 'Cid', boss: 'Bob', team: 'y' },
  { _id: 4, name: 'Dot', boss: 'Cid' },
];
const COLLECTIONS = new Map<string, BsonDocument[]>([
  ['people', PEOPLE],
  [
    'stock',
    [
      { _id: 1, sku: 'a', n: 5 },
      { _id: 2, sku: 'b', n: 6 },
      { _id: 3, sku: 'a', n: 7 },
      { _id: 4, n: 8 },
    ],
  ],
]);

interface RecordingHost extends AggregationHost {
  asked: [collection: string, filter: BsonDocument][];
  written: [stage: BsonDocument, documents: BsonDocument[]][];
}

function newHost(): RecordingHost {
  const asked: RecordingHost['asked'] = [];
  const written: RecordingHost['written'] = [];
  return {
    asked,
    written,
    find(collection, filter) {
      asked.push([collection, filter]);
      const matcher = compileMatcher(filter, {
        now: NOW,
        evaluateExpression: (document, expression) => evaluateExpression(document, expression, { now: NOW }),
      });
      return (COLLECTIONS.get(collection) ?? []).filter((document) => matcher.test(document));
    },
    write(stage, documents) {
      written.push([stage, [...documents]]);
    },
  };
}

interface Extra {
  host?: AggregationHost;
  collation?: Collation;
  variables?: BsonDocument;
}

function run(documents: BsonDocument[], pipeline: BsonDocument[], extra: Extra = {}): BsonDocument[] {
  const { host = newHost(), ...context } = extra;
  return [...runPipeline(pipeline, documents, host, { now: NOW, ...context })];
}

function errorCode(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof MongoServerError) {
      return error.code;
    }
    throw error;
  }
  return 0;
}

type Case = [name: string, documents: BsonDocument[], pipeline: BsonDocument[], expected: BsonDocument[]];

const CASES: Case[] = [
  ['empty pipeline', [{ a: 1 }], [], [{ a: 1 }]],
  [
    '$match by the own matcher: null over arrays of documents',
    [{ a: [{ b: 1 }, {}] }, { a: [{ b: 1 }] }],
    [{ $match: { 'a.b': null } }],
    [{ a: [{ b: 1 }, {}] }],
  ],
  [
    '$match on int64 and Decimal128',
    [{ a: long(5) }, { a: decimal('6.0') }, { a: 4 }],
    [{ $match: { a: { $in: [5, 6] } } }],
    [{ a: long(5) }, { a: decimal('6.0') }],
  ],
  [
    '$match with $expr',
    [
      { a: 1, b: 1 },
      { a: 1, b: 2 },
    ],
    [{ $match: { $expr: { $eq: ['$a', '$b'] } } }],
    [{ a: 1, b: 1 }],
  ],
  [
    '$project keeps the order of the document',
    [{ _id: 1, a: 1, b: 2, c: 3 }],
    [{ $project: { c: 1, a: 1 } }],
    [{ _id: 1, a: 1, c: 3 }],
  ],
  [
    '$project appends computed fields',
    [{ _id: 1, a: 1, b: 2 }],
    [{ $project: { z: '$a', b: 1 } }],
    [{ _id: 1, b: 2, z: 1 }],
  ],
  [
    '$project keeps a whole double',
    [{ _id: 1, a: double(1) }],
    [{ $project: { b: '$a' } }],
    [{ _id: 1, b: double(1) }],
  ],
  ['$project without _id', [{ _id: 1, a: 1 }], [{ $project: { _id: 0, a: 1 } }], [{ a: 1 }]],
  [
    '$project excludes',
    [{ _id: 1, a: 1, b: { c: 1, d: 2 } }],
    [{ $project: { a: 0, 'b.c': 0 } }],
    [{ _id: 1, b: { d: 2 } }],
  ],
  ['$project excludes only _id', [{ _id: 1, a: 1 }], [{ $project: { _id: 0 } }], [{ a: 1 }]],
  [
    '$project nested in arrays',
    [{ _id: 1, a: [{ b: 1, c: 2 }, 5, { c: 3 }] }],
    [{ $project: { 'a.b': 1 } }],
    [{ _id: 1, a: [{ b: 1 }, {}] }],
  ],
  [
    '$project nested specification',
    [{ _id: 1, a: { b: 1, c: 2 } }],
    [{ $project: { a: { b: 1, d: '$a.c' } } }],
    [{ _id: 1, a: { b: 1, d: 2 } }],
  ],
  [
    '$project missing gives no field',
    [{ _id: 1 }],
    [{ $project: { a: '$nope', b: { $arrayElemAt: [[1], 5] } } }],
    [{ _id: 1 }],
  ],
  ['$project literal text', [{ _id: 1 }], [{ $project: { a: 'text' } }], [{ _id: 1, a: 'text' }]],
  [
    '$project array literal',
    [{ _id: 1, x: 2 }],
    [{ $project: { a: ['$x', '$y'] } }],
    [{ _id: 1, a: [2, null] }],
  ],
  [
    '$addFields keeps places and appends',
    [{ _id: 1, a: 1, b: 2 }],
    [{ $addFields: { c: 3, a: 9 } }],
    [{ _id: 1, a: 9, b: 2, c: 3 }],
  ],
  [
    '$addFields sees the document before it',
    [{ a: 1, b: 2 }],
    [{ $addFields: { a: '$b', b: '$a' } }],
    [{ a: 2, b: 1 }],
  ],
  [
    '$addFields in arrays',
    [{ a: [1, { c: 2 }] }],
    [{ $addFields: { 'a.b': 1 } }],
    [{ a: [{ b: 1 }, { c: 2, b: 1 }] }],
  ],
  [
    '$addFields merges into documents',
    [{ a: { x: 1 } }],
    [{ $addFields: { a: { y: 2 } } }],
    [{ a: { x: 1, y: 2 } }],
  ],
  ['$addFields replaces a scalar', [{ a: 1 }], [{ $addFields: { 'a.b': 2 } }], [{ a: { b: 2 } }]],
  ['$addFields $$REMOVE', [{ a: 1, b: 2 }], [{ $addFields: { a: '$$REMOVE' } }], [{ b: 2 }]],
  ['$set is $addFields', [{ a: 1 }], [{ $set: { b: '$a' } }], [{ a: 1, b: 1 }]],
  ['$unset several', [{ a: 1, b: { c: 1, d: 2 } }], [{ $unset: ['a', 'b.c'] }], [{ b: { d: 2 } }]],
  ['$replaceRoot', [{ a: { b: 1 } }], [{ $replaceRoot: { newRoot: '$a' } }], [{ b: 1 }]],
  [
    '$replaceWith expression',
    [{ a: { b: 1 } }],
    [{ $replaceWith: { $mergeObjects: ['$a', { c: 2 }] } }],
    [{ b: 1, c: 2 }],
  ],
  [
    '$sort across types',
    [{ a: 'x' }, { a: 3 }, { a: null }, {}, { a: true }, { a: new ObjectId('65a1b2c30000000000000000') }],
    [{ $sort: { a: 1 } }],
    [{ a: null }, {}, { a: 3 }, { a: 'x' }, { a: new ObjectId('65a1b2c30000000000000000') }, { a: true }],
  ],
  [
    '$sort by smallest and largest elements',
    [{ a: [5, 9] }, { a: 7 }, { a: [1, 20] }],
    [{ $sort: { a: -1 } }],
    [{ a: [1, 20] }, { a: [5, 9] }, { a: 7 }],
  ],
  [
    '$sort ascending by smallest elements',
    [{ a: [5, 9] }, { a: 4 }, { a: [1, 20] }],
    [{ $sort: { a: 1 } }],
    [{ a: [1, 20] }, { a: 4 }, { a: [5, 9] }],
  ],
  [
    '$sort empty array before null',
    [{ a: null }, { a: [] }],
    [{ $sort: { a: 1 } }],
    [{ a: [] }, { a: null }],
  ],
  [
    '$sort by exact numbers',
    [{ a: long('9007199254740993') }, { a: double(9007199254740992) }, { a: decimal('9007199254740992.5') }],
    [{ $sort: { a: 1 } }],
    [{ a: double(9007199254740992) }, { a: decimal('9007199254740992.5') }, { a: long('9007199254740993') }],
  ],
  [
    '$sort is stable and takes several keys',
    [
      { a: 1, b: 1, c: 1 },
      { a: 1, b: 2, c: 2 },
      { a: 1, b: 2, c: 3 },
      { a: 0, c: 4 },
    ],
    [{ $sort: { a: 1, b: -1 } }],
    [
      { a: 0, c: 4 },
      { a: 1, b: 2, c: 2 },
      { a: 1, b: 2, c: 3 },
      { a: 1, b: 1, c: 1 },
    ],
  ],
  ['$skip and $limit', [{ a: 1 }, { a: 2 }, { a: 3 }], [{ $skip: 1 }, { $limit: 1 }], [{ a: 2 }]],
  ['$limit as long', [{ a: 1 }, { a: 2 }], [{ $limit: long(1) }], [{ a: 1 }]],
  ['$count', [{ a: 1 }, { a: 2 }], [{ $count: 'n' }], [{ n: 2 }]],
  ['$count of nothing', [], [{ $count: 'n' }], []],
  [
    '$unwind',
    [{ _id: 1, a: [1, 2] }, { _id: 2, a: [] }, { _id: 3 }, { _id: 4, a: 7 }, { _id: 5, a: null }],
    [{ $unwind: '$a' }],
    [
      { _id: 1, a: 1 },
      { _id: 1, a: 2 },
      { _id: 4, a: 7 },
    ],
  ],
  [
    '$unwind keeps what is empty',
    [{ _id: 1, a: [8] }, { _id: 2, a: [] }, { _id: 3 }, { _id: 4, a: null }],
    [{ $unwind: { path: '$a', preserveNullAndEmptyArrays: true, includeArrayIndex: 'i' } }],
    [
      { _id: 1, a: 8, i: long(0) },
      { _id: 2, i: null },
      { _id: 3, i: null },
      { _id: 4, a: null, i: null },
    ],
  ],
  [
    '$unwind nested',
    [{ a: { b: [1, 2], c: 3 } }],
    [{ $unwind: '$a.b' }],
    [{ a: { b: 1, c: 3 } }, { a: { b: 2, c: 3 } }],
  ],
  [
    '$group sums by type',
    [
      { k: 1, v: 1 },
      { k: 1, v: 2 },
      { k: 2, v: long(3) },
      { k: 3, v: decimal('1.1') },
      { k: 3, v: 1 },
    ],
    [{ $group: { _id: '$k', s: { $sum: '$v' } } }],
    [
      { _id: 1, s: 3 },
      { _id: 2, s: long(3) },
      { _id: 3, s: decimal('2.1') },
    ],
  ],
  [
    '$group of missing and null together',
    [{ a: null }, {}, { a: 1 }],
    [{ $group: { _id: '$a', n: { $sum: 1 } } }],
    [
      { _id: null, n: 2 },
      { _id: 1, n: 1 },
    ],
  ],
  [
    '$group by equal numbers of any type',
    [{ a: 1 }, { a: long(1) }, { a: double(1) }, { a: decimal('1.00') }],
    [{ $group: { _id: '$a', n: { $sum: 1 } } }],
    [{ _id: 1, n: 4 }],
  ],
  [
    '$group tells int64 apart beyond 2^53',
    [{ a: long('9007199254740993') }, { a: long('9007199254740992') }],
    [{ $group: { _id: '$a', n: { $count: {} } } }],
    [
      { _id: long('9007199254740993'), n: 1 },
      { _id: long('9007199254740992'), n: 1 },
    ],
  ],
  [
    '$group by a document',
    [{ a: 1 }, { a: 1, b: null }, { a: 1 }],
    [{ $group: { _id: { a: '$a', b: '$b' }, n: { $sum: 1 } } }],
    [
      { _id: { a: 1 }, n: 2 },
      { _id: { a: 1, b: null }, n: 1 },
    ],
  ],
  [
    '$group over everything',
    [{ v: 2 }, { v: 4 }, { v: 'x' }],
    [{ $group: { _id: null, avg: { $avg: '$v' }, min: { $min: '$v' }, max: { $max: '$v' } } }],
    [{ _id: null, avg: double(3), min: 2, max: 'x' }],
  ],
  [
    '$push leaves out missing fields',
    [{ a: 1 }, {}, { a: null }],
    [{ $group: { _id: null, l: { $push: '$a' } } }],
    [{ _id: null, l: [1, null] }],
  ],
  [
    '$addToSet leaves out missing fields',
    [{ a: 1 }, {}, { a: long(1) }],
    [{ $group: { _id: null, l: { $addToSet: '$a' } } }],
    [{ _id: null, l: [1] }],
  ],
  [
    '$first and $last',
    [{ a: 1 }, { a: 2 }, {}],
    [{ $group: { _id: null, f: { $first: '$a' }, l: { $last: '$a' } } }],
    [{ _id: null, f: 1, l: null }],
  ],
  [
    '$top gives one value, $topN several',
    [
      { a: 1, b: 5 },
      { a: 2, b: 9 },
    ],
    [
      {
        $group: {
          _id: null,
          t: { $top: { output: '$a', sortBy: { b: -1 } } },
          n: { $topN: { n: 2, output: ['$a', '$b'], sortBy: { b: -1 } } },
        },
      },
    ],
    [
      {
        _id: null,
        t: 2,
        n: [
          [2, 9],
          [1, 5],
        ],
      },
    ],
  ],
  [
    '$bottom and $bottomN',
    [{ a: 1 }, { a: 2 }, { a: 3 }],
    [
      {
        $group: {
          _id: null,
          b: { $bottom: { output: '$a', sortBy: { a: 1 } } },
          n: { $bottomN: { n: 2, output: '$a', sortBy: { a: 1 } } },
        },
      },
    ],
    [{ _id: null, b: 3, n: [2, 3] }],
  ],
  [
    '$firstN, $lastN, $minN, $maxN',
    [{ a: 3 }, { a: 1 }, {}],
    [
      {
        $group: {
          _id: null,
          f: { $firstN: { n: 2, input: '$a' } },
          l: { $lastN: { n: 2, input: '$a' } },
          s: { $minN: { n: 9, input: '$a' } },
          g: { $maxN: { n: 1, input: '$a' } },
        },
      },
    ],
    [{ _id: null, f: [3, 1], l: [1, null], s: [1, 3], g: [3] }],
  ],
  [
    '$stdDev',
    [{ a: 2 }, { a: 4 }],
    [{ $group: { _id: null, p: { $stdDevPop: '$a' }, s: { $stdDevSamp: '$a' } } }],
    [{ _id: null, p: double(1), s: Math.SQRT2 }],
  ],
  [
    '$mergeObjects',
    [{ a: { x: 1 } }, { a: null }, { a: { y: 2 } }],
    [{ $group: { _id: null, m: { $mergeObjects: '$a' } } }],
    [{ _id: null, m: { x: 1, y: 2 } }],
  ],
  [
    '$sum ignores what is no number',
    [{ a: 'x' }, {}],
    [{ $group: { _id: null, s: { $sum: '$a' }, a: { $avg: '$a' }, m: { $max: '$a' } } }],
    [{ _id: null, s: 0, a: null, m: 'x' }],
  ],
  [
    '$sum int overflows to long',
    [{ a: 2147483647 }, { a: 1 }],
    [{ $group: { _id: null, s: { $sum: '$a' } } }],
    [{ _id: null, s: long('2147483648') }],
  ],
  [
    '$sum of int64 is exact',
    [{ a: long('9007199254740993') }, { a: long('2') }],
    [{ $group: { _id: null, s: { $sum: '$a' } } }],
    [{ _id: null, s: long('9007199254740995') }],
  ],
  [
    '$sum of doubles is compensated',
    Array.from({ length: 10 }, () => ({ a: 0.1 })),
    [{ $group: { _id: null, s: { $sum: '$a' } } }],
    [{ _id: null, s: double(1) }],
  ],
  [
    '$avg of decimals',
    [{ a: decimal('0.10') }, { a: decimal('0.20') }],
    [{ $group: { _id: null, s: { $avg: '$a' } } }],
    [{ _id: null, s: decimal('0.15') }],
  ],
  [
    '$bucket',
    [{ v: 1 }, { v: 5 }, { v: 12 }, { v: 99 }],
    [
      {
        $bucket: {
          groupBy: '$v',
          boundaries: [0, 10, 20],
          default: 'other',
          output: { n: { $sum: 1 }, l: { $push: '$v' } },
        },
      },
    ],
    [
      { _id: 0, n: 2, l: [1, 5] },
      { _id: 10, n: 1, l: [12] },
      { _id: 'other', n: 1, l: [99] },
    ],
  ],
  [
    '$bucket counts by default',
    [{ v: 1 }],
    [{ $bucket: { groupBy: '$v', boundaries: [0, 10] } }],
    [{ _id: 0, count: 1 }],
  ],
  [
    '$bucketAuto',
    [{ v: 1 }, { v: 2 }, { v: 3 }, { v: 4 }],
    [{ $bucketAuto: { groupBy: '$v', buckets: 2 } }],
    [
      { _id: { min: 1, max: 3 }, count: 2 },
      { _id: { min: 3, max: 4 }, count: 2 },
    ],
  ],
  [
    '$bucketAuto keeps equal values together',
    [{ v: 1 }, { v: 1 }, { v: 1 }, { v: 2 }],
    [{ $bucketAuto: { groupBy: '$v', buckets: 3 } }],
    [
      { _id: { min: 1, max: 2 }, count: 3 },
      { _id: { min: 2, max: 2 }, count: 1 },
    ],
  ],
  [
    '$bucketAuto by powers of two',
    [{ v: 1 }, { v: 3 }, { v: 5 }, { v: 9 }],
    [
      {
        $bucketAuto: { groupBy: '$v', buckets: 2, granularity: 'POWERSOF2', output: { l: { $push: '$v' } } },
      },
    ],
    [
      { _id: { min: double(0.5), max: double(4) }, l: [1, 3] },
      { _id: { min: double(4), max: double(16) }, l: [5, 9] },
    ],
  ],
  [
    '$sortByCount',
    [{ a: 'x' }, { a: 'y' }, { a: 'y' }],
    [{ $sortByCount: '$a' }],
    [
      { _id: 'y', count: 2 },
      { _id: 'x', count: 1 },
    ],
  ],
  [
    '$facet',
    [{ a: 1 }, { a: 2 }],
    [{ $facet: { n: [{ $count: 'n' }], big: [{ $match: { a: { $gt: 1 } } }] } }],
    [{ n: [{ n: 2 }], big: [{ a: 2 }] }],
  ],
  ['$documents', [], [{ $documents: [{ a: 1 }, { a: { $add: [1, 1] } }] }], [{ a: 1 }, { a: 2 }]],
  [
    '$redact',
    [{ l: 1, a: { l: 5, x: 1 }, b: { l: 1, y: 2 }, c: [{ l: 9 }, { l: 0 }, 3] }],
    [{ $redact: { $cond: [{ $gt: ['$l', 2] }, '$$PRUNE', '$$DESCEND'] } }],
    [{ l: 1, b: { l: 1, y: 2 }, c: [{ l: 0 }, 3] }],
  ],
  [
    '$lookup by fields',
    [
      { _id: 1, sku: 'a' },
      { _id: 2, sku: 'z' },
    ],
    [
      { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 's' } },
      { $project: { n: '$s.n' } },
    ],
    [
      { _id: 1, n: [5, 7] },
      { _id: 2, n: [] },
    ],
  ],
  [
    '$lookup by an array of values',
    [{ _id: 1, skus: ['a', 'b'] }],
    [
      { $lookup: { from: 'stock', localField: 'skus', foreignField: 'sku', as: 's' } },
      { $project: { n: '$s.n' } },
    ],
    [{ _id: 1, n: [5, 6, 7] }],
  ],
  [
    '$lookup by an array of documents',
    [{ _id: 1, lines: [{ sku: 'b' }, { sku: 'a' }] }],
    [
      { $lookup: { from: 'stock', localField: 'lines.sku', foreignField: 'sku', as: 's' } },
      { $project: { n: '$s.n' } },
    ],
    [{ _id: 1, n: [5, 6, 7] }],
  ],
  [
    '$lookup of a missing field finds missing and null',
    [{ _id: 1 }],
    [
      { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 's' } },
      { $project: { n: '$s.n' } },
    ],
    [{ _id: 1, n: [8] }],
  ],
  [
    '$lookup into a nested field',
    [{ _id: 1, sku: 'b' }],
    [
      { $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 'x.y' } },
      { $project: { n: '$x.y.n' } },
    ],
    [{ _id: 1, n: [6] }],
  ],
  [
    '$lookup with a pipeline',
    [{ _id: 1, min: 6 }],
    [
      {
        $lookup: {
          from: 'stock',
          let: { m: '$min' },
          pipeline: [{ $match: { $expr: { $gte: ['$n', '$$m'] } } }, { $project: { n: 1, _id: 0 } }],
          as: 's',
        },
      },
    ],
    [{ _id: 1, min: 6, s: [{ n: 6 }, { n: 7 }, { n: 8 }] }],
  ],
  [
    '$lookup with fields and a pipeline joins only equal values',
    [{ _id: 1, sku: 'a' }],
    [
      {
        $lookup: {
          from: 'stock',
          localField: 'sku',
          foreignField: 'sku',
          pipeline: [{ $match: { n: { $gt: 5 } } }, { $project: { n: 1, _id: 0 } }],
          as: 's',
        },
      },
    ],
    [{ _id: 1, sku: 'a', s: [{ n: 7 }] }],
  ],
  [
    '$lookup without a collection',
    [{ _id: 1 }],
    [{ $lookup: { pipeline: [{ $documents: [{ x: 1 }] }], as: 's' } }],
    [{ _id: 1, s: [{ x: 1 }] }],
  ],
  [
    '$lookup within $lookup sees outer variables',
    [{ _id: 1, sku: 'a' }],
    [
      {
        $lookup: {
          from: 'people',
          let: { sku: '$sku' },
          pipeline: [
            { $match: { _id: 1 } },
            {
              $lookup: {
                from: 'stock',
                let: { p: '$name' },
                pipeline: [
                  { $match: { $expr: { $eq: ['$sku', '$$sku'] } } },
                  { $project: { _id: 0, n: 1, p: '$$p' } },
                ],
                as: 'in',
              },
            },
            { $project: { _id: 0, in: 1 } },
          ],
          as: 's',
        },
      },
    ],
    [
      {
        _id: 1,
        sku: 'a',
        s: [
          {
            in: [
              { n: 5, p: 'Ada' },
              { n: 7, p: 'Ada' },
            ],
          },
        ],
      },
    ],
  ],
  [
    '$graphLookup',
    [{ _id: 4, boss: 'Cid' }],
    [
      {
        $graphLookup: {
          from: 'people',
          startWith: '$boss',
          connectFromField: 'boss',
          connectToField: 'name',
          as: 'up',
          depthField: 'd',
        },
      },
      { $unwind: '$up' },
      { $sort: { 'up.d': 1 } },
      { $project: { _id: 0, n: '$up.name', d: '$up.d' } },
    ],
    [
      { n: 'Cid', d: long(0) },
      { n: 'Bob', d: long(1) },
      { n: 'Ada', d: long(2) },
    ],
  ],
  [
    '$graphLookup to a depth',
    [{ _id: 4, boss: 'Cid' }],
    [
      {
        $graphLookup: {
          from: 'people',
          startWith: '$boss',
          connectFromField: 'boss',
          connectToField: 'name',
          as: 'up',
          maxDepth: 0,
        },
      },
      { $project: { n: '$up.name' } },
    ],
    [{ _id: 4, n: ['Cid'] }],
  ],
  [
    '$graphLookup with a restriction',
    [{ _id: 4, boss: 'Cid' }],
    [
      {
        $graphLookup: {
          from: 'people',
          startWith: '$boss',
          connectFromField: 'boss',
          connectToField: 'name',
          as: 'up',
          restrictSearchWithMatch: { team: 'x' },
        },
      },
      { $project: { n: '$up.name' } },
    ],
    [{ _id: 4, n: [] }],
  ],
  [
    '$unionWith',
    [{ _id: 0 }],
    [{ $unionWith: { coll: 'stock', pipeline: [{ $match: { sku: 'b' } }, { $project: { n: 1 } }] } }],
    [{ _id: 0 }, { _id: 2, n: 6 }],
  ],
  ['$unionWith by name', [], [{ $unionWith: 'people' }, { $count: 'n' }], [{ n: 4 }]],
  [
    '$densify',
    [
      { _id: 1, v: 1 },
      { _id: 2, v: 4 },
    ],
    [{ $densify: { field: 'v', range: { step: 1, bounds: 'full' } } }],
    [{ _id: 1, v: 1 }, { v: 2 }, { v: 3 }, { _id: 2, v: 4 }],
  ],
  [
    '$densify between bounds',
    [{ v: 2 }],
    [{ $densify: { field: 'v', range: { step: 1, bounds: [1, 4] } } }],
    [{ v: 1 }, { v: 2 }, { v: 3 }],
  ],
  [
    '$densify months at the end of the month',
    [{ t: date('2024-01-31T00:00:00Z') }, { t: date('2024-03-31T00:00:00Z') }],
    [{ $densify: { field: 't', range: { step: 1, unit: 'month', bounds: 'full' } } }],
    [
      { t: date('2024-01-31T00:00:00Z') },
      { t: date('2024-02-29T00:00:00Z') },
      { t: date('2024-03-31T00:00:00Z') },
    ],
  ],
  [
    '$densify by partition',
    [
      { p: 'a', v: 1 },
      { p: 'b', v: 5 },
      { p: 'a', v: 3 },
    ],
    [{ $densify: { field: 'v', partitionByFields: ['p'], range: { step: 1, bounds: 'partition' } } }],
    [
      { p: 'a', v: 1 },
      { p: 'a', v: 2 },
      { p: 'a', v: 3 },
      { p: 'b', v: 5 },
    ],
  ],
  [
    '$fill with a value',
    [{ _id: 1, v: null }, { _id: 2 }, { _id: 3, v: 5 }],
    [{ $fill: { output: { v: { value: 0 } } } }],
    [
      { _id: 1, v: 0 },
      { _id: 2, v: 0 },
      { _id: 3, v: 5 },
    ],
  ],
  [
    '$fill with the last observation',
    [{ t: 1, v: 5 }, { t: 2 }, { t: 3, v: null }],
    [{ $fill: { sortBy: { t: 1 }, output: { v: { method: 'locf' } } } }],
    [
      { t: 1, v: 5 },
      { t: 2, v: 5 },
      { t: 3, v: 5 },
    ],
  ],
  [
    '$fill by interpolation',
    [{ t: 0, v: 0 }, { t: 1 }, { t: 4, v: 8 }, { t: 5 }],
    [{ $fill: { sortBy: { t: 1 }, output: { v: { method: 'linear' } } } }],
    [
      { t: 0, v: 0 },
      { t: 1, v: double(2) },
      { t: 4, v: 8 },
      { t: 5, v: null },
    ],
  ],
  [
    '$setWindowFields: running total by partition',
    [
      { p: 'b', t: 1, v: 1 },
      { p: 'a', t: 2, v: 5 },
      { p: 'a', t: 1, v: 2 },
    ],
    [
      {
        $setWindowFields: {
          partitionBy: '$p',
          sortBy: { t: 1 },
          output: { s: { $sum: '$v', window: { documents: ['unbounded', 'current'] } } },
        },
      },
    ],
    [
      { p: 'a', t: 1, v: 2, s: 2 },
      { p: 'a', t: 2, v: 5, s: 7 },
      { p: 'b', t: 1, v: 1, s: 1 },
    ],
  ],
  [
    '$setWindowFields: neighbours',
    [{ v: 1 }, { v: 2 }, { v: 3 }],
    [
      {
        $setWindowFields: { sortBy: { v: 1 }, output: { s: { $sum: '$v', window: { documents: [-1, 1] } } } },
      },
    ],
    [
      { v: 1, s: 3 },
      { v: 2, s: 6 },
      { v: 3, s: 5 },
    ],
  ],
  [
    '$setWindowFields: whole partition',
    [{ v: 1 }, { v: 3 }],
    [{ $setWindowFields: { output: { a: { $avg: '$v' } } } }],
    [
      { v: 1, a: double(2) },
      { v: 3, a: double(2) },
    ],
  ],
  [
    '$setWindowFields: range',
    [{ v: 1 }, { v: 2 }, { v: 10 }],
    [{ $setWindowFields: { sortBy: { v: 1 }, output: { n: { $sum: 1, window: { range: [-1, 1] } } } } }],
    [
      { v: 1, n: 2 },
      { v: 2, n: 2 },
      { v: 10, n: 1 },
    ],
  ],
  [
    '$setWindowFields: range of dates',
    [
      { t: date('2024-01-31T00:00:00Z') },
      { t: date('2024-02-29T00:00:00Z') },
      { t: date('2024-04-01T00:00:00Z') },
    ],
    [
      {
        $setWindowFields: {
          sortBy: { t: 1 },
          output: { n: { $sum: 1, window: { range: [-1, 0], unit: 'month' } } },
        },
      },
    ],
    [
      { t: date('2024-01-31T00:00:00Z'), n: 1 },
      { t: date('2024-02-29T00:00:00Z'), n: 2 },
      { t: date('2024-04-01T00:00:00Z'), n: 1 },
    ],
  ],
  [
    '$rank, $denseRank, $documentNumber',
    [{ v: 1 }, { v: 1 }, { v: 2 }],
    [
      {
        $setWindowFields: {
          sortBy: { v: 1 },
          output: { r: { $rank: {} }, d: { $denseRank: {} }, n: { $documentNumber: {} } },
        },
      },
    ],
    [
      { v: 1, r: long(1), d: long(1), n: long(1) },
      { v: 1, r: long(1), d: long(1), n: long(2) },
      { v: 2, r: long(3), d: long(2), n: long(3) },
    ],
  ],
  [
    '$shift',
    [{ v: 1 }, { v: 2 }],
    [
      {
        $setWindowFields: {
          sortBy: { v: 1 },
          output: { p: { $shift: { output: '$v', by: -1, default: 'none' } } },
        },
      },
    ],
    [
      { v: 1, p: 'none' },
      { v: 2, p: 1 },
    ],
  ],
  [
    '$expMovingAvg',
    [{ v: 2 }, { v: 4 }],
    [
      {
        $setWindowFields: { sortBy: { v: 1 }, output: { a: { $expMovingAvg: { input: '$v', alpha: 0.5 } } } },
      },
    ],
    [
      { v: 2, a: 2 },
      { v: 4, a: double(3) },
    ],
  ],
  [
    '$derivative by hour',
    [
      { t: date('2024-01-01T00:00:00Z'), v: 1 },
      { t: date('2024-01-01T02:00:00Z'), v: 7 },
    ],
    [
      {
        $setWindowFields: {
          sortBy: { t: 1 },
          output: { d: { $derivative: { input: '$v', unit: 'hour' }, window: { documents: [-1, 0] } } },
        },
      },
    ],
    [
      { t: date('2024-01-01T00:00:00Z'), v: 1, d: null },
      { t: date('2024-01-01T02:00:00Z'), v: 7, d: double(3) },
    ],
  ],
  [
    '$integral',
    [
      { t: 0, v: 2 },
      { t: 2, v: 4 },
    ],
    [
      {
        $setWindowFields: {
          sortBy: { t: 1 },
          output: { i: { $integral: { input: '$v' }, window: { documents: ['unbounded', 'current'] } } },
        },
      },
    ],
    [
      { t: 0, v: 2, i: double(0) },
      { t: 2, v: 4, i: double(6) },
    ],
  ],
  [
    '$covariancePop',
    [
      { x: 1, y: 2 },
      { x: 3, y: 6 },
    ],
    [{ $setWindowFields: { output: { c: { $covariancePop: ['$x', '$y'] } } } }, { $project: { c: 1 } }],
    [{ c: double(2) }, { c: double(2) }],
  ],
  [
    '$locf',
    [{ t: 1, v: 1 }, { t: 2 }],
    [{ $setWindowFields: { sortBy: { t: 1 }, output: { l: { $locf: '$v' } } } }],
    [
      { t: 1, v: 1, l: 1 },
      { t: 2, l: 1 },
    ],
  ],
];

describe('runPipeline', () => {
  it.each(CASES)('%s', (_name, documents, pipeline, expected) => {
    const before = exact(documents);
    expect(exact(run(documents, pipeline))).toBe(exact(expected));
    expect(exact(documents)).toBe(before);
  });

  it.each([
    ['R20', [0, 20, 40, 63, 90, 100]],
    ['E24', [0, 20, 43, 68, 91, 100]],
    ['1-2-5', [0, 20, 50, 100]],
    ['POWERSOF2', [0, 32, 64, 128]],
  ] as [string, number[]][])('$bucketAuto of 0 to 99 by the series %s', (granularity, bounds) => {
    const documents = Array.from({ length: 100 }, (_item, v) => ({ v }));
    const results = run(documents, [{ $bucketAuto: { groupBy: '$v', buckets: 5, granularity } }]);
    const ids = results.map((result) => result['_id']);
    expect(exact(ids)).toBe(
      exact(bounds.slice(1).map((max, index) => ({ min: double(bounds[index] ?? 0), max: double(max) }))),
    );
  });

  it('asks the host by equality so that an index serves', () => {
    const host = newHost();
    run(
      [{ sku: 'a' }, { sku: ['a', 'b'] }],
      [{ $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 's' } }],
      { host },
    );
    expect(host.asked).toEqual([
      ['stock', { sku: { $eq: 'a' } }],
      ['stock', { sku: { $in: ['a', 'b'] } }],
    ]);
  });

  it('turns $expr equality with a variable into a filter, and never hands variables to the host', () => {
    const host = newHost();
    const pipeline = [
      { $match: { $expr: { $and: [{ $eq: ['$sku', '$$s'] }, { $gt: ['$n', '$$k'] }] }, n: { $lt: 9 } } },
    ];
    run([{ s: 'a' }], [{ $lookup: { from: 'stock', let: { s: '$s', k: 5 }, pipeline, as: 'o' } }], { host });
    expect(host.asked).toEqual([['stock', { $and: [{ sku: { $eq: 'a' } }, { n: { $lt: 9 } }] }]]);
  });

  it('asks for one level of $graphLookup at a time', () => {
    const host = newHost();
    const stage = {
      from: 'people',
      startWith: '$boss',
      connectFromField: 'boss',
      connectToField: 'name',
      as: 'up',
    };
    run([{ boss: ['Bob', 'Cid'] }], [{ $graphLookup: stage }], { host });
    expect(host.asked).toEqual([
      ['people', { name: { $in: ['Bob', 'Cid'] } }],
      ['people', { name: { $eq: 'Ada' } }],
      ['people', { name: { $eq: null } }],
    ]);
  });

  it('looks up patterns as values', () => {
    const host = newHost();
    run(
      [{ sku: [/a/, 'b'] }],
      [{ $lookup: { from: 'stock', localField: 'sku', foreignField: 'sku', as: 's' } }],
      { host },
    );
    expect(host.asked).toEqual([['stock', { $or: [{ sku: { $eq: /a/ } }, { sku: { $eq: 'b' } }] }]]);
  });

  it.each(['$out', '$merge'])('hands %s to the host and yields nothing', (name) => {
    const host = newHost();
    const stage = { [name]: name === '$out' ? 'target' : { into: 'target' } };
    expect(run([{ _id: 1, a: 1 }], [{ $set: { a: 2 } }, stage], { host })).toEqual([]);
    expect(exact(host.written)).toBe(exact([[stage, [{ _id: 1, a: 2 }]]]));
  });

  it('reads no more documents than $limit needs', () => {
    let read = 0;
    function* source(): Generator<BsonDocument> {
      for (;;) {
        read += 1;
        yield { a: read };
      }
    }
    const results = [
      ...runPipeline([{ $match: { a: { $gt: 1 } } }, { $limit: 2 }], source(), newHost(), { now: NOW }),
    ];
    expect(results).toHaveLength(2);
    expect(read).toBe(3);
  });

  it('sorts and groups by the collation', () => {
    const collation = { locale: 'en', strength: 2 };
    const documents = [{ a: 'b' }, { a: 'A' }, { a: 'a' }, { a: 'B' }];
    expect(
      run(documents, [{ $group: { _id: '$a', n: { $sum: 1 } } }, { $sort: { _id: 1 } }], { collation }).map(
        (d) => [d['_id'], Number(d['n'])],
      ),
    ).toEqual([
      ['A', 2],
      ['b', 2],
    ]);
  });

  it('$sample takes distinct documents', () => {
    const documents = Array.from({ length: 20 }, (_item, index) => ({ _id: index }));
    const sample = run(documents, [{ $sample: { size: 5 } }]);
    expect(new Set(sample.map((document) => document['_id'])).size).toBe(5);
    expect(run(documents, [{ $sample: { size: 50 } }])).toHaveLength(20);
  });

  it('keeps __proto__ and constructor plain names', () => {
    const documents: BsonDocument[] = [JSON.parse('{"_id": 1, "__proto__": {"x": 1}, "constructor": 2}')];
    const [grouped] = run(documents, [
      { $group: { _id: '$constructor', __proto: { $first: '$__proto__.x' } } },
    ]);
    expect(grouped?.['_id']).toBe(2);
    expect(grouped?.['__proto']).toBe(1);
    const [projected] = run(documents, [{ $project: JSON.parse('{"__proto__": 1}') }]);
    expect(JSON.stringify(projected)).toBe('{"_id":1,"__proto__":{"x":1}}');
    const [added] = run([{}], [{ $addFields: JSON.parse('{"__proto__.y": 5}') }]);
    expect(JSON.stringify(added)).toBe('{"__proto__":{"y":5}}');
    expect(Reflect.get({}, 'y')).toBeUndefined();
  });

  it('groups as a reference model does', () => {
    const row = fc.record({
      k: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', null)),
      v: fc.integer({ min: -1000, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const model = new Map<unknown, number>();
        for (const { k, v } of rows) {
          model.set(k, (model.get(k) ?? 0) + v);
        }
        const results = run(rows, [{ $group: { _id: '$k', s: { $sum: '$v' } } }]);
        expect(new Map(results.map((result) => [result['_id'], Number(result['s'])]))).toEqual(model);
      }),
    );
  });

  it('groups 100,000 documents into as many groups in linear time', () => {
    const documents = Array.from({ length: 100_000 }, (_item, index) => ({ k: index, v: 1 }));
    expect(
      run(documents, [{ $group: { _id: '$k', s: { $sum: '$v' } } }, { $count: 'n' }]).map((one) =>
        Number(one['n']),
      ),
    ).toEqual([100_000]);
  });
});

describe('errors of pipelines', () => {
  it.each([
    [[{ $nope: {} }], 40324],
    [[{ $match: {}, $limit: 1 }], 40323],
    [[{}], 40323],
    [[{ $out: 'x' }, { $match: {} }], 40601],
    [[{ $merge: 'x' }, { $match: {} }], 40601],
    [[{ $match: {} }, { $documents: [] }], 40602],
    [[{ $geoNear: {} }], 16605],
    [[{ $changeStream: {} }], 40573],
    [[{ $match: 1 }], 15959],
    [[{ $match: { a: { $nope: 1 } } }], 2],
    [[{ $match: { $where: 'true' } }], 2],
    [[{ $sort: 1 }], 15973],
    [[{ $sort: {} }], 15976],
    [[{ $sort: { a: 'x' } }], 15974],
    [[{ $sort: { a: 2 } }], 15975],
    [[{ $limit: 0 }], 15958],
    [[{ $limit: -1 }], 5107201],
    [[{ $limit: 'x' }], 5107201],
    [[{ $skip: -1 }], 5107200],
    [[{ $count: '' }], 40157],
    [[{ $count: '$a' }], 40158],
    [[{ $count: 'a.b' }], 40160],
    [[{ $unwind: 'a' }], 28818],
    [[{ $unwind: {} }], 28812],
    [[{ $unwind: 5 }], 15981],
    [[{ $unwind: { path: '$a', nope: 1 } }], 28811],
    [[{ $group: {} }], 15955],
    [[{ $group: 5 }], 15947],
    [[{ $group: { _id: 1, a: 5 } }], 40234],
    [[{ $group: { _id: 1, a: { $sum: 1, $avg: 1 } } }], 40238],
    [[{ $group: { _id: 1, a: { $nope: 1 } } }], 15952],
    [[{ $group: { _id: 1, 'a.b': { $sum: 1 } } }], 40235],
    [[{ $group: { _id: 1, $a: { $sum: 1 } } }], 40236],
    [[{ $group: { _id: 1, a: { $sum: [1, 2] } } }], 40237],
    [[{ $group: { _id: 1, a: { $accumulator: {} } } }], 2],
    [[{ $project: {} }], 51272],
    [[{ $project: { a: 1, b: 0 } }], 31254],
    [[{ $project: { a: 1, 'a.b': 1 } }], 31249],
    [[{ $project: { 'a.b': 1, a: 1 } }], 31250],
    [[{ $project: { a: {} } }], 51270],
    [[{ $project: { a: 0, b: '$c' } }], 31252],
    [[{ $project: { a: { $nope: 1 } } }], 31325],
    [[{ $project: { a: { $add: [1, { $nope: 1 }] } } }], 168],
    [[{ $addFields: { a: { $nope: 1 } } }], 168],
    [[{ $project: { a: 0, b: 1 } }], 31253],
    [[{ $project: { a: 1, b: 0 } }], 31254],
    [[{ $project: { a: 0, b: '$c' } }], 31252],
    [[{ $project: { a: '$c', b: 0 } }], 31254],
    [[{ $limit: 1 }, { $match: { $text: { $search: 'a' } } }], 17313],
    [[{ $sort: { a: { $meta: 'nothing' } } }], 31138],
    [[{ $sort: { a: { $meta: 'textScore' } } }], 40218],
    [[{ $project: { a: { $meta: 'textScore' } } }], 40218],
    [[{ $project: { a: '$$nope' } }], 17276],
    [[{ $addFields: {} }], 40177],
    [[{ $addFields: 5 }], 40272],
    [[{ $unset: [] }], 31119],
    [[{ $replaceRoot: {} }], 40231],
    [[{ $replaceRoot: { newRoot: '$nope' } }], 40228],
    [[{ $replaceRoot: { newRoot: 5 } }], 40228],
    [[{ $bucket: { groupBy: '$a', boundaries: [1] } }], 40192],
    [[{ $bucket: { groupBy: '$a', boundaries: [2, 1] } }], 40194],
    [[{ $bucket: { groupBy: '$a', boundaries: [1, 'x'] } }], 40193],
    [[{ $bucket: { groupBy: '$a', boundaries: [5, 6] } }], 40066],
    [[{ $bucketAuto: { groupBy: '$a', buckets: 0 } }], 40243],
    [[{ $bucketAuto: { groupBy: '$a', buckets: 1, granularity: 'X' } }], 40257],
    [[{ $facet: {} }], 40169],
    [[{ $facet: { a: [{ $out: 'x' }] } }], 40600],
    [[{ $facet: { a: [{ $facet: {} }] } }], 40600],
    [[{ $lookup: { from: 'x', as: 'y', localField: 'a' } }], 9],
    [[{ $lookup: { from: 'x', localField: 'a', foreignField: 'b' } }], 9],
    [[{ $lookup: { from: 'x', as: 'y', nope: 1 } }], 9],
    [[{ $lookup: { from: 'x', as: 'y', pipeline: [{ $out: 'z' }] } }], 51047],
    [[{ $lookup: { from: 'x', as: 'y', pipeline: [{ $match: { $expr: '$$nope' } }] } }], 0],
    [[{ $unionWith: { coll: 'x', nope: 1 } }], 40415],
    [[{ $sample: { size: -1 } }], 28747],
    [[{ $redact: 'x' }], 17053],
    [[{ $sortByCount: 'x' }], 40148],
    [[{ $setWindowFields: { sortBy: { a: 1 } } }], 40414],
    [[{ $setWindowFields: { output: { r: { $rank: {} } } } }], 5371602],
    [[{ $setWindowFields: { output: { r: { $nope: {} } } } }], 9],
    [[{ $densify: { field: 'a', range: { step: -1, bounds: 'full' } } }], 5733401],
  ] as [BsonDocument[], number][])('%j gives code %i', (pipeline, code) => {
    expect(errorCode(() => run([{ a: 1 }], pipeline))).toBe(code);
  });

  it('reports bad stages even when there are no documents', () => {
    expect(errorCode(() => run([], [{ $project: { a: { $nope: 1 } } }]))).toBe(31325);
    expect(errorCode(() => run([], [{ $match: { a: { $nope: 1 } } }]))).toBe(2);
  });

  it('refuses sub-pipelines nested too deeply', () => {
    let pipeline: BsonDocument[] = [];
    for (let depth = 0; depth < 30; depth += 1) {
      pipeline = [{ $unionWith: { coll: 'x', pipeline } }];
    }
    expect(errorCode(() => run([], pipeline))).toBe(51047);
  });
});

describe('validatePipeline', () => {
  it('accepts variables of the command, which it does not know', () => {
    validatePipeline([{ $match: { $expr: { $eq: ['$a', '$$v'] } } }, { $project: { a: '$$v' } }]);
  });

  it('refuses what runPipeline refuses', () => {
    expect(errorCode(() => validatePipeline([{ $nope: 1 }]))).toBe(40324);
    expect(errorCode(() => validatePipeline([{ $facet: { a: [{ $nope: 1 }] } }]))).toBe(40324);
  });
});

describe('splitPipeline', () => {
  it.each([
    [[], { rest: [] }],
    [[{ $match: { a: 1 } }, { $project: { a: 1 } }], { filter: { a: 1 }, rest: [{ $project: { a: 1 } }] }],
    [[{ $match: { a: 1 } }, { $match: { b: 2 } }], { filter: { $and: [{ a: 1 }, { b: 2 }] }, rest: [] }],
    [
      [{ $sort: { a: 1 } }, { $skip: 2 }, { $limit: 3 }, { $match: {} }],
      { sort: { a: 1 }, skip: 2, limit: 3, rest: [{ $match: {} }] },
    ],
    [[{ $limit: 3 }, { $sort: { a: 1 } }], { limit: 3, rest: [{ $sort: { a: 1 } }] }],
    [[{ $limit: 3 }, { $skip: 1 }], { limit: 3, rest: [{ $skip: 1 }] }],
    [[{ $limit: 0 }], { rest: [{ $limit: 0 }] }],
    [[{ $group: { _id: 1 } }, { $match: {} }], { rest: [{ $group: { _id: 1 } }, { $match: {} }] }],
  ] as [BsonDocument[], ReturnType<typeof splitPipeline>][])('%j', (pipeline, expected) => {
    expect(splitPipeline(pipeline)).toEqual(expected);
  });
});
