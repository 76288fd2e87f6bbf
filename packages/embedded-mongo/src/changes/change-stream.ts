import type { DocumentStream } from '../cursors.ts';
import type { Pacer } from '../pacing.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { identicalValues } from '../semantics/update-identity.ts';
import type { Signal } from '../signal.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
import { type Change, decodeRecord, type Origin } from './change.ts';
import { eventOf, type EventParts, invalidateEvent, isExpanded } from './event.ts';
import type { ChangeHistory, HistoryEntry } from './history.ts';
import {
  encodeToken,
  isSameCommit,
  ordinalOf,
  type Position,
  positionAfter,
  TOKEN_KIND,
} from './resume-token.ts';
import type { StreamOptions } from './stream-options.ts';

/** What a stream watches: everything, a database, or a collection. */
export interface StreamScope {
  db?: string;
  coll?: string;
}

/** What a stream needs besides the history. */
export interface StreamSettings {
  scope: StreamScope;
  options: StreamOptions;
  /** The first position that it has not told of. */
  start: Position;
  /** Set when the stream is to begin with the notice of its end, after this change. */
  ended?: { origin: Origin; position: Position };
  /** The document with an `_id` as it is now. */
  lookUp: (db: string, coll: string, id: unknown) => BsonDocument | undefined;
  /** The further stages. */
  run: (events: BsonDocument[]) => Iterable<BsonDocument>;
  pacer: () => Pacer;
}

/** How long one `take` looks for events before it answers without, in milliseconds. */
const SEARCH_MS = 250;

const NOT_RESUMABLE = { errorLabels: ['NonResumableChangeStreamError'] };

/** The error of a stream that cannot go on, and that no driver should try to resume. */
export function fatalStreamError(code: number, message: string): MongoServerError {
  return new MongoServerError(code, message, NOT_RESUMABLE);
}

/** True when a change ends the streams of a scope. */
export function endsStream({ db, coll }: StreamScope, change: Change): boolean {
  if (db === undefined) {
    return false;
  }
  if (coll === undefined) {
    return change.operation === 'dropDatabase';
  }
  return change.operation === 'drop' || change.operation === 'rename';
}

/** True when a stream of a scope tells of a change. */
export function concerns({ db, coll }: StreamScope, change: Change): boolean {
  const { to } = change;
  if (change.coll?.startsWith('system.') === true) {
    return false;
  }
  if (coll === undefined) {
    return db === undefined || change.db === db || to?.db === db;
  }
  return (change.db === db && change.coll === coll) || (to?.db === db && to?.coll === coll);
}

/** The events of a scope, as they happen; it goes on until its collection or database is gone. */
export class ChangeStream implements DocumentStream {
  /** Fires when there may be more. */
  readonly grows: Signal;
  /** True when there is more to look at than the last `take` had time for. */
  isBehind = false;
  private readonly history: ChangeHistory;
  private readonly settings: StreamSettings;
  private next: Position;
  private token: BsonDocument;
  private readonly ready: { event: Uint8Array; token: BsonDocument }[] = [];
  private ended = false;

  /** Takes the history and what to show of it. */
  constructor(history: ChangeHistory, settings: StreamSettings) {
    this.history = history;
    this.settings = settings;
    this.grows = history.grown;
    this.next = settings.start;
    this.token = encodeToken(this.next, TOKEN_KIND.mark);
    if (settings.ended !== undefined) {
      this.end(settings.ended.origin, settings.ended.position);
    }
    // From here on whole records are told of; only the first may be one that the client knows the beginning of.
    const first = history.holding(this.next);
    if (first !== undefined && !this.ended) {
      this.tellOf(first);
    }
  }

  /** The token behind everything that was handed out: a stream that is resumed with it misses nothing. */
  get resumeToken(): BsonDocument {
    return this.token;
  }

  /** The database that the stream needs the changes of; undefined for all. */
  get database(): string | undefined {
    return this.settings.scope.db;
  }

  async take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }> {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    const pacer = this.settings.pacer();
    const end = performance.now() + SEARCH_MS;
    this.isBehind = false;
    for (;;) {
      while (documents.length < count && bytes < maxBytes) {
        const first = this.ready.shift();
        if (first === undefined) {
          break;
        }
        documents.push(first.event);
        bytes += first.event.length;
        this.token = first.token;
      }
      if (this.ready.length > 0 || documents.length >= count || bytes >= maxBytes || this.ended) {
        return { documents, done: this.ended && this.ready.length === 0 };
      }
      const entries = this.history.from(this.next);
      this.isBehind = entries.length > 0 && performance.now() > end;
      if (entries.length === 0 || this.isBehind) {
        return { documents, done: false };
      }
      for (const entry of entries) {
        this.tellOf(entry);
      }
      if (this.ready.length === 0) {
        this.token = encodeToken(this.next, TOKEN_KIND.mark);
      }
      await pacer.rest();
    }
  }

  /** Makes the events of a record ready, from the next position on. */
  private tellOf({ position, value }: HistoryEntry): void {
    const { origin, changes } = decodeRecord(value);
    const seen = isSameCommit(position, this.next)
      ? Math.max(0, ordinalOf(this.next) - ordinalOf(position))
      : 0;
    for (let index = seen; index < changes.length && !this.ended; index += 1) {
      const change = changes[index];
      if (change !== undefined && this.isShown(change)) {
        this.show(change, origin, positionAfter(position, index));
      }
    }
    this.next = positionAfter(position, Math.max(seen, changes.length));
  }

  private isShown(change: Change): boolean {
    const { scope, options } = this.settings;
    return concerns(scope, change) && (options.showExpandedEvents || !isExpanded(change));
  }

  private show(change: Change, origin: Origin, position: Position): void {
    this.put(eventOf(change, origin, position, this.partsOf(change)));
    if (endsStream(this.settings.scope, change)) {
      this.end(origin, position);
    }
  }

  private end(origin: Origin, position: Position): void {
    this.put(invalidateEvent(origin, position));
    this.ended = true;
  }

  private put(event: BsonDocument): void {
    const token = event._id;
    for (const shown of this.settings.run([event])) {
      if (!identicalValues(shown._id, token)) {
        throw fatalStreamError(
          280,
          'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point. Only transformations that retain the unmodified _id field are allowed.',
        );
      }
      this.ready.push({ event: encodeDocument(shown), token: token as BsonDocument });
    }
  }

  private partsOf(change: Change): EventParts {
    const { options, lookUp } = this.settings;
    const parts: EventParts = { expanded: options.showExpandedEvents };
    if (change.document !== undefined) {
      parts.fullDocument = change.document;
    } else if (change.operation === 'update' && options.fullDocument !== 'default') {
      parts.fullDocument =
        options.fullDocument === 'updateLookup'
          ? (lookUp(change.db, change.coll ?? '', change.key?._id) ?? null)
          : image(change, 'post-image', change.after, options.fullDocument === 'required');
    }
    if (
      ['update', 'replace', 'delete'].includes(change.operation) &&
      options.fullDocumentBeforeChange !== 'off'
    ) {
      const required = options.fullDocumentBeforeChange === 'required';
      parts.fullDocumentBeforeChange = image(change, 'pre-image', change.before, required);
    }
    return parts;
  }
}

function image(
  change: Change,
  name: string,
  kept: BsonDocument | undefined,
  required: boolean,
): BsonDocument | null {
  if (kept === undefined && required) {
    throw fatalStreamError(
      47,
      `Change stream was configured to require a ${name} for all update, delete and replace events, but the ${name} was not found for event of ${change.db}.${change.coll ?? ''}`,
    );
  }
  return kept ?? null;
}
