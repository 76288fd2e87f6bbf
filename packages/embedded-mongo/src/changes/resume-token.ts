import type { LogicalTime } from '../logical-clock.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';

/**
 * A place in the change history: seconds, counter and number of the change within the commit, four bytes each,
 * so that places compare as their bytes do.
 */
export type Position = Buffer;

const POSITION_BYTES = 12;
const VERSION = 1;

/** What a token stands for. */
export const TOKEN_KIND = {
  /** Everything before the position has been seen. */
  mark: 0,
  /** The change at the position has been seen. */
  change: 1,
  /** The notice that the stream ended has been seen; it follows the change at the position. */
  invalidate: 2,
} as const;

/** One of `TOKEN_KIND`. */
export type TokenKind = (typeof TOKEN_KIND)[keyof typeof TOKEN_KIND];

/** A resume token, read. */
export interface ResumeToken {
  position: Position;
  kind: TokenKind;
}

/** The position of a change: the time of its commit and its number within it. */
export function positionAt(time: LogicalTime, ordinal: number): Position {
  const position = Buffer.allocUnsafe(POSITION_BYTES);
  position.writeUInt32BE(time.seconds, 0);
  position.writeUInt32BE(time.increment, 4);
  position.writeUInt32BE(ordinal, 8);
  return position;
}

/** The time of a position. */
export function timeOf(position: Position): LogicalTime {
  return { seconds: position.readUInt32BE(0), increment: position.readUInt32BE(4) };
}

/** The number of a position within its commit. */
export function ordinalOf(position: Position): number {
  return position.readUInt32BE(8);
}

/** True when two positions are of one commit. */
export function isSameCommit(a: Position, b: Position): boolean {
  return Buffer.compare(a.subarray(0, 8), b.subarray(0, 8)) === 0;
}

/** The position `count` changes behind another of the same commit. */
export function positionAfter(position: Position, count = 1): Position {
  return positionAt(timeOf(position), ordinalOf(position) + count);
}

/** The token that clients keep. Tokens order as what they stand for. */
export function encodeToken(position: Position, kind: TokenKind): BsonDocument {
  const bytes = Buffer.concat([Buffer.from([VERSION]), position, Buffer.from([kind])]);
  return { _data: bytes.toString('hex').toUpperCase() };
}

function isTokenKind(value: number | undefined): value is TokenKind {
  return Object.values<number | undefined>(TOKEN_KIND).includes(value);
}

/** Reads a token of `encodeToken`. Throws MongoServerError 40647 or 9 for anything else. */
export function decodeToken(token: unknown): ResumeToken {
  if (!isDocument(token) || typeof token._data !== 'string') {
    throw new MongoServerError(40647, 'Bad resume token: _data of missing or of wrong type');
  }
  const bytes = Buffer.from(token._data, 'hex');
  const kind = bytes[POSITION_BYTES + 1];
  const whole = bytes.length === POSITION_BYTES + 2 && token._data.length === bytes.length * 2;
  if (!whole || bytes[0] !== VERSION || !isTokenKind(kind)) {
    throw new MongoServerError(9, 'resume token string was not a token of this server');
  }
  return { position: bytes.subarray(1, POSITION_BYTES + 1), kind };
}
