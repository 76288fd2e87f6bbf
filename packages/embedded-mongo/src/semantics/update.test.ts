import { describe, expect, it } from '@jest/globals';
import { BSONRegExp, DBRef, Decimal128, Double, EJSON, Int32, Long, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';
import { MongoServerError } from './errors.ts';
import type { BsonDocument } from './types.ts';
import { compileUpdate } from './update.ts';
import { compareValues } from './values.ts';

const NOW = new Date('2026-03-04T05:06:07.089Z');
const long = (text: string): Long => Long.fromString(text);
const decimal = (text: string): Decimal128 => Decimal128.fromString(text);
const double = (value: number): Double => new Double(value);
const MAX_INT = 2147483647;

interface Options {
  arrayFilters?: BsonDocument[];
  insert?: boolean;
  arrayIndex?: number;
  variables?: BsonDocument;
  collation?: { locale: string; strength?: number };
}

function run(
  document: BsonDocument,
  update: BsonDocument | BsonDocument[],
  options: Options = {},
): BsonDocument {
  const { insert = false, arrayIndex, ...context } = options;
  return compileUpdate(update, { now: NOW, ...context }).apply(document, {
    insert,
    ...(arrayIndex === undefined ? {} : { arrayIndex }),
  });
}

/** Canonical text, which tells int32, int64, double and decimal apart and keeps the order of fields. */
const exact = (value: unknown): string => EJSON.stringify({ value }, { relaxed: false });

function errorOf(action: () => unknown): { code: number; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof MongoServerError) {
      return { code: error.code, message: error.message };
    }
    throw error;
  }
  throw new Error('expected a server error');
}

type Case = [
  name: string,
  document: BsonDocument,
  update: BsonDocument | BsonDocument[],
  expected: BsonDocument,
  options?: Options,
];

