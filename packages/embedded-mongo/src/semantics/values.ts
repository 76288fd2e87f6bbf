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
  UUID,
} from 'bson';

import { collationKey, isEffectiveCollation } from './collation.ts';
import { compareFiniteDecimals, decimalParts, decimalToNumber, signOfDifference } from './decimal.ts';
import type { DecimalParts } from './decimal.ts';
import type { BsonDocument, Collation } from './types.ts';

/** MongoDB's names of BSON types, as `$type` takes them. */
export type TypeName =
  | 'double'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'undefined'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'null'
  | 'regex'
  | 'dbPointer'
  | 'javascript'
  | 'symbol'
  | 'javascriptWithScope'
  | 'int'
  | 'timestamp'
  | 'long'
  | 'decimal'
  | 'minKey'
  | 'maxKey';

const TYPE_NUMBERS: Readonly<Record<TypeName, number>> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};

/** Rank of each type in MongoDB's order across types; types of one rank are compared by value. */
const TYPE_RANKS: Readonly<Record<TypeName, number>> = {
  minKey: 5,
  undefined: 10,
  null: 15,
  int: 20,
  long: 20,
  double: 20,
  decimal: 20,
  string: 30,
  symbol: 30,
  object: 40,
  array: 50,
  binData: 60,
  objectId: 70,
  bool: 80,
  date: 90,
  timestamp: 95,
  regex: 100,
  dbPointer: 110,
  javascript: 120,
  javascriptWithScope: 130,
  maxKey: 200,
};

/** Ranks by name, for code that needs to tell the types of `typeRank` apart. */
export const RANK = {
  minKey: 5,
  undefined: 10,
  null: 15,
  number: 20,
  string: 30,
  object: 40,
  array: 50,
  binData: 60,
  objectId: 70,
  bool: 80,
  date: 90,
  timestamp: 95,
  regex: 100,
  dbPointer: 110,
  javascript: 120,
  javascriptWithScope: 130,
  maxKey: 200,
} as const;

type ClassTypeName = Exclude<TypeName, 'javascript' | 'javascriptWithScope'> | 'code';

const typeByPrototype = new WeakMap<object, ClassTypeName>([
  [Object.prototype, 'object'],
  [Int32.prototype, 'int'],
  [Double.prototype, 'double'],
  [Long.prototype, 'long'],
  [Decimal128.prototype, 'decimal'],
  [ObjectId.prototype, 'objectId'],
  [Date.prototype, 'date'],
  [Binary.prototype, 'binData'],
  [UUID.prototype, 'binData'],
  [Buffer.prototype, 'binData'],
  [Uint8Array.prototype, 'binData'],
  [BSONRegExp.prototype, 'regex'],
  [RegExp.prototype, 'regex'],
  [Timestamp.prototype, 'timestamp'],
  [BSONSymbol.prototype, 'symbol'],
  [Code.prototype, 'code'],
  [DBRef.prototype, 'object'],
  [MinKey.prototype, 'minKey'],
  [MaxKey.prototype, 'maxKey'],
]);

function classTypeOf(value: object): ClassTypeName {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || typeof prototype !== 'object') {
    return 'object';
  }
  const known = typeByPrototype.get(prototype);
  if (known !== undefined) {
    return known;
  }
  const found = classTypeByTag(value);
  typeByPrototype.set(prototype, found);
  return found;
}

/** For objects made in another realm (worker messages, test contexts), whose prototypes are not ours. */
function classTypeByTag(value: object): ClassTypeName {
  if (ArrayBuffer.isView(value)) {
    return 'binData';
  }
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return 'date';
    case '[object RegExp]':
      return 'regex';
    default:
      return 'object';
  }
}

/**
 * MongoDB's name of the value's BSON type. JavaScript numbers count as `int` when they are whole and fit 32
 * bits, else as `double`; bigint as `long`; a missing value (`undefined`) as `undefined`.
 */
export function typeName(value: unknown): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return (value | 0) === value && !Object.is(value, -0) ? 'int' : 'double';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'long';
    case 'object': {
      if (value === null) {
        return 'null';
      }
      if (Array.isArray(value)) {
        return 'array';
      }
      const type = classTypeOf(value);
      if (type === 'code') {
        return value instanceof Code && value.scope ? 'javascriptWithScope' : 'javascript';
      }
      return type;
    }
    default:
      return 'undefined';
  }
}

/** Number of the value's BSON type, as `$type` takes it: 1 double … 19 decimal, −1 MinKey, 127 MaxKey. */
export function typeNumber(value: unknown): number {
  return TYPE_NUMBERS[typeName(value)];
}

/** Number of a BSON type by MongoDB's name for it; undefined when there is no such type. */
export function typeNumberOfName(name: string): number | undefined {
  return Object.hasOwn(TYPE_NUMBERS, name) ? TYPE_NUMBERS[name as TypeName] : undefined;
}

