import type { CollectionInfo } from './catalog.ts';
import { readCollation } from './catalog.ts';
import { documentOption, hintOption, optionalField } from './command-options.ts';
import { evaluationContext, matcherFor } from './evaluation.ts';
import { type Plan, planQuery, type QueryShape } from './planner.ts';
import { type Condition, conditionOf, DocumentScan } from './scan.ts';
import { MongoServerError } from './semantics/errors.ts';
import { type NearCondition, nearCondition, nearestAt } from './semantics/geo.ts';
import type { IndexField } from './semantics/keys.ts';
import { compileTextSearch, type TextFields, textOperand } from './semantics/text.ts';
import type { BsonDocument, Collation, EvaluationContext } from './semantics/types.ts';
import { isDocument, toNumber } from './semantics/values.ts';
import type { ReadView } from './storage/store.ts';

/** The sort of a query: its fields, natural order in one direction, or the score of its `$text`, best first. */
export interface SortOrder {
  fields: IndexField[];
  natural?: 1 | -1;
  byScore?: true;
}

/** Reads a sort document; `allowsScore`: it may be the score of a text search. Throws MongoServerError 2 or 15975 when malformed. */
export function readSort(sort: BsonDocument | undefined, allowsScore = false): SortOrder {
  const fields: IndexField[] = [];
  for (const path of Object.keys(sort ?? {})) {
    const value = sort?.[path];
    if (isDocument(value)) {
      if (allowsScore && value.$meta === 'textScore' && Object.keys(sort ?? {}).length === 1) {
        return { fields: [], byScore: true };
      }
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
  /** The `$near` of the filter: its documents come nearest first, unless they are sorted otherwise. */
  near: NearCondition | undefined;
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
  /** True when the caller can sort by the score of a `$text` search. */
  sortsByScore?: boolean;
  now: Date;
}

/** The fields of a collection's text index. Throws MongoServerError 27 when it has none. */
function textFields(collection: CollectionInfo): TextFields {
  const spec = collection.indexes.find((index) => isDocument(index.spec.weights))?.spec;
  const weights = spec?.weights;
  if (spec === undefined || !isDocument(weights)) {
    throw new MongoServerError(27, 'text index required for $text query');
  }
  return {
    weights: new Map(Object.keys(weights).map((path) => [path, toNumber(weights[path]) ?? 1])),
    language: typeof spec.default_language === 'string' ? spec.default_language : 'english',
  };
}

/** Throws MongoServerError 291 when no index of a collection could serve a search for the nearest. */
function assertGeoIndex(collection: CollectionInfo, { path, search }: NearCondition): void {
  const served = collection.indexes.some((index) =>
    index.geo.some((field) => field.path === path && search.indexKinds.includes(field.kind)),
  );
  if (!served) {
    throw noGeoIndex(collection);
  }
}

/** The error of a search for the nearest that no index serves. */
export function noGeoIndex(collection: CollectionInfo): MongoServerError {
  return new MongoServerError(
    291,
    `error processing query: ns=${collection.namespace} planner returned error :: caused by :: unable to find index for $geoNear query`,
  );
}

/** Compiles a query for a collection (whose default collation holds unless the options name another). */
export function prepareQuery(
  collection: CollectionInfo | undefined,
  filter: BsonDocument,
  options: QueryOptions,
): Query {
  const collation = options.collation ?? collection?.collation;
  const evaluation = evaluationContext(options.now, collation, options.let);
  const search = textOperand(filter);
  if (search !== undefined && collection !== undefined) {
    evaluation.textScore = compileTextSearch(search, textFields(collection));
  }
  const near = nearCondition(filter);
  if (near !== undefined && collection !== undefined) {
    assertGeoIndex(collection, near);
  }
  const sort = readSort(options.sort, options.sortsByScore === true && search !== undefined);
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
  return { filter, sort, near, evaluation, condition, shape };
}

/** How far a document is from the point of the query's `$near`, when that decides on the order of the documents. */
export function nearOrder({ near, sort }: Query): ((document: BsonDocument) => number) | undefined {
  if (near === undefined || sort.fields.length > 0 || sort.natural !== undefined) {
    return undefined;
  }
  const nearest = nearestAt(near.path, near.search);
  return (document) => nearest(document).distance;
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
