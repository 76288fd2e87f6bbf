import { type AggregationJob, planPipeline } from '../aggregation.ts';
import type { CollectionInfo } from '../catalog.ts';
import { type CommandContext, viewOf } from '../command.ts';
import type { IndexScan, Plan } from '../planner.ts';
import { planOf, prepareQuery, type Query, scanOf } from '../query.ts';
import type { ScanStatistics } from '../scan.ts';
import type { BsonDocument } from '../semantics/types.ts';

/** How much explain tells: only the plan, or also what carrying it out took. */
export type Verbosity = 'queryPlanner' | 'executionStats' | 'allPlansExecution';

/** What explain shows of a query besides its plan. */
export interface Explained {
  collection: CollectionInfo | undefined;
  namespace: string;
  query: Query;
  skip?: number;
  limit?: number;
  projection?: BsonDocument | undefined;
  /** The stage that uses the documents, outermost: COUNT, UPDATE, DELETE… */
  outer?: string;
}

function indexStage(plan: IndexScan): BsonDocument {
  return {
    stage: 'IXSCAN',
    keyPattern: plan.index.spec.key,
    indexName: plan.index.name,
    isMultiKey: plan.multikey,
    isUnique: plan.index.unique,
    isSparse: plan.index.sparse,
    isPartial: plan.index.partialFilter !== undefined,
    indexVersion: 2,
    direction: plan.reverse ? 'backward' : 'forward',
    boundedFields: plan.boundedFields,
  };
}

function accessStage(plan: Plan, query: Query, covered: boolean): BsonDocument {
  switch (plan.kind) {
    case 'empty':
      return { stage: 'EOF' };
    case 'collection':
      return { stage: 'COLLSCAN', filter: query.filter, direction: plan.reverse ? 'backward' : 'forward' };
    case 'union':
      return {
        stage: 'FETCH',
        filter: query.filter,
        inputStage: { stage: 'OR', inputStages: plan.branches.map(indexStage) },
      };
    case 'index':
      if (covered) {
        return { ...indexStage(plan), stage: 'COUNT_SCAN' };
      }
      return {
        stage: 'FETCH',
        ...(plan.covers ? {} : { filter: query.filter }),
        inputStage: indexStage(plan),
      };
  }
}

function planTree(explained: Explained, plan: Plan): BsonDocument {
  const { query, skip = 0, limit = 0, projection, outer } = explained;
  const covered = outer === 'COUNT' && plan.kind === 'index' && plan.covers;
  let tree = accessStage(plan, query, covered);
  if (!plan.sorted) {
    tree = { stage: 'SORT', sortPattern: Object.fromEntries(query.sort.fields), inputStage: tree };
  }
  if (skip > 0) {
    tree = { stage: 'SKIP', skipAmount: skip, inputStage: tree };
  }
  if (limit > 0) {
    tree = { stage: 'LIMIT', limitAmount: limit, inputStage: tree };
  }
  if (projection !== undefined && Object.keys(projection).length > 0) {
    tree = { stage: 'PROJECTION_DEFAULT', transformBy: projection, inputStage: tree };
  }
  return outer === undefined ? tree : { stage: outer, inputStage: tree };
}

interface Execution {
  returned: number;
  statistics: ScanStatistics;
  milliseconds: number;
}

function execute(context: CommandContext, explained: Explained, plan: Plan): Execution {
  const start = performance.now();
  const scan = scanOf(viewOf(context), explained.collection, explained.query, plan);
  const { skip = 0, limit = 0 } = explained;
  const most = limit > 0 && plan.sorted ? skip + limit : Number.POSITIVE_INFINITY;
  let found = 0;
  while (found < most && scan.next() !== undefined) {
    found += 1;
  }
  const returned = Math.max(0, (limit > 0 ? Math.min(found, skip + limit) : found) - skip);
  return { returned, statistics: scan.statistics, milliseconds: Math.round(performance.now() - start) };
}

/** The queryPlanner part, and with a higher verbosity the executionStats part, of an explained query. */
export function explainQuery(
  context: CommandContext,
  explained: Explained,
  verbosity: Verbosity,
): BsonDocument {
  const { collection, namespace, query } = explained;
  const plan = planOf(viewOf(context), collection, query);
  const winningPlan = planTree(explained, plan);
  const reply: BsonDocument = {
    queryPlanner: {
      namespace,
      parsedQuery: query.filter,
      indexFilterSet: false,
      optimizationTimeMillis: 0,
      winningPlan,
      rejectedPlans: [],
    },
  };
  if (verbosity !== 'queryPlanner') {
    const { returned, statistics, milliseconds } = execute(context, explained, plan);
    reply.executionStats = {
      executionSuccess: true,
      nReturned: returned,
      executionTimeMillis: milliseconds,
      totalKeysExamined: statistics.keysExamined,
      totalDocsExamined: statistics.documentsExamined,
      executionStages: { ...winningPlan, nReturned: returned },
    };
  }
  return reply;
}

/** Explains an aggregation: the store's part as a query, the other stages by name. */
export function pipelineExplanation(
  context: CommandContext,
  job: AggregationJob,
  verbosity: Verbosity,
): BsonDocument {
  const view = viewOf(context);
  const plan = planPipeline(view, context.engine.catalog, job);
  const { collection } = plan.resolved;
  const query = prepareQuery(collection, plan.filter, {
    collation: plan.collation,
    let: job.let,
    hint: job.hint,
    sort: plan.sort,
    now: job.now,
  });
  const namespace = collection?.namespace ?? `${job.database}.${job.collection ?? '$cmd.aggregate'}`;
  const inner = explainQuery(
    context,
    { collection, namespace, query, skip: plan.skip, limit: plan.limit },
    verbosity,
  );
  if (plan.rest.length === 0) {
    return inner;
  }
  return { ...inner, stages: [{ $cursor: inner }, ...plan.rest] };
}

/** Adds what every explain reply says about the server. */
export function explainReply(context: CommandContext, explanation: BsonDocument): BsonDocument {
  const { lsid: _session, $db: _database, $clusterTime: _time, ...command } = context.command;
  return {
    explainVersion: '1',
    ...explanation,
    command,
    serverInfo: {
      host: '127.0.0.1',
      port: context.server.port,
      version: context.server.version,
      gitVersion: 'embedded',
    },
  };
}
