/** One stored pair. Both buffers belong to the caller. */
export interface Entry {
  key: Buffer;
  value: Buffer;
}

/** Which keys a range covers, in byte order. */
export interface RangeOptions {
  /** Smallest key (inclusive). */
  start: Buffer;
  /** Upper bound (exclusive). */
  end: Buffer;
  /** Walks from the largest key down. */
  reverse?: boolean;
  /** Stops after so many entries. */
  limit?: number;
}

/** Reading access to one state of the store. */
export interface ReadView {
  /** Value of a key, or undefined. */
  get(key: Buffer): Buffer | undefined;
  /** Entries of a range. Has to be consumed within one turn of the event loop. */
  range(options: RangeOptions): Iterable<Entry>;
}

/** Access within one write: reads see the writes made before. */
export interface WriteView extends ReadView {
  put(key: Buffer, value: Buffer): void;
  del(key: Buffer): void;
}

/** A fixed state of the store for a transaction that lasts over several messages. */
export interface Snapshot extends ReadView {
  /** Lets go of the state; its disk pages can be used again. */
  release(): void;
}

/** Ordered keys and values on disk with atomic writes. */
export interface Store extends ReadView {
  /**
   * Runs `work` without interruption. Its writes become visible and durable together; when it throws none of them
   * is kept and the promise rejects with the same error. Works that wait at the same time share one commit.
   * The promise settles only after the commit.
   */
  atomically<T>(work: (view: WriteView) => T): Promise<T>;
  /** A state of the store that later writes do not change. */
  snapshot(): Snapshot;
  /** Makes reads outside of writes see what other threads committed meanwhile. */
  refresh(): void;
  /** Bytes that the store takes on disk. */
  sizeOnDisk(): number;
  /** Waits for running writes and closes the files. */
  close(): Promise<void>;
}
