import type { CollectionInfo, IndexInfo } from './catalog.ts';
import { MongoServerError } from './semantics/errors.ts';
import { assertGeoValue } from './semantics/geo-index.ts';
import { indexKeysOf } from './semantics/keys.ts';
import { valuesAtPath } from './semantics/paths.ts';
import type { BsonDocument } from './semantics/types.ts';
import { setField } from './semantics/values.ts';
import { describeValue } from './semantics/update-describe.ts';
import { indexEntryKey, multikeyKey, recordIdValue } from './storage/keyspace.ts';
import type { WriteContext } from './write-context.ts';

const EMPTY = Buffer.alloc(0);
const MARK = Buffer.from([1]);

/** One entry of a document in an index. */
interface IndexEntry {
  key: Buffer;
  values: readonly unknown[];
}

interface DocumentEntries {
  entries: IndexEntry[];
  multikey: boolean;
}

const NONE: DocumentEntries = { entries: [], multikey: false };

/** The entries that a document has in an index: none when a partial or sparse index leaves it out. */
export function entriesOf(index: IndexInfo, document: BsonDocument, recordId: number): DocumentEntries {
  if (!index.ordered || (index.partial !== undefined && !index.partial.test(document))) {
    return NONE;
  }
  const { keys, values, multikey } = indexKeysOf(document, index.fields, {
    sparse: index.sparse,
    ...(index.collation === undefined ? {} : { collation: index.collation }),
  });
  return {
    entries: keys.map((key, position) => ({
      key: indexEntryKey(index.id, key, index.unique ? undefined : recordId),
      values: values[position] ?? [],
    })),
    multikey,
  };
}

/**
 * Checks what a new document has in the fields of a geo or hashed index.
 * Throws MongoServerError 16755, 13654, 13027 or 16766.
 */
function assertIndexable(index: IndexInfo, document: BsonDocument): void {
  const { geo, hashed, partial } = index;
  if ((geo.length === 0 && hashed === undefined) || (partial !== undefined && !partial.test(document))) {
    return;
  }
  for (const field of geo) {
    assertGeoValue(field, document);
  }
  if (hashed !== undefined && valuesAtPath(document, hashed).crossedArray) {
    throw new MongoServerError(
      16766,
      `hashed indexes do not currently support array values. Found array at path: ${hashed}`,
    );
  }
}

/** The error of a write that would give a unique index one key twice. */
export function duplicateKeyError(
  collection: CollectionInfo,
  index: IndexInfo,
  values: readonly unknown[],
): MongoServerError {
  const keyValue: BsonDocument = {};
  index.fields.forEach(([path], position) => {
    setField(keyValue, path, values[position] ?? null);
  });
  const shown = index.fields
    .map(([path], position) => `${path}: ${describeValue(values[position] ?? null)}`)
    .join(', ');
  const collation = index.collation === undefined ? '' : ` collation: ${describeValue(index.spec.collation)}`;
  return new MongoServerError(
    11000,
    `E11000 duplicate key error collection: ${collection.namespace} index: ${index.name}${collation} dup key: { ${shown} }`,
    { keyPattern: index.spec.key, keyValue },
  );
}

function assertFree(
  context: WriteContext,
  collection: CollectionInfo,
  index: IndexInfo,
  entries: readonly IndexEntry[],
  recordId: number,
): void {
  for (const entry of entries) {
    context.guard(entry.key);
    const owner = context.view.get(entry.key);
    if (owner !== undefined && owner.readUIntBE(0, 6) !== recordId) {
      throw duplicateKeyError(collection, index, entry.values);
    }
  }
}

function markMultikey(context: WriteContext, index: IndexInfo): void {
  const key = multikeyKey(index.id);
  if (context.view.get(key) === undefined) {
    context.view.put(key, MARK);
  }
}

