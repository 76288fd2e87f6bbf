import { Catalog, type CollectionInfo } from './catalog.ts';
import { entriesOf } from './indexes.ts';
import { documentKey, documentRange, indexRange, recordIdAtEnd } from './storage/keyspace.ts';
import { openLmdbStore } from './storage/lmdb-store.ts';
import type { ReadView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { readCounters } from './write-context.ts';

/** Result of `checkConsistency`. */
export interface ConsistencyReport {
  collections: number;
  documents: number;
  indexEntries: number;
  /** One sentence for each disagreement; empty when the store is sound. */
  problems: string[];
}

/** Result of `checkCollection`. */
export interface CollectionReport {
  documents: number;
  entriesByIndex: Record<string, number>;
  problems: string[];
}

/** Problems reported for one collection at most; a broken index would otherwise fill the memory. */
const MAX_PROBLEMS = 100;

/**
 * Compares a collection's documents with its index entries, both ways, and with its counters.
 * A document must have exactly the entries it should have, and an entry must belong to a document.
 */
export function checkCollection(view: ReadView, collection: CollectionInfo): CollectionReport {
  const problems: string[] = [];
  const report = (text: string): void => {
    if (problems.length < MAX_PROBLEMS) {
      problems.push(`${collection.namespace}: ${text}`);
    }
  };
  const expected: Record<string, number> = {};
  const entriesByIndex: Record<string, number> = {};
  const indexes = collection.indexes.filter((index) => index.ordered && !index.building);
  let documents = 0;
  let bytes = 0;
  for (const { key, value } of view.range(documentRange(collection.id))) {
    documents += 1;
    bytes += value.length;
    const recordId = recordIdAtEnd(key);
    const document = decodeDocument(value);
    for (const index of indexes) {
      for (const entry of entriesOf(index, document, recordId).entries) {
        expected[index.name] = (expected[index.name] ?? 0) + 1;
        const stored = view.get(entry.key);
        if (stored === undefined) {
          report(`record ${recordId} has no entry in index ${index.name}`);
        } else if (index.unique && stored.readUIntBE(0, 6) !== recordId) {
          report(
            `record ${recordId} and record ${stored.readUIntBE(0, 6)} share a key of unique index ${index.name}`,
          );
        }
      }
    }
  }
  for (const index of indexes) {
    let found = 0;
    for (const { key, value } of view.range(indexRange(index.id))) {
      found += 1;
      const recordId = index.unique ? value.readUIntBE(0, 6) : recordIdAtEnd(key);
      if (view.get(documentKey(collection.id, recordId)) === undefined) {
        report(`index ${index.name} has an entry for record ${recordId}, which does not exist`);
      }
    }
    entriesByIndex[index.name] = found;
    if (found !== (expected[index.name] ?? 0)) {
      report(`index ${index.name} has ${found} entries instead of ${expected[index.name] ?? 0}`);
    }
  }
  const counters = readCounters(view, collection.id);
  if (counters.documents !== documents || counters.bytes !== bytes) {
    report(
      `counters say ${counters.documents} documents of ${counters.bytes} bytes, found ${documents} of ${bytes}`,
    );
  }
  return { documents, entriesByIndex, problems };
}

/** Checks all collections of a state of the store. */
export function checkView(view: ReadView): ConsistencyReport {
  const report: ConsistencyReport = { collections: 0, documents: 0, indexEntries: 0, problems: [] };
  for (const collection of new Catalog().list(view)) {
    if (collection.kind === 'view') {
      continue;
    }
    const { documents, entriesByIndex, problems } = checkCollection(view, collection);
    report.collections += 1;
    report.documents += documents;
    report.indexEntries += Object.values(entriesByIndex).reduce((sum, count) => sum + count, 0);
    report.problems.push(...problems);
  }
  return report;
}

/**
 * Opens the store in a directory and checks every collection: that each document has exactly the index entries it
 * should have, that each entry has its document, and that the counters agree. No server may have it open.
 */
export async function checkConsistency(dataDirectory: string): Promise<ConsistencyReport> {
  const store = openLmdbStore(dataDirectory, { durability: 'sync' });
  const snapshot = store.snapshot();
  try {
    return checkView(snapshot);
  } finally {
    snapshot.release();
    await store.close();
  }
}
