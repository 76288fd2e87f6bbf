import { Catalog } from './catalog.ts';
import { ChangeStream } from './changes/change-stream.ts';
import {
  ChangeHistory,
  DEFAULT_HISTORY_LIMITS,
  EVERY_DATABASE,
  type HistoryLimits,
} from './changes/history.ts';
import { CursorTable } from './cursors.ts';
import { LockBusy, LockTable } from './locks.ts';
import { RetryMemory, transactionTooOld } from './retry-memory.ts';
import { MongoServerError } from './semantics/errors.ts';
import { type Session, SessionTable } from './sessions.ts';
import { Signal } from './signal.ts';
import { garbageRange, parseGarbageKey } from './storage/keyspace.ts';
import type { ReadView, Store } from './storage/store.ts';
import { DirectWrite, Transaction } from './transactions.ts';
import { readCounters, RecordIds, type WriteContext } from './write-context.ts';

/** Who writes: decides whether a write goes to a transaction, and whether it is remembered for a retry. */
export interface Writer {
  transaction?: Transaction;
  /** The session and number of a retryable write. */
  retry?: { session: string; txnNumber: number };
  /** Time (as of performance.now()) after which waiting for a lock fails. */
  deadline?: number;
}

/** A write's context together with its retry memory. */
export type WriteWork<T> = (context: WriteContext, retry: RetryMemory | undefined) => T;

/** The error of a command that took longer than its maxTimeMS. */
export function timeLimitError(): MongoServerError {
  return new MongoServerError(50, 'operation exceeded time limit');
}

/** The store with everything that has to be shared between connections. */
export class Engine {
  readonly store: Store;
  readonly catalog = new Catalog();
  readonly locks = new LockTable();
  readonly recordIds: RecordIds;
  readonly cursors = new CursorTable();
  readonly sessions: SessionTable;

  /** The changes that change streams tell of, and the logical clock. */
  readonly history: ChangeHistory;
  /** Fires after each write outside of transactions and each commit of one. */
  readonly written = new Signal();
  private readonly builds = new Map<number, Promise<void>>();

  /** Takes over an open store. */
  constructor(store: Store, historyLimits: HistoryLimits = DEFAULT_HISTORY_LIMITS) {
    this.store = store;
    this.history = new ChangeHistory(store, historyLimits);
    this.recordIds = new RecordIds(store);
    this.sessions = new SessionTable((session) => {
      this.cursors.closeWhere((cursor) => cursor.session === session.id);
      this.abortTransaction(session);
    });
    const waiting = [...store.range(garbageRange())].map(({ key }) => parseGarbageKey(key).id);
    this.catalog.reserveIds(store, waiting);
  }

  /** Wakes those who wait for the next write, or for the next change. */
  noteWrite(): void {
    this.written.fire();
    this.history.announce();
  }

  /** Sees to it that the changes of a database are kept from now on, and settles when it is so. */
  async watchChanges(database: string): Promise<void> {
    const running = this.sessions
      .all()
      .map(({ transaction }) => transaction)
      .filter((transaction) => transaction?.state === 'active' || transaction?.state === 'committing');
    await this.history.watch(
      database,
      running.map((transaction) => transaction?.ended ?? Promise.resolve()),
    );
  }

  /** Forgets changes that need not be kept any longer. `now`: milliseconds since 1970. */
  async trimHistory(now: number): Promise<void> {
    const open = this.cursors
      .streams()
      .filter((stream) => stream instanceof ChangeStream)
      .map((stream) => stream.database ?? EVERY_DATABASE);
    await this.history.trim(now, new Set(open));
  }

  /** Remembers that indexes are being built, until they are. */
  trackBuild(ids: ReadonlySet<number>, build: Promise<void>): void {
    const forget = (): void => {
      for (const id of ids) {
        this.builds.delete(id);
      }
    };
    for (const id of ids) {
      this.builds.set(id, build);
    }
    build.then(forget, forget);
  }

  /** Settles when an index is built; rejects when its building fails. */
  buildOf(id: number): Promise<void> {
    return this.builds.get(id) ?? Promise.resolve();
  }

  /** Starts a transaction for a session. */
  startTransaction(session: Session, txnNumber: number): Transaction {
    this.abortTransaction(session);
    const transaction = new Transaction(this.store, this.locks, this.catalog, this.recordIds, this.history, {
      session: session.id,
      txnNumber,
    });
    session.txnNumber = txnNumber;
    session.transaction = transaction;
    return transaction;
  }

  /** Aborts a session's transaction if it is running, and closes its cursors. */
  abortTransaction(session: Session): void {
    const { transaction } = session;
    if (transaction?.state === 'active') {
      transaction.abort();
      this.cursors.closeWhere((cursor) => cursor.transaction === transaction);
    }
  }

  /**
   * Takes note of the number of a retryable write: it ends a transaction with a smaller number.
   * Throws MongoServerError 225 when the session has used a larger one.
   */
  noteRetryableWrite(session: Session, txnNumber: number): void {
    if (txnNumber < session.txnNumber) {
      throw transactionTooOld(txnNumber, session.txnNumber);
    }
    if (txnNumber > session.txnNumber) {
      this.abortTransaction(session);
      session.txnNumber = txnNumber;
      delete session.transaction;
    }
  }

  /** The document count of a collection, in a transaction's or the committed state. */
  documentCount(collectionId: number, transaction: Transaction | undefined): number {
    return (transaction?.counters(collectionId) ?? readCounters(this.store, collectionId)).documents;
  }

  /** The state that a reader sees. */
  viewOf(transaction: Transaction | undefined): ReadView {
    return transaction?.view ?? this.store;
  }

  /**
   * Runs a write. Inside a transaction it changes the transaction's own state; otherwise it is one atomic write
   * of the store and the promise settles after the commit. When a transaction holds what the write wants to
   * change, everything is undone and the work runs again once that transaction has ended: so the work must not
   * change anything but the context.
   */
  async write<T>(writer: Writer, work: WriteWork<T>): Promise<T> {
    const { transaction, retry } = writer;
    if (transaction !== undefined) {
      return work(transaction.context(), undefined);
    }
    for (;;) {
      const touched: string[] = [];
      try {
        const outcome = await this.store.atomically((view) => {
          const context = new DirectWrite(
            view,
            this.locks,
            this.catalog,
            this.recordIds,
            this.history,
            touched,
          );
          const memory =
            retry === undefined ? undefined : RetryMemory.load(view, retry.session, retry.txnNumber);
          const result = work(context, memory);
          context.finish();
          memory?.save(view);
          return result;
        });
        this.noteWrite();
        return outcome;
      } catch (error) {
        if (!(error instanceof LockBusy)) {
          throw error;
        }
        await waitFor(error.owner.ended, writer.deadline);
      } finally {
        this.locks.endCommit(touched);
      }
    }
  }
}

async function waitFor(ended: Promise<void>, deadline: number | undefined): Promise<void> {
  if (deadline === undefined) {
    await ended;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        reject(timeLimitError());
      },
      Math.max(0, deadline - performance.now()),
    );
  });
  try {
    await Promise.race([ended, expired]);
  } finally {
    clearTimeout(timer);
  }
}
