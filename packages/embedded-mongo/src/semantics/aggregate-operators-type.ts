import {
  Binary,
  BSONSymbol,
  calculateObjectSize,
  Decimal128,
  Double,
  Int32,
  Long,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';
import {
  asBigInt,
  asDecimal,
  asDouble,
  fitsInt64,
  integerValue,
  isZero,
  numericKind,
} from './aggregate-arithmetic.ts';
import { decimalFromInteger, decimalToInteger, packDecimal } from './aggregate-decimal.ts';
import { isoText, parseDate, timeOf } from './aggregate-dates.ts';
import {
  argumentOf,
  fail,
  isNullish,
  namedDocument,
  typeText,
  unary,
  type OperatorCompiler,
  type OperatorTable,
} from './aggregate-operator-kit.ts';
import { MongoServerError } from './errors.ts';
import { binaryParts, documentOf, isDocument, toSafeInteger, typeName } from './values.ts';

/** Types that `$convert` can produce, by name and by number. */
const TARGETS: readonly (readonly [name: string, number: number])[] = [
  ['double', 1],
  ['string', 2],
  ['binData', 5],
  ['objectId', 7],
  ['bool', 8],
  ['date', 9],
  ['int', 16],
  ['long', 18],
  ['decimal', 19],
];

const CONVERSION_FAILURE = 241;

const unsupported = (value: unknown, target: string): never =>
  fail(
    CONVERSION_FAILURE,
    `Unsupported conversion from ${typeText(value)} to ${target} in $convert with no onError value`,
  );

const unparsable = (text: string, reason: string): never =>
  fail(CONVERSION_FAILURE, `Failed to parse number '${text}' in $convert with no onError value: ${reason}`);

const overflow = (value: unknown): never =>
  fail(
    CONVERSION_FAILURE,
    `Conversion would overflow target type in $convert with no onError value: ${String(value)}`,
  );

function parseInteger(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) {
    return unparsable(text, text === '' ? 'No digits' : 'Did not consume whole string.');
  }
  return BigInt(text.replace(/^\+/, ''));
}

function integralPart(value: unknown, target: string): bigint {
  const kind = numericKind(value);
  if (kind === 'int' || kind === 'long') {
    return asBigInt(value);
  }
  if (kind === 'double') {
    const number = asDouble(value);
    if (!Number.isFinite(number)) {
      return fail(
        CONVERSION_FAILURE,
        `Attempt to convert ${Number.isNaN(number) ? 'NaN' : 'infinity'} value to integer type in $convert with no onError value`,
      );
    }
    return BigInt(Math.trunc(number));
  }
  if (kind === 'decimal') {
    return decimalToInteger(asDecimal(value)) ?? overflow(value);
  }
  return unsupported(value, target);
}

function toWhole(value: unknown, target: 'int' | 'long'): unknown {
  let exact: bigint;
  if (typeof value === 'string') {
    exact = parseInteger(value);
  } else if (typeof value === 'boolean') {
    exact = value ? 1n : 0n;
  } else if (value instanceof Date && target === 'long') {
    exact = BigInt(value.getTime());
  } else {
    exact = integralPart(value, target);
  }
  if (target === 'long') {
    return fitsInt64(exact) ? Long.fromBigInt(exact) : overflow(value);
  }
  const result = integerValue(exact, false);
  return result instanceof Int32 ? result : overflow(value);
}

const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;

function toDouble(value: unknown): Double {
  if (typeof value === 'string') {
    if (!NUMBER_TEXT.test(value)) {
      return unparsable(value, 'Did not consume whole string.');
    }
    return new Double(Number(value.replace(/inf(?:inity)?/i, 'Infinity').replace(/nan/i, 'NaN')));
  }
  if (typeof value === 'boolean') {
    return new Double(value ? 1 : 0);
  }
  if (value instanceof Date) {
    return new Double(value.getTime());
  }
  if (numericKind(value) === undefined) {
    return unsupported(value, 'double');
  }
  const number = asDouble(value);
  return value instanceof Decimal128 && !Number.isFinite(number) && !/inf|nan/i.test(value.toString())
    ? overflow(value)
    : new Double(number);
}

