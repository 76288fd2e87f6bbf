import type { NewChange } from './changes/change.ts';
import type { Catalog } from './catalog.ts';
import { countersKey, documentRange, recordIdAtEnd } from './storage/keyspace.ts';
import type { ReadView, WriteView } from './storage/store.ts';

/** Document count and total size of a collection. */
export interface Counters {
  documents: number;
  bytes: number;
}

/** Reads the counters of a collection. */
export function readCounters(view: ReadView, collectionId: number): Counters {
  const raw = view.get(countersKey(collectionId));
  return raw === undefined
    ? { documents: 0, bytes: 0 }
    : { documents: raw.readDoubleLE(0), bytes: raw.readDoubleLE(8) };
}

/** Adds to the counters of a collection. */
export function addToCounters(view: WriteView, collectionId: number, delta: Counters): void {
  const { documents, bytes } = readCounters(view, collectionId);
  const raw = Buffer.alloc(16);
  raw.writeDoubleLE(documents + delta.documents, 0);
  raw.writeDoubleLE(bytes + delta.bytes, 8);
  view.put(countersKey(collectionId), raw);
}

/** Hands out record ids, growing within each collection. */
export class RecordIds {
  private readonly next = new Map<number, number>();
  private readonly committed: ReadView;

  /** Takes the view of what is committed, from which the largest id in use is read once. */
  constructor(committed: ReadView) {
    this.committed = committed;
  }

  /** The next record id of a collection. */
  allocate(collectionId: number): number {
    let id = this.next.get(collectionId);
    if (id === undefined) {
      id = 1;
      for (const { key } of this.committed.range({
        ...documentRange(collectionId),
        reverse: true,
        limit: 1,
      })) {
        id = recordIdAtEnd(key) + 1;
      }
    }
    this.next.set(collectionId, id + 1);
    return id;
  }
}

/** What one write needs: the view to write to, the locks, and the bookkeeping that is saved with it. */
export interface WriteContext {
  view: WriteView;
  catalog: Catalog;
  recordIds: RecordIds;
  /** True inside a multi-document transaction. */
  inTransaction: boolean;
  /** Has to be called before a key that others may write too is changed. Throws when a transaction holds it. */
  guard(key: Buffer): void;
  /** Has to be called before a collection's catalogue record is changed. Throws when a transaction uses it. */
  guardCollection(namespace: string): void;
  /** Has to be called before documents of a collection are changed. Throws when the collection itself is changing. */
  useCollection(database: string, name: string): void;
  /** Where changes of a database are noted for change streams; undefined when nobody watches it. */
  changes(database: string): NewChange[] | undefined;
  /** Notes that documents came or went. */
  count(collectionId: number, delta: Counters): void;
  /** The counters as this write sees them. */
  counters(collectionId: number): Counters;
}
