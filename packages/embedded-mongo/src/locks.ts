import { MongoServerError } from './semantics/errors.ts';

/** Whoever may hold locks: a multi-document transaction. */
export interface LockOwner {
  /** Settles when the owner has committed or aborted. */
  readonly ended: Promise<void>;
}

/** Thrown inside a write outside of transactions when a transaction holds what it wants to change. */
export class LockBusy extends Error {
  readonly owner: LockOwner;

  /** Takes the transaction that has to end first. */
  constructor(owner: LockOwner) {
    super('a transaction holds the lock');
    this.owner = owner;
  }
}

/** The error of a statement that met another transaction's or a newer write. */
export function writeConflict(): MongoServerError {
  return new MongoServerError(
    112,
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.',
  );
}

/**
 * Which transaction holds which keys and uses which collections, and which keys are written by commits that
 * are not finished yet.
 */
export class LockTable {
  private readonly holders = new Map<string, LockOwner>();
  private readonly users = new Map<string, Set<LockOwner>>();
  private readonly committing = new Map<string, number>();

  /** The transaction that holds a key, if any. */
  holder(key: string): LockOwner | undefined {
    return this.holders.get(key);
  }

  /** Gives a key to a transaction. */
  acquire(key: string, owner: LockOwner): void {
    this.holders.set(key, owner);
  }

  /** Notes that a transaction changed documents of a collection. */
  useCollection(namespace: string, owner: LockOwner): void {
    const users = this.users.get(namespace) ?? new Set();
    users.add(owner);
    this.users.set(namespace, users);
  }

  /** A transaction other than `owner` that changed documents of a collection. */
  collectionUser(namespace: string, owner?: LockOwner): LockOwner | undefined {
    for (const user of this.users.get(namespace) ?? []) {
      if (user !== owner) {
        return user;
      }
    }
    return undefined;
  }

  /** Gives back everything a transaction holds. */
  release(owner: LockOwner, keys: Iterable<string>): void {
    for (const key of keys) {
      if (this.holders.get(key) === owner) {
        this.holders.delete(key);
      }
    }
    for (const [namespace, users] of this.users) {
      if (users.delete(owner) && users.size === 0) {
        this.users.delete(namespace);
      }
    }
  }

  /** Notes that a commit under way changes a key. */
  startCommit(key: string): void {
    this.committing.set(key, (this.committing.get(key) ?? 0) + 1);
  }

  /** Notes that the commits of these keys are finished or undone. */
  endCommit(keys: Iterable<string>): void {
    for (const key of keys) {
      const left = (this.committing.get(key) ?? 0) - 1;
      if (left > 0) {
        this.committing.set(key, left);
      } else {
        this.committing.delete(key);
      }
    }
  }

  /** True while a commit that is not finished changes the key. */
  isCommitting(key: string): boolean {
    return this.committing.has(key);
  }
}
