import type { CollectionInfo, IndexInfo } from './catalog.ts';
import { fullCollation, ID_INDEX_SPEC, newUuid } from './catalog.ts';
import { noteCollection } from './changes/noting.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isDocument } from './semantics/values.ts';
import { catalogKey, countersKey, garbageKey, KEY_KIND, multikeyKey } from './storage/keyspace.ts';
import type { WriteContext } from './write-context.ts';

const EMPTY = Buffer.alloc(0);

/** Creates a collection or view; nobody else may have created one of that name. */
export function createCollection(
  context: WriteContext,
  database: string,
  name: string,
  options: BsonDocument,
  kind: 'collection' | 'view' = 'collection',
): CollectionInfo {
  context.guardCollection(`${database}.${name}`);
  const id = context.catalog.newId();
  const collation =
    isDocument(options.collation) && options.collation.locale !== 'simple'
      ? { collation: fullCollation(options.collation) }
      : {};
  const stored = { ...options, ...collation };
  if (Object.keys(collation).length === 0) {
    delete stored.collation;
  }
  const created = context.catalog.save(context.view, database, name, {
    id,
    kind,
    uuid: newUuid(),
    options: stored,
    indexes:
      kind === 'view'
        ? []
        : firstIndexes(stored).map((spec) => ({
            id: context.catalog.newId(),
            spec: { ...spec, ...collation },
          })),
  });
  const idIndex = created.indexes[0]?.spec;
  noteCollection(context, created, 'create', {
    details: { ...stored, ...(idIndex !== undefined && { idIndex }) },
  });
  return created;
}

/** The indexes that a collection has from its beginning: on `_id`, and of a time series on its metadata and time. */
function firstIndexes(options: BsonDocument): BsonDocument[] {
  const { clusteredIndex, timeseries } = options;
  const first = isDocument(clusteredIndex) ? { ...clusteredIndex, clustered: true } : ID_INDEX_SPEC;
  if (!isDocument(timeseries) || typeof timeseries.metaField !== 'string') {
    return [first];
  }
  const { metaField, timeField } = timeseries;
  const name = `${metaField}_1_${String(timeField)}_1`;
  return [first, { v: 2, key: { [metaField]: 1, [String(timeField)]: 1 }, name }];
}

/**
 * The collection that a write goes to, created when there is none yet.
 * Throws MongoServerError 166 when the name is that of a view.
 */
export function collectionForWrite(context: WriteContext, database: string, name: string): CollectionInfo {
  const found = context.catalog.find(context.view, database, name);
  if (found === undefined) {
    return createCollection(context, database, name, {});
  }
  assertNotView(found);
  return found;
}

/** Throws MongoServerError 166 for a view. */
export function assertNotView(collection: CollectionInfo): void {
  if (collection.kind === 'view') {
    throw new MongoServerError(166, `Namespace ${collection.namespace} is a view, not a collection`);
  }
}

/** Marks an index's entries for clearing. The caller removes the index from the catalogue. */
export function discardIndex(context: WriteContext, index: IndexInfo): void {
  context.view.put(garbageKey(KEY_KIND.indexEntry, index.id), EMPTY);
  context.view.del(multikeyKey(index.id));
}

/** Removes a collection or view. Its documents and index entries are cleared later, a few at a time. */
export function dropCollection(context: WriteContext, collection: CollectionInfo): void {
  discardCollection(context, collection);
  noteCollection(context, collection, 'drop');
}

/** Like `dropCollection`, when another collection takes its name: change streams are told of that instead. */
export function discardCollection(context: WriteContext, collection: CollectionInfo): void {
  context.guardCollection(collection.namespace);
  context.view.del(catalogKey(collection.database, collection.name));
  context.view.del(countersKey(collection.id));
  context.view.put(garbageKey(KEY_KIND.document, collection.id), EMPTY);
  for (const index of collection.indexes) {
    discardIndex(context, index);
  }
}
