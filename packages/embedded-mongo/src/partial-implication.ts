import { type IndexInfo, sameCollation } from './catalog.ts';
import { evaluationContext, matcherFor } from './evaluation.ts';
import { coversNull, dependsOnCollation, type Predicate } from './predicates.ts';
import { isOperatorExpression } from './semantics/match.ts';
import type { BsonDocument, Collation } from './semantics/types.ts';
import { compareValues, isArray, isDocument, typeRank } from './semantics/values.ts';

/** One condition on one path of a partial index's filter, such as `{ $gt: 0 }`. */
interface Clause {
  path: string;
  operator: string;
  operand: unknown;
}

function clausesOf(path: string, condition: unknown): Clause[] {
  if (!isDocument(condition) || !isOperatorExpression(condition)) {
    return [{ path, operator: '$eq', operand: condition }];
  }
  return Object.keys(condition).map((operator) => ({ path, operator, operand: condition[operator] }));
}

/** True when every document with `value` (or an array that holds it) at a path fulfils the clause there. */
function valueImplies(value: unknown, clause: Clause, collation: Collation | undefined): boolean {
  const filter = { value: { [clause.operator]: clause.operand } };
  const matcher = matcherFor(filter, evaluationContext(new Date(0), collation));
  const isMissing = value === null || value === undefined;
  return matcher.test({ value }) && matcher.test({ value: [value] }) && (!isMissing || matcher.test({}));
}

function rangeImplies(given: Predicate, clause: Clause, collation: Collation | undefined): boolean {
  if (typeRank(given.value) !== typeRank(clause.operand)) {
    return false;
  }
  const order = compareValues(given.value, clause.operand, collation);
  switch (clause.operator) {
    case '$gt':
      return (given.operator === 'gt' && order >= 0) || (given.operator === 'gte' && order > 0);
    case '$gte':
      return (given.operator === 'gt' || given.operator === 'gte') && order >= 0;
    case '$lt':
      return (given.operator === 'lt' && order <= 0) || (given.operator === 'lte' && order < 0);
    case '$lte':
      return (given.operator === 'lt' || given.operator === 'lte') && order <= 0;
    default:
      return false;
  }
}

function impliesClause(
  given: Predicate,
  clause: Clause,
  sameStrings: boolean,
  collation: Collation | undefined,
): boolean {
  if (clause.operator === '$exists') {
    return !coversNull(given);
  }
  if (given.operator === 'exists' || given.operator === 'prefix') {
    return false;
  }
  const values = given.operator === 'in' && isArray(given.value) ? given.value : [given.value];
  if (!sameStrings && values.some(dependsOnCollation)) {
    return false;
  }
  if (given.operator === 'eq' || given.operator === 'in') {
    return values.length > 0 && values.every((value) => valueImplies(value, clause, collation));
  }
  return rangeImplies(given, clause, collation);
}

/**
 * True when every document that fulfils all the predicates is in the index, so that the index may serve a query
 * with these predicates under the query's collation. An index that is not partial holds every document.
 */
export function coveredByPartialIndex(
  index: Pick<IndexInfo, 'partialFilter' | 'collation'>,
  predicates: readonly Predicate[],
  queryCollation: Collation | undefined,
): boolean {
  const sameStrings = sameCollation(index.collation, queryCollation);
  const implied = (filter: BsonDocument): boolean =>
    Object.keys(filter).every((key) => {
      const value = filter[key];
      if (key === '$and' || key === '$or') {
        const parts = isArray(value) ? value.filter(isDocument) : [];
        return key === '$and' ? parts.every(implied) : parts.some(implied);
      }
      return clausesOf(key, value).every((clause) =>
        predicates.some(
          (given) => given.path === clause.path && impliesClause(given, clause, sameStrings, index.collation),
        ),
      );
    });
  return index.partialFilter === undefined || implied(index.partialFilter);
}