/** Changes of one document's entries, checked against the unique indexes but not yet made. */
export interface IndexChanges {
  puts: { key: Buffer; value: Buffer }[];
  deletes: Buffer[];
  multikey: IndexInfo[];
}

function rootOf(path: string): string {
  const dot = path.indexOf('.');
  return dot < 0 ? path : path.slice(0, dot);
}

function untouched(index: IndexInfo, before: BsonDocument, after: BsonDocument): boolean {
  const unchanged = (path: string): boolean => {
    const root = rootOf(path);
    const had = Object.hasOwn(before, root);
    return had === Object.hasOwn(after, root) && (!had || before[root] === after[root]);
  };
  return (
    index.partial === undefined &&
    index.fields.every(([path]) => unchanged(path)) &&
    index.geo.every(({ path }) => unchanged(path))
  );
}

/**
 * Works out how the entries change when a document changes from `before` to `after` (undefined: absent).
 * Throws MongoServerError 11000 when a unique index already has one of the new keys for another document, 171 for
 * parallel arrays, and 16755, 13654, 13027 or 16766 for what a geo or hashed index does not take; nothing is written then.
 */
export function planIndexChanges(
  context: WriteContext,
  collection: CollectionInfo,
  recordId: number,
  before: BsonDocument | undefined,
  after: BsonDocument | undefined,
): IndexChanges {
  const changes: IndexChanges = { puts: [], deletes: [], multikey: [] };
  for (const index of collection.indexes) {
    if (before !== undefined && after !== undefined && untouched(index, before, after)) {
      continue;
    }
    if (after !== undefined) {
      assertIndexable(index, after);
    }
    const old = before === undefined ? NONE : entriesOf(index, before, recordId);
    const fresh = after === undefined ? NONE : entriesOf(index, after, recordId);
    const kept = new Set<string>();
    let added = fresh.entries;
    if (old.entries.length > 0 && fresh.entries.length > 0) {
      const had = new Set(old.entries.map((entry) => entry.key.toString('latin1')));
      added = fresh.entries.filter((entry) => {
        const name = entry.key.toString('latin1');
        if (had.has(name)) {
          kept.add(name);
          return false;
        }
        return true;
      });
    }
    if (index.unique) {
      assertFree(context, collection, index, added, recordId);
    }
    for (const entry of old.entries) {
      if (kept.has(entry.key.toString('latin1'))) {
        continue;
      }
      if (index.unique) {
        context.guard(entry.key);
        // While an index is being built, the entry may be another document's or not there yet.
        if (index.building && context.view.get(entry.key)?.readUIntBE(0, 6) !== recordId) {
          continue;
        }
      }
      changes.deletes.push(entry.key);
    }
    for (const entry of added) {
      changes.puts.push({ key: entry.key, value: index.unique ? recordIdValue(recordId) : EMPTY });
    }
    if (fresh.multikey) {
      changes.multikey.push(index);
    }
  }
  return changes;
}

/** Makes the changes that `planIndexChanges` worked out. */
export function applyIndexChanges(context: WriteContext, changes: IndexChanges): void {
  for (const key of changes.deletes) {
    context.view.del(key);
  }
  for (const { key, value } of changes.puts) {
    context.view.put(key, value);
  }
  for (const index of changes.multikey) {
    markMultikey(context, index);
  }
}

/**
 * Adds one existing document to an index that is being built; entries already there are left.
 * Throws MongoServerError 11000 when another document has the key.
 */
export function addToIndex(
  context: WriteContext,
  collection: CollectionInfo,
  index: IndexInfo,
  document: BsonDocument,
  recordId: number,
): void {
  assertIndexable(index, document);
  const { entries, multikey } = entriesOf(index, document, recordId);
  if (index.unique) {
    assertFree(context, collection, index, entries, recordId);
  }
  const value = index.unique ? recordIdValue(recordId) : EMPTY;
  for (const entry of entries) {
    context.view.put(entry.key, value);
  }
  if (multikey) {
    markMultikey(context, index);
  }
}
