import { createHash } from 'node:crypto';

import { ObjectId, Timestamp } from 'bson';

import { collationKey, isEffectiveCollation } from './collation.ts';
import { decimalToNumber, scientificDigits, signOfDifference } from './decimal.ts';
import { MongoServerError } from './errors.ts';
import { arrayIndexOf, splitPath } from './paths.ts';
import type { BsonDocument, Collation } from './types.ts';
import {
  binaryParts,
  codeParts,
  compareValues,
  dateValue,
  documentOf,
  exactNumber,
  RANK,
  regexParts,
  typeRank,
} from './values.ts';

/** Sort direction of an index field. */
export type Direction = 1 | -1;

/** One field of an index or sort: dotted path and direction. */
export type IndexField = readonly [path: string, direction: Direction];

/** Length in bytes of a shortened key; every complete key is shorter. */
export const TRUNCATED_KEY_LENGTH = 1900;

/** Bytes at the start of a shortened key that are those of the complete key; the rest is a SHA-256. */
export const TRUNCATED_PREFIX_LENGTH = TRUNCATED_KEY_LENGTH - 32;

const END = 0x00;
const RESIDUE_BELOW = 0x01;
const RESIDUE_NONE = 0x02;
const RESIDUE_ABOVE = 0x03;
const POWER_BIAS = 8192;

/** Texts up to so many characters are written one by one, which is faster than a call into the engine. */
const SHORT_TEXT = 64;

/** Growing byte buffer; one is reused for all keys because encoding never yields. */
class KeyWriter {
  buffer: Buffer = Buffer.allocUnsafe(1024);
  length = 0;

  reserve(count: number): void {
    if (this.length + count > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + count));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length] = value;
    this.length += 1;
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.buffer.writeUInt32BE(value >>> 0, this.length);
    this.length += 4;
  }

  /** Text ended by one nought; the text must not contain any (BSON names, patterns). */
  name(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'));
    this.byte(END);
  }

  /** Text that may contain noughts: they become 00 FF and the end is 00 01, so that no text is a prefix of another. */
  text(value: string): void {
    if (!this.shortAscii(value)) {
      this.longText(value);
    }
    this.byte(0x00);
    this.byte(0x01);
  }

  /** Writes a text that is short and plain ASCII; false when it is not, with nothing written. */
  private shortAscii(value: string): boolean {
    const size = value.length;
    if (size > SHORT_TEXT) {
      return false;
    }
    this.reserve(size);
    const { buffer, length } = this;
    for (let index = 0; index < size; index += 1) {
      const code = value.charCodeAt(index);
      if (code === 0 || code > 0x7f) {
        return false;
      }
      buffer[length + index] = code;
    }
    this.length += size;
    return true;
  }

  private longText(value: string): void {
    const size = Buffer.byteLength(value, 'utf8');
    this.reserve(size * 2 + 2);
    if (value.includes('\0')) {
      for (const byte of Buffer.from(value, 'utf8')) {
        this.byte(byte);
        if (byte === 0) {
          this.byte(0xff);
        }
      }
    } else {
      this.length += this.buffer.write(value, this.length, 'utf8');
    }
  }

  invertFrom(start: number): void {
    for (let index = start; index < this.length; index += 1) {
      this.buffer[index] = ~(this.buffer[index] ?? 0) & 0xff;
    }
  }

  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.length);
    this.buffer.copy(copy, 0, 0, this.length);
    return copy;
  }
}

const writer = new KeyWriter();

/**
 * Order-preserving bytes of one value: comparing two results with memcmp gives `compareValues`. No result is a
 * proper prefix of another. The bytes are not shortened, however long the value is.
 */
export function encodeValue(value: unknown, collation?: Collation): Buffer {
  writer.length = 0;
  writeValue(value, isEffectiveCollation(collation) ? collation : undefined);
  return writer.copy();
}

