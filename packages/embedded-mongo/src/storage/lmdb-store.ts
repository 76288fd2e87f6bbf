import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Entry, RangeOptions, ReadView, Snapshot, Store, WriteView } from './store.ts';

interface Pending {
  work: (view: WriteView) => unknown;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

type Outcome = { value: unknown } | { error: unknown };

/** How many works share one commit at most, so that a burst does not hold the event loop for long. */
const MAX_WORKS_PER_COMMIT = 64;

type Database = RootDatabase<Buffer, Buffer>;

/** Copies bytes that lmdb will overwrite; small copies share an allocation, which is faster than one each. */
function copyOf(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  if (bytes instanceof Buffer) {
    bytes.copy(copy, 0, start, end);
  } else {
    copy.set(bytes.subarray(start, end));
  }
  return copy;
}

const VALUE_ENCODER = {
  encode: (value: Buffer): Buffer => value,
  decode: (bytes: Uint8Array): Buffer => copyOf(bytes, 0, bytes.length),
};

const KEY_ENCODER = {
  writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
    target.set(key, start);
    return start + key.length;
  },
  readKey: copyOf,
};

function* entriesOf(
  database: Database,
  options: RangeOptions,
  transaction?: ReturnType<Database['useReadTransaction']>,
): Iterable<Entry> {
  const { start, end, reverse, limit } = options;
  if (Buffer.compare(start, end) >= 0) {
    return;
  }
  // lmdb names the bound where the walk begins `start`, also when walking backwards, and includes it.
  const bounds =
    reverse === true
      ? { start: end, end: start, inclusiveEnd: true, exclusiveStart: true, reverse }
      : { start, end };
  const range = database.getRange({
    ...bounds,
    ...(limit === undefined ? {} : { limit }),
    ...(transaction === undefined ? {} : { transaction }),
  });
  for (const entry of range) {
    yield entry;
  }
}

function readView(database: Database, transaction?: ReturnType<Database['useReadTransaction']>): ReadView {
  const options = transaction === undefined ? undefined : { transaction };
  return {
    get: (key) => database.get(key, options),
    range: (range) => entriesOf(database, range, transaction),
  };
}

/** Settings of `openLmdbStore`. */
export interface LmdbOptions {
  /** 'sync' flushes every commit to disk before it is acknowledged; 'nosync' leaves that to the system. */
  durability: 'sync' | 'nosync';
}

/**
 * Opens (and creates if need be) the store in a directory.
 * Throws when the directory cannot be written or is not a store.
 */
export function openLmdbStore(directory: string, options: LmdbOptions): Store {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'data.mdb');
  const database: Database = open<Buffer, Buffer>({
    path: file,
    encoder: VALUE_ENCODER,
    keyEncoder: KEY_ENCODER,
    // Acknowledged means flushed: with overlapping syncs a commit would be reported before its flush.
    overlappingSync: false,
    noSync: options.durability === 'nosync',
    maxReaders: 512,
  });
  const current = readView(database);
  const writeView: WriteView = {
    get: current.get,
    range: current.range,
    put(key, value) {
      database.putSync(key, value);
    },
    del(key) {
      database.removeSync(key);
    },
  };
  let queue: Pending[] = [];
  let flushing: Promise<void> | undefined;
  let closed = false;

  function runBatch(batch: readonly Pending[]): Outcome[] {
    return batch.map((pending) => {
      try {
        // A child transaction per work: one that throws is undone alone.
        let value: unknown;
        void database.childTransaction(() => {
          value = pending.work(writeView);
        });
        return { value };
      } catch (error) {
        return { error };
      }
    });
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, MAX_WORKS_PER_COMMIT);
      queue = queue.slice(MAX_WORKS_PER_COMMIT);
      try {
        let outcomes: Outcome[] = [];
        const work = () => {
          outcomes = runBatch(batch);
        };
        if (options.durability === 'nosync') {
          database.transactionSync(work);
        } else {
          // The flush to disk happens on another thread, so that reads go on meanwhile.
          await database.transaction(work);
        }
        database.resetReadTxn();
        batch.forEach((pending, index) => {
          const outcome = outcomes[index];
          if (outcome === undefined) {
            pending.reject(new Error('write was not run'));
          } else if ('error' in outcome) {
            pending.reject(outcome.error);
          } else {
            pending.resolve(outcome.value);
          }
        });
      } catch (error) {
        for (const pending of batch) {
          pending.reject(error);
        }
      }
    }
    // In the same step as the look at the queue: what is queued from now on schedules a new flush.
    flushing = undefined;
  }

  function schedule(): void {
    // Writes that arrive in the same turn of the event loop, from several connections, share the commit.
    flushing ??= new Promise<void>((resolve) => {
      setImmediate(() => {
        void flush().then(resolve);
      });
    });
  }

  return {
    get: current.get,
    range: current.range,
    atomically<T>(work: (view: WriteView) => T): Promise<T> {
      if (closed) {
        return Promise.reject(new Error('the store is closed'));
      }
      return new Promise<T>((resolve, reject) => {
        queue.push({ work, resolve: (value) => resolve(value as T), reject });
        schedule();
      });
    },
    snapshot(): Snapshot {
      database.resetReadTxn();
      const transaction = database.useReadTransaction();
      let released = false;
      return {
        ...readView(database, transaction),
        release() {
          if (!released) {
            released = true;
            transaction.done();
          }
        },
      };
    },
    refresh() {
      database.resetReadTxn();
    },
    sizeOnDisk: () => statSync(file).size,
    async close() {
      closed = true;
      while (flushing !== undefined) {
        await flushing;
      }
      await database.close();
    },
  };
}
