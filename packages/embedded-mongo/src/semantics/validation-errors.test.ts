import { describe, expect, it } from '@jest/globals';
import { evaluationContext, matchContext } from '../evaluation.ts';
import type { BsonDocument } from './types.ts';
import { explainValidation } from './validation-errors.ts';

const explain = (validator: BsonDocument, document: BsonDocument): BsonDocument =>
  explainValidation(validator, document, matchContext(evaluationContext(new Date(0))));
const rules = (schema: BsonDocument, document: BsonDocument): unknown =>
  explain({ $jsonSchema: schema }, document).schemaRulesNotSatisfied;

describe('what a document broke of a schema', () => {
  it('names properties with their description, and missing ones', () => {
    const schema = {
      title: 'Student',
      required: ['name', 'year'],
      properties: {
        name: { bsonType: 'string' },
        gpa: { bsonType: ['double'], description: 'must be a double' },
      },
    };
    expect(explain({ $jsonSchema: schema }, { name: 'Ada', gpa: 'high' })).toEqual({
      operatorName: '$jsonSchema',
      title: 'Student',
      schemaRulesNotSatisfied: [
        {
          operatorName: 'required',
          specifiedAs: { required: ['name', 'year'] },
          missingProperties: ['year'],
        },
        {
          operatorName: 'properties',
          propertiesNotSatisfied: [
            {
              propertyName: 'gpa',
              description: 'must be a double',
              details: [
                {
                  operatorName: 'bsonType',
                  specifiedAs: { bsonType: ['double'] },
                  reason: 'type did not match',
                  consideredValue: 'high',
                  consideredType: 'string',
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it.each<[string, BsonDocument, BsonDocument, BsonDocument]>([
    [
      'additional properties',
      { properties: { a: {} }, additionalProperties: false },
      { a: 1, b: 2 },
      { additionalProperties: ['b'] },
    ],
    [
      'an additional property of another form',
      { additionalProperties: { bsonType: 'string' } },
      { a: 'x', b: 2 },
      { additionalProperties: ['b'] },
    ],
    [
      'a property by pattern',
      { patternProperties: { '^n': { bsonType: 'string' } } },
      { n1: 'x', n2: 5 },
      { propertiesNotSatisfied: [{ propertyName: 'n2', regexMatched: '^n' }] },
    ],
    [
      'alternatives',
      { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      { operatorName: 'anyOf', schemasNotSatisfied: [{ index: { value: 0 } }, { index: { value: 1 } }] },
    ],
    [
      'two matches where one is wanted',
      { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 1 },
      { reason: 'more than one subschema matched' },
    ],
    ['a negation', { not: { required: ['a'] } }, { a: 1 }, { reason: 'child expression matched' }],
  ])('tells of %s', (_name, schema, document, fault) => {
    expect(rules(schema, document)).toMatchObject([fault]);
  });

  it.each<[BsonDocument, unknown, string]>([
    [{ minimum: 3 }, 1, 'comparison failed'],
    [{ maximum: 3, exclusiveMaximum: true }, 3, 'comparison failed'],
    [{ enum: ['a'] }, 'b', 'value was not found in enum'],
    [{ minLength: 3 }, 'a', 'specified string length was not satisfied'],
    [{ maxItems: 1 }, [1, 2], 'array did not match specified length'],
    [{ pattern: '^a' }, 'b', 'regular expression did not match'],
    [{ uniqueItems: true }, [1, 1], 'found a duplicate item'],
    [{ multipleOf: 2 }, 3, 'considered value is not a multiple of the specified value'],
  ])('tells why a value breaks %j', (schema, value, reason) => {
    expect(rules({ properties: { a: schema } }, { a: value })).toMatchObject([
      { propertiesNotSatisfied: [{ propertyName: 'a', details: [{ reason, consideredValue: value }] }] },
    ]);
  });

  it('finds the item of an array', () => {
    expect(rules({ properties: { a: { items: { bsonType: 'string' } } } }, { a: ['x', 5] })).toMatchObject([
      {
        propertiesNotSatisfied: [
          {
            details: [{ operatorName: 'items', itemIndex: { value: 1 }, details: [{ consideredValue: 5 }] }],
          },
        ],
      },
    ]);
  });
});

describe('what a document broke of a filter', () => {
  it.each<[BsonDocument, BsonDocument, BsonDocument]>([
    [
      { a: { $gt: 3 } },
      { a: 1 },
      {
        operatorName: '$gt',
        specifiedAs: { a: { $gt: 3 } },
        reason: 'comparison failed',
        consideredValue: 1,
      },
    ],
    [
      { a: { $gt: 3 } },
      {},
      { operatorName: '$gt', specifiedAs: { a: { $gt: 3 } }, reason: 'field was missing' },
    ],
    [
      { a: { $type: 'string' } },
      { a: true },
      {
        operatorName: '$type',
        specifiedAs: { a: { $type: 'string' } },
        reason: 'type did not match',
        consideredValue: true,
        consideredType: 'bool',
      },
    ],
    [
      { a: { $exists: true } },
      {},
      { operatorName: '$exists', specifiedAs: { a: { $exists: true } }, reason: 'path does not exist' },
    ],
    [
      { a: { $in: ['x'] } },
      { a: ['y', 'z'] },
      {
        operatorName: '$in',
        specifiedAs: { a: { $in: ['x'] } },
        reason: 'no matching value found in array',
        consideredValues: ['y', 'z', ['y', 'z']],
      },
    ],
    [
      { $expr: { $gt: ['$a', '$b'] } },
      { a: 1, b: 2 },
      {
        operatorName: '$expr',
        specifiedAs: { $expr: { $gt: ['$a', '$b'] } },
        reason: 'expression did not match',
        expressionResult: false,
      },
    ],
  ])('%j', (validator, document, details) => {
    expect(explain(validator, document)).toEqual(details);
  });

  it('names only the clauses that fail', () => {
    expect(explain({ a: { $gt: 1, $lt: 3 }, b: 1 }, { a: 5, b: 1 })).toMatchObject({
      operatorName: '$and',
      clausesNotSatisfied: [
        {
          index: { value: 0 },
          details: {
            operatorName: '$and',
            clausesNotSatisfied: [{ index: { value: 1 }, details: { operatorName: '$lt' } }],
          },
        },
      ],
    });
  });

  it('leaves out what would be too large to send', () => {
    const nested = (depth: number, innermost: unknown): BsonDocument =>
      Array.from({ length: depth }).reduce<unknown>((inner) => ({ a: inner }), innermost) as BsonDocument;
    const schemaOf = (depth: number): BsonDocument =>
      Array.from({ length: depth }).reduce<BsonDocument>((inner) => ({ properties: { a: inner } }), {
        bsonType: 'int',
      });
    const tooLarge = { reason: 'the explanation is too large to be sent' };
    expect(explain({ $jsonSchema: schemaOf(80) }, nested(80, 'x'))).toEqual(tooLarge);
    expect(explain({ $jsonSchema: schemaOf(20) }, nested(20, 'x'))).toHaveProperty('schemaRulesNotSatisfied');
    expect(explain({ a: 1 }, { a: 'x'.repeat(2_000_000) })).toEqual(tooLarge);
    expect(explain({ a: 1 }, { a: nested(150, 1) })).toEqual(tooLarge);
  });

  it('is not led astray by names of JavaScript', () => {
    const details = explain(
      { constructor: { $gt: 3 } },
      JSON.parse('{"__proto__": {"constructor": 9}}') as BsonDocument,
    );
    expect(details).toMatchObject({ reason: 'field was missing' });
  });
});
