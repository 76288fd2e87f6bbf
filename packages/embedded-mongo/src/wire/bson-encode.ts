import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
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

/** A document kept as its BSON bytes. The encoder copies it as it is. */
export class RawDocument {
  readonly bytes: Uint8Array;

  /** Takes the complete bytes of one BSON document; they are not checked. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Nesting at which encoding stops: results of updates and pipelines may be somewhat deeper than messages. */
const MAX_ENCODED_NESTING = 200;

let scratch = Buffer.allocUnsafeSlow(1 << 16);
let at = 0;

function reserve(size: number): void {
  if (at + size <= scratch.length) {
    return;
  }
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + size));
  scratch.copy(larger, 0, 0, at);
  scratch = larger;
}

function writeName(name: string): void {
  if (name.length < 32) {
    reserve(name.length + 1);
    let index = 0;
    for (; index < name.length; index += 1) {
      const code = name.charCodeAt(index);
      if (code >= 0x80 || code === 0) {
        break;
      }
      scratch[at + index] = code;
    }
    if (index === name.length) {
      at += index;
      scratch[at] = 0;
      at += 1;
      return;
    }
  }
  if (name.includes('\0')) {
    throw new MongoServerError(2, 'a field name or regular expression must not contain a null byte');
  }
  reserve(name.length * 3 + 1);
  at += scratch.write(name, at, 'utf8');
  scratch[at] = 0;
  at += 1;
}

function writeInt32(value: number): void {
  reserve(4);
  scratch.writeInt32LE(value, at);
  at += 4;
}

function writeDouble(value: number): void {
  reserve(8);
  scratch.writeDoubleLE(value, at);
  at += 8;
}

function writeLong(low: number, high: number): void {
  reserve(8);
  scratch.writeInt32LE(low | 0, at);
  scratch.writeInt32LE(high | 0, at + 4);
  at += 8;
}

function writeString(text: string): void {
  reserve(text.length * 3 + 5);
  const size = scratch.write(text, at + 4, 'utf8');
  scratch.writeInt32LE(size + 1, at);
  at += size + 4;
  scratch[at] = 0;
  at += 1;
}

function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

/** Writes the type byte and the name, and returns the position of the type byte. */
function header(type: number, name: string): void {
  reserve(1);
  scratch[at] = type;
  at += 1;
  writeName(name);
}

function writeBinary(bytes: Uint8Array, subtype: number): void {
  const old = subtype === 2;
  writeInt32(old ? bytes.length + 4 : bytes.length);
  reserve(1);
  scratch[at] = subtype;
  at += 1;
  if (old) {
    writeInt32(bytes.length);
  }
  writeBytes(bytes);
}

function writeNumber(name: string, value: number): void {
  if ((value | 0) === value && !Object.is(value, -0)) {
    header(0x10, name);
    writeInt32(value);
  } else {
    header(0x01, name);
    writeDouble(value);
  }
}

function writeObject(name: string, value: object, depth: number): void {
  if (Array.isArray(value)) {
    header(0x04, name);
    writeArray(value, depth + 1);
  } else if (value instanceof RawDocument) {
    header(0x03, name);
    writeBytes(value.bytes);
  } else if (value instanceof ObjectId) {
    header(0x07, name);
    writeBytes(value.id);
  } else if (value instanceof Int32) {
    header(0x10, name);
    writeInt32(value.value);
  } else if (value instanceof Double) {
    header(0x01, name);
    writeDouble(value.value);
  } else if (value instanceof Date) {
    header(0x09, name);
    const time = Number.isNaN(value.getTime()) ? 0 : value.getTime();
    writeLong(time % 4294967296, Math.floor(time / 4294967296));
  } else if (value instanceof Timestamp) {
    header(0x11, name);
    writeLong(value.low, value.high);
  } else if (value instanceof Long) {
    header(0x12, name);
    writeLong(value.low, value.high);
  } else if (value instanceof Decimal128) {
    header(0x13, name);
    writeBytes(value.bytes);
  } else if (value instanceof Binary) {
    header(0x05, name);
    writeBinary(value.buffer.subarray(0, value.position), value.sub_type);
  } else if (value instanceof Uint8Array) {
    header(0x05, name);
    writeBinary(value, 0);
  } else {
    writeRareObject(name, value, depth);
  }
}