/**
 * Order-preserving bytes of an index key: one value for each field, fields with direction −1 inverted.
 * Values may be fewer than the index has fields; the result is then the common prefix of all keys that start
 * with them. A key of `TRUNCATED_KEY_LENGTH` bytes or more is shortened to its prefix plus the SHA-256 of all
 * of it: such keys are equal only when the values are, but their order beyond the prefix means nothing
 * (see `isTruncatedKey`).
 */
export function encodeKey(
  values: readonly unknown[],
  directions: readonly Direction[],
  collation?: Collation,
): Buffer {
  writer.length = 0;
  const effective = isEffectiveCollation(collation) ? collation : undefined;
  for (let index = 0; index < values.length; index += 1) {
    const start = writer.length;
    writeValue(values[index], effective);
    if (directions[index] === -1) {
      writer.invertFrom(start);
    }
  }
  if (writer.length < TRUNCATED_KEY_LENGTH) {
    return writer.copy();
  }
  const whole = writer.buffer.subarray(0, writer.length);
  const digest = createHash('sha256').update(whole).digest();
  return Buffer.concat([whole.subarray(0, TRUNCATED_PREFIX_LENGTH), digest]);
}

/** True when `encodeKey` shortened the key, so that its place in the index is exact only up to its prefix. */
export function isTruncatedKey(key: Uint8Array): boolean {
  return key.length === TRUNCATED_KEY_LENGTH;
}

/**
 * The smallest key greater than every key that starts with `prefix`: an exclusive upper bound.
 * A prefix of nothing but FF bytes has none; eight more FF bytes stand for it.
 */
export function keyAfterPrefix(prefix: Uint8Array): Buffer {
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const byte = prefix[index] ?? 0xff;
    if (byte < 0xff) {
      const after = Buffer.from(prefix.subarray(0, index + 1));
      after[index] = byte + 1;
      return after;
    }
  }
  return Buffer.concat([prefix, Buffer.alloc(8, 0xff)]);
}

/**
 * The range [start, end) of all keys that start with the encoded values. When the prefix is so long that keys
 * may have been shortened within it, the range is widened to what shortened keys keep and `exact` is false.
 */
export function prefixRange(prefix: Buffer): { start: Buffer; end: Buffer; exact: boolean } {
  const exact = prefix.length <= TRUNCATED_PREFIX_LENGTH;
  const start = exact ? prefix : prefix.subarray(0, TRUNCATED_PREFIX_LENGTH);
  return { start, end: keyAfterPrefix(start), exact };
}

/**
 * Bytes that every key starts with whose next value is of the same comparison type as `value` (all numbers
 * together, strings with symbols): what a range condition such as `$gt: 5` may match, since it never crosses
 * types. Append to an encoded prefix and use with `prefixRange`.
 */
export function encodeTypeBracket(value: unknown, direction: Direction): Buffer {
  const rank = typeRank(value);
  return Buffer.from([direction === -1 ? ~rank & 0xff : rank]);
}

function writeValue(value: unknown, collation: Collation | undefined): void {
  const rank = typeRank(value);
  writer.byte(rank);
  writePayload(value, rank, collation);
}