const RESULTS: Case[] = [
  ['$set replaces in place', { _id: 1, a: 1, b: 2 }, { $set: { a: 9 } }, { _id: 1, a: 9, b: 2 }],
  [
    '$set appends new fields in sorted order',
    { _id: 1 },
    { $set: { c: 1, a: 2, b: 3 } },
    { _id: 1, a: 2, b: 3, c: 1 },
  ],
  [
    'new fields of several operators are sorted together',
    { _id: 1 },
    { $set: { z: 1 }, $inc: { a: 1 } },
    { _id: 1, a: 1, z: 1 },
  ],
  [
    '$set sorts numeric parts by number',
    { _id: 1, a: [] },
    { $set: { 'a.10': 'x', 'a.9': 'y', 'a.0': 'z' } },
    { _id: 1, a: ['z', null, null, null, null, null, null, null, null, 'y', 'x'] },
  ],
  ['$set creates parents', { _id: 1 }, { $set: { 'a.b.c': 1 } }, { _id: 1, a: { b: { c: 1 } } }],
  [
    '$set with a number creates a field where there is no array',
    { _id: 1 },
    { $set: { 'a.0': 1 } },
    { _id: 1, a: { 0: 1 } },
  ],
  ['$set of an array element', { a: [1, 2, 3] }, { $set: { 'a.1': 9 } }, { a: [1, 9, 3] }],
  ['$set inside an array element', { a: [{ b: 1 }] }, { $set: { 'a.0.b': 2 } }, { a: [{ b: 2 }] }],
  ['$set keeps a change of type', { a: 1 }, { $set: { a: double(1) } }, { a: double(1) }],
  ['$set of nested $-fields is allowed', { a: 1 }, { $set: { a: { $x: 1 } } }, { a: { $x: 1 } }],
  ['$set of an empty object is a no-op', { a: 1 }, { $set: {} }, { a: 1 }],
  ['$unset removes', { a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
  ['$unset nested', { a: { b: 1, c: 2 } }, { $unset: { 'a.b': 1 } }, { a: { c: 2 } }],
  ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
  ['$unset through a scalar', { a: 1 }, { $unset: { 'a.b': 1 } }, { a: 1 }],
  ['$inc int', { a: 1 }, { $inc: { a: 2 } }, { a: 3 }],
  ['$inc missing', {}, { $inc: { a: 2 } }, { a: 2 }],
  ['$inc nested missing', {}, { $inc: { 'a.b': 2 } }, { a: { b: 2 } }],
  ['$inc int overflows to long', { a: MAX_INT }, { $inc: { a: 1 } }, { a: long('2147483648') }],
  ['$inc keeps long', { a: long('1') }, { $inc: { a: 1 } }, { a: long('2') }],
  [
    '$inc beyond 2^53 is exact',
    { a: long('9007199254740993') },
    { $inc: { a: 2 } },
    { a: long('9007199254740995') },
  ],
  ['$inc int by double', { a: 1 }, { $inc: { a: double(1) } }, { a: double(2) }],
  ['$inc double', { a: 1.5 }, { $inc: { a: 1 } }, { a: 2.5 }],
  ['$inc decimal', { a: decimal('0.10') }, { $inc: { a: decimal('0.20') } }, { a: decimal('0.30') }],
  ['$inc decimal by int', { a: decimal('0.1') }, { $inc: { a: 1 } }, { a: decimal('1.1') }],
  ['$inc int by decimal', { a: 1 }, { $inc: { a: decimal('0.50') } }, { a: decimal('1.50') }],
  ['$mul', { a: 3 }, { $mul: { a: 4 } }, { a: 12 }],
  [
    '$mul missing gives zero of the type',
    {},
    { $mul: { a: long('4'), b: double(2.5), c: 2 } },
    { a: long('0'), b: double(0), c: 0 },
  ],
  ['$mul overflows to long', { a: MAX_INT }, { $mul: { a: 2 } }, { a: long('4294967294') }],
  ['$mul decimal', { a: decimal('1.5') }, { $mul: { a: decimal('2') } }, { a: decimal('3.0') }],
  ['$min smaller', { a: 5 }, { $min: { a: 3 } }, { a: 3 }],
  ['$min larger', { a: 5 }, { $min: { a: 7 } }, { a: 5 }],
  ['$min missing', {}, { $min: { a: 7 } }, { a: 7 }],
  ['$min across types', { a: 'x' }, { $min: { a: 1 } }, { a: 1 }],
  ['$max', { a: 5 }, { $max: { a: 7 } }, { a: 7 }],
  ['$max dates', { a: new Date(5) }, { $max: { a: new Date(9) } }, { a: new Date(9) }],
  ['$max equal of another type changes nothing', { a: 5 }, { $max: { a: double(5) } }, { a: 5 }],
  ['$max with collation', { a: 'b' }, { $max: { a: 'A' } }, { a: 'b' }, { collation: { locale: 'en' } }],
  ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c' } }, { b: 2, c: 1 }],
  ['$rename over an existing field', { a: 1, b: 2, c: 3 }, { $rename: { a: 'b' } }, { b: 1, c: 3 }],
  ['$rename nested', { a: { b: 1, c: 2 } }, { $rename: { 'a.b': 'd.e' } }, { a: { c: 2 }, d: { e: 1 } }],
  ['$rename missing', { b: 2 }, { $rename: { a: 'c' } }, { b: 2 }],
  ['$currentDate true', {}, { $currentDate: { a: true } }, { a: NOW }],
  ['$currentDate date', {}, { $currentDate: { a: { $type: 'date' } } }, { a: NOW }],
  [
    '$currentDate timestamp',
    {},
    { $currentDate: { a: { $type: 'timestamp' } } },
    { a: new Timestamp({ t: 1772600767, i: 1 }) },
  ],
  ['$setOnInsert on update', { a: 1 }, { $setOnInsert: { b: 2 }, $set: { c: 3 } }, { a: 1, c: 3 }],
  [
    '$setOnInsert on insert',
    { a: 1 },
    { $setOnInsert: { b: 2 }, $set: { c: 3 } },
    { a: 1, b: 2, c: 3 },
    { insert: true },
  ],
  ['$setOnInsert through a scalar is ignored on update', { a: 1 }, { $setOnInsert: { 'a.b': 2 } }, { a: 1 }],
  ['$push', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
  ['$push missing', {}, { $push: { a: 2 } }, { a: [2] }],
  ['$push an array', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
  ['$push $each', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
  ['$push $each empty creates', {}, { $push: { a: { $each: [] } } }, { a: [] }],
  ['$push $position', { a: [1, 2] }, { $push: { a: { $each: [9], $position: 0 } } }, { a: [9, 1, 2] }],
  [
    '$push $position beyond the end',
    { a: [1, 2] },
    { $push: { a: { $each: [9], $position: 20 } } },
    { a: [1, 2, 9] },
  ],
  [
    '$push negative $position',
    { a: [1, 2, 3] },
    { $push: { a: { $each: [9, 8], $position: -1 } } },
    { a: [1, 2, 9, 8, 3] },
  ],
  ['$push $slice', { a: [1, 2] }, { $push: { a: { $each: [3, 4], $slice: 3 } } }, { a: [1, 2, 3] }],
  ['$push negative $slice', { a: [1, 2] }, { $push: { a: { $each: [3, 4], $slice: -3 } } }, { a: [2, 3, 4] }],
  ['$push $slice 0', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: 0 } } }, { a: [] }],
  ['$push $sort', { a: [3, 1] }, { $push: { a: { $each: [2], $sort: 1 } } }, { a: [1, 2, 3] }],
  ['$push $sort down', { a: [3, 1] }, { $push: { a: { $each: [2], $sort: -1 } } }, { a: [3, 2, 1] }],
  [
    '$push sorts before it slices',
    { a: [5, 9] },
    { $push: { a: { $each: [7, 1], $slice: 2, $sort: -1 } } },
    { a: [9, 7] },
  ],
  [
    '$push $sort by several keys',
    {
      a: [
        { x: 1, y: 1 },
        { x: 2, y: 5 },
      ],
    },
    { $push: { a: { $each: [{ x: 1, y: 9 }, { y: 3 }], $sort: { x: 1, y: -1 } } } },
    { a: [{ y: 3 }, { x: 1, y: 9 }, { x: 1, y: 1 }, { x: 2, y: 5 }] },
  ],
  [
    '$push $sort by a nested key',
    { a: [{ x: { y: 2 } }] },
    { $push: { a: { $each: [{ x: { y: 1 } }], $sort: { 'x.y': 1 } } } },
    { a: [{ x: { y: 1 } }, { x: { y: 2 } }] },
  ],
  ['$addToSet new', { a: [1] }, { $addToSet: { a: 2 } }, { a: [1, 2] }],
  ['$addToSet present', { a: [1] }, { $addToSet: { a: 1 } }, { a: [1] }],
  ['$addToSet compares numbers by value', { a: [1] }, { $addToSet: { a: long('1') } }, { a: [1] }],
  [
    '$addToSet documents by order of fields',
    { a: [{ x: 1, y: 2 }] },
    { $addToSet: { a: { y: 2, x: 1 } } },
    {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  ],
  [
    '$addToSet $each without duplicates',
    { a: [1] },
    { $addToSet: { a: { $each: [1, 2, 2, 3] } } },
    { a: [1, 2, 3] },
  ],
  ['$addToSet missing', {}, { $addToSet: { a: 1 } }, { a: [1] }],
  [
    '$addToSet with collation',
    { a: ['x'] },
    { $addToSet: { a: 'X' } },
    { a: ['x'] },
    { collation: { locale: 'en', strength: 2 } },
  ],
  ['$pop last', { a: [1, 2, 3] }, { $pop: { a: 1 } }, { a: [1, 2] }],
  ['$pop first', { a: [1, 2, 3] }, { $pop: { a: -1 } }, { a: [2, 3] }],
  ['$pop empty and missing', { a: [] }, { $pop: { a: 1, b: 1 } }, { a: [] }],
  ['$pull a value', { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  ['$pull by condition', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  ['$pull $in', { a: ['x', 'y', 'z'] }, { $pull: { a: { $in: ['x', 'z'] } } }, { a: ['y'] }],
  ['$pull documents', { a: [{ b: 1, c: 2 }, { b: 2 }] }, { $pull: { a: { b: 1 } } }, { a: [{ b: 2 }] }],
  [
    '$pull documents by nested condition',
    { a: [{ b: { c: 5 } }, { b: { c: 9 } }] },
    { $pull: { a: { 'b.c': { $gt: 6 } } } },
    { a: [{ b: { c: 5 } }] },
  ],
  [
    '$pull $elemMatch',
    { a: [{ r: [{ q: 2, s: 8 }] }, { r: [{ q: 1, s: 8 }] }] },
    { $pull: { a: { r: { $elemMatch: { q: 2, s: { $gte: 8 } } } } } },
    { a: [{ r: [{ q: 1, s: 8 }] }] },
  ],
  ['$pull by pattern', { a: ['ab', 'cd', 5] }, { $pull: { a: new BSONRegExp('^a', '') } }, { a: ['cd', 5] }],
  ['$pull null', { a: [null, 1] }, { $pull: { a: null } }, { a: [1] }],
  [
    '$pull ObjectId',
    { a: [new ObjectId('64b0c0c0c0c0c0c0c0c0c0c0'), 1] },
    { $pull: { a: new ObjectId('64b0c0c0c0c0c0c0c0c0c0c0') } },
    { a: [1] },
  ],
  ['$pull missing', {}, { $pull: { a: 1 } }, {}],
  ['$pullAll', { a: [1, 2, 3, 1] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
  [
    '$bit and or xor',
    { a: 13, b: 3, c: 1 },
    { $bit: { a: { and: 10 }, b: { or: 5 }, c: { xor: 5 } } },
    { a: 8, b: 7, c: 4 },
  ],
  ['$bit long', { a: 13 }, { $bit: { a: { and: long('10') } } }, { a: long('8') }],
  ['$bit missing', {}, { $bit: { a: { or: 5 } } }, { a: 5 }],
  ['positional $', { a: [1, 2, 3] }, { $set: { 'a.$': 9 } }, { a: [1, 9, 3] }, { arrayIndex: 1 }],
  [
    'positional $ within',
    { a: [{ b: 1 }, { b: 2 }] },
    { $inc: { 'a.$.b': 5 } },
    { a: [{ b: 1 }, { b: 7 }] },
    { arrayIndex: 1 },
  ],
  ['$unset positional $', { a: [1, 2] }, { $unset: { 'a.$': 1 } }, { a: [null, 2] }, { arrayIndex: 0 }],
  ['$[] every element', { a: [1, 2] }, { $inc: { 'a.$[]': 10 } }, { a: [11, 12] }],
  [
    '$[] nested',
    { a: [{ b: [1, 2] }, { b: [3] }] },
    { $mul: { 'a.$[].b.$[]': 2 } },
    { a: [{ b: [2, 4] }, { b: [6] }] },
  ],
  [
    '$[identifier]',
    { a: [1, 5, 9] },
    { $set: { 'a.$[big]': 0 } },
    { a: [1, 0, 0] },
    { arrayFilters: [{ big: { $gte: 5 } }] },
  ],
  [
    '$[identifier] by field',
    { a: [{ b: 1 }, { b: 2 }] },
    { $set: { 'a.$[e].c': 1 } },
    { a: [{ b: 1 }, { b: 2, c: 1 }] },
    { arrayFilters: [{ 'e.b': 2 }] },
  ],
  [
    'two identifiers',
    {
      a: [
        { k: 1, b: [1, 2] },
        { k: 2, b: [1, 2] },
      ],
    },
    { $set: { 'a.$[x].b.$[y]': 0 } },
    {
      a: [
        { k: 1, b: [1, 2] },
        { k: 2, b: [1, 0] },
      ],
    },
    { arrayFilters: [{ 'x.k': 2 }, { y: 2 }] },
  ],
  [
    'identifier with $or',
    { a: [1, 2, 3] },
    { $set: { 'a.$[x]': 0 } },
    { a: [0, 2, 0] },
    { arrayFilters: [{ $or: [{ x: 1 }, { x: 3 }] }] },
  ],
  ['$[] on an empty array', { a: [] }, { $set: { 'a.$[].b': 1 } }, { a: [] }],
  ['replacement keeps _id', { _id: 1, a: 1 }, { b: 2 }, { _id: 1, b: 2 }],
  ['replacement with the same _id', { _id: 1, a: 1 }, { b: 2, _id: 1 }, { _id: 1, b: 2 }],
  ['empty replacement', { _id: 1, a: 1 }, {}, { _id: 1 }],
  ['pipeline $set', { _id: 1, a: 2 }, [{ $set: { b: { $multiply: ['$a', 3] } } }], { _id: 1, a: 2, b: 6 }],
  [
    'pipeline of stages',
    { _id: 1, a: 2, c: 3 },
    [{ $addFields: { b: '$a' } }, { $unset: 'c' }, { $project: { b: 1 } }],
    { _id: 1, b: 2 },
  ],
  ['pipeline $replaceWith keeps _id', { _id: 1, a: { x: 5 } }, [{ $replaceWith: '$a' }], { _id: 1, x: 5 }],
  [
    'pipeline with variables',
    { _id: 1 },
    [{ $set: { a: '$$v' } }],
    { _id: 1, a: 7 },
    { variables: { v: 7 } },
  ],
  ['pipeline $$NOW', { _id: 1 }, [{ $set: { a: '$$NOW' } }], { _id: 1, a: NOW }],
  ['fields of references may be set', { a: {} }, { $set: { 'a.$id': 5 } }, { a: { $id: 5 } }],
  [
    '$set inside a decoded reference',
    { a: new DBRef('c', new ObjectId('64b0c0c0c0c0c0c0c0c0c0c0')) },
    { $set: { 'a.$id': 5 } },
    { a: { $ref: 'c', $id: 5 } },
  ],
];

const ERRORS: [
  name: string,
  document: BsonDocument,
  update: BsonDocument | BsonDocument[],
  code: number,
  text: RegExp,
  options?: Options,
][] = [
  [
    'through a number',
    { _id: 1, a: 1 },
    { $set: { 'a.b': 1 } },
    28,
    /Cannot create field 'b' in element \{a: 1\}/,
  ],
  ['through null', { a: null }, { $set: { 'a.b': 1 } }, 28, /Cannot create field 'b' in element \{a: null\}/],
  [
    'name in an array',
    { a: [1] },
    { $set: { 'a.b': 1 } },
    28,
    /Cannot create field 'b' in element \{a: \[ 1 \]\}/,
  ],
  [
    'through an array element',
    { a: [1] },
    { $inc: { 'a.0.b': 1 } },
    28,
    /Cannot create field 'b' in element \{0: 1\}/,
  ],
  [
    'conflict',
    {},
    { $set: { a: 1 }, $inc: { a: 1 } },
    40,
    /Updating the path 'a' would create a conflict at 'a'/,
  ],
  [
    'conflict by prefix',
    {},
    { $set: { a: 1, 'a.b': 1 } },
    40,
    /Updating the path 'a.b' would create a conflict at 'a'/,
  ],
  ['conflict of $rename', {}, { $rename: { a: 'b' }, $set: { b: 1 } }, 40, /conflict at 'b'/],
  ['conflict after expansion', { a: [1, 2] }, { $set: { 'a.0': 1, 'a.$[]': 2 } }, 40, /conflict at 'a.0'/],
  ['unknown operator', {}, { $foo: { a: 1 } }, 9, /Unknown modifier: \$foo/],
  ['$pushAll', {}, { $pushAll: { a: [1] } }, 9, /Unknown modifier: \$pushAll/],
  ['operators mixed with fields', {}, { $set: { a: 1 }, b: 1 }, 9, /Unknown modifier: b/],
  ['fields mixed with operators', {}, { b: 1, $set: { a: 1 } }, 52, /dollar \(\$\) prefixed field '\$set'/],
  [
    'operator without a document',
    {},
    { $set: 5 },
    9,
    /Modifiers operate on fields but we found type int instead/,
  ],
  ['empty path', {}, { $set: { '': 1 } }, 56, /An empty update path is not valid/],
  ['empty part', {}, { $set: { 'a..b': 1 } }, 56, /contains an empty field name/],
  ['$-field', {}, { $set: { $a: 1 } }, 52, /prefixed field '\$a' in '\$a' is not valid for storage/],
  [
    'nested $-field',
    {},
    { $set: { 'a.$b': 1 } },
    52,
    /prefixed field '\$b' in 'a.\$b' is not valid for storage/,
  ],
  ['$inc by text', {}, { $inc: { a: 'x' } }, 14, /Cannot increment with non-numeric argument: \{a: "x"\}/],
  [
    '$inc of text',
    { _id: 1, a: 'x' },
    { $inc: { a: 1 } },
    14,
    /Cannot apply \$inc to a value of non-numeric type. \{_id: 1\} has the field 'a' of non-numeric type string/,
  ],
  ['$inc of null', { _id: 1, a: null }, { $inc: { a: 1 } }, 14, /non-numeric type null/],
  [
    '$inc of a timestamp',
    { _id: 1, a: new Timestamp({ t: 1, i: 1 }) },
    { $inc: { a: 1 } },
    14,
    /non-numeric type timestamp/,
  ],
  [
    '$inc long overflow',
    { _id: 1, a: Long.MAX_VALUE },
    { $inc: { a: 1 } },
    2,
    /Failed to apply \$inc operations/,
  ],
  ['$mul by text', {}, { $mul: { a: 'x' } }, 14, /Cannot multiply with non-numeric argument/],
  [
    '$push to a scalar',
    { _id: 1, a: 1 },
    { $push: { a: 1 } },
    2,
    /The field 'a' must be an array but is of type int in document \{_id: 1\}/,
  ],
  ['$push to null', { _id: 1, a: null }, { $push: { a: 1 } }, 2, /must be an array but is of type null/],
  [
    '$each without array',
    {},
    { $push: { a: { $each: 1 } } },
    2,
    /The argument to \$each in \$push must be an array but it was of type: int/,
  ],
  [
    '$push unknown clause',
    {},
    { $push: { a: { $each: [], $foo: 1 } } },
    2,
    /Unrecognized clause in \$push: \$foo/,
  ],
  [
    '$slice text',
    {},
    { $push: { a: { $each: [], $slice: 'x' } } },
    2,
    /The value for \$slice must be an integer value but was given type: string/,
  ],
  ['$slice fraction', {}, { $push: { a: { $each: [], $slice: 1.5 } } }, 2, /\$slice must be an integer/],
  ['$sort 2', {}, { $push: { a: { $each: [], $sort: 2 } } }, 2, /must be either 1 or -1/],
  ['$sort text', {}, { $push: { a: { $each: [], $sort: 'x' } } }, 2, /The \$sort is invalid/],
  [
    '$addToSet to a scalar',
    { a: 1 },
    { $addToSet: { a: 1 } },
    2,
    /Cannot apply \$addToSet to non-array field. Field named 'a' has non-array type int/,
  ],
  [
    '$addToSet clause',
    {},
    { $addToSet: { a: { $each: [], $slice: 1 } } },
    2,
    /unexpected fields after \$each/,
  ],
  ['$pop 2', { a: [] }, { $pop: { a: 2 } }, 9, /\$pop expects 1 or -1, found: 2/],
  ['$pop text', { a: [] }, { $pop: { a: 'x' } }, 9, /Expected a number in: a: "x"/],
  [
    '$pop of a scalar',
    { a: 1 },
    { $pop: { a: 1 } },
    14,
    /Path 'a' contains an element of non-array type 'int'/,
  ],
  ['$pull from a scalar', { a: 1 }, { $pull: { a: 1 } }, 2, /Cannot apply \$pull to a non-array value/],
  [
    '$pullAll without array',
    {},
    { $pullAll: { a: 1 } },
    2,
    /\$pullAll requires an array argument but was given a int/,
  ],
  ['$bit double', { a: 1 }, { $bit: { a: { and: 1.5 } } }, 2, /'double' is not supported here/],
  [
    '$bit of text',
    { _id: 1, a: 'x' },
    { $bit: { a: { and: 1 } } },
    2,
    /Cannot apply \$bit to a value of non-integral type/,
  ],
  ['$bit unknown', {}, { $bit: { a: { nand: 1 } } }, 2, /only supports 'and', 'or', and 'xor'/],
  ['$currentDate number', {}, { $currentDate: { a: 1 } }, 2, /is not valid type for \$currentDate/],
  [
    '$currentDate type',
    {},
    { $currentDate: { a: { $type: 'x' } } },
    2,
    /required to be 'date' or 'timestamp'/,
  ],
  ['$rename to a number', {}, { $rename: { a: 1 } }, 2, /The 'to' field for \$rename must be a string: a: 1/],
  ['$rename to itself', {}, { $rename: { a: 'a' } }, 2, /must differ/],
  ['$rename on one path', {}, { $rename: { a: 'a.b' } }, 2, /must not be on the same path/],
  ['$rename positional', {}, { $rename: { 'a.$': 'b' } }, 2, /may not be dynamic/],
  [
    '$rename from an array',
    { _id: 1, a: [1] },
    { $rename: { 'a.0': 'b' } },
    2,
    /The source field cannot be an array element/,
  ],
  [
    '$rename into an array',
    { _id: 1, a: [{}], b: 1 },
    { $rename: { b: 'a.0' } },
    2,
    /The destination field cannot be an array element/,
  ],
  ['_id', { _id: 1 }, { $set: { _id: 2 } }, 66, /immutable field '_id'/],
  ['part of _id', { _id: { a: 1 } }, { $set: { '_id.a': 2 } }, 66, /immutable field '_id'/],
  ['$unset _id', { _id: 1 }, { $unset: { _id: 1 } }, 66, /immutable field '_id'/],
  [
    'replacement of _id',
    { _id: 1 },
    { _id: 2 },
    66,
    /\(immutable\) field '_id' was found to have been altered to _id: 2/,
  ],
  ['pipeline changing _id', { _id: 1 }, [{ $set: { _id: 2 } }], 66, /_id/],
  ['pipeline stage', {}, [{ $match: {} }], 72, /\$match is not allowed to be used within an update/],
  [
    'positional without match',
    { a: [1] },
    { $set: { 'a.$': 1 } },
    2,
    /The positional operator did not find the match needed from the query/,
  ],
  ['two positionals', {}, { $set: { 'a.$.b.$': 1 } }, 2, /Too many positional/],
  [
    'positional first',
    {},
    { $set: { '$.a': 1 } },
    2,
    /Cannot have positional \(i.e. '\$'\) element in the first position in path '\$.a'/,
  ],
  [
    'no array filter',
    { a: [] },
    { $set: { 'a.$[x]': 1 } },
    2,
    /No array filter found for identifier 'x' in path 'a.\$\[x\]'/,
  ],
  [
    'unused array filter',
    { a: [] },
    { $set: { a: 1 } },
    9,
    /The array filter for identifier 'x' was not used in the update/,
    { arrayFilters: [{ x: 1 }] },
  ],
  [
    'duplicate array filter',
    { a: [] },
    { $set: { 'a.$[x]': 1 } },
    9,
    /multiple array filters with the same top-level field name x/,
    { arrayFilters: [{ x: 1 }, { x: 2 }] },
  ],
  [
    'array filter on two names',
    { a: [] },
    { $set: { 'a.$[x]': 1 } },
    9,
    /single top-level field name, found 'x' and 'y'/,
    { arrayFilters: [{ x: 1, y: 2 }] },
  ],
  [
    'empty array filter',
    { a: [] },
    { $set: { 'a.$[x]': 1 } },
    9,
    /without a top-level field name/,
    { arrayFilters: [{}] },
  ],
  [
    'bad identifier',
    { a: [] },
    { $set: { 'a.$[X]': 1 } },
    2,
    /alphanumeric string beginning with a lowercase letter/,
    { arrayFilters: [{ X: 1 }] },
  ],
  [
    '$[] of a scalar',
    { a: 1 },
    { $set: { 'a.$[]': 1 } },
    2,
    /Cannot apply array updates to non-array element a: 1/,
  ],
  [
    '$[] of a missing field',
    {},
    { $set: { 'a.$[]': 1 } },
    2,
    /The path 'a' must exist in the document in order to apply array updates/,
  ],
  ['array filters with a pipeline', {}, [], 9, /arrayFilters and a pipeline/, { arrayFilters: [{ x: 1 }] }],
  [
    'too large',
    { a: 'x'.repeat(9_000_000) },
    { $set: { b: 'x'.repeat(9_000_000) } },
    17419,
    /larger than 16777216/,
  ],
  ['$padding', { a: [] }, { $set: { 'a.2000000': 1 } }, 2, /backfill/],
];

describe('compileUpdate', () => {
  it.each(RESULTS.map(([name, ...rest]) => [name, rest] as const))(
    '%s',
    (_name, [document, update, expected, options]) => {
      const before = exact(document);
      expect(exact(run(document, update, options))).toBe(exact(expected));
      expect(exact(document)).toBe(before);
    },
  );

  it.each(ERRORS.map(([name, ...rest]) => [name, rest] as const))(
    'refuses: %s',
    (_name, [document, update, code, text, options]) => {
      const error = errorOf(() => run(document, update, options));
      expect(error.message).toMatch(text);
      expect(error.code).toBe(code);
    },
  );

  it.each([
    ['$set of the same value', { a: { b: [1] } }, { $set: { a: { b: [1] } } }],
    ['$unset missing', { a: 1 }, { $unset: { b: 1 } }],
    ['$inc by nought', { a: 1 }, { $inc: { a: 0 } }],
    ['$min larger', { a: 1 }, { $min: { a: 2 } }],
    ['$pull nothing', { a: [1] }, { $pull: { a: 2 } }],
    ['$addToSet present', { a: [1] }, { $addToSet: { a: 1 } }],
    ['$setOnInsert', { a: 1 }, { $setOnInsert: { b: 1 } }],
    ['the same replacement', { _id: 1, a: 1 }, { a: 1 }],
    ['a pipeline without effect', { _id: 1, a: 1 }, [{ $set: { a: '$a' } }]],
    ['$push nothing', { a: [1] }, { $push: { a: { $each: [] } } }],
  ] as [string, BsonDocument, BsonDocument][])(
    'returns the same reference: %s',
    (_name, document, update) => {
      expect(run(document, update)).toBe(document);
    },
  );

  it('treats __proto__ and constructor as plain names', () => {
    const update: BsonDocument = JSON.parse(
      '{"$set": {"__proto__.polluted": 1, "constructor.prototype.x": 1}}',
    );
    const result = run({ _id: 1 }, update);
    expect(JSON.stringify(result)).toBe(
      '{"_id":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}',
    );
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(Reflect.get({}, 'x')).toBeUndefined();
    expect(JSON.stringify(run(result, { $unset: JSON.parse('{"__proto__.polluted": 1}') }))).toContain(
      '"__proto__":{}',
    );
  });

  it('puts _id first in an upserted replacement', () => {
    expect(Object.keys(run({}, { a: 1, _id: 5 }, { insert: true }))).toEqual(['_id', 'a']);
  });

  it('refuses a replacement that an upsert filter contradicts', () => {
    expect(errorOf(() => run({ _id: 1 }, { _id: 2 }, { insert: true })).code).toBe(66);
  });
});

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('a', 'b', null, true),
  fc.integer({ min: -5, max: 5 }).map((n) => new Int32(n)),
  fc.integer({ min: -5, max: 5 }).map((n) => Long.fromNumber(n)),
  fc.double({ noNaN: true, min: -3, max: 3 }).map((n) => new Double(n)),
);
const path = fc.constantFrom('a', 'b', 'a.b', 'a.0', 'a.1.b', 'c.d.e', 'b.2', '__proto__', 'constructor.x');
const document = fc.record(
  {
    a: fc.oneof(value, fc.array(fc.oneof(value, fc.record({ b: value }))), fc.record({ b: value })),
    b: fc.oneof(value, fc.array(value)),
    c: fc.record({ d: fc.oneof(value, fc.record({ e: value })) }),
  },
  { requiredKeys: [] },
);
const operator = fc.constantFrom(
  '$set',
  '$unset',
  '$inc',
  '$mul',
  '$min',
  '$max',
  '$push',
  '$addToSet',
  '$pop',
  '$pull',
);

/** Freezes plain containers, so that any write to the input throws. */
function freeze(item: unknown): void {
  if (Array.isArray(item)) {
    item.forEach(freeze);
    Object.freeze(item);
  } else if (typeof item === 'object' && item !== null && Object.getPrototypeOf(item) === Object.prototype) {
    Object.values(item).forEach(freeze);
    Object.freeze(item);
  }
}

describe('properties of updates', () => {
  it('never changes its input and finds nothing to do the second time for idempotent operators', () => {
    fc.assert(
      fc.property(document, operator, path, value, (original: BsonDocument, name, where, argument) => {
        freeze(original);
        const before = exact(original);
        const update = { [name]: Object.fromEntries([[where, argument]]) };
        let result: BsonDocument;
        try {
          result = run(original, update);
        } catch (error) {
          expect(error).toBeInstanceOf(MongoServerError);
          return;
        }
        expect(exact(original)).toBe(before);
        if (['$set', '$unset', '$min', '$max', '$addToSet', '$pull'].includes(name)) {
          expect(run(result, update)).toBe(result);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('$push with $position, $sort and $slice equals a reference model', () => {
    const integer = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(value),
        fc.array(value),
        integer,
        integer,
        fc.constantFrom(1, -1, undefined),
        (array, each, position, slice, sort) => {
          const modifiers = {
            $each: each,
            ...(position === undefined ? {} : { $position: position }),
            ...(slice === undefined ? {} : { $slice: slice }),
            ...(sort === undefined ? {} : { $sort: sort }),
          };
          const at =
            position === undefined
              ? array.length
              : position >= 0
                ? Math.min(position, array.length)
                : Math.max(0, array.length + position);
          let model: unknown[] = [...array.slice(0, at), ...each, ...array.slice(at)];
          if (sort !== undefined) {
            model = model
              .map((item, index) => ({ item, index }))
              .sort((x, y) => sort * compareValues(x.item, y.item) || x.index - y.index)
              .map(({ item }) => item);
          }
          if (slice !== undefined) {
            model = slice >= 0 ? model.slice(0, slice) : model.slice(Math.max(0, model.length + slice));
          }
          expect(exact(run({ a: array }, { $push: { a: modifiers } }))).toBe(exact({ a: model }));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('$inc keeps integers exact', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
        fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
        (a, b) => {
          const result = run({ a: Long.fromBigInt(a) }, { $inc: { a: Long.fromBigInt(b) } });
          expect(String(result['a'])).toBe(String(a + b));
        },
      ),
    );
  });
});
