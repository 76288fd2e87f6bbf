import { describe, expect, it } from '@jest/globals';
import { coveredByPartialIndex } from './partial-implication.ts';
import { conjunctionOf } from './predicates.ts';
import type { BsonDocument, Collation } from './semantics/types.ts';

const IGNORING_CASE: Collation = { locale: 'en', strength: 2 };

function covered(
  partialFilter: BsonDocument,
  query: BsonDocument,
  collations: { index?: Collation; query?: Collation } = {},
): boolean {
  const index = {
    partialFilter,
    ...(collations.index === undefined ? {} : { collation: collations.index }),
  };
  return coveredByPartialIndex(index, conjunctionOf(query).predicates, collations.query);
}

describe('a partial index serves a query', () => {
  it.each<[string, BsonDocument, BsonDocument]>([
    ['with the very condition', { b: { $gt: 0 } }, { b: { $gt: 0 } }],
    ['with a tighter range', { b: { $gt: 0 } }, { b: { $gte: 1 } }],
    ['with one tighter part of a range', { b: { $lt: 9 } }, { b: { $gt: 1, $lt: 5 } }],
    ['for a value that fulfils it', { b: { $gt: 0 } }, { b: 5 }],
    ['for values that all fulfil it', { b: { $gt: 0 } }, { b: { $in: [5, 6] } }],
    ['for values among those it lists', { b: { $in: ['x', 'y', 'z'] } }, { b: { $in: ['x', 'z'] } }],
    ['for a value of its type', { b: { $type: 'string' } }, { b: 'x' }],
    ['for any value where it asks for one', { b: { $exists: true } }, { b: { $lt: 3 } }],
    ['for null where it holds null', { b: null }, { b: null }],
    ['for null where it holds up to null', { b: { $lte: null } }, { b: { $eq: null } }],
    ['with all its conditions', { $and: [{ b: 'open' }, { c: { $gt: 1 } }] }, { c: 2, b: 'open' }],
    ['with one of its alternatives', { $or: [{ b: 'open' }, { c: 1 }] }, { b: 'open' }],
    ['for elements of an array', { 'b.c': { $gt: 0 } }, { b: { $elemMatch: { c: 3 } } }],
  ])('%s', (_case, partialFilter, query) => {
    expect(covered(partialFilter, query)).toBe(true);
  });

  it.each<[string, BsonDocument, BsonDocument]>([
    ['for null, which documents without the field match too', { b: { $exists: true } }, { b: null }],
    ['for a list with null', { b: { $exists: true } }, { b: { $in: [null, 1] } }],
    ['with a range of another type', { b: { $gt: 0 } }, { b: { $gt: 'a' } }],
    ['with a wider range', { b: { $gt: 0 } }, { b: { $gte: 0 } }],
    ['with a range to the other side', { b: { $gt: 0 } }, { b: { $lt: 5 } }],
    ['for an array that documents may hold in an array', { b: { $gt: 0 } }, { b: [1] }],
    ['for a value outside of it', { b: { $gt: 0 } }, { b: 0 }],
    ['for values some of which are outside', { b: { $gt: 0 } }, { b: { $in: [1, 0] } }],
    ['without a condition on its path', { b: { $gt: 0 } }, { c: 1 }],
    ['with some of its conditions', { b: 'open', c: { $gt: 1 } }, { b: 'open' }],
    ['that has none of its alternatives', { $or: [{ b: 'open' }, { c: 1 }] }, { b: 'shut' }],
    ['for existence where it asks for a value', { b: { $gt: 0 } }, { b: { $exists: true } }],
    ['for a range where it asks for what nothing is', { b: { $gt: 0, $eq: NaN } }, { b: { $gt: 5 } }],
  ])('not %s', (_case, partialFilter, query) => {
    expect(covered(partialFilter, query)).toBe(false);
  });

  it('not for strings that the query compares in another way, but still for numbers', () => {
    const other = { query: IGNORING_CASE };
    expect(covered({ b: 'x' }, { b: 'x' }, other)).toBe(false);
    expect(covered({ b: { $gt: 'a' } }, { b: { $gt: 'b' } }, other)).toBe(false);
    expect(covered({ b: { $gt: 0 } }, { b: 1 }, other)).toBe(true);
    expect(covered({ b: { $exists: true } }, { b: 'x' }, other)).toBe(true);
  });

  it('by the comparison that both have', () => {
    const both = { index: IGNORING_CASE, query: IGNORING_CASE };
    expect(covered({ b: 'X' }, { b: 'x' }, both)).toBe(true);
    expect(covered({ b: 'X' }, { b: 'y' }, both)).toBe(false);
  });
});
