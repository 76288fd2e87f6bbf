import { ObjectId } from 'bson';
import type { CollectionInfo } from './catalog.ts';
import type { NamedPaths } from './changes/describe-update.ts';
import { noteChange, noteInsert, noteRemoval } from './changes/noting.ts';
import { evaluationContext, matchContext } from './evaluation.ts';
import { applyIndexChanges, planIndexChanges } from './indexes.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { explainValidation } from './semantics/validation-errors.ts';
import { getField, isArray, isDocument, setField, typeName } from './semantics/values.ts';
import { documentKey, documentRange, recordIdAtEnd } from './storage/keyspace.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { encodeDocument } from './wire/bson-encode.ts';
import type { WriteContext } from './write-context.ts';

/** Largest document that is stored. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Largest BSON that MongoDB takes at all; the 16 KiB above a document are for what it wraps documents in. */
const MAX_INTERNAL_BYTES = MAX_DOCUMENT_BYTES + 16 * 1024;

/** A document that passed the checks of an insert, with `_id` first, and its bytes. */
export interface PreparedDocument {
  document: BsonDocument;
  raw: Buffer;
}

function assertSize(bytes: Buffer): void {
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw bytes.length > MAX_INTERNAL_BYTES
      ? new MongoServerError(
          10334,
          `BSONObj size: ${bytes.length} (0x${bytes.length.toString(16).toUpperCase()}) is invalid. Size must be between 0 and ${MAX_INTERNAL_BYTES}(16MB)`,
        )
      : new MongoServerError(
          2,
          `object to insert too large. size in bytes: ${bytes.length}, max size: ${MAX_DOCUMENT_BYTES}`,
        );
  }
}

function assertValidId(id: unknown): void {
  const type = typeName(id);
  if (type === 'array' || type === 'regex' || type === 'undefined') {
    throw new MongoServerError(53, `The '_id' value cannot be of type ${type}`);
  }
  assertNoDollarNames(id);
}

function assertNoDollarNames(value: unknown): void {
  if (isArray(value)) {
    value.forEach(assertNoDollarNames);
  } else if (isDocument(value)) {
    for (const name of Object.keys(value)) {
      if (name.startsWith('$') && !['$ref', '$id', '$db'].includes(name)) {
        throw new MongoServerError(
          52,
          `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`,
        );
      }
      assertNoDollarNames(value[name]);
    }
  }
}

/**
 * Makes a document ready to be stored: gives it an `_id` if it has none, puts `_id` first, checks `_id` and size.
 * `raw` are the document's bytes, used unchanged when nothing had to change.
 * Throws MongoServerError 53, 52, 2 or 10334.
 */
export function prepareDocument(document: BsonDocument, raw?: Buffer): PreparedDocument {
  if (Object.hasOwn(document, '_id')) {
    assertValidId(document._id);
    if (Object.keys(document)[0] === '_id') {
      const bytes = raw ?? encodeDocument(document);
      assertSize(bytes);
      return { document, raw: bytes };
    }
  }
  const ordered: BsonDocument = { _id: Object.hasOwn(document, '_id') ? document._id : new ObjectId() };
  for (const name of Object.keys(document)) {
    if (name !== '_id') {
      setField(ordered, name, document[name]);
    }
  }
  const bytes = encodeDocument(ordered);
  assertSize(bytes);
  return { document: ordered, raw: bytes };
}

/** Throws MongoServerError 121 when the collection's validator refuses the document. */
export function validateDocument(
  collection: CollectionInfo,
  document: BsonDocument,
  before?: BsonDocument,
): void {
  const { validator, options } = collection;
  if (validator === undefined || options.validationLevel === 'off' || options.validationAction === 'warn') {
    return;
  }
  if (options.validationLevel === 'moderate' && before !== undefined && !validator.test(before)) {
    return;
  }
  if (!validator.test(document)) {
    const schema = isDocument(options.validator) ? options.validator : {};
    throw new MongoServerError(121, 'Document failed validation', {
      errInfo: {
        failingDocumentId: getField(document, '_id'),
        details: explainValidation(
          schema,
          document,
          matchContext(evaluationContext(new Date(0), collection.collation)),
        ),
      },
    });
  }
}

/** Throws MongoServerError 2 when a document for a time series lacks the time of its measurement. */
function assertTime(collection: CollectionInfo, document: BsonDocument): void {
  const { timeField } = collection;
  if (timeField !== undefined && !(getField(document, timeField) instanceof Date)) {
    throw new MongoServerError(
      2,
      `'${timeField}' must be present and contain a valid BSON UTC datetime value`,
    );
  }
}

/** Stores a new document and its index entries. Throws MongoServerError 2, 11000 or 171; nothing is written then. */
export function insertDocument(
  context: WriteContext,
  collection: CollectionInfo,
  prepared: PreparedDocument,
): number {
  assertTime(collection, prepared.document);
  const recordId = context.recordIds.allocate(collection.id);
  const changes = planIndexChanges(context, collection, recordId, undefined, prepared.document);
  context.view.put(documentKey(collection.id, recordId), prepared.raw);
  applyIndexChanges(context, changes);
  context.count(collection.id, { documents: 1, bytes: prepared.raw.length });
  noteInsert(context, collection, prepared);
  if (collection.capped !== undefined) {
    trimCapped(context, collection, collection.capped);
  }
  return recordId;
}

/**
 * Replaces a stored document by a changed one with the same `_id`. `how` says what change streams tell: of a
 * replacement, or of an update that named some paths.
 * Throws MongoServerError 2, 10334, 11000 or 171; nothing is written then.
 */
export function replaceDocument(
  context: WriteContext,
  collection: CollectionInfo,
  recordId: number,
  before: { document: BsonDocument; size: number },
  after: BsonDocument,
  how: NamedPaths | 'replaced',
): void {
  const raw = encodeDocument(after);
  assertSize(raw);
  const key = documentKey(collection.id, recordId);
  context.guard(key);
  const changes = planIndexChanges(context, collection, recordId, before.document, after);
  context.view.put(key, raw);
  applyIndexChanges(context, changes);
  if (raw.length !== before.size) {
    context.count(collection.id, { documents: 0, bytes: raw.length - before.size });
  }
  noteChange(context, collection, before.document, { document: after, raw }, how);
}

/** Removes a stored document and its index entries. */
export function removeDocument(
  context: WriteContext,
  collection: CollectionInfo,
  recordId: number,
  before: { document: BsonDocument; size: number },
): void {
  discardDocument(context, collection, recordId, before);
  noteRemoval(context, collection, before.document);
}

function discardDocument(
  context: WriteContext,
  collection: CollectionInfo,
  recordId: number,
  before: { document: BsonDocument; size: number },
): void {
  const key = documentKey(collection.id, recordId);
  context.guard(key);
  const changes = planIndexChanges(context, collection, recordId, before.document, undefined);
  context.view.del(key);
  applyIndexChanges(context, changes);
  context.count(collection.id, { documents: -1, bytes: -before.size });
}

function trimCapped(
  context: WriteContext,
  collection: CollectionInfo,
  limits: { size: number; max: number },
): void {
  for (;;) {
    const { documents, bytes } = context.counters(collection.id);
    if (documents <= 1 || (documents <= limits.max && bytes <= limits.size)) {
      return;
    }
    const [oldest] = [...context.view.range({ ...documentRange(collection.id), limit: 1 })];
    if (oldest === undefined) {
      return;
    }
    discardDocument(context, collection, recordIdAtEnd(oldest.key), {
      document: decodeDocument(oldest.value),
      size: oldest.value.length,
    });
  }
}
