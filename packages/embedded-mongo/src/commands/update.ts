import { readCollation } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, writeFor } from '../command.ts';
import {
  assertKnownFields,
  booleanOption,
  collectionName,
  documentOption,
  documentsOption,
  hintOption,
  integerOption,
  optionalField,
} from '../command-options.ts';
import {
  type Candidates,
  findCandidates,
  runDelete,
  runUpdate,
  type TargetStatement,
  type UpdateStatement,
} from '../modify.ts';
import type { RetryMemory } from '../retry-memory.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isArray, isDocument, toNumber } from '../semantics/values.ts';
import { assertBatchSize, passWriteFailPoint, statementIds, WriteErrors } from './write-results.ts';

const UPDATE_FIELDS = new Set([
  'update',
  'updates',
  'ordered',
  'bypassDocumentValidation',
  'let',
  'stmtId',
  'stmtIds',
  'collectionUUID',
  'runtimeConstants',
  'bypassEmptyTsReplacement',
]);
const UPDATE_STATEMENT_FIELDS = new Set([
  'q',
  'u',
  'c',
  'multi',
  'upsert',
  'arrayFilters',
  'hint',
  'collation',
  'sampleId',
]);
const DELETE_FIELDS = new Set(['delete', 'deletes', 'ordered', 'let', 'stmtId', 'stmtIds', 'collectionUUID']);
const DELETE_STATEMENT_FIELDS = new Set(['q', 'limit', 'hint', 'collation', 'sampleId']);

/** Reads the update of a statement: a document or a pipeline. Throws MongoServerError 9. */
export function readUpdate(value: unknown): BsonDocument | BsonDocument[] {
  if (isArray(value) && value.every(isDocument)) {
    return value;
  }
  if (!isDocument(value)) {
    throw new MongoServerError(9, 'Update argument must be either an object or an array');
  }
  return value;
}

function readStatement(context: CommandContext, document: BsonDocument, allowSort: boolean): UpdateStatement {
  const known = allowSort ? new Set([...UPDATE_STATEMENT_FIELDS, 'sort']) : UPDATE_STATEMENT_FIELDS;
  assertKnownFields(document, 'update.updates', known, false);
  const update = readUpdate(document.u);
  const constants = documentOption(document, 'c');
  if (constants !== undefined && !isArray(update)) {
    throw new MongoServerError(51198, 'Constant values may only be specified for pipeline updates');
  }
  const multi = booleanOption(document, 'multi');
  const sort = documentOption(document, 'sort');
  if (multi && sort !== undefined) {
    throw new MongoServerError(9, 'Cannot specify sort with multi=true');
  }
  const arrayFilters = documentsOption(document, 'arrayFilters');
  const commandLet = documentOption(context.command, 'let');
  return {
    filter: documentOption(document, 'q') ?? {},
    update,
    multi,
    upsert: booleanOption(document, 'upsert'),
    bypassValidation: booleanOption(context.command, 'bypassDocumentValidation'),
    ...(arrayFilters === undefined ? {} : { arrayFilters }),
    options: {
      hint: hintOption(document),
      sort,
      collation: readCollation(optionalField(document, 'collation')),
      let: constants === undefined ? commandLet : { ...commandLet, ...constants },
      now: context.now,
    },
  };
}

/** Throws MongoServerError 72 for a retryable write that may change many documents. */
function assertRetryable(context: CommandContext, statements: readonly TargetStatement[]): void {
  if (context.retry !== undefined && statements.some((statement) => statement.multi)) {
    throw new MongoServerError(72, 'Cannot use (or request) retryable writes with multi=true or limit=0');
  }
}

function findAllCandidates(
  context: CommandContext,
  name: string,
  statements: readonly TargetStatement[],
): Promise<Candidates[]> {
  return Promise.all(
    statements.map(async (statement) => {
      try {
        return await findCandidates(context, name, statement);
      } catch (error) {
        // The statement fails again, with its own place among the write errors, when it is run.
        if (error instanceof MongoServerError && error.code !== 50) {
          return undefined;
        }
        throw error;
      }
    }),
  );
}