/** Rank of the value's type in the order across types (see `RANK`); all numbers share one, string and symbol too. */
export function typeRank(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 30;
    case 'number':
    case 'bigint':
      return 20;
    case 'boolean':
      return 80;
    case 'object':
      return value === null ? 15 : TYPE_RANKS[typeName(value)];
    default:
      return 10;
  }
}

/** True for an embedded document: a plain object, not an array and not one of the classes of `bson`. */
export function isDocument(value: unknown): value is BsonDocument {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    classTypeOf(value) === 'object' &&
    !(value instanceof DBRef)
  );
}

/**
 * The value as an embedded document, or undefined when it is none. `bson` decodes `{ $ref, $id }` to its class
 * DBRef, which is a document to every query, so that class is spelt out again here.
 */
export function documentOf(value: unknown): BsonDocument | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }
  if (value instanceof DBRef) {
    const document: BsonDocument = { $ref: value.collection, $id: value.oid };
    if (value.db !== undefined && value.db !== null) {
      document['$db'] = value.db;
    }
    for (const [key, field] of Object.entries(value.fields)) {
      setField(document, key, field);
    }
    return document;
  }
  return isDocument(value) ? value : undefined;
}

/** True for an array value. */
export function isArray(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

/** True for any numeric BSON value or JavaScript number. */
export function isNumeric(value: unknown): boolean {
  return typeRank(value) === RANK.number;
}

/** Any numeric BSON value as a JavaScript number (nearest double for int64 and decimal); undefined for the rest. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (value instanceof Int32 || value instanceof Double) {
    return value.value;
  }
  if (value instanceof Timestamp) {
    return undefined;
  }
  if (value instanceof Long) {
    return value.toNumber();
  }
  return value instanceof Decimal128 ? decimalToNumber(decimalParts(value)) : undefined;
}

/** A whole number that JavaScript holds exactly, from any numeric type; undefined when it is not one. */
export function toSafeInteger(value: unknown): number | undefined {
  const number = toNumber(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

/**
 * MongoDB's notion of a true value: everything but false, null, undefined, missing and zero of any numeric
 * type (NaN is true).
 */
export function isTruthy(value: unknown): boolean {
  if (value === false || value === null || value === undefined) {
    return false;
  }
  return toNumber(value) !== 0;
}

/**
 * The value as a 64-bit integer when it is numeric, whole and in range; else undefined.
 * With `truncate`, the fraction is dropped first.
 */
export function toInt64(value: unknown, truncate = false): bigint | undefined {
  let whole: bigint;
  if (typeof value === 'bigint') {
    whole = value;
  } else if (value instanceof Long && !(value instanceof Timestamp)) {
    whole = value.toBigInt();
  } else if (value instanceof Decimal128) {
    const parts = decimalParts(value);
    if (parts.kind !== 'finite' || parts.exponent + parts.coefficient.toString().length > 20) {
      return parts.kind === 'finite' && parts.coefficient === 0n ? 0n : undefined;
    }
    const magnitude = scaleToInteger(parts.coefficient, parts.exponent, truncate);
    if (magnitude === undefined) {
      return undefined;
    }
    whole = parts.negative ? -magnitude : magnitude;
  } else {
    const number = toNumber(value);
    if (number === undefined || !Number.isFinite(number) || (!truncate && !Number.isInteger(number))) {
      return undefined;
    }
    whole = BigInt(Math.trunc(number));
  }
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function scaleToInteger(coefficient: bigint, exponent: number, truncate: boolean): bigint | undefined {
  if (exponent >= 0) {
    return coefficient * 10n ** BigInt(exponent);
  }
  if (exponent < -40) {
    return truncate || coefficient === 0n ? 0n : undefined;
  }
  const divisor = 10n ** BigInt(-exponent);
  return truncate || coefficient % divisor === 0n ? coefficient / divisor : undefined;
}

/** Deep copy of arrays and embedded documents; all other values are shared because nothing changes them in place. */
export function cloneValue<T>(value: T): T;
export function cloneValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((element) => cloneValue<unknown>(element));
  }
  if (!isDocument(value)) {
    return value;
  }
  const copy = createDocument();
  for (const key of Object.keys(value)) {
    setField(copy, key, cloneValue(value[key]));
  }
  return copy;
}

/** Sets a field; a field called `__proto__` becomes an ordinary own property instead of changing the prototype. */
export function setField(document: BsonDocument, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(document, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    document[key] = value;
  }
}

/** A field's value, or undefined when the document has no field of its own with that name. */
export function getField(document: BsonDocument, key: string): unknown {
  return Object.hasOwn(document, key) ? document[key] : undefined;
}

/** A new, empty document. */
export function createDocument(): BsonDocument {
  return {};
}

/** Compares strings by their UTF-8 bytes, which differs from JavaScript's order beyond the basic plane. */
export function compareStrings(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      const leftSurrogate = (left & 0xf800) === 0xd800;
      if (leftSurrogate !== ((right & 0xf800) === 0xd800)) {
        const bmp = leftSurrogate ? right : left;
        if (bmp >= 0xe000) {
          return leftSurrogate ? 1 : -1;
        }
      }
      return left < right ? -1 : 1;
    }
  }
  return a.length < b.length ? -1 : 1;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value instanceof BSONSymbol ? value.value : '';
}

