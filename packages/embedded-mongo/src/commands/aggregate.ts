import {
  type AggregationJob,
  type PipelineOutput,
  type PipelinePlan,
  planPipeline,
  StoreHost,
  withScores,
} from '../aggregation.ts';
import { type CollectionInfo, readCollation } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, pacerOf, viewOf } from '../command.ts';
import {
  assertKnownFields,
  booleanOption,
  collectionName,
  countOption,
  documentOption,
  documentsOption,
  hintOption,
  integerOption,
  optionalField,
} from '../command-options.ts';
import type { DocumentStream } from '../cursors.ts';
import { evaluationContext } from '../evaluation.ts';
import { FindStream, ListStream } from '../find-stream.ts';
import type { Pacer } from '../pacing.ts';
import { planOf, prepareQuery, type Query, type QueryOptions, scanOf } from '../query.ts';
import { runPipeline, validatePipeline } from '../semantics/aggregate.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument, toNumber } from '../semantics/values.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
import { isChangeStream, openChangeStream } from './change-streams.ts';
import { countByPlan } from './count-by-plan.ts';
import { cursorBatchSize, cursorReply } from './cursor-replies.ts';
import { explainReply, pipelineExplanation } from './explain-plans.ts';
import { assertOutputOptions, writePipelineOutput } from './pipeline-output.ts';
import { serverStageDocuments } from './server-stages.ts';

const FIELDS = new Set([
  'aggregate',
  'pipeline',
  'explain',
  'allowDiskUse',
  'cursor',
  'hint',
  'let',
  'collation',
  'bypassDocumentValidation',
  'collectionUUID',
  'isMapReduceCommand',
]);

/** Stages that make each result from one document, so that a pipeline of them can run piece by piece. */
const PIECEWISE = new Set([
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$unwind',
  '$redact',
]);
const PIECE = 200;
/** Pipelines over more documents than this run on a thread of their own. */
const INLINE_DOCUMENTS = 1000;
/** Joins that may compare more pairs of documents than this run on a thread of their own. */
const INLINE_PAIRS = 50_000;

/** Runs further stages over the documents of a stream, a piece at a time. */
class PiecewiseStream implements DocumentStream {
  private readonly source: DocumentStream;
  private readonly run: (documents: BsonDocument[]) => Iterable<BsonDocument>;
  private readonly pacer: () => Pacer;
  private ready: Uint8Array[] = [];
  private exhausted = false;

  constructor(
    source: DocumentStream,
    run: (documents: BsonDocument[]) => Iterable<BsonDocument>,
    pacer: () => Pacer,
  ) {
    this.source = source;
    this.run = run;
    this.pacer = pacer;
  }

  async take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }> {
    const pacer = this.pacer();
    const documents: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      while (documents.length < count && bytes < maxBytes) {
        const next = this.ready.shift();
        if (next === undefined) {
          break;
        }
        documents.push(next);
        bytes += next.length;
      }
      if (documents.length >= count || bytes >= maxBytes || (this.exhausted && this.ready.length === 0)) {
        return { documents, done: this.exhausted && this.ready.length === 0 };
      }
      const { documents: piece, done } = await this.source.take(PIECE, Number.POSITIVE_INFINITY);
      this.exhausted = done;
      const decoded = piece.map((raw) =>
        decodeDocument(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)),
      );
      this.ready = [...this.run(decoded)].map((document) => encodeDocument(document));
      await pacer.rest();
    }
  }
}

function stageName(stage: BsonDocument): string {
  return Object.keys(stage)[0] ?? '';
}

/** The names of collections that a pipeline joins, nested pipelines included. */
function joinedCollections(stages: readonly BsonDocument[]): string[] {
  return stages.flatMap((stage) => {
    const argument = stage[stageName(stage)];
    if (typeof argument === 'string') {
      return stageName(stage) === '$unionWith' ? [argument] : [];
    }
    if (!isDocument(argument)) {
      return [];
    }
    const names = ['from', 'coll'].map((field) => argument[field]).filter((name) => typeof name === 'string');
    const inner = Array.isArray(argument.pipeline)
      ? joinedCollections(argument.pipeline.filter(isDocument))
      : [];
    const facets =
      stageName(stage) === '$facet'
        ? Object.values(argument).flatMap((part) =>
            Array.isArray(part) ? joinedCollections(part.filter(isDocument)) : [],
          )
        : [];
    return [...names, ...inner, ...facets];
  });
}

