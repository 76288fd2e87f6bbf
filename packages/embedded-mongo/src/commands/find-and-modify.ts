import { readCollation } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, writeFor } from '../command.ts';
import {
  assertKnownFields,
  booleanOption,
  collectionName,
  documentOption,
  documentsOption,
  hintOption,
  optionalField,
} from '../command-options.ts';
import { evaluationContext, matcherFor, projectorFor } from '../evaluation.ts';
import {
  findCandidates,
  runDelete,
  runUpdate,
  type TargetStatement,
  type UpdateStatement,
} from '../modify.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { readUpdate } from './update.ts';
import { passWriteFailPoint } from './write-results.ts';

const FIELDS = new Set([
  'findAndModify',
  'findandmodify',
  'query',
  'sort',
  'remove',
  'update',
  'new',
  'fields',
  'upsert',
  'bypassDocumentValidation',
  'collation',
  'arrayFilters',
  'hint',
  'let',
  'stmtId',
  'collectionUUID',
  'runtimeConstants',
]);

interface Request {
  name: string;
  remove: boolean;
  target: TargetStatement;
  update?: UpdateStatement;
  returnNew: boolean;
  project: (document: BsonDocument | undefined) => BsonDocument | null;
}

function projectionOf(
  command: BsonDocument,
  target: TargetStatement,
  now: Date,
): (document: BsonDocument | undefined) => BsonDocument | null {
  const fields = documentOption(command, 'fields');
  if (fields === undefined || Object.keys(fields).length === 0) {
    return (document) => document ?? null;
  }
  const context = evaluationContext(now, target.options.collation, target.options.let);
  const project = projectorFor(fields, context);
  const positional = Object.keys(fields).some((path) => path.endsWith('.$'));
  const matcher = positional ? matcherFor(target.filter, context) : undefined;
  return (document) => {
    if (document === undefined) {
      return null;
    }
    return project(document, matcher?.match(document).arrayIndex);
  };
}

function readRequest(context: CommandContext): Request {
  const { command, now } = context;
  assertKnownFields(command, 'findAndModify', FIELDS);
  const name = collectionName(command, context.name);
  const remove = booleanOption(command, 'remove');
  const upsert = booleanOption(command, 'upsert');
  const returnNew = booleanOption(command, 'new');
  const update = optionalField(command, 'update');
  if (remove) {
    if (update !== undefined) {
      throw new MongoServerError(9, 'Cannot specify both an update and remove=true');
    }
    if (upsert) {
      throw new MongoServerError(9, 'Cannot specify both upsert=true and remove=true');
    }
    if (returnNew) {
      throw new MongoServerError(
        9,
        `Cannot specify both new=true and remove=true; 'remove' always returns the deleted document`,
      );
    }
  } else if (update === undefined) {
    throw new MongoServerError(9, 'Either an update or remove=true must be specified');
  }
  const target: TargetStatement = {
    filter: documentOption(command, 'query') ?? {},
    multi: false,
    options: {
      sort: documentOption(command, 'sort'),
      hint: hintOption(command),
      collation: readCollation(optionalField(command, 'collation')),
      let: documentOption(command, 'let'),
      now,
    },
  };
  const request: Request = {
    name,
    remove,
    target,
    returnNew,
    project: projectionOf(command, target, now),
  };
  if (!remove) {
    const arrayFilters = documentsOption(command, 'arrayFilters');
    request.update = {
      ...target,
      update: readUpdate(update),
      upsert,
      bypassValidation: booleanOption(command, 'bypassDocumentValidation'),
      ...(arrayFilters === undefined ? {} : { arrayFilters }),
    };
  }
  return request;
}

async function findAndModify(context: CommandContext): Promise<BsonDocument> {
  const request = readRequest(context);
  const { name, target } = request;
  const candidates = await findCandidates(context, name, target);
  return writeFor(context, (write, memory) => {
    const earlier = memory?.find(0);
    if (earlier !== undefined) {
      return earlier;
    }
    passWriteFailPoint(context, memory);
    let reply: BsonDocument;
    if (request.update === undefined) {
      const { removed, last } = runDelete(write, context.database, name, target, candidates);
      reply = { lastErrorObject: { n: removed }, value: request.project(last) };
    } else {
      const outcome = runUpdate(write, context.database, name, request.update, candidates);
      const existed = outcome.upserted === undefined && outcome.matched > 0;
      reply = {
        lastErrorObject: {
          n: outcome.matched,
          updatedExisting: existed,
          ...(outcome.upserted === undefined ? {} : { upserted: outcome.upserted.id }),
        },
        value: request.project(request.returnNew ? outcome.after : outcome.before),
      };
    }
    memory?.remember(0, reply);
    return reply;
  });
}

const definition: CommandDefinition = { run: findAndModify, inTransaction: true, writes: true };

/** findAndModify. */
export const findAndModifyCommands: Readonly<Record<string, CommandDefinition>> = {
  findAndModify: definition,
  findandmodify: definition,
};
