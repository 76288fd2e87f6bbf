import type { NewChange, Origin } from './changes/change.ts';
import type { ChangeHistory } from './changes/history.ts';
import type { Catalog } from './catalog.ts';
import { LockBusy, type LockOwner, type LockTable, writeConflict } from './locks.ts';
import { MongoServerError } from './semantics/errors.ts';
import { catalogKey } from './storage/keyspace.ts';
import { OverlayView } from './storage/overlay.ts';
import type { ReadView, Snapshot, Store, WriteView } from './storage/store.ts';
import {
  addToCounters,
  type Counters,
  readCounters,
  type RecordIds,
  type WriteContext,
} from './write-context.ts';

/** How a transaction stands. */
export type TransactionState = 'active' | 'committing' | 'committed' | 'aborted';

/** A multi-document transaction: a fixed state of the store, its own writes over it, and its locks. */
export class Transaction implements LockOwner {
  readonly ended: Promise<void>;
  readonly startedAt = Date.now();
  readonly overlay: OverlayView;
  state: TransactionState = 'active';
  /** Time of the last statement, in milliseconds since 1970. */
  lastUse = Date.now();
  private readonly store: Store;
  private readonly locks: LockTable;
  private readonly snapshot: Snapshot;
  private readonly held = new Set<string>();
  /** Collections whose documents it changes. */
  private readonly used = new Set<string>();
  private readonly counterDeltas = new Map<number, Counters>();
  private readonly writing: Omit<
    WriteContext,
    'view' | 'guard' | 'guardCollection' | 'useCollection' | 'changes' | 'count' | 'counters'
  >;
  private readonly history: ChangeHistory;
  private readonly changes: NewChange[] = [];
  private readonly identity: NonNullable<Origin['transaction']>;
  private finish: () => void = () => undefined;

  /** Starts a transaction on the present state of the store. */
  constructor(
    store: Store,
    locks: LockTable,
    catalog: Catalog,
    recordIds: RecordIds,
    history: ChangeHistory,
    identity: NonNullable<Origin['transaction']>,
  ) {
    this.store = store;
    this.locks = locks;
    this.history = history;
    this.identity = identity;
    this.snapshot = store.snapshot();
    this.overlay = new OverlayView(this.snapshot);
    this.writing = { catalog, recordIds, inTransaction: true };
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  /** The state that the transaction's statements read. */
  get view(): ReadView {
    return this.overlay;
  }

  /** What the transaction's statements write to. */
  context(): WriteContext {
    return {
      ...this.writing,
      view: this.overlay,
      guard: (key) => {
        this.lock(key);
      },
      guardCollection: (namespace) => {
        this.lockCollection(namespace);
      },
      useCollection: (database, name) => {
        this.useCollection(database, name);
      },
      changes: (database) => (this.history.records(database) ? this.changes : undefined),
      count: (id, delta) => {
        const known = this.counterDeltas.get(id) ?? { documents: 0, bytes: 0 };
        this.counterDeltas.set(id, {
          documents: known.documents + delta.documents,
          bytes: known.bytes + delta.bytes,
        });
      },
      counters: (id) => this.counters(id),
    };
  }

  /** Document count and size of a collection as the transaction sees it. */
  counters(collectionId: number): Counters {
    const base = readCounters(this.overlay, collectionId);
    const delta = this.counterDeltas.get(collectionId);
    return delta === undefined
      ? base
      : { documents: base.documents + delta.documents, bytes: base.bytes + delta.bytes };
  }

  /**
   * Notes that the transaction is going to change documents of a collection.
   * Throws MongoServerError 112 when the collection itself was changed since the transaction began.
   */
  useCollection(database: string, name: string): void {
    const namespace = `${database}.${name}`;
    // Once noted, nobody else can change the collection before the transaction ends.
    if (!this.used.has(namespace)) {
      const key = catalogKey(database, name);
      this.assertUnchanged(key, key.toString('latin1'));
      this.locks.useCollection(namespace, this);
      this.used.add(namespace);
    }
  }

  /** Makes all writes in one commit and lets go of the locks. `save` may add writes to the same commit. */
  async commit(save: (view: WriteView) => void): Promise<void> {
    this.state = 'committing';
    try {
      await this.store.atomically((view) => {
        this.overlay.applyTo(view);
        for (const [id, delta] of this.counterDeltas) {
          addToCounters(view, id, delta);
        }
        this.history.append(view, this.changes, { at: new Date(), transaction: this.identity });
        save(view);
      });
      this.state = 'committed';
    } catch (error) {
      this.state = 'aborted';
      throw error;
    } finally {
      this.letGo();
    }
  }

  /** Forgets all writes and lets go of the locks. */
  abort(): void {
    if (this.state === 'active') {
      this.state = 'aborted';
      this.letGo();
    }
  }

  private letGo(): void {
    this.locks.release(this, this.held);
    this.snapshot.release();
    this.finish();
  }

  private lock(key: Buffer): void {
    const name = key.toString('latin1');
    if (this.held.has(name)) {
      return;
    }
    const holder = this.locks.holder(name);
    if (holder !== undefined && holder !== this) {
      throw writeConflict();
    }
    this.assertUnchanged(key, name);
    this.locks.acquire(name, this);
    this.held.add(name);
  }

  private lockCollection(namespace: string): void {
    if (this.locks.collectionUser(namespace, this) !== undefined) {
      throw writeConflict();
    }
    const split = namespace.indexOf('.');
    this.lock(catalogKey(namespace.slice(0, split), namespace.slice(split + 1)));
  }

  private assertUnchanged(key: Buffer, name: string): void {
    if (this.held.has(name)) {
      return;
    }
    if (this.locks.isCommitting(name)) {
      throw writeConflict();
    }
    const then = this.overlay.getBase(key, name);
    const now = this.store.get(key);
    const same = then === undefined || now === undefined ? then === now : then.equals(now);
    if (!same) {
      throw writeConflict();
    }
  }
}

/** Writing outside of a transaction, within one atomic write of the store. */
export class DirectWrite implements WriteContext {
  readonly inTransaction = false;
  readonly view: WriteView;
  readonly catalog: Catalog;
  readonly recordIds: RecordIds;
  private readonly locks: LockTable;
  private readonly touched: string[];
  private readonly history: ChangeHistory;
  private readonly deltas = new Map<number, Counters>();
  private readonly pendingChanges: NewChange[] = [];

