import { Timestamp } from 'bson';
import { booleanOption, optionalField } from '../command-options.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';
import { decodeToken, type Position, positionAfter, positionAt, TOKEN_KIND } from './resume-token.ts';

const FULL_DOCUMENT = ['default', 'updateLookup', 'whenAvailable', 'required'] as const;
const BEFORE_CHANGE = ['off', 'whenAvailable', 'required'] as const;

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'fullDocument',
  'fullDocumentBeforeChange',
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'allChangesForCluster',
  'showExpandedEvents',
  'showSystemEvents',
]);

/** Where a stream begins. */
export interface StreamStart {
  position: Position;
  /** The change that the client says it has seen last, and whether it has seen the end of the stream after it. */
  seen?: { position: Position; ended: boolean };
}

/** What `$changeStream` asks for. */
export interface StreamOptions {
  fullDocument: (typeof FULL_DOCUMENT)[number];
  fullDocumentBeforeChange: (typeof BEFORE_CHANGE)[number];
  showExpandedEvents: boolean;
  allChangesForCluster: boolean;
  /** Absent: from now on. */
  start?: StreamStart;
}

function choice<T extends string>(
  stage: BsonDocument,
  field: string,
  allowed: readonly T[],
  otherwise: T,
): T {
  const value = optionalField(stage, field);
  if (value === undefined) {
    return otherwise;
  }
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new MongoServerError(
      2,
      `Enumeration value '${String(value)}' for field '$changeStream.${field}' is not a valid value.`,
    );
  }
  return found;
}

function startOf(stage: BsonDocument): StreamStart | undefined {
  const given = ['resumeAfter', 'startAfter', 'startAtOperationTime'].filter(
    (name) => optionalField(stage, name) !== undefined,
  );
  if (given.length > 1) {
    throw new MongoServerError(50865, 'Only one type of resume option is allowed, but multiple were found.');
  }
  const [name] = given;
  if (name === undefined) {
    return undefined;
  }
  const value = stage[name];
  if (name === 'startAtOperationTime') {
    if (!(value instanceof Timestamp)) {
      throw new MongoServerError(
        14,
        `BSON field '$changeStream.startAtOperationTime' is the wrong type, expected type 'timestamp'`,
      );
    }
    return { position: positionAt({ seconds: value.t, increment: value.i }, 0) };
  }
  const { position, kind } = decodeToken(value);
  if (kind === TOKEN_KIND.mark) {
    return { position };
  }
  if (kind === TOKEN_KIND.invalidate && name === 'resumeAfter') {
    throw new MongoServerError(
      260,
      `Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification.`,
    );
  }
  return {
    position: positionAfter(position),
    seen: { position, ended: kind === TOKEN_KIND.invalidate },
  };
}

/** Reads the argument of `$changeStream`. Throws MongoServerError for what it does not know. */
export function readStreamOptions(stage: unknown): StreamOptions {
  if (!isDocument(stage)) {
    throw new MongoServerError(
      50808,
      '$changeStream stage expects a document as argument, found something else',
    );
  }
  const unknown = Object.keys(stage).find((name) => !KNOWN_OPTIONS.has(name));
  if (unknown !== undefined) {
    throw new MongoServerError(40415, `BSON field '$changeStream.${unknown}' is an unknown field.`);
  }
  const start = startOf(stage);
  return {
    fullDocument: choice(stage, 'fullDocument', FULL_DOCUMENT, 'default'),
    fullDocumentBeforeChange: choice(stage, 'fullDocumentBeforeChange', BEFORE_CHANGE, 'off'),
    showExpandedEvents: booleanOption(stage, 'showExpandedEvents'),
    allChangesForCluster: booleanOption(stage, 'allChangesForCluster'),
    ...(start !== undefined && { start }),
  };
}
