import type { AggregationJob } from '../aggregation.ts';
import { type CommandContext, findCollection } from '../command.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { Binary, Long } from 'bson';
import { currentOperations } from './diagnostics.ts';
import { collectionStatistics } from './statistics.ts';

/** The documents of a first stage that asks about the server itself, or undefined when it is another stage. */
export function serverStageDocuments(
  context: CommandContext,
  job: AggregationJob,
): BsonDocument[] | undefined {
  const [first] = job.pipeline;
  const name = first === undefined ? undefined : Object.keys(first)[0];
  switch (name) {
    case '$collStats':
      return collStats(context, job);
    case '$indexStats':
      return indexStats(context, job);
    case '$currentOp':
      if (job.database !== 'admin' || job.collection !== undefined) {
        throw new MongoServerError(
          73,
          `$currentOp must be run against the 'admin' database with {aggregate: 1}`,
        );
      }
      return currentOperations(context);
    case '$listLocalSessions':
    case '$listSessions':
      return context.engine.sessions.all().map((session) => ({
        _id: { id: new Binary(Buffer.from(session.id, 'latin1'), 4), uid: new Binary(Buffer.alloc(32), 0) },
        lastUse: new Date(session.lastUse),
      }));
    default:
      return undefined;
  }
}

function collStats(context: CommandContext, job: AggregationJob): BsonDocument[] {
  const collection = job.collection === undefined ? undefined : findCollection(context, job.collection);
  if (collection === undefined) {
    throw new MongoServerError(26, `Collection [${job.database}.${job.collection ?? ''}] not found.`);
  }
  const statistics = collectionStatistics(context, collection);
  return [
    {
      ns: collection.namespace,
      localTime: context.now,
      storageStats: statistics,
      count: statistics.count,
    },
  ];
}

function indexStats(context: CommandContext, job: AggregationJob): BsonDocument[] {
  const collection = job.collection === undefined ? undefined : findCollection(context, job.collection);
  return (collection?.indexes ?? []).map((index) => ({
    name: index.name,
    key: index.spec.key,
    host: context.server.address,
    accesses: { ops: Long.ZERO, since: context.server.startedAt },
    spec: index.spec,
  }));
}
