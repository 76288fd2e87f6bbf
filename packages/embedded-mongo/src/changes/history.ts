import { LogicalClock, timestampOf } from '../logical-clock.ts';
import { Timestamp } from 'bson';
import { Signal } from '../signal.ts';
import {
  changeKey,
  changeRange,
  historyStartKey,
  parseChangeKey,
  parseWatchedKey,
  watchedKey,
  watchedRange,
} from '../storage/keyspace.ts';
import type { Entry, Store, WriteView } from '../storage/store.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import { encodeDocument, RawDocument } from '../wire/bson-encode.ts';
import { type Change, decodeRecord, encodeRecord, type NewChange, type Origin } from './change.ts';
import { isSameCommit, ordinalOf, type Position, positionAfter, positionAt, timeOf } from './resume-token.ts';

/** How much history is kept. */
export interface HistoryLimits {
  /** Bytes of all records together. */
  maxBytes: number;
  /** Milliseconds; also how long changes are kept for a database that no stream is open on. */
  maxAgeMs: number;
}

/** 64 MiB, a week. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = { maxBytes: 64 << 20, maxAgeMs: 7 * 24 * 3_600_000 };

/** Stands for all databases. */
export const EVERY_DATABASE = '';

/** Bytes of documents in one record; a larger commit takes several. */
const RECORD_BYTES = 1 << 20;
/** Records read or discarded in one go. */
const BATCH = 16;
/** How often the use of a stream is noted on disk. */
const NOTE_USE_MS = 3_600_000;
/** What a change is taken to need beside the bytes of its document. */
const CHANGE_BYTES = 500;

/** Databases whose changes no stream shows. */
export const INTERNAL_DATABASES: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

const BEGINNING = positionAt({ seconds: 0, increment: 0 }, 0);

/** A record and the position of its first change. */
export interface HistoryEntry {
  position: Position;
  value: Buffer;
}

interface Watched {
  /** When the use of a stream was last noted, in milliseconds since 1970. */
  used: number;
  /** Settles when all changes from then on are stored. */
  ready: Promise<void>;
}

function sizeOf({ document }: NewChange): number {
  return CHANGE_BYTES + (document instanceof RawDocument ? document.bytes.length : 0);
}

function historyEntry({ key, value }: Entry): HistoryEntry {
  return { position: parseChangeKey(key), value };
}

/** The position behind the last change of a record. */
function endOf({ position, value }: HistoryEntry): Position {
  return positionAfter(position, decodeRecord(value).changes.length);
}

/**
 * The recent changes of the databases that change streams watch, stored in the same commit as the changes
 * themselves. Nothing is stored for a database before a stream is opened on it, nor after none was open for
 * `maxAgeMs`.
 */
export class ChangeHistory {
  readonly clock: LogicalClock;
  /** Fires after each commit that added changes. */
  readonly grown = new Signal();
  private readonly store: Store;
  private readonly limits: HistoryLimits;
  private readonly watched = new Map<string, Watched>();
  private bytes = 0;
  private hasNews = false;

  /** Takes up the history that the store holds. */
  constructor(store: Store, limits: HistoryLimits) {
    this.store = store;
    this.limits = limits;
    for (const { key, value } of store.range(watchedRange())) {
      const { used } = decodeDocument(value);
      this.watched.set(parseWatchedKey(key), {
        used: used instanceof Date ? used.getTime() : 0,
        ready: Promise.resolve(),
      });
    }
    for (const { value } of store.range(changeRange())) {
      this.bytes += value.length;
    }
    const last = this.last();
    this.clock = new LogicalClock(last === undefined ? undefined : timeOf(last.position));
  }

  /** True when changes of a database are to be stored. */
  records(database: string): boolean {
    return (
      this.watched.size > 0 &&
      (this.watched.has(database) || this.watched.has(EVERY_DATABASE)) &&
      !INTERNAL_DATABASES.has(database)
    );
  }

  /** Stores the changes of a commit; part of that commit. */
  append(view: WriteView, changes: readonly NewChange[], origin: Origin): void {
    if (changes.length === 0) {
      return;
    }
    const time = this.clock.tick();
    let start = 0;
    let bytes = 0;
    changes.forEach((change, index) => {
      bytes += sizeOf(change);
      if (bytes >= RECORD_BYTES || index === changes.length - 1) {
        const value = encodeRecord(origin, changes.slice(start, index + 1));
        view.put(changeKey(positionAt(time, start)), value);
        this.bytes += value.length;
        start = index + 1;
        bytes = 0;
      }
    });
    this.hasNews = true;
  }

  /** Has to be called after each commit: wakes the streams when it added changes. */
  announce(): void {
    if (this.hasNews) {
      this.hasNews = false;
      this.grown.fire();
    }
  }