  /** `touched` receives the names of the keys that are written; they count as being committed until given back. */
  constructor(
    view: WriteView,
    locks: LockTable,
    catalog: Catalog,
    recordIds: RecordIds,
    history: ChangeHistory,
    touched: string[],
  ) {
    this.view = view;
    this.history = history;
    this.locks = locks;
    this.catalog = catalog;
    this.recordIds = recordIds;
    this.touched = touched;
  }

  guard(key: Buffer): void {
    const name = key.toString('latin1');
    const holder = this.locks.holder(name);
    if (holder !== undefined) {
      throw new LockBusy(holder);
    }
    this.touched.push(name);
    this.locks.startCommit(name);
  }

  guardCollection(namespace: string): void {
    const user = this.locks.collectionUser(namespace);
    if (user !== undefined) {
      throw new LockBusy(user);
    }
    const split = namespace.indexOf('.');
    this.guard(catalogKey(namespace.slice(0, split), namespace.slice(split + 1)));
  }

  useCollection(database: string, name: string): void {
    const holder = this.locks.holder(catalogKey(database, name).toString('latin1'));
    if (holder !== undefined) {
      throw new LockBusy(holder);
    }
  }

  changes(database: string): NewChange[] | undefined {
    return this.history.records(database) ? this.pendingChanges : undefined;
  }

  count(id: number, delta: Counters): void {
    const known = this.deltas.get(id) ?? { documents: 0, bytes: 0 };
    this.deltas.set(id, { documents: known.documents + delta.documents, bytes: known.bytes + delta.bytes });
  }

  counters(id: number): Counters {
    const base = readCounters(this.view, id);
    const delta = this.deltas.get(id);
    return delta === undefined
      ? base
      : { documents: base.documents + delta.documents, bytes: base.bytes + delta.bytes };
  }

  /** Saves the counters and the changes; the last step of the write. */
  finish(): void {
    this.history.append(this.view, this.pendingChanges, { at: new Date() });
    for (const [id, delta] of this.deltas) {
      addToCounters(this.view, id, delta);
    }
  }
}

/** The error of a statement that names a transaction which is not (or no longer) there. */
export function noSuchTransaction(txnNumber: number | string, reason?: string): MongoServerError {
  return new MongoServerError(
    251,
    reason ?? `Given transaction number ${txnNumber} does not match any in-progress transactions.`,
  );
}
