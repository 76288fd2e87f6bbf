import { variableNames } from './aggregate-expressions.ts';
import { checkSortSpecification, sortsByMetadata } from './aggregate-sort.ts';
import { compilePipeline } from './aggregate-stages.ts';
import type { AggregationHost, BsonDocument, EvaluationContext } from './types.ts';
import { isDocument, toSafeInteger } from './values.ts';

export { evaluateExpression } from './aggregate-expressions.ts';

/**
 * Runs a pipeline over the documents of `source`. Stages are checked before the first document is read;
 * results are computed as they are asked for, except that `$out` and `$merge` hand everything to `host.write`
 * at once and yield nothing.
 *
 * @param host - finds documents of other collections for `$lookup`, `$graphLookup` and `$unionWith`. It gets
 *   equality and `$in` filters, which indexes can serve, and must honour the same collation.
 * @throws MongoServerError with MongoDB's codes, when called or while the results are read
 */
export function runPipeline(
  pipeline: BsonDocument[],
  source: Iterable<BsonDocument>,
  host: AggregationHost,
  context: EvaluationContext,
): Iterable<BsonDocument> {
  return compilePipeline(pipeline, variableNames(context))(source, { context, host });
}

/**
 * Checks a pipeline without running it: stage names, positions and arguments, nested pipelines included.
 * Variables of the command are not known here; `runPipeline` checks them.
 * @throws MongoServerError 40324 unknown stage, 40323 several fields in a stage, 40601 `$out` or `$merge` not
 *   last, 40602 a source stage not first, and the codes of the single stages
 */
export function validatePipeline(pipeline: BsonDocument[]): void {
  compilePipeline(pipeline, undefined);
}

/** The part of a pipeline that a store with indexes can serve, and the stages that remain. */
export interface SplitPipeline {
  filter?: BsonDocument;
  sort?: BsonDocument;
  skip?: number;
  limit?: number;
  rest: BsonDocument[];
}

const stageArgument = (stage: BsonDocument | undefined, name: string): unknown =>
  stage !== undefined && Object.keys(stage).length === 1 && Object.hasOwn(stage, name)
    ? stage[name]
    : undefined;

/**
 * Splits off the leading `$match`, `$sort`, `$skip` and `$limit` stages, in this order, so that the store can
 * serve them. Several `$match` become one `$and`.
 * @throws MongoServerError 15973 to 15976 for a bad `$sort`
 */
export function splitPipeline(pipeline: BsonDocument[]): SplitPipeline {
  const result: SplitPipeline = { rest: [] };
  const filters: BsonDocument[] = [];
  let at = 0;
  for (let filter = stageArgument(pipeline[at], '$match'); isDocument(filter);) {
    filters.push(filter);
    at += 1;
    filter = stageArgument(pipeline[at], '$match');
  }
  const [first] = filters;
  if (first !== undefined) {
    result.filter = filters.length === 1 ? first : { $and: filters };
  }
  const sort = stageArgument(pipeline[at], '$sort');
  if (sort !== undefined) {
    const specification = checkSortSpecification(sort);
    if (sortsByMetadata(specification)) {
      result.rest = pipeline.slice(at);
      return result;
    }
    result.sort = specification;
    at += 1;
  }
  const skip = toSafeInteger(stageArgument(pipeline[at], '$skip'));
  if (skip !== undefined && skip >= 0) {
    result.skip = skip;
    at += 1;
  }
  const limit = toSafeInteger(stageArgument(pipeline[at], '$limit'));
  if (limit !== undefined && limit > 0) {
    result.limit = limit;
    at += 1;
  }
  result.rest = pipeline.slice(at);
  return result;
}
