import { Int32 } from 'bson';
import type { CollectionInfo } from './catalog.ts';
import { encodeKey } from './semantics/keys.ts';
import type { BsonDocument } from './semantics/types.ts';
import { getField, isDocument, RANK, typeRank } from './semantics/values.ts';
import { documentKey, indexEntryKey } from './storage/keyspace.ts';
import type { ReadView } from './storage/store.ts';

const PLAIN_RANKS: ReadonlySet<number> = new Set([
  RANK.number,
  RANK.string,
  RANK.objectId,
  RANK.bool,
  RANK.date,
  RANK.binData,
]);

/** Fields of a find that do not change which document is found, nor how it is shown. */
const HARMLESS: ReadonlySet<string> = new Set([
  'find',
  'filter',
  'limit',
  'singleBatch',
  'batchSize',
  'lsid',
  'txnNumber',
]);

function isHarmless(name: string, command: BsonDocument): boolean {
  if (name === 'batchSize') {
    const size = command.batchSize;
    return size instanceof Int32 && size.value > 0;
  }
  return HARMLESS.has(name) || (name.startsWith('$') && name.length > 1);
}

/** The `_id` that a find asks for when it asks for nothing else; undefined when the planner has to look at it. */
export function soleId(command: BsonDocument, collection: CollectionInfo): unknown {
  const { filter } = command;
  if (!isDocument(filter) || collection.collation !== undefined) {
    return undefined;
  }
  const names = Object.keys(filter);
  if (names.length !== 1 || names[0] !== '_id') {
    return undefined;
  }
  if (!Object.keys(command).every((name) => isHarmless(name, command))) {
    return undefined;
  }
  const id = getField(filter, '_id');
  return PLAIN_RANKS.has(typeRank(id)) ? id : undefined;
}

/** The bytes of the document with an `_id`: two reads of the store, without a plan. */
export function documentById(view: ReadView, collection: CollectionInfo, id: unknown): Buffer | undefined {
  const [index] = collection.indexes;
  if (index === undefined) {
    return undefined;
  }
  const entry = view.get(indexEntryKey(index.id, encodeKey([id], [1])));
  return entry === undefined ? undefined : view.get(documentKey(collection.id, entry.readUIntBE(0, 6)));
}