function writePayload(value: unknown, rank: number, collation: Collation | undefined): void {
  switch (rank) {
    case RANK.number:
      writeNumber(value);
      return;
    case RANK.string: {
      const text = typeof value === 'string' ? value : String(value);
      if (collation === undefined) {
        writer.text(text);
      } else {
        writer.bytes(collationKey(text, collation));
      }
      return;
    }
    case RANK.object:
      writeDocument(documentOf(value) ?? {}, collation);
      return;
    case RANK.array:
      for (const element of Array.isArray(value) ? value : []) {
        writeValue(element, collation);
      }
      writer.byte(END);
      return;
    case RANK.binData: {
      const { bytes, subtype } = binaryParts(value);
      writer.uint32(bytes.length);
      writer.byte(subtype);
      writer.bytes(bytes);
      return;
    }
    case RANK.objectId:
      if (value instanceof ObjectId) {
        writer.bytes(value.id);
      }
      return;
    case RANK.bool:
      writer.byte(value === true ? 1 : 0);
      return;
    case RANK.date:
      writeDouble(dateValue(value));
      return;
    case RANK.timestamp:
      if (value instanceof Timestamp) {
        writer.uint32(value.t);
        writer.uint32(value.i);
      }
      return;
    case RANK.regex: {
      const { pattern, options } = regexParts(value);
      writer.name(pattern);
      writer.name(options);
      return;
    }
    case RANK.javascript:
      writer.text(codeParts(value).code);
      return;
    case RANK.javascriptWithScope: {
      const { code, scope } = codeParts(value);
      writer.text(code);
      writeDocument(scope ?? {}, collation);
      return;
    }
    default:
  }
}

function writeDocument(document: BsonDocument, collation: Collation | undefined): void {
  for (const key of Object.keys(document)) {
    const value = document[key];
    const rank = typeRank(value);
    writer.byte(rank);
    writer.name(key);
    writePayload(value, rank, collation);
  }
  writer.byte(END);
}

/**
 * A number is its nearest double in sortable form, then whether the number lies below, on or above that double;
 * where it does not lie on it (large int64, most decimals) its decimal digits follow. NaN comes first.
 */
function writeNumber(value: unknown): void {
  const exact = exactNumber(value);
  if (typeof exact === 'number') {
    writeDouble(exact);
    writer.byte(RESIDUE_NONE);
    return;
  }
  if (typeof exact === 'bigint') {
    const nearest = Number(exact);
    const rounded = BigInt(nearest);
    writeDouble(nearest);
    const magnitude = exact < 0n ? -exact : exact;
    writeResidue(exact < rounded ? -1 : exact > rounded ? 1 : 0, exact < 0n, magnitude, 0);
    return;
  }
  const nearest = decimalToNumber(exact);
  if (exact.kind !== 'finite') {
    writeDouble(nearest);
    writer.byte(RESIDUE_NONE);
    return;
  }
  const double = Number.isFinite(nearest) ? nearest : exact.negative ? -Number.MAX_VALUE : Number.MAX_VALUE;
  writeDouble(double);
  writeResidue(signOfDifference(exact, double), exact.negative, exact.coefficient, exact.exponent);
}

function writeResidue(difference: number, negative: boolean, coefficient: bigint, exponent: number): void {
  if (difference === 0) {
    writer.byte(RESIDUE_NONE);
    return;
  }
  writer.byte(difference < 0 ? RESIDUE_BELOW : RESIDUE_ABOVE);
  const start = writer.length;
  const { digits, power } = scientificDigits(coefficient, exponent);
  writer.byte((power + POWER_BIAS) >>> 8);
  writer.byte((power + POWER_BIAS) & 0xff);
  for (let index = 0; index < digits.length; index += 2) {
    const first = digits.charCodeAt(index) - 47;
    const second = index + 1 < digits.length ? digits.charCodeAt(index + 1) - 47 : 0;
    writer.byte((first << 4) | second);
  }
  writer.byte(END);
  if (negative) {
    writer.invertFrom(start);
  }
}

/** Sortable form of a double: sign bit flipped, negative numbers inverted, −0 as 0, NaN as eight noughts. */
function writeDouble(value: number): void {
  writer.reserve(8);
  const start = writer.length;
  writer.length += 8;
  if (Number.isNaN(value)) {
    writer.buffer.fill(0, start, start + 8);
    return;
  }
  writer.buffer.writeDoubleBE(value === 0 ? 0 : value, start);
  if (value < 0) {
    writer.invertFrom(start);
  } else {
    writer.buffer[start] = (writer.buffer[start] ?? 0) ^ 0x80;
  }
}

