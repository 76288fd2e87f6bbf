import { Double } from 'bson';
import { type Catalog, type CollectionInfo, sameCollation } from './catalog.ts';
import { evaluationContext } from './evaluation.ts';
import { noGeoIndex, planOf, prepareQuery, type Query, type QueryOptions, scanOf } from './query.ts';
import { mentionsMetadata, setMetadata } from './semantics/aggregate-metadata.ts';
import { runPipeline, splitPipeline } from './semantics/aggregate.ts';
import { MongoServerError } from './semantics/errors.ts';
import { nearPoint } from './semantics/geo.ts';
import type { AggregationHost, BsonDocument, Collation } from './semantics/types.ts';
import { isDocument, isTruthy } from './semantics/values.ts';
import type { ReadView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';

/** Views may refer to views this often. */
const MAX_VIEW_DEPTH = 20;

/** Called for each document that a pipeline reads or produces; throws to end the pipeline. */
export type Checkpoint = () => void;

const GO_ON: Checkpoint = () => undefined;

/** A pipeline with everything it depends on except the store. */
export interface AggregationJob {
  database: string;
  /** Collection or view; undefined for `aggregate: 1`. */
  collection?: string;
  pipeline: BsonDocument[];
  collation?: Collation;
  let?: BsonDocument;
  now: Date;
  hint?: string | BsonDocument;
}

/** What `$out` or `$merge` at the end of a pipeline has to write. */
export interface PipelineOutput {
  stage: BsonDocument;
  documents: BsonDocument[];
}

/** The collection behind a name, and the pipeline of the views in between, outermost last. */
export interface ResolvedSource {
  collection?: CollectionInfo;
  pipeline: BsonDocument[];
  /** Default collation of the view or collection that was named. */
  collation?: Collation;
}

/** Follows views to the collection they read. Throws MongoServerError 165 when they go too deep. */
export function resolveSource(
  view: ReadView,
  catalog: Catalog,
  database: string,
  name: string,
): ResolvedSource {
  let found = catalog.find(view, database, name);
  const collation = found?.collation;
  let pipeline: BsonDocument[] = [];
  for (let depth = 0; found?.view !== undefined; depth += 1) {
    if (depth >= MAX_VIEW_DEPTH) {
      throw new MongoServerError(165, `View depth limit exceeded; maximum depth is ${MAX_VIEW_DEPTH}`);
    }
    pipeline = [...found.view.pipeline, ...pipeline];
    found = catalog.find(view, database, found.view.on);
  }
  return {
    ...(found === undefined ? {} : { collection: found }),
    pipeline,
    ...(collation === undefined ? {} : { collation }),
  };
}

function* documentsOf(
  view: ReadView,
  collection: CollectionInfo | undefined,
  query: Query,
  checkpoint: Checkpoint,
): Iterable<BsonDocument> {
  const scan = scanOf(view, collection, query, planOf(view, collection, query));
  for (let found = scan.step(); found !== undefined; found = scan.step()) {
    checkpoint();
    if (found !== false) {
      yield decodeDocument(found.raw);
    }
  }
}

/**
 * What a running pipeline needs of the store: other collections (or views) to join, and a place for what it
 * writes at its end, which is only collected here.
 */
export class StoreHost implements AggregationHost {
  /** Set once the pipeline has reached its `$out` or `$merge`. */
  output: PipelineOutput | undefined;
  private readonly view: ReadView;
  private readonly catalog: Catalog;
  private readonly job: AggregationJob;
  private readonly checkpoint: Checkpoint;

  constructor(view: ReadView, catalog: Catalog, job: AggregationJob, checkpoint: Checkpoint = GO_ON) {
    this.view = view;
    this.catalog = catalog;
    this.job = job;
    this.checkpoint = checkpoint;
  }

  find(name: string, filter: BsonDocument): Iterable<BsonDocument> {
    const { database, collation, now } = this.job;
    const source = resolveSource(this.view, this.catalog, database, name);
    if (source.pipeline.length === 0) {
      const query = prepareQuery(source.collection, filter, {
        collation: collation ?? source.collation,
        now,
      });
      return documentsOf(this.view, source.collection, query, this.checkpoint);
    }
    const { filter: first = {} } = splitPipeline(source.pipeline);
    const query = prepareQuery(source.collection, first, { collation: source.collation, now });
    const documents = documentsOf(this.view, source.collection, query, this.checkpoint);
    return runPipeline(
      [...source.pipeline, { $match: filter }],
      documents,
      this,
      evaluationContext(now, collation ?? source.collation),
    );
  }

  write(stage: BsonDocument, documents: Iterable<BsonDocument>): void {
    this.output = { stage, documents: [...documents] };
  }
}

/** The filter, order and number of documents that the store delivers, and the stages left to do. */
export interface PipelinePlan {
  resolved: ResolvedSource;
  filter: BsonDocument;
  sort?: BsonDocument;
  skip: number;
  limit: number;
  rest: BsonDocument[];
  collation?: Collation;
}

/**
 * The field of the geo index that a `$geoNear` without `key` uses: that of the only 2d index, else of the only
 * 2dsphere index. Throws MongoServerError 27 when there is none or more than one.
 */
function onlyGeoField(collection: CollectionInfo): string {
  const fields = collection.indexes.flatMap((index) => index.geo);
  for (const kind of ['2d', '2dsphere'] as const) {
    const [field, another] = fields.filter((one) => one.kind === kind);
    if (another !== undefined) {
      throw new MongoServerError(
        27,
        `There is more than one ${kind} index on ${collection.namespace}; unsure which to use for $geoNear`,
      );
    }
    if (field !== undefined) {
      return field.path;
    }
  }
  throw new MongoServerError(27, '$geoNear requires a 2d or 2dsphere index, but none were found');
}

/**
 * Takes the query out of a leading `$geoNear`, so that the store can serve it, and puts in the field to search.
 * Throws MongoServerError 27 or 291 when no index fits, 2 for a place that cannot be read.
 */
function resolveGeoNear(
  collection: CollectionInfo | undefined,
  pipeline: readonly BsonDocument[],
): { filter: BsonDocument; pipeline: BsonDocument[] } | undefined {
  const [stage, ...others] = pipeline;
  const argument = stage?.$geoNear;
  if (!isDocument(argument) || collection === undefined) {
    return undefined;
  }
  const { query, ...rest } = argument;
  const key = typeof rest.key === 'string' ? rest.key : onlyGeoField(collection);
  const { indexKinds } =
    isDocument(rest.near) || Array.isArray(rest.near)
      ? nearPoint(rest.near, isTruthy(rest.spherical ?? false))
      : { indexKinds: ['2d', '2dsphere'] as const };
  const served = collection.indexes.some((index) =>
    index.geo.some((field) => field.path === key && indexKinds.some((kind) => kind === field.kind)),
  );
  if (!served) {
    throw noGeoIndex(collection);
  }
  return {
    filter: isDocument(query) ? query : {},
    pipeline: [{ $geoNear: { ...rest, key } }, ...others],
  };
}

/** Gives each document of a text search its score, when one of the stages asks for it. */
export function withScores(
  documents: Iterable<BsonDocument>,
  query: Query,
  stages: readonly BsonDocument[],
): Iterable<BsonDocument> {
  const { textScore } = query.evaluation;
  if (textScore === undefined || !mentionsMetadata(stages)) {
    return documents;
  }
  return scored(documents, textScore);
}

function* scored(
  documents: Iterable<BsonDocument>,
  textScore: (document: BsonDocument) => number,
): Iterable<BsonDocument> {
  for (const document of documents) {
    yield setMetadata(document, { textScore: new Double(textScore(document)) });
  }
}

/**
 * Splits a job's pipeline, views included, into the store's part and the rest.
 * Throws MongoServerError 167 for a collation other than that of the view.
 */
export function planPipeline(view: ReadView, catalog: Catalog, job: AggregationJob): PipelinePlan {
  const resolved =
    job.collection === undefined
      ? { pipeline: [] }
      : resolveSource(view, catalog, job.database, job.collection);
  const named = job.collection === undefined ? undefined : catalog.find(view, job.database, job.collection);
  if (
    named?.kind === 'view' &&
    job.collation !== undefined &&
    !sameCollation(job.collation, named.collation)
  ) {
    throw new MongoServerError(167, `Cannot override default collation of view ${named.namespace}`);
  }
  const pipeline = [...resolved.pipeline, ...job.pipeline];
  const geo = resolveGeoNear(resolved.collection, pipeline);
  const { filter, sort, skip, limit, rest } = splitPipeline(geo?.pipeline ?? pipeline);
  const collation = job.collation ?? resolved.collation;
  return {
    resolved,
    filter: geo?.filter ?? filter ?? {},
    ...(sort === undefined ? {} : { sort }),
    skip: skip ?? 0,
    limit: limit ?? 0,
    rest,
    ...(collation === undefined ? {} : { collation }),
  };
}

/** Runs a whole pipeline without a break, until `checkpoint` throws; for a thread of its own. */
export function runWholePipeline(
  view: ReadView,
  catalog: Catalog,
  job: AggregationJob,
  checkpoint: Checkpoint,
): { results: BsonDocument[]; output: PipelineOutput | undefined } {
  const plan = planPipeline(view, catalog, job);
  const host = new StoreHost(view, catalog, job, checkpoint);
  const { collection } = plan.resolved;
  const options: QueryOptions = { collation: plan.collation, let: job.let, hint: job.hint, now: job.now };
  const stages: BsonDocument[] = [...plan.rest];
  if (plan.limit > 0) {
    stages.unshift({ $limit: plan.limit });
  }
  if (plan.skip > 0) {
    stages.unshift({ $skip: plan.skip });
  }
  if (plan.sort !== undefined) {
    const prepared = prepareQuery(collection, plan.filter, { ...options, sort: plan.sort });
    if (planOf(view, collection, prepared).sorted) {
      options.sort = plan.sort;
    } else {
      stages.unshift({ $sort: plan.sort });
    }
  }
  const query = prepareQuery(collection, plan.filter, options);
  const source = withScores(documentsOf(view, collection, query, checkpoint), query, plan.rest);
  const context = evaluationContext(job.now, plan.collation, job.let);
  const results: BsonDocument[] = [];
  for (const document of runPipeline(stages, source, host, context)) {
    checkpoint();
    results.push(document);
  }
  return { results, output: host.output };
}
