import { describe, expect, it } from '@jest/globals';
import { BSONRegExp } from 'bson';
import { MongoServerError } from './errors.ts';
import type { BsonDocument } from './types.ts';
import { seedFromFilter } from './upsert-seed.ts';

const CASES: [name: string, filter: BsonDocument, seed: BsonDocument][] = [
  ['equality', { a: 1, b: 'x' }, { a: 1, b: 'x' }],
  ['$eq', { a: { $eq: 1 } }, { a: 1 }],
  ['_id first', { a: 1, _id: 5 }, { _id: 5, a: 1 }],
  ['dotted path', { 'a.b': 1, 'a.c': 2 }, { a: { b: 1, c: 2 } }],
  ['embedded document', { a: { b: 1 } }, { a: { b: 1 } }],
  ['other operators', { a: { $gt: 1 }, b: { $ne: 2 }, c: { $exists: true } }, {}],
  ['$and', { $and: [{ a: 1 }, { b: { $eq: 2 } }] }, { a: 1, b: 2 }],
  ['$or of one', { $or: [{ a: 1 }] }, { a: 1 }],
  ['$or of two', { $or: [{ a: 1 }, { b: 1 }] }, {}],
  ['$in of one', { a: { $in: [7] } }, { a: 7 }],
  ['$in of two', { a: { $in: [7, 8] } }, {}],
  ['$all of one', { a: { $all: [7] } }, { a: 7 }],
  ['pattern', { a: new BSONRegExp('x', '') }, {}],
  ['$nor and $expr', { $nor: [{ a: 1 }], $expr: { $eq: ['$a', 1] } }, {}],
  ['array value', { a: [1, 2] }, { a: [1, 2] }],
  ['null', { a: null }, { a: null }],
  ['reference', { a: { $ref: 'c', $id: 5 } }, { a: { $ref: 'c', $id: 5 } }],
  ['equality beside a range', { a: { $eq: 3, $gt: 1 } }, { a: 3 }],
];

describe('seedFromFilter', () => {
  it.each(CASES)('%s', (_name, filter, seed) => {
    const result = seedFromFilter(filter);
    expect(result).toEqual(seed);
    expect(Object.keys(result)).toEqual(Object.keys(seed));
  });

  it.each([
    ['twice', { $and: [{ a: 1 }, { a: 2 }] }],
    ['within itself', { a: { b: 1 }, 'a.c': 2 }],
  ] as [string, BsonDocument][])('refuses a path given %s', (_name, filter) => {
    expect(() => seedFromFilter(filter)).toThrow(MongoServerError);
    expect(() => seedFromFilter(filter)).toThrow(/is matched twice/);
  });

  it('keeps __proto__ a plain name', () => {
    const seed = seedFromFilter(JSON.parse('{"__proto__.x": 1}'));
    expect(JSON.stringify(seed)).toBe('{"__proto__":{"x":1}}');
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});