function writeRareObject(name: string, value: object, depth: number): void {
  if (value instanceof BSONRegExp) {
    header(0x0b, name);
    writeName(value.pattern);
    writeName([...value.options].sort().join(''));
  } else if (value instanceof RegExp) {
    header(0x0b, name);
    writeName(value.source);
    writeName([...value.flags].filter((flag) => 'imsx'.includes(flag)).join(''));
  } else if (value instanceof Code) {
    writeCode(name, value, depth);
  } else if (value instanceof BSONSymbol) {
    header(0x0e, name);
    writeString(value.value);
  } else if (value instanceof MinKey) {
    header(0xff, name);
  } else if (value instanceof MaxKey) {
    header(0x7f, name);
  } else if (value instanceof DBRef) {
    header(0x03, name);
    const database = value.db === undefined ? {} : { $db: value.db };
    writeDocument({ $ref: value.collection, $id: value.oid, ...database, ...value.fields }, depth + 1);
  } else {
    header(0x03, name);
    writeDocument(value as BsonDocument, depth + 1);
  }
}

function writeCode(name: string, value: Code, depth: number): void {
  const code = String(value.code);
  if (value.scope === null || value.scope === undefined) {
    header(0x0d, name);
    writeString(code);
    return;
  }
  header(0x0f, name);
  const start = at;
  writeInt32(0);
  writeString(code);
  writeDocument(value.scope, depth + 1);
  scratch.writeInt32LE(at - start, start);
}

function writeValue(name: string, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      header(0x02, name);
      writeString(value);
      return;
    case 'number':
      writeNumber(name, value);
      return;
    case 'boolean':
      header(0x08, name);
      reserve(1);
      scratch[at] = value ? 1 : 0;
      at += 1;
      return;
    case 'bigint':
      header(0x12, name);
      reserve(8);
      scratch.writeBigInt64LE(BigInt.asIntN(64, value), at);
      at += 8;
      return;
    case 'object':
      if (value === null) {
        header(0x0a, name);
      } else {
        writeObject(name, value, depth);
      }
      return;
    default:
      header(0x0a, name);
  }
}

function open(depth: number): number {
  if (depth > MAX_ENCODED_NESTING) {
    throw new MongoServerError(15, `BSON depth exceeds the limit of ${MAX_ENCODED_NESTING}`);
  }
  const start = at;
  writeInt32(0);
  return start;
}

function close(start: number): void {
  reserve(1);
  scratch[at] = 0;
  at += 1;
  scratch.writeInt32LE(at - start, start);
}

function writeDocument(document: BsonDocument, depth: number): void {
  const start = open(depth);
  for (const name of Object.keys(document)) {
    const value = document[name];
    if (value !== undefined) {
      writeValue(name, value, depth);
    }
  }
  close(start);
}

function writeArray(array: readonly unknown[], depth: number): void {
  const start = open(depth);
  for (let index = 0; index < array.length; index += 1) {
    writeValue(String(index), array[index], depth);
  }
  close(start);
}

/**
 * Encodes a document after `headroom` free bytes, in a buffer of its own. Fields with the value undefined are
 * left out; an undefined array element becomes null. JavaScript integers within 32 bits become int32.
 * Throws MongoServerError 15 when nested too deeply.
 */
export function encodeDocument(document: BsonDocument | RawDocument, headroom = 0): Buffer<ArrayBuffer> {
  at = headroom;
  reserve(0);
  if (document instanceof RawDocument) {
    writeBytes(document.bytes);
  } else {
    writeDocument(document, 1);
  }
  const bytes = Buffer.allocUnsafe(at);
  scratch.copy(bytes, 0, 0, at);
  if (scratch.length > 1 << 22) {
    scratch = Buffer.allocUnsafeSlow(1 << 16);
  }
  return bytes;
}
