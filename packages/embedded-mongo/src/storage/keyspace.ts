import { keyAfterPrefix } from '../semantics/keys.ts';

/**
 * Layout of the store's keys: one byte for the kind, then
 * catalogue `database NUL collection`, documents `collection(4) record(6)`, index entries
 * `index(4) key [record(6)]`, retry memory `session`, counters and multikey marks `id(4)`,
 * ranges waiting to be cleared `kind id(4)`, changes `seconds(4) counter(4) number(4)`, databases whose changes
 * are kept `database`.
 */
export const KEY_KIND = {
  meta: 0,
  catalog: 1,
  document: 2,
  indexEntry: 3,
  session: 4,
  counters: 5,
  multikey: 6,
  garbage: 7,
  change: 8,
  watched: 9,
} as const;

/** Bytes of a record id in a key: 48 bits, growing, in insertion order. */
export const RECORD_ID_BYTES = 6;

/** A half-open range of keys. */
export interface KeyRange {
  start: Buffer;
  end: Buffer;
}

function kindAndId(kind: number, id: number, extra: number): Buffer {
  const key = Buffer.allocUnsafe(5 + extra);
  key[0] = kind;
  key.writeUInt32BE(id, 1);
  return key;
}

function rangeOfPrefix(prefix: Buffer): KeyRange {
  return { start: prefix, end: keyAfterPrefix(prefix) };
}

/** Key of the catalogue record of a namespace such as `shop.orders`. */
export function catalogKey(database: string, collection: string): Buffer {
  return Buffer.concat([Buffer.from([KEY_KIND.catalog]), Buffer.from(`${database}\0${collection}`, 'utf8')]);
}

/** All catalogue records, or those of one database. */
export function catalogRange(database?: string): KeyRange {
  return rangeOfPrefix(
    database === undefined
      ? Buffer.from([KEY_KIND.catalog])
      : Buffer.concat([Buffer.from([KEY_KIND.catalog]), Buffer.from(`${database}\0`, 'utf8')]),
  );
}

/** Database and collection of a catalogue key. */
export function parseCatalogKey(key: Buffer): { database: string; collection: string } {
  const text = key.toString('utf8', 1);
  const split = text.indexOf('\0');
  return { database: text.slice(0, split), collection: text.slice(split + 1) };
}

/** Key of a document. */
export function documentKey(collectionId: number, recordId: number): Buffer {
  const key = kindAndId(KEY_KIND.document, collectionId, RECORD_ID_BYTES);
  key.writeUIntBE(recordId, 5, RECORD_ID_BYTES);
  return key;
}

/** All documents of a collection. */
export function documentRange(collectionId: number): KeyRange {
  return rangeOfPrefix(kindAndId(KEY_KIND.document, collectionId, 0));
}

/** Record id at the end of a document key or an entry of an index that is not unique. */
export function recordIdAtEnd(key: Buffer): number {
  return key.readUIntBE(key.length - RECORD_ID_BYTES, RECORD_ID_BYTES);
}

/** Record id as the value of a unique index entry. */
export function recordIdValue(recordId: number): Buffer {
  const value = Buffer.allocUnsafe(RECORD_ID_BYTES);
  value.writeUIntBE(recordId, 0, RECORD_ID_BYTES);
  return value;
}

/** Key of an index entry. Entries of a unique index hold the record id in their value instead. */
export function indexEntryKey(indexId: number, encoded: Buffer, recordId?: number): Buffer {
  const key = kindAndId(
    KEY_KIND.indexEntry,
    indexId,
    encoded.length + (recordId === undefined ? 0 : RECORD_ID_BYTES),
  );
  key.set(encoded, 5);
  if (recordId !== undefined) {
    key.writeUIntBE(recordId, 5 + encoded.length, RECORD_ID_BYTES);
  }
  return key;
}

/** All entries of an index. */
export function indexRange(indexId: number): KeyRange {
  return rangeOfPrefix(kindAndId(KEY_KIND.indexEntry, indexId, 0));
}

/** A range of encoded keys as a range of the store's keys. */
export function withinIndex(indexId: number, start: Buffer, end: Buffer): KeyRange {
  return { start: indexEntryKey(indexId, start), end: indexEntryKey(indexId, end) };
}

/** Key of the retry memory of a session. */
export function sessionKey(session: string): Buffer {
  return Buffer.concat([Buffer.from([KEY_KIND.session]), Buffer.from(session, 'latin1')]);
}

/** All retry memories. */
export function sessionRange(): KeyRange {
  return rangeOfPrefix(Buffer.from([KEY_KIND.session]));
}

/** Key of a collection's document count and size. */
export function countersKey(collectionId: number): Buffer {
  return kindAndId(KEY_KIND.counters, collectionId, 0);
}

/** Key whose presence says that an index holds entries made from arrays. */
export function multikeyKey(indexId: number): Buffer {
  return kindAndId(KEY_KIND.multikey, indexId, 0);
}

/** Key that marks all documents or index entries of a dropped collection or index for clearing. */
export function garbageKey(kind: number, id: number): Buffer {
  return Buffer.concat([Buffer.from([KEY_KIND.garbage]), kindAndId(kind, id, 0)]);
}

/** All marks of `garbageKey`. */
export function garbageRange(): KeyRange {
  return rangeOfPrefix(Buffer.from([KEY_KIND.garbage]));
}

/** Kind and id of a mark of `garbageKey`, with the range that it stands for. */
export function parseGarbageKey(key: Buffer): { id: number; range: KeyRange } {
  return { id: key.readUInt32BE(2), range: rangeOfPrefix(key.subarray(1, 6)) };
}

/** Key of a record of changes: the position of the first of them. */
export function changeKey(position: Buffer): Buffer {
  return Buffer.concat([Buffer.from([KEY_KIND.change]), position]);
}

/** All records of changes. */
export function changeRange(): KeyRange {
  return rangeOfPrefix(Buffer.from([KEY_KIND.change]));
}

/** Position in a key of `changeKey`. */
export function parseChangeKey(key: Buffer): Buffer {
  return key.subarray(1);
}

/** Key that says since when changes of a database are kept; those of every database for an empty name. */
export function watchedKey(database: string): Buffer {
  return Buffer.concat([Buffer.from([KEY_KIND.watched]), Buffer.from(database, 'utf8')]);
}

/** All keys of `watchedKey`. */
export function watchedRange(): KeyRange {
  return rangeOfPrefix(Buffer.from([KEY_KIND.watched]));
}

/** Database of a key of `watchedKey`. */
export function parseWatchedKey(key: Buffer): string {
  return key.toString('utf8', 1);
}

/** Key of the position before which changes may have been discarded. */
export function historyStartKey(): Buffer {
  return Buffer.from([KEY_KIND.meta, KEY_KIND.change]);
}
