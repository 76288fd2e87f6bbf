import { Long } from 'bson';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { countOption, cursorId, integerOption, optionalField, requiredString } from '../command-options.ts';
import type { Cursor, CursorTimeLimit, DocumentStream } from '../cursors.ts';
import { timeLimitError } from '../engine.ts';
import { isResumable } from '../error-codes.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isArray, isDocument } from '../semantics/values.ts';
import { RawDocument } from '../wire/bson-encode.ts';

/** Documents of a first batch when the client names no size. */
const DEFAULT_FIRST_BATCH = 101;
/** How long a getMore of a tailable cursor waits when the client does not say. */
const AWAIT_DATA_MS = 1000;
/** Bytes of documents in one reply; a last document may go a little beyond. */
const MAX_BATCH_BYTES = 15 * 1024 * 1024;

/** Settings of `cursorReply`. */
export interface CursorReplyOptions {
  batchSize?: number;
  /** Closes the cursor after the first batch. */
  singleBatch?: boolean;
  noCursorTimeout?: boolean;
  /** A getMore on the cursor that finds nothing waits for a while. */
  awaitsData?: boolean;
  /** The cursor stays open when its collection is dropped. */
  outlivesCollection?: boolean;
}

function raw(documents: readonly Uint8Array[]): RawDocument[] {
  return documents.map((document) => new RawDocument(document));
}

/**
 * The time limit of the command that opened a cursor. It goes on counting with the cursor's getMores and stands still
 * between them; the stream looks at the opening command's deadline.
 */
class TimeLimit implements CursorTimeLimit {
  private readonly opener: CommandContext;
  private left = 0;

  constructor(opener: CommandContext) {
    this.opener = opener;
    this.pause();
  }

  pause(): void {
    this.left = (this.opener.deadline ?? 0) - performance.now();
  }

  resume(): void {
    if (this.opener.server.failPoints.takeTimeOut()) {
      throw timeLimitError();
    }
    this.opener.deadline = performance.now() + this.left;
  }
}

/** Takes the first batch from a stream and keeps the rest, if any, as a cursor. */
export async function cursorReply(
  context: CommandContext,
  namespace: string,
  stream: DocumentStream,
  options: CursorReplyOptions = {},
): Promise<BsonDocument> {
  const count = options.batchSize ?? DEFAULT_FIRST_BATCH;
  const { documents, done } = await stream.take(count, MAX_BATCH_BYTES);
  let id = Long.ZERO;
  if (!done && options.singleBatch !== true) {
    const cursor = context.engine.cursors.open({
      namespace,
      stream,
      timesOut: options.noCursorTimeout !== true,
      ...(options.awaitsData === true ? { awaitsData: true } : {}),
      ...(options.outlivesCollection === true ? { outlivesCollection: true } : {}),
      ...(context.deadline === undefined || options.awaitsData === true
        ? {}
        : { timeLimit: new TimeLimit(context) }),
      ...(context.session === undefined ? {} : { session: context.session.id }),
      ...(context.transaction === undefined ? {} : { transaction: context.transaction }),
    });
    id = cursor.id;
  }
  return { cursor: { firstBatch: raw(documents), ...resumePoint(stream), id, ns: namespace } };
}

function resumePoint({ resumeToken }: DocumentStream): BsonDocument {
  return resumeToken === undefined ? {} : { postBatchResumeToken: resumeToken };
}

/** The batch size in a command's `cursor` document. Throws MongoServerError 14, 9 or 51024. */
export function cursorBatchSize(command: BsonDocument): number | undefined {
  const cursor = optionalField(command, 'cursor');
  if (cursor === undefined) {
    return undefined;
  }
  if (!isDocument(cursor)) {
    throw new MongoServerError(14, `BSON field 'cursor' is the wrong type, expected type 'object'`);
  }
  return countOption(cursor, 'batchSize');
}

