import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';

import { MongoServerError } from './errors.ts';
import { compileMatcher, compileValueCondition, isOperatorExpression } from './match.ts';
import { anyValue } from './random-values.test-support.ts';
import type { BsonDocument } from './types.ts';
import { compareValues } from './values.ts';

const context = { now: new Date(0) };
const id = new ObjectId('0123456789abcdef01234567');
const other = new ObjectId('f123456789abcdef01234567');
const decimal = (text: string): Decimal128 => Decimal128.fromString(text);
const int = (value: number): Int32 => new Int32(value);

function matches(filter: BsonDocument, document: BsonDocument): boolean {
  return compileMatcher(filter, context).test(document);
}

function errorOf(run: () => unknown): { code: number; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof MongoServerError) {
      return { code: error.code, message: error.message };
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

type Case = [name: string, filter: BsonDocument, matching: BsonDocument[], failing: BsonDocument[]];

describe('filters', () => {
  it.each<Case>([
    ['an empty filter', {}, [{}, { a: 1 }], []],
    [
      'equality',
      { a: int(1) },
      [{ a: int(1) }, { a: new Double(1) }, { a: Long.ONE }, { a: decimal('1.0') }, { a: 1 }],
      [{ a: int(2) }, { a: '1' }, { a: true }, {}],
    ],
    [
      'equality of strings',
      { a: 'x' },
      [{ a: 'x' }, { a: new BSONSymbol('x') }, { a: ['y', 'x'] }],
      [{ a: 'X' }, { a: ['xy'] }],
    ],
    [
      'equality of ids',
      { a: id },
      [{ a: id }, { a: new ObjectId(id) }],
      [{ a: other }, { a: id.toHexString() }],
    ],
    ['equality of dates', { a: new Date(5) }, [{ a: new Date(5) }], [{ a: int(5) }, { a: new Date(6) }]],
    [
      'equality of NaN',
      { a: new Double(Number.NaN) },
      [{ a: new Double(Number.NaN) }, { a: decimal('NaN') }],
      [{ a: int(0) }],
    ],
    [
      'null',
      { a: null },
      [{ a: null }, {}, { a: [1, null] }, { a: undefined }],
      [{ a: int(0) }, { a: [] }, { a: false }],
    ],
    [
      'null at a path',
      { 'a.b': null },
      [{}, { a: 4 }, { a: {} }, { a: { b: null } }, { a: [{ b: 1 }, {}] }],
      [{ a: { b: 1 } }, { a: [] }, { a: [1, 2] }, { a: [{ b: 1 }] }],
    ],
    [
      'an embedded document',
      { a: { b: 1, c: 2 } },
      [{ a: { b: 1, c: 2 } }, { a: [{ b: 1, c: 2 }] }],
      [{ a: { c: 2, b: 1 } }, { a: { b: 1 } }, { a: { b: 1, c: 2, d: 3 } }],
    ],
    ['an empty document', { a: {} }, [{ a: {} }], [{ a: { b: 1 } }, {}]],
    ['a whole array', { a: [1, 2] }, [{ a: [1, 2] }, { a: [[1, 2], 3] }], [{ a: [2, 1] }, { a: [1, 2, 3] }]],
    ['an empty array', { a: [] }, [{ a: [] }, { a: [[]] }], [{}, { a: [1] }]],
    ['an element', { a: 2 }, [{ a: [1, 2] }], [{ a: [[2]] }, { a: [] }]],
    [
      'a path',
      { 'a.b': 1 },
      [{ a: { b: 1 } }, { a: [{ b: 2 }, { b: 1 }] }, { a: { b: [1] } }, { a: [{ b: [1] }] }],
      [{ a: [[{ b: 1 }]] }, { 'a.b': 1 }],
    ],
    [
      'an index',
      { 'a.1': 2 },
      [{ a: [1, 2] }, { a: { 1: 2 } }, { a: [{ 1: 2 }] }],
      [{ a: [2, 1] }, { a: [1, [2]] }],
    ],
    [
      'a path through an index',
      { 'a.0.b': 1 },
      [{ a: [{ b: 1 }] }, { a: [[{ b: 1 }]] }],
      [{ a: [{ b: 2 }, { b: 1 }] }],
    ],
    [
      'a reference',
      { a: new DBRef('c', id) },
      [{ a: new DBRef('c', id) }, { a: { $ref: 'c', $id: id } }],
      [{ a: new DBRef('d', id) }],
    ],
    [
      'fields of a reference',
      { 'a.$id': id },
      [{ a: new DBRef('c', id) }, { a: { $ref: 'c', $id: id } }],
      [{ a: new DBRef('c', other) }],
    ],
    [
      'references in $elemMatch',
      { a: { $elemMatch: { $id: id } } },
      [{ a: [{ $ref: 'c', $id: id }] }, { a: [new DBRef('c', id)] }],
      [{ a: [new DBRef('c', other)] }],
    ],
    [
      'a whole reference in $elemMatch',
      { a: { $elemMatch: new DBRef('c', id) } },
      [{ a: [new DBRef('c', id)] }],
      [{ a: [new DBRef('d', id)] }],
    ],
    ['hostile names', { constructor: 1 }, [{ constructor: 1 }], [{}, { a: 1 }]],
    [
      'a path below constructor',
      { 'constructor.name': { $exists: true } },
      [{ constructor: { name: 1 } }],
      [{}],
    ],
    ['$eq', { a: { $eq: [1] } }, [{ a: [1] }, { a: [[1]] }], [{ a: 1 }]],
    [
      '$eq with a pattern',
      { a: { $eq: new BSONRegExp('x') } },
      [{ a: new BSONRegExp('x') }],
      [{ a: 'x' }, { a: new BSONRegExp('x', 'i') }],
    ],
    ['$ne', { a: { $ne: 1 } }, [{ a: 2 }, {}, { a: 'x' }], [{ a: 1 }, { a: [2, 1] }]],
    ['$ne null', { a: { $ne: null } }, [{ a: 0 }, { a: [] }], [{}, { a: null }, { a: [null] }]],
    [
      '$gt',
      { a: { $gt: int(5) } },
      [
        { a: int(6) },
        { a: new Double(5.1) },
        { a: decimal('5.0001') },
        { a: [1, 6] },
        { a: new Double(Infinity) },
      ],
      [{ a: int(5) }, { a: '6' }, { a: new Double(Number.NaN) }, {}, { a: null }],
    ],
    [
      '$gte',
      { a: { $gte: int(5) } },
      [{ a: int(5) }, { a: Long.fromNumber(2 ** 60) }],
      [{ a: int(4) }, { a: new Date(9) }],
    ],
    ['$lt', { a: { $lt: 'm' } }, [{ a: 'a' }, { a: '' }], [{ a: 'z' }, { a: 1 }, {}]],
    [
      '$lt with a date',
      { a: { $lt: new Date(10) } },
      [{ a: new Date(9) }],
      [{ a: int(9) }, { a: new Date(10) }, { a: new Timestamp({ t: 0, i: 1 }) }],
    ],
    ['$lte null', { a: { $lte: null } }, [{ a: null }, {}], [{ a: 0 }]],
    ['$gt null', { a: { $gt: null } }, [], [{ a: null }, {}, { a: 0 }]],
    ['$gte NaN', { a: { $gte: new Double(Number.NaN) } }, [{ a: new Double(Number.NaN) }], [{ a: int(1) }]],
    ['$lt NaN', { a: { $lt: new Double(Number.NaN) } }, [], [{ a: new Double(Number.NaN) }, { a: int(1) }]],
    ['$gt MinKey', { a: { $gt: new MinKey() } }, [{ a: 1 }, { a: 'x' }, {}], [{ a: new MinKey() }]],
    ['$lt MaxKey', { a: { $lt: new MaxKey() } }, [{ a: 1 }, { a: null }], [{ a: new MaxKey() }]],
    [
      '$gt with an array',
      { a: { $gt: [1, 2] } },
      [{ a: [1, 3] }, { a: [2] }, { a: [[1, 3]] }],
      [{ a: [1, 2] }, { a: 5 }],
    ],
    ['$gt with a document', { a: { $gt: { b: 1 } } }, [{ a: { b: 2 } }], [{ a: { b: 1 } }, { a: 5 }]],
    ['$gt with a boolean', { a: { $gt: false } }, [{ a: true }], [{ a: false }, { a: 1 }]],
    ['$gt with an id', { a: { $gt: id } }, [{ a: other }], [{ a: id }, { a: 'z' }]],
    ['a range over different elements', { a: { $gt: 5, $lt: 3 } }, [{ a: [1, 9] }], [{ a: 4 }]],
    [
      'a large int64',
      { a: { $gt: Long.fromBigInt(2n ** 53n) } },
      [{ a: Long.fromBigInt(2n ** 53n + 1n) }],
      [{ a: new Double(2 ** 53) }],
    ],
    [
      '$in',
      { a: { $in: [int(1), 'x', id] } },
      [{ a: new Double(1) }, { a: 'x' }, { a: id }, { a: ['y', 'x'] }, { a: decimal('1') }],
      [{ a: 2 }, {}],
    ],
    ['$in with null', { a: { $in: [null, 1] } }, [{}, { a: null }, { a: 1 }], [{ a: 2 }]],
    [
      '$in with patterns',
      { a: { $in: [new BSONRegExp('^b'), 'x'] } },
      [{ a: 'bc' }, { a: ['q', 'b'] }, { a: 'x' }],
      [{ a: 'ab' }],
    ],
    ['$in with arrays', { a: { $in: [[1, 2]] } }, [{ a: [1, 2] }, { a: [[1, 2]] }], [{ a: 1 }]],
    [
      '$in with documents',
      { a: { $in: [{ b: 1 }] } },
      [{ a: { b: new Double(1) } }],
      [{ a: { b: 1, c: 1 } }],
    ],
    [
      '$in with decimals',
      { a: { $in: [decimal('0.10')] } },
      [{ a: decimal('0.1') }],
      [{ a: new Double(0.1) }],
    ],
    ['$in of nothing', { a: { $in: [] } }, [], [{ a: 1 }, {}]],
    ['$nin', { a: { $nin: [1, null] } }, [{ a: 2 }], [{ a: 1 }, {}, { a: [1, 2] }]],
    ['$nin of nothing', { a: { $nin: [] } }, [{}, { a: 1 }], []],
    ['$and', { $and: [{ a: 1 }, { b: 2 }] }, [{ a: 1, b: 2 }], [{ a: 1 }]],
    [
      '$or',
      { $or: [{ a: 1 }, { b: 2 }], c: 3 },
      [
        { a: 1, c: 3 },
        { b: 2, c: 3 },
      ],
      [{ a: 1 }, { c: 3 }],
    ],
    ['$nor', { $nor: [{ a: 1 }, { b: 2 }] }, [{}, { a: 2 }], [{ a: 1 }, { b: 2 }]],
    ['$not', { a: { $not: { $gt: 5 } } }, [{ a: 5 }, {}, { a: 'x' }], [{ a: 6 }, { a: [1, 6] }]],
    ['$not with two operators', { a: { $not: { $gt: 5, $lt: 8 } } }, [{ a: 9 }, { a: 1 }], [{ a: 6 }]],
    ['$not with a pattern', { a: { $not: new BSONRegExp('^x') } }, [{ a: 'y' }, {}, { a: 1 }], [{ a: 'xy' }]],
    ['$not with $regex', { a: { $not: { $regex: '^X', $options: 'i' } } }, [{ a: 'y' }], [{ a: 'xy' }]],
    ['$not twice', { a: { $not: { $not: { $eq: 1 } } } }, [{ a: 1 }], [{ a: 2 }, {}]],
    ['$exists', { a: { $exists: true } }, [{ a: null }, { a: [] }, { a: undefined }], [{}]],
    ['$exists false', { a: { $exists: false } }, [{}], [{ a: null }]],
    ['$exists with a number', { a: { $exists: new Double(0) } }, [{}], [{ a: 1 }]],
    [
      '$exists at a path',
      { 'a.b': { $exists: true } },
      [{ a: [{ c: 1 }, { b: 1 }] }],
      [{ a: [] }, { a: [1] }, { a: 5 }],
    ],
    [
      '$exists false at a path',
      { 'a.b': { $exists: false } },
      [{ a: [] }, { a: [1] }, {}],
      [{ a: [{ b: 1 }, {}] }],
    ],
    ['$exists at an index', { 'a.1': { $exists: true } }, [{ a: [1, 2] }], [{ a: [1] }]],
    ['$type by name', { a: { $type: 'string' } }, [{ a: 'x' }, { a: [1, 'x'] }], [{ a: 1 }, {}]],
    ['$type by number', { a: { $type: int(16) } }, [{ a: int(1) }], [{ a: new Double(1) }, { a: Long.ONE }]],
    [
      '$type number',
      { a: { $type: 'number' } },
      [{ a: int(1) }, { a: new Double(1) }, { a: Long.ONE }, { a: decimal('1') }],
      [{ a: '1' }],
    ],
    ['$type array', { a: { $type: 'array' } }, [{ a: [] }, { a: [1] }], [{ a: 1 }]],
    [
      '$type of several',
      { a: { $type: ['int', 'null', 7] } },
      [{ a: int(1) }, { a: null }, { a: id }],
      [{ a: 'x' }, {}],
    ],
    ['$type of keys', { a: { $type: -1 } }, [{ a: new MinKey() }], [{ a: new MaxKey() }]],
    ['$type undefined', { a: { $type: 'undefined' } }, [{ a: undefined }], [{}, { a: null }]],
    [
      '$size',
      { a: { $size: new Double(2) } },
      [{ a: [1, 2] }],
      [{ a: [1] }, { a: 'xy' }, {}, { a: [[1, 2]] }],
    ],
    ['$size at a path', { 'a.b': { $size: 1 } }, [{ a: [{ b: [] }, { b: [1] }] }], [{ a: [{ b: [] }] }]],
    ['$all', { a: { $all: [1, 2] } }, [{ a: [2, 3, 1] }], [{ a: [1] }, { a: 1 }]],
    ['$all with one value', { a: { $all: ['x'] } }, [{ a: 'x' }, { a: ['x'] }], [{ a: 'y' }]],
    ['$all with an array', { a: { $all: [[1, 2]] } }, [{ a: [1, 2] }, { a: [[1, 2]] }], [{ a: [2, 1] }]],
    [
      '$all with a pattern',
      { a: { $all: [new BSONRegExp('^x'), 'y'] } },
      [{ a: ['xx', 'y'] }],
      [{ a: ['y'] }],
    ],
    ['$all of nothing', { a: { $all: [] } }, [], [{ a: [] }, {}]],
    [
      '$all with $elemMatch',
      { a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } },
      [{ a: [{ b: 1 }, { b: 2 }] }],
      [{ a: [{ b: 1 }] }],
    ],
    [
      '$elemMatch of values',
      { a: { $elemMatch: { $gt: 2, $lt: 5 } } },
      [{ a: [1, 3] }],
      [{ a: [1, 9] }, { a: 3 }, { a: [[3]] }],
    ],
    [
      '$elemMatch of documents',
      { a: { $elemMatch: { b: 1, c: { $gt: 1 } } } },
      [{ a: [{ b: 1, c: 2 }] }],
      [{ a: [{ b: 1 }, { c: 2 }] }, { a: { b: 1, c: 2 } }],
    ],
    ['$elemMatch of nested arrays', { a: { $elemMatch: { 0: 1 } } }, [{ a: [[1, 2]] }], [{ a: [[2]] }]],
    [
      '$elemMatch with $or',
      { a: { $elemMatch: { $or: [{ b: 1 }, { c: 1 }] } } },
      [{ a: [{ c: 1 }] }],
      [{ a: [{ d: 1 }] }],
    ],
    ['$elemMatch with $not', { a: { $elemMatch: { $not: { $gt: 2 } } } }, [{ a: [5, 1] }], [{ a: [5] }]],
    [
      '$elemMatch in $elemMatch',
      { a: { $elemMatch: { $elemMatch: { $eq: 1 } } } },
      [{ a: [[2, 1]] }],
      [{ a: [1] }],
    ],
    ['$elemMatch with $in', { a: { $elemMatch: { $in: [1, 2] } } }, [{ a: [2] }], [{ a: [3] }, { a: 2 }]],
    [
      '$elemMatch at a path',
      { 'a.b': { $elemMatch: { c: 1 } } },
      [{ a: [{ b: [{ c: 1 }] }] }],
      [{ a: [{ b: { c: 1 } }] }],
    ],
    ['an empty $elemMatch', { a: { $elemMatch: {} } }, [{ a: [{}] }, { a: [[]] }], [{ a: [1] }, { a: [] }]],
    [
      '$not $elemMatch',
      { a: { $not: { $elemMatch: { b: 1 } } } },
      [{ a: [{ b: 2 }] }, {}],
      [{ a: [{ b: 1 }] }],
    ],
    [
      '$mod',
      { a: { $mod: [4, 1] } },
      [{ a: int(5) }, { a: new Double(5.9) }, { a: Long.fromInt(9) }, { a: decimal('5.5') }],
      [{ a: int(4) }, { a: int(-3) }, { a: '5' }, { a: new Double(Number.NaN) }],
    ],
    ['$mod of negatives', { a: { $mod: [4, -3] } }, [{ a: int(-3) }, { a: int(-7) }], [{ a: int(1) }]],
    ['$mod with fractions', { a: { $mod: [4.9, 0.9] } }, [{ a: int(8) }], [{ a: int(9) }]],
    [
      '$bitsAllSet',
      { a: { $bitsAllSet: [1, 5] } },
      [{ a: int(50) }, { a: int(-1) }, { a: new Binary(Buffer.from([0x22])) }],
      [{ a: int(2) }, { a: new Double(50.5) }, { a: '50' }],
    ],
    [
      '$bitsAllSet of a mask',
      { a: { $bitsAllSet: int(50) } },
      [{ a: new Double(54) }, { a: Long.fromInt(54) }],
      [{ a: int(20) }],
    ],
    ['$bitsAllClear', { a: { $bitsAllClear: [0, 3] } }, [{ a: int(20) }], [{ a: int(1) }]],
    [
      '$bitsAnySet',
      { a: { $bitsAnySet: new Binary(Buffer.from([0b110000])) } },
      [{ a: int(16) }],
      [{ a: int(8) }],
    ],
    ['$bitsAnyClear', { a: { $bitsAnyClear: [200] } }, [{ a: int(1) }], [{ a: int(-1) }]],
    [
      '$regex',
      { a: { $regex: 'b.d' } },
      [{ a: 'abcd' }, { a: ['x', 'bad'] }, { a: new BSONSymbol('bed') }],
      [{ a: 'b\nd' }, { a: 5 }, {}],
    ],
    ['$regex with options', { a: { $regex: '^B.D$', $options: 'is' } }, [{ a: 'b\nd' }], [{ a: 'abd' }]],
    [
      'a pattern as value',
      { a: new BSONRegExp('^x', 'i') },
      [{ a: 'Xy' }, { a: new BSONRegExp('^x', 'i') }],
      [{ a: 'ax' }],
    ],
    ['a JavaScript pattern', { a: /x$/i }, [{ a: 'aX' }], [{ a: 'xa' }]],
    ['$regex and $ne', { a: { $regex: '^a', $ne: 'ab' } }, [{ a: 'ac' }], [{ a: 'ab' }]],
    ['$regex with a pattern value', { a: { $regex: new BSONRegExp('x', 'i') } }, [{ a: 'X' }], [{ a: 'y' }]],
    ['$comment', { a: 1, $comment: 'why' }, [{ a: 1 }], [{ a: 2 }]],
    ['$alwaysTrue', { $alwaysTrue: int(1) }, [{}], []],
    ['$alwaysFalse', { $alwaysFalse: 1 }, [], [{}]],
    ['$sampleRate 1', { $sampleRate: 1 }, [{}], []],
    ['$sampleRate 0', { $sampleRate: new Double(0) }, [], [{}]],
    ['$jsonSchema', { $jsonSchema: { required: ['a'] } }, [{ a: 1 }], [{}]],
    [
      '$geoWithin',
      {
        a: {
          $geoWithin: {
            $box: [
              [0, 0],
              [2, 2],
            ],
          },
        },
      },
      [
        { a: [1, 1] },
        { a: { type: 'Point', coordinates: [2, 2] } },
        {
          a: [
            [5, 5],
            [1, 1],
          ],
        },
      ],
      [{ a: [3, 1] }, { a: 'x' }, {}],
    ],
    [
      '$geoIntersects',
      {
        a: {
          $geoIntersects: {
            $geometry: {
              type: 'LineString',
              coordinates: [
                [0, 0],
                [2, 2],
              ],
            },
          },
        },
      },
      [
        {
          a: {
            type: 'LineString',
            coordinates: [
              [0, 2],
              [2, 0],
            ],
          },
        },
      ],
      [{ a: { type: 'Point', coordinates: [0, 1] } }],
    ],
    ['$near with a limit', { a: { $near: [0, 0], $maxDistance: 2 } }, [{ a: [1, 1] }], [{ a: [2, 2] }, {}]],
    [
      '$nearSphere in metres',
      { a: { $nearSphere: { $geometry: { type: 'Point', coordinates: [0, 0] }, $maxDistance: 112_000 } } },
      [{ a: { type: 'Point', coordinates: [1, 0] } }],
      [{ a: { type: 'Point', coordinates: [2, 0] } }],
    ],
  ])('%s', (_name, filter, matching, failing) => {
    const matcher = compileMatcher(filter, context);
    expect(matching.map((document) => matcher.test(document))).toEqual(matching.map(() => true));
    expect(failing.map((document) => matcher.test(document))).toEqual(failing.map(() => false));
    expect(matching.map((document) => matcher.match(document).matched)).toEqual(matching.map(() => true));
  });

  it('evaluates $expr through the context', () => {
    const matcher = compileMatcher(
      { $expr: 'field' },
      { ...context, evaluateExpression: (document, expression) => document[String(expression)] },
    );
    expect(matcher.test({ field: int(1) })).toBe(true);
    expect(matcher.test({ field: int(0) })).toBe(false);
    expect(matcher.test({})).toBe(false);
    expect(errorOf(() => compileMatcher({ $expr: 1 }, context)).code).toBe(2);
  });

  it('compares strings by the collation, but not in patterns', () => {
    const collated = { ...context, collation: { locale: 'en', strength: 2 } };
    const test = (filter: BsonDocument, document: BsonDocument): boolean =>
      compileMatcher(filter, collated).test(document);
    expect(test({ a: 'PING' }, { a: 'ping' })).toBe(true);
    expect(test({ a: { $in: ['PING', 'x'] } }, { a: ['ping'] })).toBe(true);
    expect(test({ a: { $ne: 'PING' } }, { a: 'ping' })).toBe(false);
    expect(test({ a: { $gt: 'B' } }, { a: 'c' })).toBe(true);
    expect(test({ a: { $gt: 'b' } }, { a: 'B' })).toBe(false);
    expect(test({ a: { b: 'X' } }, { a: { b: 'x' } })).toBe(true);
    expect(test({ a: { $regex: 'PING' } }, { a: 'ping' })).toBe(false);
  });

  it.each<[string, BsonDocument, BsonDocument, number | undefined]>([
    ['an element', { a: 2 }, { a: [1, 2, 2] }, 1],
    ['a scalar', { a: 2 }, { a: 2 }, undefined],
    ['a whole array', { a: [1] }, { a: [1] }, undefined],
    ['a path', { 'a.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, 1],
    ['the outermost array', { 'a.b': 2 }, { a: [{ b: [1] }, { b: [9, 9, 2] }] }, 1],
    ['$elemMatch', { a: { $elemMatch: { b: 2 } } }, { a: [{}, {}, { b: 2 }] }, 2],
    ['$elemMatch below a document', { 'a.c': { $elemMatch: { b: 2 } } }, { a: { c: [{}, { b: 2 }] } }, 1],
    ['$in', { a: { $in: [3, 4] } }, { a: [1, 4, 3] }, 1],
    ['the last condition on an array', { a: 1, b: 3 }, { a: [1, 2], b: [1, 2, 3] }, 2],
    ['$and', { $and: [{ _id: 1 }, { a: { $gte: 2 } }] }, { _id: 1, a: [1, 2] }, 1],
    ['$or sets none', { $or: [{ a: 2 }] }, { a: [1, 2] }, undefined],
    ['$not sets none', { a: { $not: { $eq: 5 } } }, { a: [1, 2] }, undefined],
  ])('reports the position of %s', (_name, filter, document, expected) => {
    const { matched, arrayIndex } = compileMatcher(filter, context).match(document);
    expect(matched).toBe(true);
    expect(arrayIndex).toBe(expected);
  });
});

describe('bad filters', () => {
  it.each<[BsonDocument, number, string]>([
    [{ a: { $foo: 1 } }, 2, 'unknown operator: $foo'],
    [{ a: { $gt: 1, b: 2 } }, 2, 'unknown operator: b'],
    [{ $foo: 1 }, 2, 'unknown top level operator: $foo. If you have a field name'],
    [{ $not: { a: 1 } }, 2, 'unknown top level operator: $not. If you are trying to negate'],
    [{ $id: 1 }, 2, 'unknown top level operator: $id'],
    [{ a: { $constructor: 1 } }, 2, 'unknown operator: $constructor'],
    [{ a: { $id: id } }, 2, 'unknown operator: $id'],
    [{ $and: [] }, 2, '$and/$or/$nor must be a nonempty array'],
    [{ $or: {} }, 2, '$or must be an array'],
    [{ $nor: [1] }, 2, '$or/$and/$nor entries need to be full objects'],
    [{ a: { $in: 1 } }, 2, '$in needs an array'],
    [{ a: { $in: [{ $gt: 1 }] } }, 2, 'cannot nest $ under $in'],
    [{ a: { $nin: 'x' } }, 2, '$nin needs an array'],
    [{ a: { $not: 1 } }, 2, '$not needs a regex or a document'],
    [{ a: { $not: {} } }, 2, '$not cannot be empty'],
    [{ a: { $ne: new BSONRegExp('x') } }, 2, "Can't have regex as arg to $ne."],
    [{ a: { $gt: /x/ } }, 2, "Can't have RegEx as arg to predicate over field 'a'."],
    [{ a: { $all: 1 } }, 2, '$all needs an array'],
    [{ a: { $all: [{ $gt: 1 }] } }, 2, 'no $ expressions in $all'],
    [{ a: { $all: [{ $elemMatch: {} }, 1] } }, 2, '$all/$elemMatch has to be consistent'],
    [{ a: { $elemMatch: 1 } }, 2, '$elemMatch needs an Object'],
    [{ a: { $size: 'x' } }, 2, 'Failed to parse $size. Expected a number'],
    [{ a: { $size: 1.5 } }, 2, 'Failed to parse $size. Expected an integer'],
    [{ a: { $size: -1 } }, 2, 'Failed to parse $size. Expected a non-negative number'],
    [{ a: { $mod: 1 } }, 2, 'malformed mod, needs to be an array'],
    [{ a: { $mod: [1] } }, 2, 'malformed mod, not enough elements'],
    [{ a: { $mod: [1, 2, 3] } }, 2, 'malformed mod, too many elements'],
    [{ a: { $mod: ['x', 1] } }, 2, 'malformed mod, divisor not a number'],
    [{ a: { $mod: [1, 'x'] } }, 2, 'malformed mod, remainder not a number'],
    [{ a: { $mod: [0, 1] } }, 2, 'divisor cannot be 0'],
    [{ a: { $mod: [Infinity, 1] } }, 2, 'malformed mod, divisor value is invalid'],
    [{ a: { $type: 'foo' } }, 2, 'Unknown type name alias: foo'],
    [{ a: { $type: 99 } }, 2, 'Invalid numerical type code: 99'],
    [{ a: { $type: true } }, 14, 'type must be represented as a number or a string'],
    [{ a: { $type: [] } }, 9, '$type must match at least one type'],
    [{ a: { $regex: 5 } }, 2, '$regex has to be a string'],
    [{ a: { $regex: 'x', $options: 1 } }, 2, '$options has to be a string'],
    [{ a: { $options: 'i' } }, 2, '$options needs a $regex'],
    [
      { a: { $regex: new BSONRegExp('x', 'i'), $options: 'm' } },
      51075,
      'options set in both $regex and $options',
    ],
    [{ a: { $regex: 'x', $options: 'g' } }, 51108, 'invalid flag in regex options: g'],
    [{ a: { $regex: '(' } }, 51091, 'Regular expression is invalid'],
    [{ a: { $regex: '*' } }, 51091, 'Regular expression is invalid'],
    [{ a: { $bitsAllSet: 'x' } }, 2, '$bitsAllSet takes an Array, a number, or a BinData'],
    [{ a: { $bitsAllSet: -1 } }, 9, 'Expected a non-negative number in: $bitsAllSet: -1'],
    [{ a: { $bitsAnySet: ['x'] } }, 2, 'Failed to parse bit position'],
    [{ $where: 'true' }, 2, 'server-side JavaScript execution is disabled'],
    [{ a: { $elemMatch: { $expr: true } } }, 2, '$expr can only be applied to the top-level document'],
    [{ $jsonSchema: 1 }, 14, '$jsonSchema must be an object'],
    [{ $alwaysTrue: 2 }, 9, '$alwaysTrue must be an integer value of 1'],
    [{ $sampleRate: 2 }, 2, 'numeric argument to $sampleRate must be in [0, 1]'],
    [{ a: { $geoWithin: { $foo: 1 } } }, 2, 'unknown geo specifier'],
  ])('%j is refused with code %i', (filter, code, message) => {
    const error = errorOf(() => compileMatcher(filter, context));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('refuses $text when it is tested without a text index', () => {
    const matcher = compileMatcher({ $text: { $search: 'x' } }, context);
    expect(errorOf(() => matcher.test({}))).toMatchObject({ code: 27 });
  });

  it.each(['$and', '$elemMatch', '$not'])('refuses %s nested deeper than 100', (operator) => {
    const nest = (depth: number): BsonDocument => {
      let filter: BsonDocument = operator === '$and' ? { a: 1 } : { $eq: 1 };
      for (let level = 0; level < depth; level += 1) {
        filter = operator === '$and' ? { $and: [filter] } : { [operator]: filter };
      }
      return operator === '$and' ? filter : { a: filter };
    };
    expect(() => compileMatcher(nest(90), context)).not.toThrow();
    expect(errorOf(() => compileMatcher(nest(120), context))).toMatchObject({
      code: 2,
      message: 'exceeded maximum query tree depth of 100',
    });
  });
});

describe('operators on random values', () => {
  const scalar = anyValue.filter((value) => !Array.isArray(value) && value !== null && value !== undefined);

  it('agree with the order of values', () => {
    fc.assert(
      fc.property(scalar, scalar, (stored, operand) => {
        const order = compareValues(stored, operand);
        const document = { a: stored };
        expect(matches({ a: { $eq: operand } }, document)).toBe(order === 0);
        if (!(operand instanceof BSONRegExp)) {
          expect(matches({ a: { $in: ['no such text', operand] } }, document)).toBe(order === 0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('$ne, $nin and $not are negations', () => {
    fc.assert(
      fc.property(anyValue, scalar, (stored, operand) => {
        fc.pre(!(operand instanceof BSONRegExp));
        const document = { a: stored };
        const equal = matches({ a: { $eq: operand } }, document);
        expect(matches({ a: { $ne: operand } }, document)).toBe(!equal);
        expect(matches({ a: { $nin: [operand] } }, document)).toBe(!equal);
        expect(matches({ a: { $not: { $eq: operand } } }, document)).toBe(!equal);
      }),
      { numRuns: 1000 },
    );
  });

  it('$gte is $gt or $eq for values of one type', () => {
    fc.assert(
      fc.property(scalar, scalar, (stored, operand) => {
        fc.pre(!(operand instanceof BSONRegExp));
        const document = { a: stored };
        const atLeast = matches({ a: { $gte: operand } }, document);
        expect(atLeast).toBe(
          matches({ a: { $gt: operand } }, document) || matches({ a: { $eq: operand } }, document),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('compileValueCondition', () => {
  it('tests a value itself', () => {
    const test = compileValueCondition({ $gte: 2, $lt: 5 }, context);
    expect([1, 2, 5, [3]].map(test)).toEqual([false, true, false, false]);
    expect(isOperatorExpression({ $gte: 1 })).toBe(true);
    expect(isOperatorExpression({ a: 1 })).toBe(false);
    expect(isOperatorExpression(new DBRef('c', id))).toBe(false);
  });
});
