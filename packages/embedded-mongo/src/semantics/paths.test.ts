import { describe, expect, it } from '@jest/globals';
import { DBRef, ObjectId } from 'bson';

import { arrayIndexOf, valueAtPlainPath, valuesAtPath } from './paths.ts';
import type { PathValues } from './paths.ts';
import type { BsonDocument } from './types.ts';

const id = new ObjectId();
const found = (values: unknown[], rest: Partial<PathValues> = {}): PathValues => ({
  values,
  arrays: [],
  missing: false,
  crossedArray: false,
  ...rest,
});

describe('valuesAtPath', () => {
  it.each<[BsonDocument, string, PathValues]>([
    [{ a: 1 }, 'a', found([1])],
    [{}, 'a', found([], { missing: true })],
    [{ a: { b: 1 } }, 'a.b', found([1])],
    [{ a: 5 }, 'a.b', found([], { missing: true })],
    [{ a: [1, 2] }, 'a', found([1, 2], { arrays: [[1, 2]], crossedArray: true })],
    [{ a: [] }, 'a', found([], { arrays: [[]], crossedArray: true })],
    [
      { a: [{ b: 1 }, { b: [2, 3] }, {}] },
      'a.b',
      found([1, 2, 3], { arrays: [[2, 3]], missing: true, crossedArray: true }),
    ],
    [{ a: [1, 2] }, 'a.b', found([])],
    [{ a: [5, 6] }, 'a.1', found([6], { crossedArray: true })],
    [{ a: [{ 0: 7 }] }, 'a.0', found([7, { 0: 7 }], { crossedArray: true })],
    [{ a: [[{ b: 1 }]] }, 'a.b', found([])],
    [{ a: [[{ b: 1 }]] }, 'a.0.b', found([1], { crossedArray: true })],
    [{ a: new DBRef('c', id) }, 'a.$id', found([id])],
    [{}, 'constructor.name', found([], { missing: true })],
    [{}, '__proto__', found([], { missing: true })],
  ])('of %p at %s', (document, path, expected) => {
    expect(valuesAtPath(document, path)).toEqual(expected);
  });

  it('reads plain paths without arrays', () => {
    expect(valueAtPlainPath({ a: { b: 2 } }, 'a.b')).toBe(2);
    expect(valueAtPlainPath({ a: [{ b: 2 }] }, 'a.b')).toBeUndefined();
    expect(valueAtPlainPath({}, 'toString')).toBeUndefined();
  });

  it.each([
    ['0', 0],
    ['12', 12],
    ['01', -1],
    ['-1', -1],
    ['x', -1],
    ['', -1],
    ['9999999999', -1],
  ])('array index of %p is %i', (part, expected) => {
    expect(arrayIndexOf(part)).toBe(expected);
  });
});
