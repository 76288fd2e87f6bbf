import type { CollectionInfo } from './catalog.ts';
import type { IndexScan, Plan } from './planner.ts';
import type { BsonDocument, Matcher } from './semantics/types.ts';
import { isDocument } from './semantics/values.ts';
import { documentKey, documentRange, type KeyRange, recordIdAtEnd } from './storage/keyspace.ts';
import type { Entry, ReadView } from './storage/store.ts';
import { decodeDocument, decodeFields } from './wire/bson-decode.ts';

/** A stored document with the id of its record. */
export interface StoredDocument {
  recordId: number;
  raw: Buffer;
}

/** Counts what a query read, for explain. */
export interface ScanStatistics {
  keysExamined: number;
  documentsExamined: number;
}

const FIRST_BATCH = 4;
const LARGEST_BATCH = 512;
const BATCH_BYTES = 1 << 20;

/**
 * Walks ranges of keys in batches. Between batches nothing is held open, so the walk may go on in a later turn of
 * the event loop: it continues behind the last key, in the state of the store of that moment.
 */
class RangeWalk {
  private readonly view: ReadView;
  private readonly reverse: boolean;
  private readonly ranges: KeyRange[];
  private batch: Entry[] = [];
  private position = 0;
  private size = FIRST_BATCH;
  /** The range that `batch` is the beginning of. */
  private active: KeyRange | undefined;
  /** True when `batch` holds all that is left of `active`. */
  private isLastBatch = false;

  constructor(view: ReadView, ranges: readonly KeyRange[], reverse: boolean) {
    this.view = view;
    this.ranges = [...ranges];
    this.reverse = reverse;
  }

  next(): Entry | undefined {
    for (;;) {
      const entry = this.batch[this.position];
      if (entry !== undefined) {
        this.position += 1;
        return entry;
      }
      if (!this.fill()) {
        return undefined;
      }
    }
  }

  /** Forgets what was read ahead, so that it is read anew: it may be outdated. */
  forgetReadAhead(): void {
    if (this.active === undefined || this.position >= this.batch.length) {
      return;
    }
    const last = this.batch[this.position - 1];
    this.ranges.unshift(last === undefined ? this.active : this.behind(last.key, this.active));
    this.active = undefined;
    this.batch = [];
    this.position = 0;
  }

  private behind(key: Buffer, range: KeyRange): KeyRange {
    return this.reverse
      ? { start: range.start, end: key }
      : { start: Buffer.concat([key, Buffer.from([0])]), end: range.end };
  }

  private fill(): boolean {
    const last = this.batch.at(-1);
    const range =
      this.active !== undefined && last !== undefined && !this.isLastBatch
        ? this.behind(last.key, this.active)
        : this.ranges.shift();
    this.batch = [];
    this.position = 0;
    this.active = range;
    if (range === undefined) {
      return false;
    }
    let bytes = 0;
    const limit = this.size;
    this.size = Math.min(this.size * 4, LARGEST_BATCH);
    for (const entry of this.view.range({ ...range, reverse: this.reverse, limit })) {
      this.batch.push(entry);
      bytes += entry.value.length;
      if (bytes > BATCH_BYTES) {
        break;
      }
    }
    this.isLastBatch = this.batch.length < limit && bytes <= BATCH_BYTES;
    return true;
  }
}

interface Source {
  next(): StoredDocument | undefined;
  forgetReadAhead(): void;
}

class CollectionSource implements Source {
  private readonly walk: RangeWalk;
  private readonly statistics: ScanStatistics;

  constructor(view: ReadView, collection: CollectionInfo, reverse: boolean, statistics: ScanStatistics) {
    this.walk = new RangeWalk(view, [documentRange(collection.id)], reverse);
    this.statistics = statistics;
  }

  forgetReadAhead(): void {
    this.walk.forgetReadAhead();
  }

