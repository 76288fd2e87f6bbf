import { type AggregationJob, StoreHost } from '../aggregation.ts';
import {
  ChangeStream,
  concerns,
  endsStream,
  fatalStreamError,
  type StreamScope,
  type StreamSettings,
} from '../changes/change-stream.ts';
import { EVERY_DATABASE, INTERNAL_DATABASES } from '../changes/history.ts';
import { readStreamOptions, type StreamOptions } from '../changes/stream-options.ts';
import { assertNotView } from '../collections.ts';
import { type CommandContext, findCollection } from '../command.ts';
import { evaluationContext } from '../evaluation.ts';
import { documentById } from '../find-by-id.ts';
import { Pacer } from '../pacing.ts';
import { runPipeline, validatePipeline } from '../semantics/aggregate.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import { cursorReply } from './cursor-replies.ts';

/** Stages that may follow: those that make each result from one event. */
const ALLOWED: ReadonlySet<string> = new Set([
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
]);

/** True when a pipeline asks for changes. */
export function isChangeStream(pipeline: readonly BsonDocument[]): boolean {
  const [first] = pipeline;
  return first !== undefined && Object.keys(first)[0] === '$changeStream';
}

function scopeOf(job: AggregationJob, options: StreamOptions): StreamScope {
  const { database, collection } = job;
  if (options.allChangesForCluster) {
    if (database !== 'admin' || collection !== undefined) {
      throw new MongoServerError(
        72,
        `A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database, and with no collection name`,
      );
    }
    return {};
  }
  if (INTERNAL_DATABASES.has(database)) {
    throw new MongoServerError(73, `$changeStream may not be opened on the internal ${database} database`);
  }
  return collection === undefined ? { db: database } : { db: database, coll: collection };
}

function assertMayFollow(stages: readonly BsonDocument[]): void {
  validatePipeline([...stages]);
  for (const stage of stages) {
    const name = Object.keys(stage)[0] ?? '';
    if (!ALLOWED.has(name)) {
      throw new MongoServerError(20, `${name} is not permitted in a $changeStream pipeline`);
    }
  }
}

function assertReadable(context: CommandContext): void {
  if (context.transaction !== undefined) {
    throw new MongoServerError(263, '$changeStream cannot be used in a transaction');
  }
  const { readConcern } = context.command;
  const level = isDocument(readConcern) ? readConcern.level : undefined;
  if (level !== undefined && level !== 'majority') {
    throw new MongoServerError(
      72,
      `Only read concern majority is supported for a $changeStream, not ${String(level)}`,
    );
  }
}

/**
 * Where the stream begins. Throws MongoServerError 286 when something between its start and now is no longer known,
 * and 280 when the change that the client has seen last is not known.
 */
function startOf(
  { engine: { history } }: CommandContext,
  { start }: StreamOptions,
  scope: StreamScope,
): Pick<StreamSettings, 'start' | 'ended'> {
  const database = scope.db ?? EVERY_DATABASE;
  if (start === undefined) {
    return { start: history.endOf(database) };
  }
  if (Buffer.compare(start.position, history.startOf(database)) < 0) {
    throw fatalStreamError(
      286,
      'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
    );
  }
  const { position, seen } = start;
  if (seen === undefined) {
    return { start: position };
  }
  const last = history.changeAt(seen.position);
  if (last === undefined) {
    throw fatalStreamError(280, 'cannot resume stream; the resume token was not found.');
  }
  const isEnd = !seen.ended && concerns(scope, last.change) && endsStream(scope, last.change);
  return {
    start: position,
    ...(isEnd && { ended: { origin: last.origin, position: seen.position } }),
  };
}

/** Answers an aggregate whose first stage is `$changeStream`: a cursor that goes on. */
export async function openChangeStream(
  context: CommandContext,
  job: AggregationJob,
  batchSize: number | undefined,
): Promise<BsonDocument> {
  const { engine } = context;
  const [first, ...rest] = job.pipeline;
  const options = readStreamOptions(first?.$changeStream);
  const scope = scopeOf(job, options);
  assertReadable(context);
  assertMayFollow(rest);
  const collection = job.collection === undefined ? undefined : findCollection(context, job.collection);
  if (collection !== undefined) {
    assertNotView(collection);
  }
  await engine.watchChanges(scope.db ?? EVERY_DATABASE);
  const evaluation = evaluationContext(job.now, job.collation, job.let);
  const host = new StoreHost(engine.store, engine.catalog, job);
  const run = (events: BsonDocument[]) => runPipeline(rest, events, host, evaluation);
  // Without events it checks the stages.
  run([]);
  const stream = new ChangeStream(engine.history, {
    scope,
    options,
    ...startOf(context, options, scope),
    lookUp: (db, coll, id) => {
      const found = engine.catalog.find(engine.store, db, coll);
      const raw = found === undefined ? undefined : documentById(engine.store, found, id);
      return raw === undefined ? undefined : decodeDocument(raw);
    },
    run: rest.length === 0 ? (events) => events : run,
    pacer: () => new Pacer(),
  });
  return cursorReply(context, `${job.database}.${job.collection ?? '$cmd.aggregate'}`, stream, {
    awaitsData: true,
    outlivesCollection: true,
    ...(batchSize !== undefined && { batchSize }),
  });
}
