import type { CollectionInfo } from './catalog.ts';
import { readCollation } from './catalog.ts';
import { documentOption, hintOption, optionalField } from './command-options.ts';
import { evaluationContext, matcherFor } from './evaluation.ts';
import { type Plan, planQuery, type QueryShape } from './planner.ts';
import { type Condition, conditionOf, DocumentScan } from './scan.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { IndexField } from './semantics/keys.ts';
import type { BsonDocument, Collation, EvaluationContext } from './semantics/types.ts';
import { isDocument, toNumber } from './semantics/values.ts';
import type { ReadView } from './storage/store.ts';

/** The sort of a query: its fields, or natural order in one direction. */
export interface SortOrder {
  fields: IndexField[];
  natural?: 1 | -1;
}

/** Reads a sort document. Throws MongoServerError 2 or 15975 when malformed. */
export function readSort(sort: BsonDocument | undefined): SortOrder {
  const fields: IndexField[] = [];
  for (const path of Object.keys(sort ?? {})) {
    const value = sort?.[path];
    if (isDocument(value)) {
      if (Object.hasOwn(value, '$meta')) {
        throw new MongoServerError(40218, `query requires text score metadata, but it is not available`);
      }
      throw new MongoServerError(15974, `Illegal key in $sort specification: ${path}`);
    }
    const direction = toNumber(value);
    if (direction !== 1 && direction !== -1) {
      throw new MongoServerError(
        15975,
        '$sort key ordering must be 1 (for ascending) or -1 (for descending)',
      );
    }
    if (path === '$natural') {
      return { fields: [], natural: direction };
    }
    if (path === '' || path.split('.').includes('')) {
      throw new MongoServerError(15998, 'FieldPath field names may not be empty strings.');
    }
    if (path.startsWith('$')) {
      throw new MongoServerError(16410, `FieldPath field names may not start with '$'.`);
    }
    fields.push([path, direction]);
  }
  return { fields };
}

/** A filter with all that decides on how its documents are found. */
export interface Query {
  filter: BsonDocument;
  sort: SortOrder;
  evaluation: EvaluationContext;
  condition: Condition;
  shape: QueryShape;
}

/** What `prepareQuery` needs besides the filter. */
export interface QueryOptions {
  sort?: BsonDocument | undefined;
  hint?: string | BsonDocument | undefined;
  min?: BsonDocument | undefined;
  max?: BsonDocument | undefined;
  collation?: Collation | undefined;
  let?: BsonDocument | undefined;
  now: Date;
}

/** Compiles a query for a collection (whose default collation holds unless the options name another). */
export function prepareQuery(
  collection: CollectionInfo | undefined,
  filter: BsonDocument,
  options: QueryOptions,
): Query {
  const collation = options.collation ?? collection?.collation;
  const evaluation = evaluationContext(options.now, collation, options.let);
  const sort = readSort(options.sort);
  const condition = conditionOf(filter, matcherFor(filter, evaluation));
  const shape: QueryShape = { filter };
  if (sort.fields.length > 0) {
    shape.sort = sort.fields;
  }
  if (sort.natural !== undefined) {
    shape.natural = sort.natural;
  }
  if (options.hint !== undefined) {
    shape.hint = options.hint;
  }
  if (options.min !== undefined && Object.keys(options.min).length > 0) {
    shape.min = options.min;
  }
  if (options.max !== undefined && Object.keys(options.max).length > 0) {
    shape.max = options.max;
  }
  if (collation !== undefined) {
    shape.collation = collation;
  }
  return { filter, sort, evaluation, condition, shape };
}

/** The plan of a query; `empty` when there is no collection. */
export function planOf(view: ReadView, collection: CollectionInfo | undefined, query: Query): Plan {
  return collection === undefined
    ? { kind: 'empty', sorted: true }
    : planQuery(view, collection, query.shape);
}

/** Starts finding a query's documents. `collection` may be missing only for an empty plan. */
export function scanOf(
  view: ReadView,
  collection: CollectionInfo | undefined,
  query: Query,
  plan: Plan,
  options: { wantsArrayIndex?: boolean } = {},
): DocumentScan {
  return new DocumentScan(view, collection, plan, query.condition, options);
}

/** The options that find, count, distinct and others share, read from a command. */
export function queryOptions(command: BsonDocument, now: Date): QueryOptions {
  return {
    sort: documentOption(command, 'sort'),
    hint: hintOption(command),
    min: documentOption(command, 'min'),
    max: documentOption(command, 'max'),
    collation: readCollation(optionalField(command, 'collation')),
    let: documentOption(command, 'let'),
    now,
  };
}
