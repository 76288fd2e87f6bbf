import { randomBytes } from 'node:crypto';
import { Long } from 'bson';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import type { Signal } from './signal.ts';
import type { Transaction } from './transactions.ts';

/** Documents handed out in batches. */
export interface DocumentStream {
  /**
   * The next documents, at most `count` and not many more than `maxBytes` together.
   * `done` says that there are no more.
   */
  take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }>;
  /** Of a stream that waits for something other than the next write: fires when there may be more. */
  readonly grows?: Signal;
  /** True when there is more to look at than the last `take` had time for. */
  readonly isBehind?: boolean;
  /** Of a change stream: the token with which it can be resumed after what was handed out. */
  readonly resumeToken?: BsonDocument;
}

/** A time limit that counts only while a command works on the cursor. */
export interface CursorTimeLimit {
  pause(): void;
  /** Throws MongoServerError 50 when a fail point says so. */
  resume(): void;
}

/** An open cursor. */
export interface Cursor {
  id: Long;
  namespace: string;
  stream: DocumentStream;
  session?: string;
  transaction?: Transaction;
  lastUse: number;
  timesOut: boolean;
  batchSize?: number;
  timeLimit?: CursorTimeLimit;
  /** A getMore that finds nothing waits for a while for what is written next. */
  awaitsData?: boolean;
  /** It stays open when its collection is dropped, to tell of that. */
  outlivesCollection?: boolean;
  /** Ends the waiting of a getMore. */
  wake?: () => void;
  busy: boolean;
}

/** Milliseconds after which an unused cursor is closed. */
export const CURSOR_TIMEOUT_MS = 10 * 60_000;

/** The cursors that clients may go on reading from. */
export class CursorTable {
  private readonly cursors = new Map<string, Cursor>();

  /** Keeps a stream for later batches and gives it a random, positive id. */
  open(cursor: Omit<Cursor, 'id' | 'lastUse' | 'busy'>): Cursor {
    const bytes = randomBytes(8);
    bytes[7] = (bytes[7] ?? 0) & 0x3f;
    bytes[0] = (bytes[0] ?? 0) | 1;
    const opened = {
      ...cursor,
      id: new Long(bytes.readInt32LE(0), bytes.readInt32LE(4)),
      lastUse: Date.now(),
      busy: false,
    };
    this.cursors.set(opened.id.toString(), opened);
    return opened;
  }

  /** Finds a cursor. Throws MongoServerError 43 when there is none of that id. */
  find(id: Long): Cursor {
    const cursor = this.cursors.get(id.toString());
    if (cursor === undefined) {
      throw new MongoServerError(43, `cursor id ${id.toString()} not found`);
    }
    cursor.lastUse = Date.now();
    return cursor;
  }

  /** Closes a cursor; false when there is none of that id. */
  close(id: Long): boolean {
    const cursor = this.cursors.get(id.toString());
    this.cursors.delete(id.toString());
    cursor?.wake?.();
    return cursor !== undefined;
  }

  /** Closes the cursors on collections that are gone. */
  closeOn(isGone: (namespace: string) => boolean): void {
    this.closeWhere((cursor) => cursor.outlivesCollection !== true && isGone(cursor.namespace));
  }

  /** Closes all cursors that satisfy a condition. */
  closeWhere(condition: (cursor: Cursor) => boolean): void {
    for (const [id, cursor] of this.cursors) {
      if (condition(cursor)) {
        this.cursors.delete(id);
        cursor.wake?.();
      }
    }
  }

  /** Closes the cursors that were not used for the time-out. */
  expire(now: number): void {
    this.closeWhere((cursor) => cursor.timesOut && !cursor.busy && cursor.lastUse < now - CURSOR_TIMEOUT_MS);
  }

  /** The streams of all open cursors. */
  streams(): DocumentStream[] {
    return [...this.cursors.values()].map((cursor) => cursor.stream);
  }

  /** Number of open cursors. */
  get size(): number {
    return this.cursors.size;
  }
}
