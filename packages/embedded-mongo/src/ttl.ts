import { removeDocument } from './documents.ts';
import type { CollectionInfo, IndexInfo } from './catalog.ts';
import type { Engine } from './engine.ts';
import { encodeKey, encodeTypeBracket, keyAfterPrefix } from './semantics/keys.ts';
import {
  documentKey,
  garbageRange,
  parseGarbageKey,
  recordIdAtEnd,
  sessionRange,
  withinIndex,
} from './storage/keyspace.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import type { WriteContext } from './write-context.ts';

/** Documents or keys that one write removes; between the writes others get their turn. */
const BATCH = 500;

/** The index entries of documents whose date is at least the index's lifetime ago. */
function expiredRange(
  index: IndexInfo,
  lifetimeSeconds: number,
  now: number,
): { start: Buffer; end: Buffer } {
  const limit = new Date(now - lifetimeSeconds * 1000);
  const direction = index.fields[0]?.[1] ?? 1;
  const key = encodeKey([limit], [direction], index.collation);
  const bracket = encodeTypeBracket(limit, direction);
  return direction === 1
    ? withinIndex(index.id, bracket, keyAfterPrefix(key))
    : withinIndex(index.id, key, keyAfterPrefix(bracket));
}

function removeExpired(
  context: WriteContext,
  collection: CollectionInfo,
  index: IndexInfo,
  now: number,
): number {
  const lifetime = index.expireAfterSeconds;
  const current = context.catalog.find(context.view, collection.database, collection.name);
  if (
    lifetime === undefined ||
    current?.id !== collection.id ||
    !current.indexes.some((one) => one.id === index.id)
  ) {
    return 0;
  }
  const range = expiredRange(index, lifetime, now);
  const entries = [...context.view.range({ ...range, limit: BATCH })];
  let removed = 0;
  for (const { key, value } of entries) {
    const recordId = index.unique ? value.readUIntBE(0, 6) : recordIdAtEnd(key);
    const raw = context.view.get(documentKey(collection.id, recordId));
    if (raw !== undefined) {
      removeDocument(context, current, recordId, { document: decodeDocument(raw), size: raw.length });
      removed += 1;
    }
  }
  return removed;
}

/**
 * Removes the documents whose time is over by a TTL index: those whose date (the earliest of an array) lies
 * `expireAfterSeconds` or more before `now` (milliseconds since 1970). Returns how many were removed.
 */
export async function sweepExpiredDocuments(engine: Engine, now: number): Promise<number> {
  let total = 0;
  for (const collection of engine.catalog.list(engine.store)) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds === undefined || !index.ordered || index.building) {
        continue;
      }
      let removed = BATCH;
      while (removed === BATCH) {
        removed = await engine.write({}, (context) => removeExpired(context, collection, index, now));
        total += removed;
      }
    }
  }
  return total;
}

/** Clears what dropped collections and indexes left behind, a few keys at a time. */
export async function clearGarbage(engine: Engine): Promise<void> {
  for (;;) {
    const [mark] = [...engine.store.range({ ...garbageRange(), limit: 1 })];
    if (mark === undefined) {
      return;
    }
    const { range } = parseGarbageKey(mark.key);
    await engine.store.atomically((view) => {
      const keys = [...view.range({ ...range, limit: BATCH })].map((entry) => entry.key);
      for (const key of keys) {
        view.del(key);
      }
      if (keys.length < BATCH) {
        view.del(mark.key);
      }
    });
  }
}

/** Forgets the retry memory of sessions that were last used before `limit` (milliseconds since 1970). */
export async function forgetOldSessions(engine: Engine, limit: number): Promise<void> {
  const old = [...engine.store.range(sessionRange())]
    .filter(({ value }) => {
      const { at } = decodeDocument(value);
      return at instanceof Date && at.getTime() < limit;
    })
    .map(({ key }) => key);
  for (let start = 0; start < old.length; start += BATCH) {
    const batch = old.slice(start, start + BATCH);
    await engine.store.atomically((view) => {
      for (const key of batch) {
        view.del(key);
      }
    });
  }
}
