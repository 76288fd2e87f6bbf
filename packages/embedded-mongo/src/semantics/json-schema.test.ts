import { describe, expect, it } from '@jest/globals';
import { Decimal128, Double, Int32, Long, ObjectId } from 'bson';

import { MongoServerError } from './errors.ts';
import { compileJsonSchema } from './json-schema.ts';
import type { BsonDocument } from './types.ts';

const property = (schema: BsonDocument): BsonDocument => ({ properties: { a: schema } });

describe('compileJsonSchema', () => {
  it.each<[string, BsonDocument, BsonDocument[], BsonDocument[]]>([
    ['nothing', {}, [{}, { a: 1 }], []],
    ['required', { required: ['a', 'b'] }, [{ a: null, b: 1 }], [{ a: 1 }, {}]],
    [
      'bsonType',
      property({ bsonType: 'int' }),
      [{ a: new Int32(1) }, {}],
      [{ a: new Double(1) }, { a: 'x' }],
    ],
    [
      'several types',
      property({ bsonType: ['int', 'null', 'objectId'] }),
      [{ a: null }, { a: new ObjectId() }],
      [{ a: 'x' }],
    ],
    [
      'number types',
      property({ bsonType: 'number' }),
      [{ a: Long.ONE }, { a: Decimal128.fromString('1') }],
      [{ a: '1' }],
    ],
    ['array type', property({ bsonType: 'array' }), [{ a: [] }], [{ a: 1 }]],
    ['element types do not count', property({ bsonType: 'string' }), [], [{ a: ['x'] }]],
    ['type', property({ type: 'object' }), [{ a: {} }], [{ a: [] }]],
    ['type of the document', { bsonType: 'object' }, [{}], []],
    [
      'enum',
      property({ enum: [1, 'x', null, { b: 1, c: 2 }] }),
      [{ a: new Double(1) }, { a: null }, { a: { c: 2, b: 1 } }],
      [{ a: 2 }],
    ],
    [
      'minimum',
      property({ minimum: 5 }),
      [{ a: 5 }, { a: 'x' }, {}],
      [{ a: 4 }, { a: new Double(Number.NaN) }],
    ],
    ['exclusive minimum', property({ minimum: 5, exclusiveMinimum: true }), [{ a: 6 }], [{ a: 5 }]],
    ['maximum', property({ maximum: new Double(1.5) }), [{ a: 1 }, { a: 1.5 }], [{ a: 2 }]],
    ['exclusive maximum', property({ maximum: 5, exclusiveMaximum: true }), [{ a: 4 }], [{ a: 5 }]],
    [
      'multipleOf',
      property({ multipleOf: 3 }),
      [{ a: 9 }, { a: Long.fromInt(6) }, { a: 'x' }],
      [{ a: 4 }, { a: 4.5 }],
    ],
    [
      'minLength',
      property({ minLength: 2 }),
      [{ a: 'ab' }, { a: 1 }, { a: '\u{1f600}x' }],
      [{ a: 'a' }, { a: '\u{1f600}' }],
    ],
    ['maxLength', property({ maxLength: 2 }), [{ a: 'ab' }], [{ a: 'abc' }]],
    ['pattern', property({ pattern: '^a' }), [{ a: 'ab' }, { a: 1 }], [{ a: 'b' }]],
    [
      'items',
      property({ items: { bsonType: 'int' } }),
      [{ a: [new Int32(1)] }, { a: 'x' }, { a: [] }],
      [{ a: ['x'] }],
    ],
    [
      'items by position',
      property({ items: [{ bsonType: 'string' }, { minimum: 2 }] }),
      [{ a: ['x', 3, 'any'] }],
      [{ a: ['x', 1] }],
    ],
    ['additionalItems', property({ items: [{}], additionalItems: false }), [{ a: [1] }], [{ a: [1, 2] }]],
    [
      'additionalItems schema',
      property({ items: [{}], additionalItems: { minimum: 2 } }),
      [{ a: [1, 2] }],
      [{ a: [1, 1] }],
    ],
    [
      'minItems and maxItems',
      property({ minItems: 1, maxItems: 2 }),
      [{ a: [1] }, { a: 5 }],
      [{ a: [] }, { a: [1, 2, 3] }],
    ],
    [
      'uniqueItems',
      property({ uniqueItems: true }),
      [{ a: [1, 2] }],
      [
        { a: [1, new Double(1)] },
        {
          a: [
            { b: 1, c: 2 },
            { c: 2, b: 1 },
          ],
        },
      ],
    ],
    [
      'minProperties and maxProperties',
      { minProperties: 1, maxProperties: 2 },
      [{ a: 1 }],
      [{}, { a: 1, b: 1, c: 1 }],
    ],
    [
      'nested properties',
      property({ required: ['b'], properties: { b: { type: 'string' } } }),
      [{ a: { b: 'x' } }, { a: 5 }],
      [{ a: {} }, { a: { b: 1 } }],
    ],
    [
      'additionalProperties false',
      { properties: { a: {} }, additionalProperties: false },
      [{ a: 1 }, {}],
      [{ a: 1, b: 1 }],
    ],
    [
      'additionalProperties schema',
      { additionalProperties: { bsonType: 'string' } },
      [{ x: 'y' }],
      [{ x: 1 }],
    ],
    [
      'patternProperties',
      { patternProperties: { '^n': { type: 'number' } }, additionalProperties: false },
      [{ n1: 1 }],
      [{ n1: 'x' }, { m: 1 }],
    ],
    ['allOf', { allOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1, b: 1 }], [{ a: 1 }]],
    ['anyOf', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ b: 1 }], [{}]],
    ['oneOf', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1 }], [{ a: 1, b: 1 }, {}]],
    ['not', { not: { required: ['a'] } }, [{}], [{ a: 1 }]],
    ['property dependencies', { dependencies: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [
      'schema dependencies',
      { dependencies: { a: { properties: { b: { type: 'string' } } } } },
      [{ b: 1 }, { a: 1, b: 'x' }],
      [{ a: 1, b: 1 }],
    ],
    ['annotations', { title: 't', description: 'd' }, [{}], []],
    ['hostile names', { required: ['constructor'] }, [{ constructor: 1 }], [{}]],
  ])('%s', (_name, schema, valid, invalid) => {
    const test = compileJsonSchema(schema);
    expect(valid.map(test)).toEqual(valid.map(() => true));
    expect(invalid.map(test)).toEqual(invalid.map(() => false));
  });

  it.each<[unknown, number]>([
    [5, 14],
    [{ foo: 1 }, 9],
    [{ $ref: '#' }, 9],
    [{ format: 'date' }, 9],
    [{ type: 'integer' }, 9],
    [{ type: 'foo' }, 2],
    [{ bsonType: 'foo' }, 2],
    [{ bsonType: 5 }, 14],
    [{ type: 'string', bsonType: 'string' }, 9],
    [{ required: 'a' }, 14],
    [{ required: [] }, 9],
    [{ required: ['a', 'a'] }, 9],
    [{ properties: 1 }, 14],
    [{ properties: { a: 1 } }, 14],
    [{ enum: [] }, 9],
    [{ minimum: 'x' }, 14],
    [{ exclusiveMinimum: true }, 9],
    [{ minimum: 1, exclusiveMinimum: 1 }, 14],
    [{ minLength: -1 }, 9],
    [{ multipleOf: 0 }, 9],
    [{ pattern: '(' }, 51091],
    [{ allOf: [] }, 2],
    [{ additionalProperties: 1 }, 14],
    [{ uniqueItems: 1 }, 14],
  ])('refuses %j with code %i', (schema, code) => {
    let caught: unknown;
    try {
      compileJsonSchema(schema);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MongoServerError);
    expect(caught).toMatchObject({ code });
  });
});
