import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { setField } from '../semantics/values.ts';

/** Deepest nesting of documents and arrays that is accepted, as in MongoDB. */
export const MAX_NESTING = 180;

const NAME_CACHE_SIZE = 4096;
const nameCache: (string | undefined)[] = new Array<string | undefined>(NAME_CACHE_SIZE).fill(undefined);

let source: Buffer = Buffer.alloc(0);
let at = 0;
let limit = 0;

function malformed(reason: string): never {
  throw new MongoServerError(22, `Invalid BSON: ${reason}`);
}

/** Reads a zero-terminated field name. Names repeat from document to document, so they are cached by hash. */
function readName(): string {
  const start = at;
  let hash = 0;
  let byte = source[at] ?? 0;
  let ascii = true;
  while (byte !== 0) {
    hash = (hash * 31 + byte) | 0;
    ascii &&= byte < 0x80;
    at += 1;
    if (at >= limit) {
      return malformed('field name without end');
    }
    byte = source[at] ?? 0;
  }
  const end = at;
  at += 1;
  if (!ascii) {
    return source.toString('utf8', start, end);
  }
  const slot = (hash ^ (hash >>> 12)) & (NAME_CACHE_SIZE - 1);
  const cached = nameCache[slot];
  if (cached !== undefined && cached.length === end - start) {
    let same = 0;
    while (same < cached.length && cached.charCodeAt(same) === source[start + same]) {
      same += 1;
    }
    if (same === cached.length) {
      return cached;
    }
  }
  const name = source.toString('latin1', start, end);
  if (name.length <= 64) {
    nameCache[slot] = name;
  }
  return name;
}

function readInt32(): number {
  if (at + 4 > limit) {
    malformed('value runs past the end');
  }
  const value = source.readInt32LE(at);
  at += 4;
  return value;
}

function take(size: number): number {
  const start = at;
  if (size < 0 || start + size > limit) {
    malformed('value runs past the end');
  }
  at = start + size;
  return start;
}

function readString(): string {
  const size = readInt32();
  if (size < 1) {
    malformed('string length below one');
  }
  const start = take(size);
  const end = at - 1;
  if (source[end] !== 0) {
    malformed('string without terminator');
  }
  if (end - start <= 24) {
    let text = '';
    let index = start;
    for (; index < end; index += 1) {
      const byte = source[index] ?? 0;
      if (byte >= 0x80) {
        break;
      }
      text += String.fromCharCode(byte);
    }
    if (index === end) {
      return text;
    }
  }
  return source.toString('utf8', start, end);
}

function copyBytes(size: number): Uint8Array<ArrayBuffer> {
  const start = take(size);
  return Uint8Array.prototype.slice.call(source, start, start + size) as Uint8Array<ArrayBuffer>;
}

function readLong(): Long {
  const start = take(8);
  return new Long(source.readInt32LE(start), source.readInt32LE(start + 4));
}

function readBinary(): Binary {
  let size = readInt32();
  const subtype = source[take(1)] ?? 0;
  if (subtype === 2) {
    size = readInt32();
  }
  return new Binary(copyBytes(size), subtype);
}

function readValue(type: number, depth: number): unknown {
  switch (type) {
    case 0x01:
      return new Double(source.readDoubleLE(take(8)));
    case 0x02:
      return readString();
    case 0x03:
      return readDocument(depth + 1);
    case 0x04:
      return readArray(depth + 1);
    case 0x05:
      return readBinary();
    case 0x06:
      return undefined;
    case 0x07:
      return new ObjectId(copyBytes(12));
    case 0x08:
      return source[take(1)] !== 0;
    case 0x09: {
      const start = take(8);
      return new Date(source.readInt32LE(start + 4) * 4294967296 + source.readUInt32LE(start));
    }
    case 0x0a:
      return null;
    case 0x0b: {
      const pattern = readName();
      const options = readName();
      if (!/^[ilmsux]*$/.test(options)) {
        malformed('unknown regular expression option');
      }
      return new BSONRegExp(pattern, options);
    }
    case 0x0c: {
      const namespace = readString();
      const id = new ObjectId(copyBytes(12));
      return { $ref: namespace, $id: id };
    }
    case 0x0d:
      return new Code(readString());
    case 0x0e:
      return new BSONSymbol(readString());
    case 0x0f: {
      readInt32();
      const code = readString();
      return new Code(code, readDocument(depth + 1));
    }
    case 0x10:
      return new Int32(readInt32());
    case 0x11: {
      const value = readLong();
      return new Timestamp({ t: value.getHighBitsUnsigned(), i: value.getLowBitsUnsigned() });
    }
    case 0x12:
      return readLong();
    case 0x13:
      return new Decimal128(copyBytes(16));
    case 0x7f:
      return new MaxKey();
    case 0xff:
      return new MinKey();
    default:
      return malformed(`unknown type ${type}`);
  }
}