/** The next documents; when there are none, those of the next writes within maxTimeMS (a second by default). */
async function takeOrWait(
  context: CommandContext,
  cursor: Cursor,
  count: number,
): Promise<{ documents: Uint8Array[]; done: boolean }> {
  const { engine } = context;
  const { stream } = cursor;
  const end = context.deadline ?? performance.now() + AWAIT_DATA_MS;
  let news = 0;
  const unsubscribe = (stream.grows ?? engine.written).subscribe(() => {
    news += 1;
    cursor.wake?.();
  });
  try {
    for (;;) {
      const seen = news;
      const batch = await stream.take(count, MAX_BATCH_BYTES);
      const left = end - performance.now();
      if (batch.documents.length > 0 || batch.done || left <= 0) {
        return batch;
      }
      if (news === seen && stream.isBehind !== true) {
        await woken(cursor, left);
      }
      // Throws when the cursor was killed meanwhile.
      engine.cursors.find(cursor.id);
    }
  } finally {
    unsubscribe();
  }
}

function woken(cursor: Cursor, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    timer.unref();
    cursor.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function getMore(context: CommandContext): Promise<BsonDocument> {
  const { command, engine } = context;
  const id = cursorId(command.getMore, 'getMore');
  const namespace = `${context.database}.${requiredString(command, 'collection')}`;
  const batchSize = integerOption(command, 'batchSize');
  if (batchSize !== undefined && batchSize < 0) {
    throw new MongoServerError(2, 'batchSize for getMore must not be negative');
  }
  const cursor = engine.cursors.find(id);
  if (cursor.namespace !== namespace) {
    throw new MongoServerError(
      13,
      `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
    );
  }
  if (
    cursor.session !== undefined &&
    context.session !== undefined &&
    cursor.session !== context.session.id
  ) {
    throw new MongoServerError(
      13,
      `Cannot run getMore on cursor ${id.toString()}, which was created in another session`,
    );
  }
  if (cursor.transaction !== context.transaction) {
    throw new MongoServerError(50738, 'the cursor belongs to another transaction');
  }
  if (cursor.busy) {
    throw new MongoServerError(12051, `cursor ${id.toString()} is already in use`);
  }
  cursor.busy = true;
  try {
    cursor.timeLimit?.resume();
    injectFailure(context);
    const count = batchSize === undefined || batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize;
    const { documents, done } = cursor.awaitsData
      ? await takeOrWait(context, cursor, count)
      : await cursor.stream.take(count, MAX_BATCH_BYTES);
    if (done) {
      engine.cursors.close(id);
    }
    return {
      cursor: {
        nextBatch: raw(documents),
        ...resumePoint(cursor.stream),
        id: done ? Long.ZERO : id,
        ns: namespace,
      },
    };
  } catch (error) {
    engine.cursors.close(id);
    throw cursor.outlivesCollection === true ? labelled(error) : error;
  } finally {
    cursor.timeLimit?.pause();
    cursor.busy = false;
    cursor.lastUse = Date.now();
  }
}

function injectFailure(context: CommandContext): void {
  const failure = context.server.failPoints.takeGetMore();
  if (failure === undefined) {
    return;
  }
  context.closesConnection = failure.closeConnection;
  if (failure.errorCode !== undefined) {
    throw new MongoServerError(
      failure.errorCode,
      `Failing getMore via 'failGetMoreAfterCursorCheckout' failpoint`,
    );
  }
}

/** Tells drivers of an error in a change stream whether opening it again can help. */
function labelled(error: unknown): unknown {
  return error instanceof MongoServerError && isResumable(error.code)
    ? new MongoServerError(error.code, error.message, {
        ...error.details,
        errorLabels: ['ResumableChangeStreamError'],
      })
    : error;
}

function killCursors(context: CommandContext): BsonDocument {
  const { command, engine } = context;
  if (!isArray(command.cursors)) {
    throw new MongoServerError(
      14,
      `BSON field 'killCursors.cursors' is the wrong type, expected type 'array'`,
    );
  }
  const killed: Long[] = [];
  const notFound: Long[] = [];
  for (const value of command.cursors) {
    const id = cursorId(value, 'cursors');
    (engine.cursors.close(id) ? killed : notFound).push(id);
  }
  return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [] };
}

/** getMore and killCursors. */
export const cursorCommands: Readonly<Record<string, CommandDefinition>> = {
  getMore: { run: getMore, inTransaction: true },
  killCursors: { run: killCursors, inTransaction: true },
};