function toDecimal(value: unknown): Decimal128 {
  if (typeof value === 'string') {
    return NUMBER_TEXT.test(value)
      ? Decimal128.fromStringWithRounding(value)
      : unparsable(value, 'Failed to parse string to decimal');
  }
  if (typeof value === 'boolean') {
    return packDecimal(decimalFromInteger(value ? 1n : 0n));
  }
  if (value instanceof Date) {
    return packDecimal(decimalFromInteger(BigInt(value.getTime())));
  }
  return numericKind(value) === undefined ? unsupported(value, 'decimal') : packDecimal(asDecimal(value));
}

/** A number as text: whole doubles without a point, as MongoDB prints them. */
function numberText(value: unknown): string {
  if (value instanceof Decimal128 || value instanceof Long) {
    return value.toString();
  }
  const number = asDouble(value);
  if (Number.isNaN(number) || Number.isFinite(number)) {
    return Object.is(number, -0) ? '-0' : String(number);
  }
  return number > 0 ? 'Infinity' : '-Infinity';
}

/** The text form that `$toString`, `$toLower` and `$substr` share; undefined for types that have none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return value;
  }
  if (value instanceof BSONSymbol) {
    return value.value;
  }
  if (value instanceof Date) {
    return isoText(value.getTime());
  }
  return numericKind(value) === undefined ? undefined : numberText(value);
}

function toText(value: unknown): string {
  if (typeof value === 'boolean') {
    return String(value);
  }
  if (value instanceof ObjectId) {
    return value.toHexString();
  }
  if (value instanceof Binary || value instanceof Uint8Array) {
    const { bytes, subtype } = binaryParts(value);
    return subtype === Binary.SUBTYPE_UUID && bytes.length === 16
      ? new UUID(bytes).toHexString()
      : Buffer.from(bytes).toString('base64');
  }
  return textOf(value) ?? unsupported(value, 'string');
}

function toDate(value: unknown): Date {
  if (typeof value === 'string') {
    return parseDate(value);
  }
  const kind = numericKind(value);
  if (kind === 'long' || kind === 'double' || kind === 'decimal') {
    const time = Number(integralPart(value, 'date'));
    return Math.abs(time) <= 8.64e15 ? new Date(time) : overflow(value);
  }
  const time = timeOf(value);
  return time === undefined ? unsupported(value, 'date') : new Date(time);
}

function toObjectId(value: unknown): ObjectId {
  if (value instanceof ObjectId) {
    return value;
  }
  if (typeof value !== 'string') {
    return unsupported(value, 'objectId');
  }
  return /^[0-9a-f]{24}$/i.test(value)
    ? new ObjectId(value)
    : fail(
        CONVERSION_FAILURE,
        `Failed to parse objectId '${value}' in $convert with no onError value: Invalid string length for parsing ` +
          `to OID, expected 24 but found ${value.length}`,
      );
}

const toBool = (value: unknown): boolean =>
  typeof value === 'boolean' ? value : numericKind(value) === undefined || !isZero(value);

function toUuid(value: unknown): Binary {
  if (value instanceof Binary && value.sub_type === Binary.SUBTYPE_UUID) {
    return value;
  }
  if (typeof value !== 'string') {
    return unsupported(value, 'binData');
  }
  return UUID.isValid(value)
    ? new UUID(value).toBinary()
    : fail(
        CONVERSION_FAILURE,
        `Input string '${value}' is not a valid UUID in $convert with no onError value`,
      );
}

function convertTo(value: unknown, target: string): unknown {
  switch (target) {
    case 'double':
      return toDouble(value);
    case 'string':
      return toText(value);
    case 'objectId':
      return toObjectId(value);
    case 'bool':
      return toBool(value);
    case 'date':
      return toDate(value);
    case 'int':
    case 'long':
      return toWhole(value, target);
    case 'decimal':
      return toDecimal(value);
    default:
      return value instanceof Binary ? value : toUuid(value);
  }
}

function targetOf(value: unknown): string {
  const wanted = isDocument(value) ? argumentOf(value, 'type') : value;
  if (typeof wanted !== 'string' && numericKind(wanted) === undefined) {
    return fail(9, `$convert's 'to' argument must be a string or number, but is ${typeText(wanted)}`);
  }
  const number = toSafeInteger(wanted);
  const found = TARGETS.find(([name, code]) => name === wanted || code === number);
  return found?.[0] ?? fail(2, `Unknown type name: ${String(wanted)}`);
}

const convert: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$convert', argument, {
    required: ['input', 'to'],
    optional: ['onError', 'onNull', 'format', 'byteOrder'],
    codes: [9, 9, 9],
  });
  const input = compiler.compile(argumentOf(document, 'input'));
  const to = compiler.compile(argumentOf(document, 'to'));
  const onError = Object.hasOwn(document, 'onError') ? compiler.compile(document['onError']) : undefined;
  const onNull = Object.hasOwn(document, 'onNull') ? compiler.compile(document['onNull']) : undefined;
  return (scope) => {
    const value = input(scope);
    const target = to(scope);
    if (isNullish(value)) {
      return onNull === undefined ? null : onNull(scope);
    }
    if (isNullish(target)) {
      return null;
    }
    const name = targetOf(target);
    try {
      return convertTo(value, name);
    } catch (error) {
      if (onError !== undefined && error instanceof MongoServerError && error.code === CONVERSION_FAILURE) {
        return onError(scope);
      }
      throw error;
    }
  };
};

function conversion(name: string, target: string): OperatorCompiler {
  return unary(name, (value) => (isNullish(value) ? null : convertTo(value, target)));
}

const bsonSize = unary('$bsonSize', (value) => {
  if (isNullish(value)) {
    return null;
  }
  const document = documentOf(value);
  return document === undefined
    ? fail(31393, `$bsonSize requires a document input, found: ${typeText(value)}`)
    : new Int32(calculateObjectSize(document));
});

const binarySize = unary('$binarySize', (value) => {
  if (isNullish(value)) {
    return null;
  }
  if (typeof value === 'string') {
    return new Int32(Buffer.byteLength(value));
  }
  return typeName(value) === 'binData'
    ? new Int32(binaryParts(value).bytes.length)
    : fail(51276, `$binarySize requires a string or BinData argument, found: ${typeText(value)}`);
});

function timestampPart(name: string, read: (value: Timestamp) => number): OperatorCompiler {
  return unary(name, (value) => {
    if (isNullish(value)) {
      return null;
    }
    return value instanceof Timestamp
      ? Long.fromNumber(read(value))
      : fail(5687301, `${name} requires a timestamp argument, found: ${typeText(value)}`);
  });
}

/** Operators that look at types, sizes or convert between types. */
export const typeOperators: OperatorTable = {
  $convert: convert,
  $toBool: conversion('$toBool', 'bool'),
  $toDate: conversion('$toDate', 'date'),
  $toDecimal: conversion('$toDecimal', 'decimal'),
  $toDouble: conversion('$toDouble', 'double'),
  $toInt: conversion('$toInt', 'int'),
  $toLong: conversion('$toLong', 'long'),
  $toObjectId: conversion('$toObjectId', 'objectId'),
  $toString: conversion('$toString', 'string'),
  $toUUID: conversion('$toUUID', 'binData'),
  $type: unary('$type', typeText),
  $isNumber: unary('$isNumber', (value) => numericKind(value) !== undefined),
  $bsonSize: bsonSize,
  $binarySize: binarySize,
  $tsSecond: timestampPart('$tsSecond', (value) => value.getHighBitsUnsigned()),
  $tsIncrement: timestampPart('$tsIncrement', (value) => value.getLowBitsUnsigned()),
};