function compareTexts(a: string, b: string, collation: Collation | undefined): number {
  if (a === b) {
    return 0;
  }
  if (!isEffectiveCollation(collation)) {
    return compareStrings(a, b);
  }
  return sign(collationKey(a, collation).compare(collationKey(b, collation)));
}

function sign(number: number): number {
  return number < 0 ? -1 : number > 0 ? 1 : 0;
}

function compareDoubles(a: number, b: number): number {
  if (a < b) {
    return -1;
  }
  if (a > b) {
    return 1;
  }
  if (a === b) {
    return 0;
  }
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1;
}

function compareDecimalToDouble(decimal: DecimalParts, double: number): number {
  const nearest = decimalToNumber(decimal);
  if (decimal.kind !== 'finite' || !Number.isFinite(double)) {
    if (decimal.kind === 'finite' && !Number.isNaN(double)) {
      return double > 0 ? -1 : 1;
    }
    return compareDoubles(nearest, double);
  }
  return nearest === double ? signOfDifference(decimal, double) : compareDoubles(nearest, double);
}

/** Compares two numeric values of any of the four types exactly; NaN is the smallest and equals itself. */
export function compareNumbers(a: unknown, b: unknown): number {
  const left = exactNumber(a);
  const right = exactNumber(b);
  if (typeof left === 'number') {
    if (typeof right === 'number') {
      return compareDoubles(left, right);
    }
    return typeof right === 'bigint'
      ? 0 - compareBigToDouble(right, left)
      : 0 - compareDecimalToDouble(right, left);
  }
  if (typeof left === 'bigint') {
    if (typeof right === 'bigint') {
      return left < right ? -1 : left > right ? 1 : 0;
    }
    return typeof right === 'number'
      ? compareBigToDouble(left, right)
      : 0 - compareDecimals(right, wholeDecimal(left));
  }
  if (typeof right === 'number') {
    return compareDecimalToDouble(left, right);
  }
  return compareDecimals(left, typeof right === 'bigint' ? wholeDecimal(right) : right);
}

function compareBigToDouble(big: bigint, double: number): number {
  return big < double ? -1 : big > double ? 1 : Number.isNaN(double) ? 1 : 0;
}

function compareDecimals(a: DecimalParts, b: DecimalParts): number {
  if (a.kind === 'finite' && b.kind === 'finite') {
    return compareFiniteDecimals(a, b);
  }
  const weight = (parts: DecimalParts): number =>
    parts.kind === 'nan' ? -2 : parts.kind === 'finite' ? 0 : parts.negative ? -1 : 1;
  return sign(weight(a) - weight(b));
}

function wholeDecimal(value: bigint): DecimalParts {
  return { kind: 'finite', negative: value < 0n, coefficient: value < 0n ? -value : value, exponent: 0 };
}

/** The value without loss: a double where exact, else bigint (int64) or the decimal's parts. Only for numerics. */
export function exactNumber(value: unknown): number | bigint | DecimalParts {
  if (typeof value === 'number') {
    return value;
  }
  if (value instanceof Int32 || value instanceof Double) {
    return value.value;
  }
  if (value instanceof Decimal128) {
    return decimalParts(value);
  }
  if (value instanceof Long) {
    const number = value.toNumber();
    return Number.isSafeInteger(number) ? number : value.toBigInt();
  }
  if (typeof value === 'bigint') {
    return value;
  }
  return Number.NaN;
}

/** The bytes and subtype of a binary value, whichever class carries it. */
export function binaryParts(value: unknown): { bytes: Uint8Array; subtype: number } {
  if (value instanceof Binary) {
    return { bytes: value.buffer.subarray(0, value.position), subtype: value.sub_type };
  }
  if (ArrayBuffer.isView(value)) {
    return { bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength), subtype: 0 };
  }
  return { bytes: new Uint8Array(0), subtype: 0 };
}

/** Pattern and options (sorted letters of MongoDB: i m s u x) of a regular expression value. */
export function regexParts(value: unknown): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) {
    return { pattern: value.pattern, options: value.options };
  }
  if (value instanceof RegExp) {
    return {
      pattern: value.source,
      options: [...value.flags].filter((flag) => 'imsu'.includes(flag)).join(''),
    };
  }
  return { pattern: '', options: '' };
}