/** Progress of one index field while keys are made: where it stands in the document, or its final value. */
interface FieldState {
  parts: readonly string[];
  /** Next part to read; `parts.length` when the path has been read to its end. */
  at: number;
  node: unknown;
  /** True once `node` is the value to index. */
  done: boolean;
  found: boolean;
}

/** What `indexKeysOf` makes of one document. */
export interface IndexKeys {
  /** Encoded keys, each once, in the order in which they were found. */
  keys: Buffer[];
  /** The values behind each of `keys`. */
  values: unknown[][];
  /** True when an array was expanded, so that one document may have several keys. */
  multikey: boolean;
}

/** Options of `indexKeysOf`. */
export interface IndexKeyOptions {
  sparse?: boolean;
  collation?: Collation;
}

/**
 * The index keys of a document by MongoDB's rules: a missing field counts as null, an empty array as undefined,
 * an array gives one key for each distinct element, documents within one array give the fields' values
 * pairwise. A sparse index has no key for a document that has none of the fields.
 * Throws MongoServerError 171 when two fields lead to different arrays, and 16746 when a number in a path is a position
 * of an array as well as a field of its elements.
 */
export function indexKeysOf(
  document: BsonDocument,
  fields: readonly IndexField[],
  options: IndexKeyOptions = {},
): IndexKeys {
  const directions = fields.map(([, direction]) => direction);
  const plain = plainTuple(document, fields);
  if (plain !== undefined) {
    const { values, isFound } = plain;
    return isFound || options.sparse !== true
      ? { keys: [encodeKey(values, directions, options.collation)], values: [values], multikey: false }
      : { keys: [], values: [], multikey: false };
  }
  const tuples = indexTuples(document, fields, options.sparse === true);
  const single = tuples.tuples.length === 1 ? tuples.tuples[0] : undefined;
  if (single !== undefined) {
    return {
      keys: [encodeKey(single, directions, options.collation)],
      values: [single],
      multikey: tuples.multikey,
    };
  }
  const result: IndexKeys = { keys: [], values: [], multikey: tuples.multikey };
  const seen = new Set<string>();
  for (const tuple of tuples.tuples) {
    const key = encodeKey(tuple, directions, options.collation);
    const name = key.toString('latin1');
    if (!seen.has(name)) {
      seen.add(name);
      result.keys.push(key);
      result.values.push(tuple);
    }
  }
  return result;
}

/** The values of fields at the top level, none of which is an array: what most indexes are on. Undefined for others. */
function plainTuple(
  document: BsonDocument,
  fields: readonly IndexField[],
): { values: unknown[]; isFound: boolean } | undefined {
  const values: unknown[] = [];
  let isFound = false;
  for (const [path] of fields) {
    if (path.includes('.')) {
      return undefined;
    }
    const isThere = Object.hasOwn(document, path);
    const value = isThere ? document[path] : null;
    if (Array.isArray(value)) {
      return undefined;
    }
    isFound ||= isThere;
    values.push(value);
  }
  return { values, isFound };
}

function indexTuples(
  document: BsonDocument,
  fields: readonly IndexField[],
  sparse: boolean,
): { tuples: unknown[][]; multikey: boolean } {
  const result = { tuples: [] as unknown[][], multikey: false };
  const states = fields.map(([path]): FieldState => ({
    parts: splitPath(path),
    at: 0,
    node: document,
    done: false,
    found: false,
  }));
  collectTuples(states, fields, sparse, result);
  return result;
}