async function update(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  assertKnownFields(command, 'update', UPDATE_FIELDS);
  const name = collectionName(command, 'update');
  const documents = documentsOption(command, 'updates') ?? [];
  assertBatchSize(documents);
  const ordered = booleanOption(command, 'ordered', true);
  const statements = documents.map((document) =>
    readStatement(context, document, context.server.wireVersion >= 25),
  );
  assertRetryable(context, statements);
  const ids = statementIds(command, documents.length);
  const candidates = await findAllCandidates(context, name, statements);
  return writeFor(context, (write, memory) => {
    const errors = new WriteErrors(ordered);
    const upserted: BsonDocument[] = [];
    const retried: number[] = [];
    let matched = 0;
    let modified = 0;
    for (const [index, statement] of statements.entries()) {
      const id = ids[index] ?? index;
      const earlier = memory?.find(id);
      if (earlier !== undefined) {
        retried.push(id);
        matched += toNumber(earlier.n) ?? 0;
        modified += toNumber(earlier.nModified) ?? 0;
        if (Object.hasOwn(earlier, 'upserted')) {
          upserted.push({ index, _id: earlier.upserted });
        }
        continue;
      }
      const done = errors.attempt(index, () => {
        passWriteFailPoint(context, memory);
        const outcome = runUpdate(write, database, name, statement, candidates[index]);
        matched += outcome.matched;
        modified += outcome.modified;
        if (outcome.upserted !== undefined) {
          upserted.push({ index, _id: outcome.upserted.id });
        }
        memory?.remember(id, {
          n: outcome.matched,
          nModified: outcome.modified,
          ...(outcome.upserted === undefined ? {} : { upserted: outcome.upserted.id }),
        });
      });
      if (!done && ordered) {
        break;
      }
    }
    return {
      n: matched,
      nModified: modified,
      ...(upserted.length > 0 ? { upserted } : {}),
      ...errors.reply(),
      ...(retried.length > 0 ? { retriedStmtIds: retried } : {}),
    };
  });
}

function readDelete(context: CommandContext, document: BsonDocument): TargetStatement {
  assertKnownFields(document, 'delete.deletes', DELETE_STATEMENT_FIELDS, false);
  const limit = integerOption(document, 'limit');
  if (limit !== 0 && limit !== 1) {
    throw new MongoServerError(9, `The limit field in delete objects must be 0 or 1. Got ${String(limit)}`);
  }
  return {
    filter: documentOption(document, 'q') ?? {},
    multi: limit === 0,
    options: {
      hint: hintOption(document),
      collation: readCollation(optionalField(document, 'collation')),
      let: documentOption(context.command, 'let'),
      now: context.now,
    },
  };
}

function rememberedCount(memory: RetryMemory | undefined, id: number, retried: number[]): number | undefined {
  const earlier = memory?.find(id);
  if (earlier === undefined) {
    return undefined;
  }
  retried.push(id);
  return toNumber(earlier.n) ?? 0;
}

async function remove(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  assertKnownFields(command, 'delete', DELETE_FIELDS);
  const name = collectionName(command, 'delete');
  const documents = documentsOption(command, 'deletes') ?? [];
  assertBatchSize(documents);
  const ordered = booleanOption(command, 'ordered', true);
  const statements = documents.map((document) => readDelete(context, document));
  assertRetryable(context, statements);
  const ids = statementIds(command, documents.length);
  const candidates = await findAllCandidates(context, name, statements);
  return writeFor(context, (write, memory) => {
    const errors = new WriteErrors(ordered);
    const retried: number[] = [];
    let count = 0;
    for (const [index, statement] of statements.entries()) {
      const id = ids[index] ?? index;
      const earlier = rememberedCount(memory, id, retried);
      if (earlier !== undefined) {
        count += earlier;
        continue;
      }
      const done = errors.attempt(index, () => {
        passWriteFailPoint(context, memory);
        const { removed } = runDelete(write, database, name, statement, candidates[index]);
        count += removed;
        memory?.remember(id, { n: removed });
      });
      if (!done && ordered) {
        break;
      }
    }
    return { n: count, ...errors.reply(), ...(retried.length > 0 ? { retriedStmtIds: retried } : {}) };
  });
}

/** update and delete. */
export const updateCommands: Readonly<Record<string, CommandDefinition>> = {
  update: { run: update, inTransaction: true, writes: true },
  delete: { run: remove, inTransaction: true, writes: true },
};