/** Source text and scope of a JavaScript code value. */
export function codeParts(value: unknown): { code: string; scope: BsonDocument | undefined } {
  return value instanceof Code
    ? { code: String(value.code), scope: value.scope ?? undefined }
    : { code: '', scope: undefined };
}

function compareDocuments(a: BsonDocument, b: BsonDocument, collation: Collation | undefined): number {
  const leftKeys = Object.keys(a);
  const rightKeys = Object.keys(b);
  const shared = Math.min(leftKeys.length, rightKeys.length);
  for (let index = 0; index < shared; index += 1) {
    const leftKey = leftKeys[index] ?? '';
    const rightKey = rightKeys[index] ?? '';
    const left = a[leftKey];
    const right = b[rightKey];
    const ranks = typeRank(left) - typeRank(right);
    if (ranks !== 0) {
      return ranks < 0 ? -1 : 1;
    }
    const order = compareStrings(leftKey, rightKey) || compareValues(left, right, collation);
    if (order !== 0) {
      return order;
    }
  }
  return sign(leftKeys.length - rightKeys.length);
}

function compareArrays(a: unknown[], b: unknown[], collation: Collation | undefined): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareValues(a[index], b[index], collation);
    if (order !== 0) {
      return order;
    }
  }
  return sign(a.length - b.length);
}

function compareBinaries(a: unknown, b: unknown): number {
  const left = binaryParts(a);
  const right = binaryParts(b);
  return (
    sign(left.bytes.length - right.bytes.length) ||
    sign(left.subtype - right.subtype) ||
    Buffer.compare(left.bytes, right.bytes)
  );
}

function compareTimestamps(a: unknown, b: unknown): number {
  if (!(a instanceof Timestamp) || !(b instanceof Timestamp)) {
    return 0;
  }
  return sign(a.t - b.t) || sign(a.i - b.i);
}

/**
 * Compares two values in MongoDB's total order across types: MinKey, undefined (also the sort value of an empty
 * array), null, numbers (exactly, whatever their type), strings and symbols, documents (field by field: type,
 * name, value), arrays, binary data (length, subtype, bytes), ObjectId, booleans, dates, timestamps, regular
 * expressions, code, MaxKey. Returns -1, 0 or 1. Strings, also nested ones, follow the collation when given.
 */
export function compareValues(a: unknown, b: unknown, collation?: Collation): number {
  if (typeof a === 'string' && typeof b === 'string') {
    return compareTexts(a, b, collation);
  }
  const rank = typeRank(a);
  const otherRank = typeRank(b);
  if (rank !== otherRank) {
    return rank < otherRank ? -1 : 1;
  }
  switch (rank) {
    case RANK.number:
      return compareNumbers(a, b);
    case RANK.string:
      return compareTexts(textOf(a), textOf(b), collation);
    case RANK.object:
      return compareDocuments(documentOf(a) ?? {}, documentOf(b) ?? {}, collation);
    case RANK.array:
      return Array.isArray(a) && Array.isArray(b) ? compareArrays(a, b, collation) : 0;
    case RANK.binData:
      return compareBinaries(a, b);
    case RANK.objectId:
      return a instanceof ObjectId && b instanceof ObjectId ? compareObjectIds(a, b) : 0;
    case RANK.bool:
      return a === b ? 0 : a === false ? -1 : 1;
    case RANK.date:
      return compareDoubles(dateValue(a), dateValue(b));
    case RANK.timestamp:
      return compareTimestamps(a, b);
    case RANK.regex: {
      const left = regexParts(a);
      const right = regexParts(b);
      return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
    }
    case RANK.javascript:
      return compareStrings(codeParts(a).code, codeParts(b).code);
    case RANK.javascriptWithScope: {
      const left = codeParts(a);
      const right = codeParts(b);
      return (
        compareStrings(left.code, right.code) ||
        compareDocuments(left.scope ?? {}, right.scope ?? {}, collation)
      );
    }
    default:
      return 0;
  }
}

function compareObjectIds(a: ObjectId, b: ObjectId): number {
  return a.equals(b) ? 0 : compareStrings(a.toHexString(), b.toHexString());
}

/** Milliseconds since 1970 of a date; a date beyond JavaScript's range counts as the earliest. */
export function dateValue(value: unknown): number {
  const time = value instanceof Date ? value.getTime() : Number(value);
  return Number.isNaN(time) ? -Infinity : time;
}

/** True when `compareValues` finds no difference. 1, 1.0, Long 1 and Decimal128 1 are equal; field order counts. */
export function valuesEqual(a: unknown, b: unknown, collation?: Collation): boolean {
  return compareValues(a, b, collation) === 0;
}
