import type { CollectionInfo, IndexInfo } from './catalog.ts';
import { discardIndex } from './collections.ts';
import type { Engine, Writer } from './engine.ts';
import { addToIndex } from './indexes.ts';
import { MongoServerError } from './semantics/errors.ts';
import { documentRange, recordIdAtEnd } from './storage/keyspace.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import type { WriteContext } from './write-context.ts';

/** Documents of a collection up to which an index is built within the command's own write. */
export const INLINE_BUILD = 1000;
/** Documents that one write of a longer build adds; between the writes others get their turn. */
const BUILD_BATCH = 400;

/** Adds all documents of a collection to its new indexes at once. Throws MongoServerError 11000. */
export function fillIndexes(
  context: WriteContext,
  collection: CollectionInfo,
  ids: ReadonlySet<number>,
): void {
  const indexes = collection.indexes.filter((index) => ids.has(index.id));
  for (const { key, value } of [...context.view.range(documentRange(collection.id))]) {
    const document = decodeDocument(value);
    for (const index of indexes) {
      addToIndex(context, collection, index, document, recordIdAtEnd(key));
    }
  }
}

function current(context: WriteContext, collection: CollectionInfo): CollectionInfo {
  const found = context.catalog.find(context.view, collection.database, collection.name);
  if (found === undefined || found.id !== collection.id) {
    throw new MongoServerError(276, `Index build failed: collection ${collection.namespace} was dropped`);
  }
  return found;
}

function building(context: WriteContext, collection: CollectionInfo, ids: ReadonlySet<number>): IndexInfo[] {
  const indexes = current(context, collection).indexes.filter((index) => ids.has(index.id));
  if (indexes.length !== ids.size) {
    throw new MongoServerError(276, `Index build failed: an index of ${collection.namespace} was dropped`);
  }
  return indexes;
}

/**
 * Adds the documents of a collection to indexes marked as being built, some at a time, and then unmarks them.
 * Meanwhile other writes already keep the indexes up to date. When a document does not fit (a duplicate key),
 * the indexes are removed again and the error is thrown.
 */
export async function buildInBatches(
  engine: Engine,
  writer: Writer,
  collection: CollectionInfo,
  ids: ReadonlySet<number>,
): Promise<void> {
  try {
    const { start, end } = documentRange(collection.id);
    let position: Buffer | undefined = start;
    while (position !== undefined) {
      const from: Buffer = position;
      position = await engine.write(writer, (context) => {
        const indexes = building(context, collection, ids);
        const batch = [...context.view.range({ start: from, end, limit: BUILD_BATCH })];
        for (const { key, value } of batch) {
          const document = decodeDocument(value);
          for (const index of indexes) {
            addToIndex(context, collection, index, document, recordIdAtEnd(key));
          }
        }
        const last = batch.at(-1);
        return last === undefined || batch.length < BUILD_BATCH
          ? undefined
          : Buffer.concat([last.key, Buffer.from([0])]);
      });
    }
    await engine.write(writer, (context) => {
      building(context, collection, ids);
      const stored = context.catalog.storedForm(current(context, collection));
      stored.indexes = stored.indexes.map((index) =>
        ids.has(index.id) ? { id: index.id, spec: index.spec } : index,
      );
      context.guardCollection(collection.namespace);
      context.catalog.save(context.view, collection.database, collection.name, stored);
    });
  } catch (error) {
    await engine.write({}, (context) => {
      removeIndexes(context, collection, ids);
    });
    throw error;
  }
}

/** Removes indexes from a collection, if it still exists. */
export function removeIndexes(
  context: WriteContext,
  collection: CollectionInfo,
  ids: ReadonlySet<number>,
): void {
  const found = context.catalog.find(context.view, collection.database, collection.name);
  if (found === undefined || found.id !== collection.id) {
    return;
  }
  context.guardCollection(found.namespace);
  for (const index of found.indexes) {
    if (ids.has(index.id)) {
      discardIndex(context, index);
    }
  }
  const stored = context.catalog.storedForm(found);
  stored.indexes = stored.indexes.filter((index) => !ids.has(index.id));
  context.catalog.save(context.view, found.database, found.name, stored);
}

/** Removes the indexes whose building a crash interrupted. Called when the store is opened. */
export async function discardInterruptedBuilds(engine: Engine): Promise<void> {
  for (const collection of engine.catalog.list(engine.store)) {
    const ids = new Set(collection.indexes.filter((index) => index.building).map((index) => index.id));
    if (ids.size > 0) {
      await engine.write({}, (context) => {
        removeIndexes(context, collection, ids);
      });
    }
  }
}