function collectTuples(
  states: readonly FieldState[],
  fields: readonly IndexField[],
  sparse: boolean,
  result: { tuples: unknown[][]; multikey: boolean },
): void {
  const advanced = states.map(advance);
  let array: readonly unknown[] | undefined;
  let arrayField = 0;
  for (let index = 0; index < advanced.length; index += 1) {
    const state = advanced[index];
    if (state === undefined || state.done || !Array.isArray(state.node)) {
      continue;
    }
    if (array === undefined) {
      array = state.node;
      arrayField = index;
    } else if (array !== state.node) {
      const names = [fields[index]?.[0] ?? '', fields[arrayField]?.[0] ?? ''];
      throw new MongoServerError(171, `cannot index parallel arrays [${names[0]}] [${names[1]}]`);
    }
  }
  if (array === undefined) {
    if (!sparse || advanced.some((state) => state.found)) {
      result.tuples.push(advanced.map((state) => state.node));
    }
    return;
  }
  result.multikey = true;
  const source = array;
  const count = Math.max(array.length, 1);
  for (let index = 0; index < count; index += 1) {
    collectTuples(
      advanced.map((state) =>
        state.done || state.node !== source ? state : enterElement(state, source, index),
      ),
      fields,
      sparse,
      result,
    );
  }
}

/** Follows embedded documents until the path ends, an array is met or nothing is there. */
function advance(state: FieldState): FieldState {
  let { at, node } = state;
  const { parts } = state;
  if (state.done) {
    return state;
  }
  while (at < parts.length) {
    if (Array.isArray(node)) {
      const name = parts[at] ?? '';
      const index = arrayIndexOf(name);
      if (index < 0 || index >= node.length) {
        return { parts, at, node, done: false, found: false };
      }
      assertUnambiguous(node, name);
      node = node[index];
      at += 1;
      continue;
    }
    const inner = documentOf(node);
    const part = parts[at] ?? '';
    if (inner === undefined || !Object.hasOwn(inner, part)) {
      return { parts, at: parts.length, node: null, done: true, found: false };
    }
    node = inner[part];
    at += 1;
  }
  return { parts, at, node, done: !Array.isArray(node), found: true };
}

/** A number in a path is a position; elements with a field of that name would be left out of the index. */
function assertUnambiguous(array: readonly unknown[], name: string): void {
  for (const element of array) {
    const inner = documentOf(element);
    if (inner !== undefined && Object.hasOwn(inner, name)) {
      throw new MongoServerError(
        16746,
        `Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), field: '${name}'`,
      );
    }
  }
}

function enterElement(state: FieldState, array: readonly unknown[], index: number): FieldState {
  const { parts, at } = state;
  if (at === parts.length) {
    return { parts, at, node: array.length === 0 ? undefined : array[index], done: true, found: true };
  }
  const element = array[index];
  if (documentOf(element) === undefined) {
    return { parts, at: parts.length, node: null, done: true, found: false };
  }
  return { parts, at, node: element, done: false, found: false };
}

/**
 * The values by which a document is sorted: for each field the smallest (direction 1) or largest (−1) of its
 * index keys, missing fields null. Throws MongoServerError 2 when two fields lead to different arrays, and 16746 as
 * `indexKeysOf` does.
 */
export function sortValuesOf(
  document: BsonDocument,
  fields: readonly IndexField[],
  collation?: Collation,
): unknown[] {
  let tuples: unknown[][];
  try {
    ({ tuples } = indexTuples(document, fields, false));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 171) {
      throw new MongoServerError(2, 'cannot sort with keys that are parallel arrays');
    }
    throw error;
  }
  let best = tuples[0] ?? [];
  for (const tuple of tuples) {
    if (compareSortValues(tuple, best, fields, collation) < 0) {
      best = tuple;
    }
  }
  return best;
}

/** Compares two results of `sortValuesOf`, honouring the directions. Returns a negative number, 0 or a positive one. */
export function compareSortValues(
  a: readonly unknown[],
  b: readonly unknown[],
  fields: readonly IndexField[],
  collation?: Collation,
): number {
  for (let index = 0; index < fields.length; index += 1) {
    const order = compareValues(a[index], b[index], collation);
    if (order !== 0) {
      return fields[index]?.[1] === -1 ? -order : order;
    }
  }
  return 0;
}
