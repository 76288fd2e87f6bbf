import { readCollation } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, writeFor } from '../command.ts';
import {
  assertKnownFields,
  booleanOption,
  documentOption,
  documentsOption,
  hintOption,
  optionalField,
  assertCollectionName,
} from '../command-options.ts';
import { prepareDocument } from '../documents.ts';
import { ListStream } from '../find-stream.ts';
import { runDelete, runUpdate } from '../modify.ts';
import type { RetryMemory } from '../retry-memory.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument, toNumber, toSafeInteger } from '../semantics/values.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
import type { WriteContext } from '../write-context.ts';
import { cursorBatchSize, cursorReply } from './cursor-replies.ts';
import { insertOne } from './insert.ts';
import { readUpdate } from './update.ts';
import {
  assertBatchSize,
  errorFields,
  passWriteFailPoint,
  statementIds,
  WriteErrors,
} from './write-results.ts';

const FIELDS = new Set([
  'bulkWrite',
  'ops',
  'nsInfo',
  'ordered',
  'bypassDocumentValidation',
  'let',
  'errorsOnly',
  'cursor',
  'stmtId',
  'stmtIds',
  'bypassEmptyTsReplacement',
]);

interface Totals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

interface Operation {
  kind: 'insert' | 'update' | 'delete';
  document: BsonDocument;
  database: string;
  collection: string;
  multi: boolean;
}

function readOperations(command: BsonDocument): Operation[] {
  const operations = documentsOption(command, 'ops') ?? [];
  const namespaces = (documentsOption(command, 'nsInfo') ?? []).map(({ ns }) => {
    const dot = String(ns).indexOf('.');
    const collection = String(ns).slice(dot + 1);
    assertCollectionName(collection);
    if (dot < 1) {
      throw new MongoServerError(73, `Invalid namespace specified for bulkWrite: '${String(ns)}'`);
    }
    return { database: String(ns).slice(0, dot), collection };
  });
  assertBatchSize(operations);
  return operations.map((document) => {
    const kind = (['insert', 'update', 'delete'] as const).find((name) => Object.hasOwn(document, name));
    if (kind === undefined) {
      throw new MongoServerError(9, 'Unrecognized operation type in bulkWrite');
    }
    const target = namespaces[toSafeInteger(document[kind]) ?? -1];
    if (target === undefined) {
      throw new MongoServerError(2, `BulkWrite ops entry ${kind} has an invalid nsInfo index.`);
    }
    return { kind, document, ...target, multi: booleanOption(document, 'multi') };
  });
}

function runOperation(
  context: CommandContext,
  write: WriteContext,
  operation: Operation,
): { result: BsonDocument; totals: Partial<Totals> } {
  const { command, now } = context;
  const { document, database, collection, multi } = operation;
  const variables = { ...documentOption(command, 'let'), ...documentOption(document, 'constants') };
  const options = {
    hint: hintOption(document),
    collation: readCollation(optionalField(document, 'collation')),
    sort: documentOption(document, 'sort'),
    let: Object.keys(variables).length > 0 ? variables : undefined,
    now,
  };
  const bypassValidation = booleanOption(command, 'bypassDocumentValidation');
  switch (operation.kind) {
    case 'insert': {
      const inserted = isDocument(document.document) ? document.document : {};
      insertOne(write, database, collection, prepareDocument(inserted), bypassValidation);
      return { result: { n: 1 }, totals: { nInserted: 1 } };
    }
    case 'update': {
      const arrayFilters = documentsOption(document, 'arrayFilters');
      const outcome = runUpdate(write, database, collection, {
        filter: documentOption(document, 'filter') ?? {},
        update: readUpdate(document.updateMods),
        multi,
        upsert: booleanOption(document, 'upsert'),
        bypassValidation,
        options,
        ...(arrayFilters === undefined ? {} : { arrayFilters }),
      });
      const upserted = outcome.upserted === undefined ? {} : { upserted: { _id: outcome.upserted.id } };
      return {
        result: { n: outcome.matched, nModified: outcome.modified, ...upserted },
        totals:
          outcome.upserted === undefined
            ? { nMatched: outcome.matched, nModified: outcome.modified }
            : { nUpserted: 1 },
      };
    }
    case 'delete': {
      const filter = documentOption(document, 'filter') ?? {};
      const { removed } = runDelete(write, database, collection, { filter, multi, options });
      return { result: { n: removed }, totals: { nDeleted: removed } };
    }
  }
}