function joinsTooMuch(context: CommandContext, plan: PipelinePlan, documents: number): boolean {
  const { engine, database } = context;
  return joinedCollections(plan.rest).some((name) => {
    const joined = engine.catalog.find(viewOf(context), database, name);
    if (joined === undefined) {
      return false;
    }
    const size =
      joined.kind === 'view'
        ? Number.POSITIVE_INFINITY
        : engine.documentCount(joined.id, context.transaction);
    return size * Math.max(documents, 1) > INLINE_PAIRS;
  });
}

/** The group key when the stages only count documents, as countDocuments sends them; else undefined. */
function countOnly(rest: readonly BsonDocument[]): { id: unknown; field: string } | undefined {
  const [only] = rest;
  const group = only?.$group;
  if (rest.length !== 1 || !isDocument(group) || Object.keys(group).length !== 2 || isDocument(group._id)) {
    return undefined;
  }
  const field = Object.keys(group).find((name) => name !== '_id');
  const sum = field === undefined ? undefined : group[field];
  const constant = group._id === null || typeof toNumber(group._id) === 'number';
  return field !== undefined &&
    constant &&
    isDocument(sum) &&
    Object.keys(sum).length === 1 &&
    toNumber(sum.$sum) === 1
    ? { id: group._id, field }
    : undefined;
}

interface Outcome {
  stream: DocumentStream;
  output?: PipelineOutput | undefined;
}

/** The store's part of a pipeline: a stream of documents, and the query that finds them. */
function storeSource(
  context: CommandContext,
  job: AggregationJob,
  plan: PipelinePlan,
): { source: FindStream; query: Query } {
  const view = viewOf(context);
  const { collection } = plan.resolved;
  const options: QueryOptions = {
    collation: plan.collation,
    let: job.let,
    hint: job.hint,
    sort: plan.sort,
    now: job.now,
  };
  const query = prepareQuery(collection, plan.filter, options);
  const queryPlan = planOf(view, collection, query);
  const source = new FindStream({
    scan: scanOf(view, collection, query, queryPlan),
    ...(queryPlan.sorted
      ? {}
      : {
          sort: {
            fields: query.sort.fields,
            ...(query.shape.collation && { collation: query.shape.collation }),
          },
        }),
    skip: plan.skip,
    limit: plan.limit,
    present: (found) => found.raw,
    pacer: () => pacerOf(context),
  });
  return { source, query };
}

async function takeUpTo(
  stream: DocumentStream,
  count: number,
): Promise<{ documents: Uint8Array[]; done: boolean }> {
  const all: Uint8Array[] = [];
  while (all.length < count) {
    const { documents, done } = await stream.take(count - all.length, Number.POSITIVE_INFINITY);
    all.push(...documents);
    if (done) {
      return { documents: all, done };
    }
  }
  return { documents: all, done: false };
}

function decodeAll(raws: readonly Uint8Array[]): BsonDocument[] {
  return raws.map((raw) => decodeDocument(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)));
}

function encodeAll(documents: Iterable<BsonDocument>): ListStream {
  return new ListStream([...documents].map((document) => encodeDocument(document)));
}

async function runJob(context: CommandContext, job: AggregationJob): Promise<Outcome> {
  const view = viewOf(context);
  const { catalog } = context.engine;
  const host = new StoreHost(view, catalog, job);
  const served = await serverStageDocuments(context, job);
  if (served !== undefined) {
    const evaluation = evaluationContext(job.now, job.collation, job.let);
    const stream = encodeAll(runPipeline(job.pipeline.slice(1), served, host, evaluation));
    return { stream, output: host.output };
  }
  const plan = planPipeline(view, catalog, job);
  const evaluation = evaluationContext(job.now, plan.collation, job.let);
  if (job.collection === undefined) {
    const stream = encodeAll(runPipeline(job.pipeline, [], host, evaluation));
    return { stream, output: host.output };
  }
  const counting = countOnly(plan.rest);
  if (counting !== undefined && plan.sort === undefined) {
    const count = await countByPlan(context, plan.resolved.collection, plan.filter, {
      skip: plan.skip,
      limit: plan.limit,
      options: { collation: plan.collation, let: job.let, hint: job.hint, now: job.now },
    });
    return { stream: encodeAll(count === 0 ? [] : [{ _id: counting.id, [counting.field]: count }]) };
  }
  const { source, query } = storeSource(context, job, plan);
  const run = (documents: BsonDocument[]): Iterable<BsonDocument> =>
    runPipeline(plan.rest, withScores(documents, query, plan.rest), host, evaluation);
  if (plan.rest.length === 0) {
    return { stream: source };
  }
  if (plan.rest.every((stage) => PIECEWISE.has(stageName(stage)))) {
    // An empty piece checks the stages before the first document is asked for.
    run([]);
    return { stream: new PiecewiseStream(source, run, () => pacerOf(context)) };
  }
  const { documents, done } = await takeUpTo(source, INLINE_DOCUMENTS);
  if (context.transaction !== undefined) {
    const others = done ? [] : (await takeUpTo(source, Number.POSITIVE_INFINITY)).documents;
    const stream = encodeAll(run(decodeAll([...documents, ...others])));
    return { stream, output: host.output };
  }
  if (done && !joinsTooMuch(context, plan, documents.length)) {
    const stream = encodeAll(run(decodeAll(documents)));
    return { stream, output: host.output };
  }
  const { results, output } = await context.server.aggregationThread.run(job, context.deadline);
  return { stream: new ListStream(results), output };
}

