import { describe, expect, it } from '@jest/globals';
import { Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import fc from 'fast-check';

import { MongoServerError } from './errors.ts';
import {
  compareSortValues,
  encodeKey,
  encodeTypeBracket,
  encodeValue,
  indexKeysOf,
  isTruncatedKey,
  keyAfterPrefix,
  prefixRange,
  sortValuesOf,
  TRUNCATED_KEY_LENGTH,
} from './keys.ts';
import type { Direction, IndexField } from './keys.ts';
import { compileMatcher } from './match.ts';
import { anyNumber, anyText, anyValue } from './random-values.test-support.ts';
import type { BsonDocument } from './types.ts';
import { compareValues } from './values.ts';

const direction = fc.constantFrom<Direction>(1, -1);

describe('encodeKey', () => {
  it('has the order of compareValues for any two values', () => {
    fc.assert(
      fc.property(anyValue, anyValue, direction, (a, b, way) => {
        const order = Buffer.compare(encodeKey([a], [way]), encodeKey([b], [way]));
        expect(Math.sign(order) + 0).toBe(compareValues(a, b) * way + 0);
      }),
      { numRuns: 5000 },
    );
  });

  it('has the order of compareValues for numbers', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        expect(Math.sign(Buffer.compare(encodeValue(a), encodeValue(b)))).toBe(compareValues(a, b));
      }),
      { numRuns: 10_000 },
    );
  });

  it('has the order of compareValues for texts of any length, with and without noughts and other letters', () => {
    const letters = fc.constantFrom('a', 'b', '\0', '\u007f', 'é', '가', '𝄞');
    const text = fc
      .tuple(fc.array(letters, { maxLength: 3 }), fc.integer({ min: 58, max: 68 }), fc.boolean())
      .map(([few, length, isLong]) => (isLong ? 'x'.repeat(length) : '') + few.join(''));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(Buffer.compare(encodeValue(a), encodeValue(b)))).toBe(compareValues(a, b));
      }),
      { numRuns: 5000 },
    );
  });

  it('compares compound keys field by field in their directions', () => {
    const triple = fc.tuple(anyValue, anyNumber, anyText);
    const ways = fc.tuple(direction, direction, direction);
    fc.assert(
      fc.property(triple, triple, ways, (a, b, directions) => {
        const fields = directions.map((way, index): IndexField => [`f${index}`, way]);
        const order = Buffer.compare(encodeKey(a, directions), encodeKey(b, directions));
        expect(Math.sign(order)).toBe(Math.sign(compareSortValues(a, b, fields)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    { locale: 'en', strength: 1 },
    { locale: 'en', strength: 2 },
    { locale: 'de' },
    { locale: 'en', numericOrdering: true },
    { locale: 'fr', strength: 5 },
  ])('follows the collation %p', (collation) => {
    fc.assert(
      fc.property(anyText, anyText, direction, (a, b, way) => {
        const order = Buffer.compare(encodeKey([a], [way], collation), encodeKey([b], [way], collation));
        expect(Math.sign(order) + 0).toBe(compareValues(a, b, collation) * way + 0);
      }),
      { numRuns: 500 },
    );
  });

  it('never makes one value a proper prefix of another', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const [left, right] = [encodeValue(a), encodeValue(b)];
        if (left.length < right.length) {
          expect(right.subarray(0, left.length).equals(left)).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is compact', () => {
    expect(encodeKey([new Int32(5)], [1])).toHaveLength(10);
    expect(encodeKey([new ObjectId()], [1])).toHaveLength(13);
    expect(encodeKey(['abc'], [1])).toHaveLength(6);
    expect(encodeKey([true], [1])).toHaveLength(2);
    expect(encodeKey([Long.MAX_VALUE], [1]).length).toBeLessThan(24);
    expect(encodeKey([Decimal128.fromString('12.34')], [1]).length).toBeLessThan(18);
  });

  it('shortens long keys but keeps them distinct', () => {
    const long = 'x'.repeat(5000);
    const a = encodeKey([`${long}a`], [1]);
    const b = encodeKey([`${long}b`], [1]);
    expect(a).toHaveLength(TRUNCATED_KEY_LENGTH);
    expect(isTruncatedKey(a)).toBe(true);
    expect(isTruncatedKey(encodeKey(['x'.repeat(1800)], [1]))).toBe(false);
    expect(a.equals(b)).toBe(false);
    const range = prefixRange(encodeValue(`${long}a`));
    expect(range.exact).toBe(false);
    expect(Buffer.compare(range.start, a)).toBeLessThanOrEqual(0);
    expect(Buffer.compare(a, range.end)).toBeLessThan(0);
  });

  it('bounds all keys with a prefix', () => {
    fc.assert(
      fc.property(anyValue, anyValue, direction, (a, b, way) => {
        const prefix = encodeKey([a], [way]);
        const key = encodeKey([a, b], [way, 1]);
        const { start, end, exact } = prefixRange(prefix);
        expect(exact).toBe(true);
        expect(Buffer.compare(start, key)).toBeLessThan(0);
        expect(Buffer.compare(key, end)).toBeLessThan(0);
        const bracket = prefixRange(encodeTypeBracket(a, way));
        expect(Buffer.compare(bracket.start, key)).toBeLessThanOrEqual(0);
        expect(Buffer.compare(key, bracket.end)).toBeLessThan(0);
      }),
      { numRuns: 1000 },
    );
    expect(keyAfterPrefix(Buffer.from([1, 0xff]))).toEqual(Buffer.from([2]));
    expect(keyAfterPrefix(Buffer.from([0xff]))).toHaveLength(9);
  });
});

describe('indexKeysOf', () => {
  it('gives a field at the top level the key that it has below another', () => {
    const value = fc.oneof(anyValue, fc.array(anyValue, { maxLength: 2 }));
    const document = fc.record({ a: value, b: value }, { requiredKeys: [] });
    fc.assert(
      fc.property(document, direction, fc.boolean(), (inner, way, sparse) => {
        const keysOf = (path: string, of: BsonDocument) => {
          try {
            return indexKeysOf(
              of,
              [
                [`${path}a`, way],
                [`${path}b`, 1],
              ],
              { sparse },
            );
          } catch (error) {
            return error instanceof MongoServerError ? error.code : error;
          }
        };
        expect(keysOf('', inner)).toEqual(keysOf('in.', { in: inner }));
      }),
      { numRuns: 2000 },
    );
  });

  const id = new ObjectId();
  it.each<[string, BsonDocument, [string, Direction][], unknown[][], boolean]>([
    ['a scalar', { a: 1 }, [['a', 1]], [[1]], false],
    ['a missing field', {}, [['a', 1]], [[null]], false],
    ['null', { a: null }, [['a', 1]], [[null]], false],
    ['an empty array', { a: [] }, [['a', 1]], [[undefined]], true],
    ['an array', { a: [1, 2] }, [['a', 1]], [[1], [2]], true],
    ['equal elements once', { a: [1, new Double(1), 2] }, [['a', 1]], [[1], [2]], true],
    ['nested arrays as they are', { a: [[1, 2], 3] }, [['a', 1]], [[[1, 2]], [3]], true],
    ['a document', { a: { b: 1 } }, [['a', 1]], [[{ b: 1 }]], false],
    ['a path', { a: { b: id } }, [['a.b', 1]], [[id]], false],
    ['a path through a scalar', { a: 5 }, [['a.b', 1]], [[null]], false],
    ['a path through an array', { a: [{ b: 1 }, { b: 2 }] }, [['a.b', 1]], [[1], [2]], true],
    ['array elements without the field', { a: [{ b: 1 }, {}, 5] }, [['a.b', 1]], [[1], [null]], true],
    ['an empty array on the way', { a: [] }, [['a.b', 1]], [[null]], true],
    ['an array below an array', { a: [{ b: [1, 2] }, { b: 3 }] }, [['a.b', 1]], [[1], [2], [3]], true],
    ['an array index', { a: [5, 6] }, [['a.1', 1]], [[6]], false],
    ['an array index on the way', { a: [{ b: 1 }, { b: 2 }] }, [['a.1.b', 1]], [[2]], false],
    ['a numeric name in documents', { a: [{ '7': 1 }] }, [['a.7', 1]], [[1]], true],
    [
      'two fields',
      { a: 1, b: 'x' },
      [
        ['a', 1],
        ['b', -1],
      ],
      [[1, 'x']],
      false,
    ],
    [
      'array and scalar',
      { a: [1, 2], b: 'x' },
      [
        ['a', 1],
        ['b', 1],
      ],
      [
        [1, 'x'],
        [2, 'x'],
      ],
      true,
    ],
    [
      'pairs within one array',
      {
        a: [
          { b: 1, c: 2 },
          { b: 3, c: 4 },
        ],
      },
      [
        ['a.b', 1],
        ['a.c', 1],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      true,
    ],
    [
      'hostile names',
      { constructor: 1 },
      [
        ['constructor', 1],
        ['__proto__', 1],
      ],
      [[1, null]],
      false,
    ],
  ])('indexes %s', (_name, document, fields, values, multikey) => {
    const result = indexKeysOf(document, fields);
    expect(result.values).toEqual(values);
    expect(result.multikey).toBe(multikey);
    expect(result.keys).toEqual(
      values.map((tuple) =>
        encodeKey(
          tuple,
          fields.map(([, way]) => way),
        ),
      ),
    );
  });

  it.each<[string, BsonDocument, [string, Direction][], number]>([
    ['no field', {}, [['a', 1]], 0],
    ['null', { a: null }, [['a', 1]], 1],
    ['empty array', { a: [] }, [['a', 1]], 1],
    [
      'one of two fields',
      { b: 1 },
      [
        ['a', 1],
        ['b', 1],
      ],
      1,
    ],
    [
      'none of two fields',
      { c: 1 },
      [
        ['a', 1],
        ['b', 1],
      ],
      0,
    ],
    ['elements without the field', { a: [{ b: 1 }, {}] }, [['a.b', 1]], 1],
  ])('sparse with %s', (_name, document, fields, count) => {
    expect(indexKeysOf(document, fields, { sparse: true }).keys).toHaveLength(count);
  });

  it('refuses elements with a field named like a position of the path, with code 16746', () => {
    expect(() => indexKeysOf({ a: [5, { '1': 6 }] }, [['a.1', 1]])).toThrow(/Ambiguous field name/);
    expect(indexKeysOf({ a: [{ '1': 6 }] }, [['a.1', 1]]).values).toEqual([[6]]);
  });

  it('refuses parallel arrays with code 171', () => {
    expect(() =>
      indexKeysOf({ a: [1], b: [2] }, [
        ['a', 1],
        ['b', 1],
      ]),
    ).toThrow(new MongoServerError(171, 'cannot index parallel arrays [b] [a]'));
    expect(() =>
      sortValuesOf({ a: [1], b: [2] }, [
        ['a', 1],
        ['b', 1],
      ]),
    ).toThrow('cannot sort with keys that are parallel arrays');
  });

  it('folds keys that the collation makes equal', () => {
    const result = indexKeysOf({ a: ['x', 'X', 'y'] }, [['a', 1]], {
      collation: { locale: 'en', strength: 2 },
    });
    expect(result.values).toEqual([['x'], ['y']]);
  });

  it('finds with an equality filter exactly the documents that have the key', () => {
    const field = fc.oneof(
      anyValue,
      fc.array(anyValue, { maxLength: 3 }),
      fc.array(fc.record({ b: anyValue }), { maxLength: 2 }),
    );
    const plain = anyValue.filter(
      (value) => compareValues(value, null) !== 0 && value !== undefined && !Array.isArray(value),
    );
    fc.assert(
      fc.property(field, plain, fc.constantFrom('a', 'a.b'), (a, wanted, path) => {
        const document: BsonDocument = { a };
        const key = encodeKey([wanted], [1]);
        const inIndex = indexKeysOf(document, [[path, 1]]).keys.some((candidate) => candidate.equals(key));
        expect(compileMatcher({ [path]: { $eq: wanted } }, { now: new Date(0) }).test(document)).toBe(
          inIndex,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('sortValuesOf', () => {
  it.each<[BsonDocument, Direction, unknown]>([
    [{ a: [3, 1, 2] }, 1, 1],
    [{ a: [3, 1, 2] }, -1, 3],
    [{ a: [] }, 1, undefined],
    [{}, 1, null],
    [{ a: [[0], 5] }, 1, 5],
    [{ a: [[0], 5] }, -1, [0]],
  ])('of %p in direction %i is %p', (document, way, expected) => {
    expect(sortValuesOf(document, [['a', way]])).toEqual([expected]);
  });
});