  next(): StoredDocument | undefined {
    const entry = this.walk.next();
    if (entry === undefined) {
      return undefined;
    }
    this.statistics.documentsExamined += 1;
    return { recordId: recordIdAtEnd(entry.key), raw: entry.value };
  }
}

/** Looks up the single keys that ranges begin with, each when it is its turn. */
class KeyLookup {
  private readonly view: ReadView;
  private readonly ranges: readonly KeyRange[];
  private position = 0;

  constructor(view: ReadView, ranges: readonly KeyRange[]) {
    this.view = view;
    this.ranges = ranges;
  }

  next(): Entry | undefined {
    for (let range = this.ranges[this.position]; range !== undefined; range = this.ranges[this.position]) {
      this.position += 1;
      const value = this.view.get(range.start);
      if (value !== undefined) {
        return { key: range.start, value };
      }
    }
    return undefined;
  }

  forgetReadAhead(): void {
    // Nothing is read ahead.
  }
}

class IndexSource implements Source {
  private readonly view: ReadView;
  private readonly collection: CollectionInfo;
  private readonly unique: boolean;
  private readonly walk: RangeWalk | KeyLookup;
  private readonly seen: Set<number> | undefined;
  private readonly statistics: ScanStatistics;

  constructor(
    view: ReadView,
    collection: CollectionInfo,
    plan: IndexScan,
    seen: Set<number> | undefined,
    statistics: ScanStatistics,
  ) {
    this.view = view;
    this.collection = collection;
    this.unique = plan.index.unique;
    this.walk = plan.singleKeys
      ? new KeyLookup(view, plan.ranges)
      : new RangeWalk(view, plan.ranges, plan.reverse);
    this.seen = seen;
    this.statistics = statistics;
  }

  forgetReadAhead(): void {
    this.walk.forgetReadAhead();
  }

  nextRecordId(): number | undefined {
    for (;;) {
      const entry = this.walk.next();
      if (entry === undefined) {
        return undefined;
      }
      this.statistics.keysExamined += 1;
      const recordId = this.unique ? entry.value.readUIntBE(0, 6) : recordIdAtEnd(entry.key);
      if (this.seen === undefined) {
        return recordId;
      }
      if (!this.seen.has(recordId)) {
        this.seen.add(recordId);
        return recordId;
      }
    }
  }

  next(): StoredDocument | undefined {
    for (;;) {
      const recordId = this.nextRecordId();
      if (recordId === undefined) {
        return undefined;
      }
      // The document may be gone when the entry was read in an earlier turn of the event loop.
      const raw = this.view.get(documentKey(this.collection.id, recordId));
      if (raw !== undefined) {
        this.statistics.documentsExamined += 1;
        return { recordId, raw };
      }
    }
  }
}

class UnionSource implements Source {
  private readonly branches: Source[];

  constructor(branches: Source[]) {
    this.branches = branches;
  }

  forgetReadAhead(): void {
    for (const branch of this.branches) {
      branch.forgetReadAhead();
    }
  }

  next(): StoredDocument | undefined {
    for (;;) {
      const branch = this.branches[0];
      if (branch === undefined) {
        return undefined;
      }
      const found = branch.next();
      if (found !== undefined) {
        return found;
      }
      this.branches.shift();
    }
  }
}

function sourceOf(
  view: ReadView,
  collection: CollectionInfo | undefined,
  plan: Plan,
  statistics: ScanStatistics,
): Source {
  if (collection === undefined) {
    return new UnionSource([]);
  }
  switch (plan.kind) {
    case 'collection':
      return new CollectionSource(view, collection, plan.reverse, statistics);
    case 'index':
      return new IndexSource(view, collection, plan, plan.repeats ? new Set() : undefined, statistics);
    case 'union': {
      const seen = new Set<number>();
      return new UnionSource(
        plan.branches.map((branch) => new IndexSource(view, collection, branch, seen, statistics)),
      );
    }
    case 'empty':
      return new UnionSource([]);
  }
}