/** Enters a document or array: checks its size and returns the position of its final zero byte. */
function enter(depth: number): number {
  if (depth > MAX_NESTING) {
    malformed(`nested deeper than ${MAX_NESTING} levels`);
  }
  const start = at;
  const size = readInt32();
  const end = start + size - 1;
  if (size < 5 || end >= limit || source[end] !== 0) {
    malformed('document with a wrong length');
  }
  return end;
}

function leave(end: number): void {
  if (at !== end) {
    malformed('document whose elements do not fill it');
  }
  at = end + 1;
}

function readDocument(depth: number): BsonDocument {
  const end = enter(depth);
  const document: BsonDocument = {};
  while (at < end) {
    const type = source[at] ?? 0;
    at += 1;
    const name = readName();
    setField(document, name, readValue(type, depth));
  }
  leave(end);
  return document;
}

function readArray(depth: number): unknown[] {
  const end = enter(depth);
  const array: unknown[] = [];
  while (at < end) {
    const type = source[at] ?? 0;
    at += 1;
    while (at < end && source[at] !== 0) {
      at += 1;
    }
    at += 1;
    array.push(readValue(type, depth));
  }
  leave(end);
  return array;
}

/** Steps over a value without building it. */
function skipValue(type: number): void {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      take(8);
      return;
    case 0x02:
    case 0x0d:
    case 0x0e:
      take(readInt32());
      return;
    case 0x03:
    case 0x04:
    case 0x0f:
      take(readInt32() - 4);
      return;
    case 0x05:
      take(readInt32() + 1);
      return;
    case 0x07:
      take(12);
      return;
    case 0x08:
      take(1);
      return;
    case 0x0b:
      readName();
      readName();
      return;
    case 0x0c:
      take(readInt32() + 12);
      return;
    case 0x10:
      take(4);
      return;
    case 0x13:
      take(16);
      return;
    case 0x06:
    case 0x0a:
    case 0x7f:
    case 0xff:
      return;
    default:
      malformed(`unknown type ${type}`);
  }
}

function begin(bytes: Buffer, offset: number): void {
  source = bytes;
  at = offset;
  limit = bytes.length;
}

/**
 * Decodes the BSON document that starts at `offset`: numbers keep their BSON type, documents become plain
 * objects (a DBRef too), and nothing refers to `bytes` afterwards. So many outermost levels as `wrapping` says do
 * not count as nesting.
 * Throws MongoServerError 22 when the bytes are not one well-formed document or are nested too deeply.
 */
export function decodeDocument(bytes: Buffer, offset = 0, wrapping = 0): BsonDocument {
  begin(bytes, offset);
  return readDocument(1 - wrapping);
}

/**
 * Decodes only the named top-level fields of a document, in the document's order; the others are stepped over.
 * Several times faster than a whole decode, for filters and sorts that look at few fields.
 */
export function decodeFields(bytes: Buffer, wanted: ReadonlySet<string>): BsonDocument {
  begin(bytes, 0);
  const end = enter(1);
  const document: BsonDocument = {};
  let left = wanted.size;
  while (at < end && left > 0) {
    const type = source[at] ?? 0;
    at += 1;
    const name = readName();
    if (wanted.has(name)) {
      setField(document, name, readValue(type, 1));
      left -= 1;
    } else {
      skipValue(type);
    }
  }
  return document;
}

/** Byte length that the document at `offset` declares. Throws MongoServerError 22 when it cannot be right. */
export function documentLength(bytes: Buffer, offset: number): number {
  begin(bytes, offset);
  return enter(1) + 1 - offset;
}
