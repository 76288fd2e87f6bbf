import { collectionForWrite } from '../collections.ts';
import { type CommandContext, type CommandDefinition, writeFor } from '../command.ts';
import { assertKnownFields, booleanOption, collectionName, documentsOption } from '../command-options.ts';
import { insertDocument, type PreparedDocument, prepareDocument, validateDocument } from '../documents.ts';
import type { RetryMemory } from '../retry-memory.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import type { WriteContext } from '../write-context.ts';
import { assertBatchSize, passWriteFailPoint, statementIds, WriteErrors } from './write-results.ts';

const INSERT_FIELDS = new Set([
  'insert',
  'documents',
  'ordered',
  'bypassDocumentValidation',
  'stmtId',
  'stmtIds',
  'isTimeseriesNamespace',
  'collectionUUID',
  'encryptionInformation',
  'bypassEmptyTsReplacement',
]);

/** What becomes of one insert: stored, or refused. */
export function insertOne(
  context: WriteContext,
  database: string,
  name: string,
  prepared: PreparedDocument,
  bypassValidation: boolean,
): void {
  const collection = collectionForWrite(context, database, name);
  if (!bypassValidation) {
    validateDocument(collection, prepared.document);
  }
  insertDocument(context, collection, prepared);
}

function prepareAll(
  context: CommandContext,
  documents: readonly BsonDocument[],
): (PreparedDocument | MongoServerError)[] {
  const raws = context.rawSections.get('documents');
  return documents.map((document, index) => {
    try {
      return prepareDocument(document, raws?.[index]);
    } catch (error) {
      if (error instanceof MongoServerError) {
        return error;
      }
      throw error;
    }
  });
}

async function insert(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  assertKnownFields(command, 'insert', INSERT_FIELDS);
  const name = collectionName(command, 'insert');
  const documents = documentsOption(command, 'documents') ?? [];
  assertBatchSize(documents);
  const ordered = booleanOption(command, 'ordered', true);
  const bypass = booleanOption(command, 'bypassDocumentValidation');
  const statements = statementIds(command, documents.length);
  const prepared = prepareAll(context, documents);
  return writeFor(context, (write, memory) => {
    const errors = new WriteErrors(ordered);
    let count = 0;
    const retried: number[] = [];
    if (memory === undefined || memory.find(statements[0] ?? 0) === undefined) {
      // The collection comes into being even when every document is refused.
      collectionForWrite(write, database, name);
    }
    write.useCollection(database, name);
    for (const [index, document] of prepared.entries()) {
      if (alreadyDone(memory, statements[index], retried)) {
        count += 1;
        continue;
      }
      const done = errors.attempt(index, () => {
        if (document instanceof MongoServerError) {
          throw document;
        }
        passWriteFailPoint(context, memory);
        insertOne(write, database, name, document, bypass);
      });
      if (done) {
        count += 1;
        memory?.remember(statements[index] ?? index, { n: 1 });
      } else if (ordered) {
        break;
      }
    }
    return { n: count, ...errors.reply(), ...(retried.length > 0 ? { retriedStmtIds: retried } : {}) };
  });
}

function alreadyDone(
  memory: RetryMemory | undefined,
  statement: number | undefined,
  retried: number[],
): boolean {
  if (memory === undefined || statement === undefined || memory.find(statement) === undefined) {
    return false;
  }
  retried.push(statement);
  return true;
}

/** insert. */
export const insertCommands: Readonly<Record<string, CommandDefinition>> = {
  insert: { run: insert, inTransaction: true, writes: true },
};