  /**
   * Sees to it that the changes of a database (or of `EVERY_DATABASE`) are stored from now on, and notes that they
   * are wanted. Settles once every commit that is still to come is stored whole: `running` are the transactions
   * that began before.
   */
  async watch(database: string, running: readonly Promise<void>[]): Promise<void> {
    const now = Date.now();
    const known = this.watched.get(database);
    if (known !== undefined && now - known.used < NOTE_USE_MS) {
      return known.ready;
    }
    const ready = Promise.all(known === undefined ? running : []).then(() => this.noteUse(database, now));
    this.watched.set(database, { used: now, ready });
    try {
      await ready;
    } catch (error) {
      this.watched.delete(database);
      throw error;
    }
  }

  private noteUse(database: string, now: number): Promise<void> {
    return this.store.atomically((view) => {
      const key = watchedKey(database);
      const known = view.get(key);
      const since = known === undefined ? timestampOf(this.clock.tick()) : decodeDocument(known).since;
      view.put(key, encodeDocument({ since, used: new Date(now) }));
    });
  }

  /** The first position from which on a database's changes are known without a gap. */
  startOf(database: string): Position {
    const positions: Position[] = [];
    for (const name of new Set([database, EVERY_DATABASE])) {
      const known = this.store.get(watchedKey(name));
      const since = known === undefined ? undefined : decodeDocument(known).since;
      if (since instanceof Timestamp) {
        positions.push(positionAt({ seconds: since.t, increment: since.i }, 0));
      }
    }
    const [since = BEGINNING] = positions.sort(Buffer.compare);
    const discarded = this.store.get(historyStartKey()) ?? BEGINNING;
    return Buffer.compare(since, discarded) > 0 ? since : discarded;
  }

  /** The position behind the last change that is stored, or the start of what is known of a database. */
  endOf(database: string): Position {
    const last = this.last();
    const start = this.startOf(database);
    const end = last === undefined ? start : endOf(last);
    return Buffer.compare(end, start) > 0 ? end : start;
  }

  /** The change that is stored at a position, if there is one. */
  changeAt(position: Position): { change: Change; origin: Origin } | undefined {
    const entry = this.holding(position);
    if (entry === undefined) {
      return undefined;
    }
    const { origin, changes } = decodeRecord(entry.value);
    const change = changes[ordinalOf(position) - ordinalOf(entry.position)];
    return change === undefined ? undefined : { change, origin };
  }

  /** The record of a position's commit that begins there or before, if there is one. */
  holding(position: Position): HistoryEntry | undefined {
    const { start } = changeRange();
    const end = changeKey(positionAfter(position));
    const [found] = this.store.range({ start, end, reverse: true, limit: 1 });
    const entry = found === undefined ? undefined : historyEntry(found);
    return entry !== undefined && isSameCommit(entry.position, position) ? entry : undefined;
  }

  /** Some records in order, those that begin at a position or later. */
  from(position: Position): HistoryEntry[] {
    const { end } = changeRange();
    return [...this.store.range({ start: changeKey(position), end, limit: BATCH })].map(historyEntry);
  }

  private last(): HistoryEntry | undefined {
    const [entry] = this.store.range({ ...changeRange(), reverse: true, limit: 1 });
    return entry === undefined ? undefined : historyEntry(entry);
  }

  /**
   * Forgets what is beyond the limits: the oldest records, and databases that nobody has watched for long.
   * `open` are those that streams are open on.
   */
  async trim(now: number, open: ReadonlySet<string>): Promise<void> {
    for (const [database, { used }] of [...this.watched]) {
      if (open.has(database)) {
        await this.watch(database, []);
      } else if (used < now - this.limits.maxAgeMs) {
        this.watched.delete(database);
        await this.store.atomically((view) => {
          view.del(watchedKey(database));
        });
      }
    }
    while (this.oldestIsBeyond(now)) {
      await this.store.atomically((view) => {
        this.discardOldest(view, now);
      });
    }
  }

  private isBeyond({ position }: HistoryEntry, now: number): boolean {
    const oldest = (now - this.limits.maxAgeMs) / 1000;
    return this.watched.size === 0 || this.bytes > this.limits.maxBytes || timeOf(position).seconds < oldest;
  }

  private oldestIsBeyond(now: number): boolean {
    const [oldest] = this.store.range({ ...changeRange(), limit: 1 });
    return oldest !== undefined && this.isBeyond(historyEntry(oldest), now);
  }

  private discardOldest(view: WriteView, now: number): void {
    let end: Position | undefined;
    for (const entry of [...view.range({ ...changeRange(), limit: BATCH })].map(historyEntry)) {
      if (!this.isBeyond(entry, now)) {
        break;
      }
      view.del(changeKey(entry.position));
      this.bytes -= entry.value.length;
      end = endOf(entry);
    }
    if (end !== undefined) {
      view.put(historyStartKey(), end);
    }
  }
}