/** The top-level fields a filter looks at, or undefined when it may look at any. */
export function fieldsOfFilter(filter: BsonDocument): Set<string> | undefined {
  const fields = new Set<string>();
  const visit = (part: BsonDocument): boolean =>
    Object.keys(part).every((key) => {
      if (!key.startsWith('$')) {
        fields.add(key.split('.', 1)[0] ?? key);
        return true;
      }
      const branches = part[key];
      return (
        key === '$comment' ||
        (['$and', '$or', '$nor'].includes(key) &&
          Array.isArray(branches) &&
          branches.every((branch: unknown) => isDocument(branch) && visit(branch)))
      );
    });
  return visit(filter) ? fields : undefined;
}

/** A query's condition, ready to be tested on stored bytes. */
export interface Condition {
  matcher: Matcher;
  /** No condition at all: every document matches. */
  always: boolean;
  /** The fields that have to be decoded for the test; undefined: all. */
  fields: Set<string> | undefined;
}

/** Prepares a compiled filter for tests on stored bytes. */
export function conditionOf(filter: BsonDocument, matcher: Matcher): Condition {
  const fields = fieldsOfFilter(filter);
  return { matcher, always: Object.keys(filter).length === 0, fields };
}

/** A document that a scan found, with the array position that the positional operator stands for. */
export interface FoundDocument extends StoredDocument {
  arrayIndex?: number;
}

/**
 * Finds the documents of a plan that match a condition, one candidate at a time, so that the caller can let
 * others work in between.
 */
export class DocumentScan {
  readonly statistics: ScanStatistics = { keysExamined: 0, documentsExamined: 0 };
  private readonly source: Source;
  private readonly condition: Condition;
  /** True when what the source finds needs no test: it was looked up by all that the filter asks for. */
  private readonly isDecided: boolean;
  /** True when the positional operator needs the index of the matched element. */
  private readonly wantsArrayIndex: boolean;

  constructor(
    view: ReadView,
    collection: CollectionInfo | undefined,
    plan: Plan,
    condition: Condition,
    options: { wantsArrayIndex?: boolean } = {},
  ) {
    this.source = sourceOf(view, collection, plan, this.statistics);
    this.condition = condition;
    this.isDecided = condition.always || (plan.kind === 'index' && plan.singleKeys && plan.covers);
    this.wantsArrayIndex = options.wantsArrayIndex ?? false;
  }

  /** Examines one candidate: the document when it matches, false when it does not, undefined at the end. */
  step(): FoundDocument | false | undefined {
    const stored = this.source.next();
    if (stored === undefined) {
      return undefined;
    }
    if (this.isDecided) {
      return stored;
    }
    const { fields, matcher } = this.condition;
    const document = fields === undefined ? decodeDocument(stored.raw) : decodeFields(stored.raw, fields);
    if (!this.wantsArrayIndex) {
      return matcher.test(document) ? stored : false;
    }
    const { matched, arrayIndex } = matcher.match(document);
    return matched ? { ...stored, ...(arrayIndex === undefined ? {} : { arrayIndex }) } : false;
  }

  /** To be called before going on in a later command: what was read ahead may be outdated. */
  forgetReadAhead(): void {
    this.source.forgetReadAhead();
  }

  /** The next match, without letting others work in between. */
  next(): FoundDocument | undefined {
    for (;;) {
      const found = this.step();
      if (found !== false) {
        return found;
      }
    }
  }
}

/** Counts the entries of an index plan one at a time, without reading documents. */
export class EntryCounter {
  readonly statistics: ScanStatistics = { keysExamined: 0, documentsExamined: 0 };
  private readonly source: IndexSource;

  constructor(view: ReadView, collection: CollectionInfo, plan: IndexScan) {
    this.source = new IndexSource(view, collection, plan, undefined, this.statistics);
  }

  /** Counts one entry; false at the end. */
  step(): boolean {
    return this.source.nextRecordId() !== undefined;
  }
}
