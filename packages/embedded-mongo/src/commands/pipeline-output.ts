import type { PipelineOutput } from '../aggregation.ts';
import { collectionForWrite, createCollection, dropCollection } from '../collections.ts';
import { type CommandContext, writeFor } from '../command.ts';
import { NamedPaths } from '../changes/describe-update.ts';
import { booleanOption } from '../command-options.ts';
import { insertDocument, prepareDocument, replaceDocument, validateDocument } from '../documents.ts';
import { evaluationContext } from '../evaluation.ts';
import { duplicateKeyError } from '../indexes.ts';
import { planOf, prepareQuery, scanOf } from '../query.ts';
import { MongoServerError } from '../semantics/errors.ts';
import { evaluateExpression } from '../semantics/aggregate.ts';
import { valueAtPlainPath } from '../semantics/paths.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { compileUpdate } from '../semantics/update.ts';
import { isArray, isDocument, setField } from '../semantics/values.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import type { WriteContext } from '../write-context.ts';
import type { CollectionInfo, IndexInfo } from '../catalog.ts';

/** Documents of `$merge` that are written in one go; between the goes others get their turn. */
const MERGE_BATCH = 500;

interface Target {
  database: string;
  name: string;
}

function targetOf(value: unknown, database: string): Target {
  if (typeof value === 'string') {
    return { database, name: value };
  }
  if (isDocument(value) && typeof value.coll === 'string') {
    return { database: typeof value.db === 'string' ? value.db : database, name: value.coll };
  }
  throw new MongoServerError(9, 'the target of $out or $merge must be a collection name or { db, coll }');
}

const WHEN_MATCHED = new Set<unknown>(['replace', 'keepExisting', 'merge', 'fail']);
const WHEN_NOT_MATCHED = new Set<unknown>(['insert', 'discard', 'fail']);

/**
 * Checks what a command asks of `$out` or `$merge` at the end of its pipeline, before anything is read.
 * Throws MongoServerError 72 for a read concern that cannot be kept, and 2 for an unknown way of merging.
 */
export function assertOutputOptions(command: BsonDocument, pipeline: readonly BsonDocument[]): void {
  const stage = pipeline.at(-1) ?? {};
  const name = ['$out', '$merge'].find((one) => Object.hasOwn(stage, one));
  if (name === undefined) {
    return;
  }
  const { readConcern } = command;
  if (isDocument(readConcern) && readConcern.level === 'linearizable') {
    throw new MongoServerError(72, `${name} cannot be used with a 'linearizable' read concern level`);
  }
  const merge = isDocument(stage.$merge) ? stage.$merge : {};
  const { whenMatched = 'merge', whenNotMatched = 'insert' } = merge;
  if (!isArray(whenMatched) && !WHEN_MATCHED.has(whenMatched)) {
    throw new MongoServerError(
      2,
      `Enumeration value '${String(whenMatched)}' for field '$merge.whenMatched' is not a valid value.`,
    );
  }
  if (!WHEN_NOT_MATCHED.has(whenNotMatched)) {
    throw new MongoServerError(
      2,
      `Enumeration value '${String(whenNotMatched)}' for field '$merge.whenNotMatched' is not a valid value.`,
    );
  }
}

/** Writes what a pipeline with `$out` or `$merge` produced. Throws MongoServerError when the target refuses it. */
export async function writePipelineOutput(context: CommandContext, output: PipelineOutput): Promise<void> {
  if (context.transaction !== undefined) {
    throw new MongoServerError(263, '$out and $merge cannot be used in a transaction');
  }
  const { stage, documents } = output;
  if (Object.hasOwn(stage, '$out')) {
    await replaceCollection(context, targetOf(stage.$out, context.database), documents);
    return;
  }
  const merge = isDocument(stage.$merge) ? stage.$merge : { into: stage.$merge };
  const target = targetOf(merge.into, context.database);
  for (let start = 0; start < documents.length; start += MERGE_BATCH) {
    const batch = documents.slice(start, start + MERGE_BATCH);
    await writeFor(context, (write) => {
      for (const document of batch) {
        mergeDocument(context, write, target, merge, document);
      }
    });
  }
  if (documents.length === 0) {
    await writeFor(context, (write) => collectionForWrite(write, target.database, target.name));
  }
}

function replaceCollection(
  context: CommandContext,
  target: Target,
  documents: readonly BsonDocument[],
): Promise<void> {
  const prepared = documents.map((document) => prepareDocument(document));
  const bypassValidation = booleanOption(context.command, 'bypassDocumentValidation');
  return writeFor(context, (write) => {
    const old = write.catalog.find(write.view, target.database, target.name);
    if (old?.kind === 'view') {
      throw new MongoServerError(166, `Cannot $out to a view: ${old.namespace}`);
    }
    if (old?.capped !== undefined) {
      throw new MongoServerError(
        17152,
        `namespace '${old.namespace}' is capped so it can't be used for $out`,
      );
    }
    const collection =
      old === undefined ? createCollection(write, target.database, target.name, {}) : emptied(write, old);
    for (const document of prepared) {
      if (!bypassValidation) {
        validateDocument(collection, document.document);
      }
      insertDocument(write, collection, document);
    }
  });
}

