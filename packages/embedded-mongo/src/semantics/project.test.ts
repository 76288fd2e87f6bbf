import { describe, expect, it } from '@jest/globals';
import { BSONRegExp, DBRef, Double, Int32, Long, ObjectId } from 'bson';
import fc from 'fast-check';

import { MongoServerError } from './errors.ts';
import { compileProjection } from './project.ts';
import type { BsonDocument } from './types.ts';
import { getField } from './values.ts';

const evaluateExpression = (document: BsonDocument, expression: unknown): unknown => {
  if (typeof expression === 'string' && expression.startsWith('$')) {
    return getField(document, expression.slice(1));
  }
  const literal = Object.entries(Object(expression))[0];
  return literal?.[0] === '$literal' ? literal[1] : expression;
};
const context = { now: new Date(0), evaluateExpression };
const id = new ObjectId();
const document: BsonDocument = {
  _id: 1,
  name: 'n',
  tags: ['a', 'b', 'c', 'd'],
  address: { city: 'x', zip: 'y', geo: { lat: 1, lon: 2 } },
  items: [{ sku: 1, qty: 5 }, { sku: 2, qty: 6 }, 7, [{ sku: 3, qty: 8 }]],
  last: true,
};

function project(spec: BsonDocument, source: BsonDocument = document, arrayIndex?: number): BsonDocument {
  return compileProjection(spec, context)(source, arrayIndex);
}

function codeOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof MongoServerError) {
      return error.code;
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('compileProjection', () => {
  it.each<[string, BsonDocument, BsonDocument]>([
    ['one field', { name: 1 }, { _id: 1, name: 'n' }],
    ['other truths', { name: true, last: new Double(0.5) }, { _id: 1, name: 'n', last: true }],
    ['document order', { last: 1, name: Long.ONE }, { _id: 1, name: 'n', last: true }],
    ['without _id', { name: 1, _id: 0 }, { name: 'n' }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['a missing field', { nothing: 1 }, { _id: 1 }],
    ['a nested field', { 'address.city': 1 }, { _id: 1, address: { city: 'x' } }],
    [
      'nested documents form',
      { address: { city: 1, geo: { lat: 1 } } },
      { _id: 1, address: { city: 'x', geo: { lat: 1 } } },
    ],
    ['a path in a nested form', { address: { 'geo.lat': 1 } }, { _id: 1, address: { geo: { lat: 1 } } }],
    [
      'a path through an array',
      { 'items.sku': 1 },
      { _id: 1, items: [{ sku: 1 }, { sku: 2 }, [{ sku: 3 }]] },
    ],
    ['a path through a scalar', { 'name.x': 1 }, { _id: 1 }],
    ['a missing nested field', { 'address.nothing': 1 }, { _id: 1, address: {} }],
    ['hostile names', { __proto__x: 1, 'constructor.name': 1 }, { _id: 1 }],
  ])('includes: %s', (_name, spec, expected) => {
    const result = project(spec);
    expect(result).toEqual(expected);
    expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
  });

  it.each<[string, BsonDocument, BsonDocument]>([
    ['fields', { items: 0, address: false, tags: 0 }, { _id: 1, name: 'n', last: true }],
    [
      '_id only',
      { _id: new Int32(0) },
      {
        name: 'n',
        tags: ['a', 'b', 'c', 'd'],
        address: document['address'],
        items: document['items'],
        last: true,
      },
    ],
    ['_id kept', { _id: 1, items: 0, address: 0, tags: 0, last: 0 }, { _id: 1, name: 'n' }],
    [
      'a nested field',
      { 'address.geo': 0, items: 0, tags: 0 },
      { _id: 1, name: 'n', address: { city: 'x', zip: 'y' }, last: true },
    ],
    [
      'a nested form',
      { address: { city: 0, geo: { lat: 0 } }, items: 0, tags: 0 },
      { _id: 1, name: 'n', address: { zip: 'y', geo: { lon: 2 } }, last: true },
    ],
    [
      'a path through an array',
      { 'items.qty': 0, tags: 0, address: 0 },
      { _id: 1, name: 'n', items: [{ sku: 1 }, { sku: 2 }, 7, [{ sku: 3 }]], last: true },
    ],
  ])('excludes: %s', (_name, spec, expected) => {
    const result = project(spec);
    expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
  });

  it.each<[BsonDocument, unknown[]]>([
    [{ $slice: 2 }, ['a', 'b']],
    [{ $slice: -2 }, ['c', 'd']],
    [{ $slice: 0 }, []],
    [{ $slice: 10 }, ['a', 'b', 'c', 'd']],
    [{ $slice: [1, 2] }, ['b', 'c']],
    [{ $slice: [-3, 2] }, ['b', 'c']],
    [{ $slice: [-10, 2] }, ['a', 'b']],
    [{ $slice: [5, 2] }, []],
    [{ $slice: new Int32(1) }, ['a']],
    [{ $slice: [new Int32(1), Long.ONE] }, ['b']],
  ])('slices %j', (spec, expected) => {
    const whole = project({ tags: spec });
    expect(whole).toEqual({ ...document, tags: expected });
    expect(Object.keys(whole)).toEqual(Object.keys(document));
    expect(project({ tags: spec, name: 1 })).toEqual({ _id: 1, name: 'n', tags: expected });
    expect(project({ tags: spec, items: 0, address: 0 })).toEqual({
      _id: 1,
      name: 'n',
      tags: expected,
      last: true,
    });
  });

  it('leaves what is not an array when slicing', () => {
    expect(project({ name: { $slice: 1 } })).toEqual(document);
    expect(project({ 'a.b': { $slice: 1 } }, { a: [{ b: [1, 2] }, { b: 3 }] })).toEqual({
      a: [{ b: [1] }, { b: 3 }],
    });
  });

  it.each<[string, BsonDocument, BsonDocument]>([
    [
      'the first matching document',
      { items: { $elemMatch: { qty: { $gt: 5 } } } },
      { _id: 1, items: [{ sku: 2, qty: 6 }] },
    ],
    ['a matching value', { tags: { $elemMatch: { $in: ['c', 'd'] } } }, { _id: 1, tags: ['c'] }],
    ['a pattern', { tags: { $elemMatch: { $regex: new BSONRegExp('^b') } } }, { _id: 1, tags: ['b'] }],
    ['nothing', { tags: { $elemMatch: { $eq: 'z' } } }, { _id: 1 }],
    ['not an array', { name: { $elemMatch: { $eq: 'n' } } }, { _id: 1 }],
    [
      'after other fields',
      { tags: { $elemMatch: { $eq: 'a' } }, last: 1 },
      { _id: 1, last: true, tags: ['a'] },
    ],
    ['without _id', { tags: { $elemMatch: { $eq: 'a' } }, _id: 0 }, { tags: ['a'] }],
  ])('$elemMatch: %s', (_name, spec, expected) => {
    expect(JSON.stringify(project(spec))).toBe(JSON.stringify(expected));
  });

  it.each<[string, BsonDocument, number | undefined, BsonDocument]>([
    ['a value', { 'tags.$': 1 }, 2, { _id: 1, tags: ['c'] }],
    ['a document', { 'items.$': 1, name: 1 }, 1, { _id: 1, name: 'n', items: [{ sku: 2, qty: 6 }] }],
    ['a field of the element', { 'items.sku.$': 1 }, 1, { _id: 1, items: [{ sku: 2 }] }],
    ['not an array', { 'name.$': 1 }, undefined, { _id: 1, name: 'n' }],
    ['a missing field', { 'nothing.$': 1 }, 0, { _id: 1 }],
  ])('positional: %s', (_name, spec, index, expected) => {
    expect(project(spec, document, index)).toEqual(expected);
  });

  it.each<[string, BsonDocument, BsonDocument]>([
    ['a field path', { copy: '$name' }, { _id: 1, copy: 'n' }],
    ['a missing path', { copy: '$nothing' }, { _id: 1 }],
    ['a literal text', { copy: 'text', name: 1 }, { _id: 1, name: 'n', copy: 'text' }],
    ['a literal number', { copy: { $literal: 5 } }, { _id: 1, copy: 5 }],
    ['an existing field goes last', { name: '$last', last: 1 }, { _id: 1, last: true, name: true }],
    ['the projection order', { b: '$name', a: '$last' }, { _id: 1, b: 'n', a: true }],
    [
      'a nested computed field',
      { 'address.zip': 1, 'address.own': '$name' },
      { _id: 1, address: { zip: 'y', own: 'n' } },
    ],
    ['a new nested field', { x: { y: '$name' } }, { _id: 1, x: { y: 'n' } }],
    ['a field within a scalar', { 'name.y': '$last' }, { _id: 1, name: { y: true } }],
    [
      'fields in each element',
      { 'items.y': '$name' },
      { _id: 1, items: [{ y: 'n' }, { y: 'n' }, { y: 'n' }, [{ y: 'n' }]] },
    ],
    ['null', { copy: null }, { _id: 1, copy: null }],
    ['_id itself', { _id: '$name' }, { _id: 'n' }],
  ])('computes %s', (_name, spec, expected) => {
    expect(JSON.stringify(project(spec))).toBe(JSON.stringify(expected));
  });

  it.each<[BsonDocument, number]>([
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 0, b: '$x' }, 31252],
    [{ b: '$x', a: 0 }, 31254],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
    [{ a: { b: 1 }, 'a.b': 1 }, 31250],
    [{ 'a.$': 0 }, 31395],
    [{ b: 0, 'a.$': 1 }, 31395],
    [{ 'a.$': 1, 'b.$': 1 }, 31276],
    [{ 'a.$': 1, b: { $elemMatch: { $eq: 1 } } }, 31256],
    [{ 'a.$.b': 1 }, 31394],
    [{ a: { $elemMatch: 1 } }, 31274],
    [{ 'a.b': { $elemMatch: { $eq: 1 } } }, 31255],
    [{ a: { $slice: 'x' } }, 31273],
    [{ a: { $slice: [1] } }, 31272],
    [{ a: { $slice: [1, 'x'] } }, 31272],
    [{ a: { $slice: [1, 0] } }, 31257],
    [{ a: {} }, 51270],
    [{ a: { $meta: 'textScore' } }, 40218],
    [{ '': 1 }, 40352],
    [{ 'a.': 1 }, 40353],
    [{ 'a..b': 1 }, 15998],
    [{ $a: 1 }, 16410],
    [{ $: 1 }, 16410],
  ])('refuses %j with code %i', (spec, code) => {
    expect(codeOf(() => compileProjection(spec, context))).toBe(code);
  });

  it('refuses a positional projection without a matched element', () => {
    expect(codeOf(() => project({ 'tags.$': 1 }))).toBe(51246);
    expect(codeOf(() => project({ 'tags.$': 1 }, document, 9))).toBe(51247);
  });

  it('refuses computed fields where the context has none', () => {
    const projector = compileProjection({ a: '$b' }, { now: new Date(0) });
    expect(codeOf(() => projector({ b: 1 }))).toBe(2);
  });

  it('reads references and keeps hostile names harmless', () => {
    expect(project({ 'ref.$id': 1 }, { ref: new DBRef('c', id) })).toEqual({ ref: { $id: id } });
    const hostile: BsonDocument = JSON.parse('{"__proto__": {"x": 1, "y": 2}, "constructor": 2}');
    const result = project(JSON.parse('{"__proto__.x": 1, "constructor": 1}'), hostile);
    expect(Object.keys(result)).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  it('never changes its input, and inclusion and exclusion of one field add up', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'constructor');
    const source = fc.dictionary(names, fc.oneof(fc.integer(), fc.dictionary(names, fc.integer())), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(source, names, (input, name) => {
        const before = JSON.stringify(input);
        const kept = project({ [name]: 1, _id: 0 }, input);
        const rest = project({ [name]: 0 }, input);
        expect(JSON.stringify(input)).toBe(before);
        expect({ ...rest, ...kept }).toEqual(input);
        expect(Object.keys(kept).length + Object.keys(rest).length).toBe(Object.keys(input).length);
      }),
    );
  });
});