/** Reads an aggregate command. Throws MongoServerError for malformed options and pipelines. */
export function readJob(context: CommandContext): AggregationJob {
  const { command, database } = context;
  const pipeline = documentsOption(command, 'pipeline');
  if (pipeline === undefined) {
    throw new MongoServerError(40414, `BSON field 'aggregate.pipeline' is missing but a required field`);
  }
  const isDatabase = toNumber(command.aggregate) === 1;
  const collation = readCollation(optionalField(command, 'collation'));
  const variables = documentOption(command, 'let');
  const hint = hintOption(command);
  return {
    database,
    ...(isDatabase ? {} : { collection: collectionName(command, 'aggregate') }),
    pipeline,
    ...(collation === undefined ? {} : { collation }),
    ...(variables === undefined ? {} : { let: variables }),
    now: context.now,
    ...(hint === undefined ? {} : { hint }),
  };
}

async function aggregate(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  assertKnownFields(command, 'aggregate', FIELDS);
  const job = readJob(context);
  const explain = booleanOption(command, 'explain');
  const cursor = cursorBatchSize(command);
  if (command.cursor === undefined && !explain) {
    throw new MongoServerError(
      9,
      `The 'cursor' option is required, except for aggregate with the explain argument`,
    );
  }
  if (isChangeStream(job.pipeline) && !explain) {
    return openChangeStream(context, job, cursor);
  }
  validatePipeline(job.pipeline);
  assertOutputOptions(command, job.pipeline);
  if (explain) {
    return explainReply(context, pipelineExplanation(context, job, 'queryPlanner'));
  }
  const { stream, output } = await runJob(context, job);
  const namespace = `${job.database}.${job.collection ?? '$cmd.aggregate'}`;
  if (output !== undefined) {
    await writePipelineOutput(context, output);
  }
  return cursorReply(context, namespace, stream, cursor === undefined ? {} : { batchSize: cursor });
}

/** Answers a find on a view: as a pipeline over what the view reads. */
export async function findInView(context: CommandContext, collection: CollectionInfo): Promise<BsonDocument> {
  const { command } = context;
  const limit = Math.abs(integerOption(command, 'limit') ?? 0);
  const skip = countOption(command, 'skip') ?? 0;
  const sort = documentOption(command, 'sort') ?? {};
  const projection = documentOption(command, 'projection') ?? {};
  const collation = readCollation(optionalField(command, 'collation'));
  const variables = documentOption(command, 'let');
  const job: AggregationJob = {
    database: context.database,
    collection: collection.name,
    pipeline: [
      { $match: documentOption(command, 'filter') ?? {} },
      ...(Object.keys(sort).length > 0 && !Object.hasOwn(sort, '$natural') ? [{ $sort: sort }] : []),
      ...(skip > 0 ? [{ $skip: skip }] : []),
      ...(limit > 0 ? [{ $limit: limit }] : []),
      ...(Object.keys(projection).length > 0 ? [{ $project: projection }] : []),
    ],
    ...(collation === undefined ? {} : { collation }),
    ...(variables === undefined ? {} : { let: variables }),
    now: context.now,
  };
  const { stream } = await runJob(context, job);
  const batchSize = countOption(command, 'batchSize');
  return cursorReply(context, collection.namespace, stream, {
    ...(batchSize === undefined ? {} : { batchSize }),
    singleBatch: booleanOption(command, 'singleBatch'),
  });
}

/** All results of a pipeline, decoded; for count and distinct on views. */
export async function resultsOf(context: CommandContext, job: AggregationJob): Promise<BsonDocument[]> {
  const { stream } = await runJob(context, job);
  return decodeAll((await takeUpTo(stream, Number.POSITIVE_INFINITY)).documents);
}

/** aggregate. */
export const aggregateCommands: Readonly<Record<string, CommandDefinition>> = {
  aggregate: { run: aggregate, inTransaction: true, writes: true },
};