/** Replaces a collection by an empty one with the same options and indexes. */
function emptied(write: WriteContext, old: CollectionInfo): CollectionInfo {
  const stored = write.catalog.storedForm(old);
  dropCollection(write, old);
  return write.catalog.save(write.view, old.database, old.name, {
    ...stored,
    id: write.catalog.newId(),
    indexes: stored.indexes
      .filter((index) => index.building !== true)
      .map((index) => ({ id: write.catalog.newId(), spec: index.spec })),
  });
}

function mergeDocument(
  context: CommandContext,
  write: WriteContext,
  target: Target,
  merge: BsonDocument,
  document: BsonDocument,
): void {
  const collection = collectionForWrite(write, target.database, target.name);
  const validate = booleanOption(context.command, 'bypassDocumentValidation')
    ? () => undefined
    : validateDocument;
  const on = isArray(merge.on) ? merge.on.map(String) : typeof merge.on === 'string' ? [merge.on] : ['_id'];
  assertUniqueIndex(collection, on);
  const prepared = prepareDocument(document);
  const filter: BsonDocument = {};
  for (const path of on) {
    const value = valueAtPlainPath(prepared.document, path);
    if (value === undefined || value === null || isArray(value)) {
      throw new MongoServerError(
        51132,
        `$merge write error: 'on' field cannot be missing, null, undefined or an array`,
      );
    }
    setField(filter, path, { $eq: value });
  }
  const query = prepareQuery(collection, filter, { now: context.now });
  const existing = scanOf(write.view, collection, query, planOf(write.view, collection, query)).next();
  if (existing === undefined) {
    if (merge.whenNotMatched === 'discard') {
      return;
    }
    if (merge.whenNotMatched === 'fail') {
      throw new MongoServerError(
        13113,
        '$merge could not find a matching document in the target collection for at least one document in the source collection',
      );
    }
    validate(collection, prepared.document);
    insertDocument(write, collection, prepared);
    return;
  }
  const before = decodeDocument(existing.raw);
  const after = merged(context, merge, collection, before, prepared.document, on);
  if (after !== before) {
    validate(collection, after, before);
    replaceDocument(
      write,
      collection,
      existing.recordId,
      { document: before, size: existing.raw.length },
      after,
      merge.whenMatched === 'replace' ? 'replaced' : new NamedPaths([]),
    );
  }
}

function merged(
  context: CommandContext,
  merge: BsonDocument,
  collection: CollectionInfo,
  before: BsonDocument,
  fresh: BsonDocument,
  on: readonly string[],
): BsonDocument {
  const { whenMatched } = merge;
  if (isArray(whenMatched)) {
    const variables = isDocument(merge.let) ? merge.let : {};
    const evaluated = evaluationContext(context.now, undefined, undefined);
    const updater = compileUpdate(whenMatched.filter(isDocument), {
      ...evaluated,
      variables: {
        ...(Object.keys(variables).length > 0 ? evaluateLet(context, variables, fresh) : {}),
        new: fresh,
      },
    });
    return updater.apply(before, { insert: false });
  }
  switch (whenMatched) {
    case 'keepExisting':
      return before;
    case 'fail':
      throw duplicateTarget(collection, before, on);
    case 'replace': {
      const after: BsonDocument = { _id: before._id };
      for (const name of Object.keys(fresh)) {
        if (name !== '_id' || on.includes('_id')) {
          setField(after, name, fresh[name]);
        }
      }
      return after;
    }
    default: {
      const after: BsonDocument = { ...before };
      for (const name of Object.keys(fresh)) {
        if (name !== '_id' || on.includes('_id')) {
          setField(after, name, fresh[name]);
        }
      }
      return after;
    }
  }
}

/** The error of `whenMatched: 'fail'`: as if the document had been inserted. */
function duplicateTarget(
  collection: CollectionInfo,
  before: BsonDocument,
  on: readonly string[],
): MongoServerError {
  const index = collection.indexes.find((one) => joinsOn(one, on));
  return index === undefined
    ? new MongoServerError(11000, 'E11000 duplicate key error')
    : duplicateKeyError(
        collection,
        index,
        index.fields.map(([path]) => valueAtPlainPath(before, path)),
      );
}

function evaluateLet(context: CommandContext, variables: BsonDocument, fresh: BsonDocument): BsonDocument {
  const result: BsonDocument = {};
  for (const name of Object.keys(variables)) {
    setField(result, name, evaluateExpression(fresh, variables[name], evaluationContext(context.now)));
  }
  return result;
}

/** True for a unique index on exactly the fields that `$merge` joins on. */
function joinsOn(index: IndexInfo, on: readonly string[]): boolean {
  const paths = index.fields.map(([path]) => path).sort();
  return (
    index.unique &&
    index.partial === undefined &&
    !index.building &&
    paths.join('\0') === [...on].sort().join('\0')
  );
}

function assertUniqueIndex(collection: CollectionInfo, on: readonly string[]): void {
  if (!collection.indexes.some((index) => joinsOn(index, on))) {
    throw new MongoServerError(51183, `Cannot find index to verify that join fields will be unique`);
  }
}
