import type { CommandContext, CommandDefinition } from '../command.ts';
import { findCollection } from '../command.ts';
import {
  collectionName,
  countOption,
  documentOption,
  documentsOption,
  hintOption,
  integerOption,
  optionalField,
} from '../command-options.ts';
import { readCollation } from '../catalog.ts';
import { prepareQuery, queryOptions } from '../query.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';
import { readJob } from './aggregate.ts';
import {
  type Explained,
  explainQuery,
  explainReply,
  pipelineExplanation,
  type Verbosity,
} from './explain-plans.ts';

function explained(context: CommandContext): Explained {
  const { command, name, database, now } = context;
  const collectionOf = (field: string): { collection: Explained['collection']; namespace: string } => {
    const collection = collectionName(command, field);
    return { collection: findCollection(context, collection), namespace: `${database}.${collection}` };
  };
  const base = collectionOf(name);
  switch (name) {
    case 'find':
      return {
        ...base,
        query: prepareQuery(
          base.collection,
          documentOption(command, 'filter') ?? {},
          queryOptions(command, now),
        ),
        skip: countOption(command, 'skip') ?? 0,
        limit: Math.abs(integerOption(command, 'limit') ?? 0),
        projection: documentOption(command, 'projection'),
      };
    case 'count':
      return {
        ...base,
        query: prepareQuery(
          base.collection,
          documentOption(command, 'query') ?? {},
          queryOptions(command, now),
        ),
        skip: countOption(command, 'skip') ?? 0,
        limit: Math.abs(integerOption(command, 'limit') ?? 0),
        outer: 'COUNT',
      };
    case 'distinct':
      return {
        ...base,
        query: prepareQuery(
          base.collection,
          documentOption(command, 'query') ?? {},
          queryOptions(command, now),
        ),
      };
    case 'findAndModify':
      return {
        ...base,
        query: prepareQuery(
          base.collection,
          documentOption(command, 'query') ?? {},
          queryOptions(command, now),
        ),
        limit: 1,
        outer: command.remove === true ? 'DELETE' : 'UPDATE',
      };
    case 'update':
    case 'delete': {
      const [statement = {}] = documentsOption(command, name === 'update' ? 'updates' : 'deletes') ?? [];
      return {
        ...base,
        query: prepareQuery(base.collection, documentOption(statement, 'q') ?? {}, {
          hint: hintOption(statement),
          collation: readCollation(optionalField(statement, 'collation')),
          let: documentOption(command, 'let'),
          now,
        }),
        outer: name === 'update' ? 'UPDATE' : 'DELETE',
      };
    }
    default:
      throw new MongoServerError(59, `Explain failed due to unknown command: ${name}`);
  }
}

function explain(context: CommandContext): BsonDocument {
  const { explain: inner } = context.command;
  if (!isDocument(inner)) {
    throw new MongoServerError(14, `BSON field 'explain.explain' is the wrong type, expected type 'object'`);
  }
  const verbosity = (context.command.verbosity ?? 'allPlansExecution') as Verbosity;
  if (!['queryPlanner', 'executionStats', 'allPlansExecution'].includes(verbosity)) {
    throw new MongoServerError(
      9,
      `verbosity string must be one of 'queryPlanner', 'executionStats', 'allPlansExecution'`,
    );
  }
  const nested: CommandContext = { ...context, command: inner, name: Object.keys(inner)[0] ?? '' };
  if (nested.name === 'aggregate') {
    return explainReply(nested, pipelineExplanation(nested, readJob(nested), verbosity));
  }
  const what = explained(nested);
  if (what.collection?.kind === 'view') {
    const job = {
      database: nested.database,
      collection: what.collection.name,
      pipeline: [{ $match: what.query.filter }],
      now: nested.now,
    };
    return explainReply(nested, pipelineExplanation(nested, job, verbosity));
  }
  return explainReply(nested, explainQuery(nested, what, verbosity));
}

/** explain. */
export const explainCommands: Readonly<Record<string, CommandDefinition>> = {
  explain: { run: explain },
};