function addTotals(totals: Totals, more: Partial<Totals>): void {
  for (const name of Object.keys(more) as (keyof Totals)[]) {
    totals[name] += more[name] ?? 0;
  }
}

function repeated(memory: RetryMemory | undefined, id: number, totals: Totals): BsonDocument | undefined {
  const earlier = memory?.find(id);
  if (earlier === undefined || !isDocument(earlier.result) || !isDocument(earlier.totals)) {
    return undefined;
  }
  const more: Partial<Totals> = {};
  for (const name of Object.keys(totals) as (keyof Totals)[]) {
    more[name] = toNumber(earlier.totals[name]) ?? 0;
  }
  addTotals(totals, more);
  return earlier.result;
}

async function bulkWrite(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  if (context.server.wireVersion < 25) {
    throw new MongoServerError(59, `no such command: 'bulkWrite'`);
  }
  assertKnownFields(command, 'bulkWrite', FIELDS);
  const operations = readOperations(command);
  if (context.retry !== undefined && operations.some((operation) => operation.multi)) {
    throw new MongoServerError(72, 'Cannot use retryable writes with multi=true');
  }
  const ordered = booleanOption(command, 'ordered', true);
  const errorsOnly = booleanOption(command, 'errorsOnly');
  const ids = statementIds(command, operations.length);
  const { totals, results, retried } = await writeFor(context, (write, memory) => {
    const totals: Totals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
    const results: BsonDocument[] = [];
    const retried: number[] = [];
    for (const [index, operation] of operations.entries()) {
      const id = ids[index] ?? index;
      const earlier = repeated(memory, id, totals);
      if (earlier !== undefined) {
        retried.push(id);
        if (!errorsOnly) {
          results.push({ ok: 1, idx: index, ...earlier });
        }
        continue;
      }
      const errors = new WriteErrors(ordered);
      let failure: MongoServerError | undefined;
      const done = errors.attempt(index, () => {
        try {
          passWriteFailPoint(context, memory);
          const { result, totals: more } = runOperation(context, write, operation);
          addTotals(totals, more);
          memory?.remember(id, { result, totals: { ...more } });
          if (!errorsOnly) {
            results.push({ ok: 1, idx: index, ...result });
          }
        } catch (error) {
          failure = error instanceof MongoServerError ? error : undefined;
          throw error;
        }
      });
      if (!done && failure !== undefined) {
        totals.nErrors += 1;
        const { errmsg, ...fields } = errorFields(failure);
        results.push({
          ok: 0,
          idx: index,
          ...fields,
          errmsg,
          n: 0,
          ...(operation.kind === 'update' ? { nModified: 0 } : {}),
        });
        if (ordered) {
          break;
        }
      }
    }
    return { totals, results, retried };
  });
  if (totals.nErrors > 0 && context.transaction !== undefined && context.session !== undefined) {
    context.engine.abortTransaction(context.session);
  }
  const stream = new ListStream(results.map((result) => encodeDocument(result)));
  const batchSize = cursorBatchSize(command);
  const reply = await cursorReply(context, 'admin.$cmd.bulkWrite', stream, {
    batchSize: batchSize ?? results.length + 1,
  });
  return {
    ...reply,
    ...totals,
    ...(retried.length > 0 ? { retriedStmtIds: retried } : {}),
  };
}

/** bulkWrite: writes to several collections in one command (from wire version 25). */
export const bulkWriteCommands: Readonly<Record<string, CommandDefinition>> = {
  bulkWrite: { run: bulkWrite, inTransaction: true, adminOnly: true, writes: true },
};
