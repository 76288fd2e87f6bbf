import { BSONSymbol, Double, Int32, ObjectId } from 'bson';

import { collationKey, isEffectiveCollation } from './collation.ts';
import { encodeValue } from './keys.ts';
import { MongoServerError } from './errors.ts';
import { compilePattern } from './regex.ts';
import type { BsonDocument, Collation } from './types.ts';
import {
  binaryParts,
  compareValues,
  dateValue,
  documentOf,
  exactNumber,
  isNumeric,
  RANK,
  regexParts,
  toInt64,
  toNumber,
  typeName,
  typeNumber,
  typeNumberOfName,
  typeRank,
  valuesEqual,
} from './values.ts';

/** Tests one value that a path leads to; `present` is false where the field is missing (value is then undefined). */
export type ValueTest = (value: unknown, present: boolean) => boolean;

/** Code of MongoDB's BadValue. */
export const BAD_VALUE = 2;

/** Code of MongoDB's FailedToParse. */
export const FAILED_TO_PARSE = 9;

/** An error of code 2 with MongoDB's wording. */
export function badValue(message: string): MongoServerError {
  return new MongoServerError(BAD_VALUE, message);
}

/** Short rendering of a value for error texts. */
export function describe(value: unknown): string {
  const number = toNumber(value);
  if (number !== undefined) {
    return String(number);
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[ ${value.map(describe).join(', ')} ]`;
  }
  const document = documentOf(value);
  if (document === undefined) {
    return String(value);
  }
  const fields = Object.keys(document).map((key) => `${key}: ${describe(document[key])}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/**
 * Test for equality with the operand; null is also equal to a missing field and to the obsolete BSON undefined.
 * A regular expression as operand equals the same expression only, as `$eq` has it.
 */
export function equalityTest(operand: unknown, collation: Collation | undefined): ValueTest {
  if (operand === null || operand === undefined) {
    return (value) => value === null || value === undefined;
  }
  if (typeof operand === 'string' && !isEffectiveCollation(collation)) {
    return (value) => value === operand || (value instanceof BSONSymbol && value.value === operand);
  }
  if (typeof operand === 'boolean') {
    return (value) => value === operand;
  }
  if (operand instanceof ObjectId) {
    return (value) => value instanceof ObjectId && value.equals(operand);
  }
  if (operand instanceof Date) {
    const time = dateValue(operand);
    return (value) => value instanceof Date && dateValue(value) === time;
  }
  if (isNumeric(operand)) {
    const exact = exactNumber(operand);
    if (typeof exact === 'number' && !Number.isNaN(exact)) {
      return (value) => {
        if (typeof value === 'number') {
          return value === exact;
        }
        if (value instanceof Int32 || value instanceof Double) {
          return value.value === exact;
        }
        return typeof value === 'object' && isNumeric(value) && compareValues(value, operand) === 0;
      };
    }
  }
  return (value) => valuesEqual(value, operand, collation);
}

/** How `orderTest` compares: which side of the operand matches and whether the operand itself does. */
export interface OrderKind {
  below: boolean;
  inclusive: boolean;
}

/**
 * Test for `$lt`, `$lte`, `$gt`, `$gte`: only values of the operand's own type (all numbers are one type) compare,
 * except with MinKey and MaxKey. Null compares with null and missing for the inclusive forms; NaN with NaN.
 */
export function orderTest(operand: unknown, kind: OrderKind, collation: Collation | undefined): ValueTest {
  const { below, inclusive } = kind;
  const rank = typeRank(operand);
  const accepts = (order: number): boolean => (order === 0 ? inclusive : below === order < 0);
  if (rank === RANK.null || rank === RANK.undefined) {
    return (value) => inclusive && (value === null || value === undefined);
  }
  if (rank === RANK.minKey || rank === RANK.maxKey) {
    return (value) => accepts(compareValues(value, operand));
  }
  if (rank === RANK.number) {
    const exact = exactNumber(operand);
    if (Number.isNaN(toNumber(operand))) {
      return (value) => inclusive && Number.isNaN(toNumber(value));
    }
    return (value) => {
      if (typeof exact === 'number' && (value instanceof Int32 || value instanceof Double)) {
        const number = value.value;
        return number === exact ? inclusive : below ? number < exact : number > exact;
      }
      return isNumeric(value) && !Number.isNaN(toNumber(value)) && accepts(compareValues(value, operand));
    };
  }
  return (value) => typeRank(value) === rank && accepts(compareValues(value, operand, collation));
}

/** Test of strings (and symbols) against a pattern; a regular expression value matches when it is the same one. */
export function regexTest(pattern: string, options: string): ValueTest {
  const compiled = compilePattern(pattern, options);
  const sorted = [...options].sort().join('');
  return (value) => {
    if (typeof value === 'string') {
      return compiled.test(value);
    }
    if (value instanceof BSONSymbol) {
      return compiled.test(value.value);
    }
    if (typeof value !== 'object' || value === null || typeName(value) !== 'regex') {
      return false;
    }
    const parts = regexParts(value);
    return parts.pattern === pattern && parts.options === sorted;
  };
}

/** Test for `$in`: regular expressions match strings, null matches missing; other values by a hash of their key. */
export function membershipTest(operands: readonly unknown[], collation: Collation | undefined): ValueTest {
  const keys = new Set<string | number>();
  const patterns: ValueTest[] = [];
  let withNull = false;
  for (const operand of operands) {
    if (operand === null || operand === undefined) {
      withNull = true;
    } else if (typeRank(operand) === RANK.regex) {
      const { pattern, options } = regexParts(operand);
      patterns.push(regexTest(pattern, options));
    } else {
      keys.add(hashKey(operand, collation));
    }
  }
  return (value) => {
    if (value === null || value === undefined) {
      return withNull;
    }
    if (keys.size > 0 && keys.has(hashKey(value, collation))) {
      return true;
    }
    return patterns.some((test) => test(value, true));
  };
}

/** Equal values, and only these, have equal keys. */
function hashKey(value: unknown, collation: Collation | undefined): string | number {
  if (typeof value === 'string') {
    return `s${isEffectiveCollation(collation) ? collationKey(value, collation).toString('latin1') : value}`;
  }
  if (value instanceof ObjectId) {
    return `o${value.toHexString()}`;
  }
  if (value instanceof BSONSymbol) {
    return hashKey(value.value, collation);
  }
  if (isNumeric(value)) {
    const exact = exactNumber(value);
    if (typeof exact === 'number') {
      return exact === 0 ? 0 : exact;
    }
    const nearest = toNumber(value);
    if (nearest !== undefined && compareValues(value, nearest) === 0) {
      return nearest === 0 ? 0 : nearest;
    }
  }
  return `k${encodeValue(value, collation).toString('latin1')}`;
}

/** Test for `$mod: [divisor, remainder]`: whole parts, sign of the dividend, NaN and infinity never match. */
export function moduloTest(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) {
    throw badValue('malformed mod, needs to be an array');
  }
  if (operand.length < 2) {
    throw badValue('malformed mod, not enough elements');
  }
  if (operand.length > 2) {
    throw badValue('malformed mod, too many elements');
  }
  if (!isNumeric(operand[0])) {
    throw badValue('malformed mod, divisor not a number');
  }
  if (!isNumeric(operand[1])) {
    throw badValue('malformed mod, remainder not a number');
  }
  const divisor = toInt64(operand[0], true);
  const remainder = toInt64(operand[1], true);
  if (divisor === undefined) {
    throw badValue(
      'malformed mod, divisor value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type',
    );
  }
  if (remainder === undefined) {
    throw badValue(
      'malformed mod, remainder value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type',
    );
  }
  if (divisor === 0n) {
    throw badValue('divisor cannot be 0');
  }
  return (value) => {
    const dividend = isNumeric(value) ? toInt64(value, true) : undefined;
    return dividend !== undefined && dividend % divisor === remainder;
  };
}

/** Test for `$type`: names, numbers, `number` for all four numeric types, or an array of these. */
export function typeTest(operand: unknown, operator = '$type'): ValueTest {
  const wanted = new Set<number>();
  for (const item of Array.isArray(operand) ? operand : [operand]) {
    for (const code of typeCodes(item)) {
      wanted.add(code);
    }
  }
  if (wanted.size === 0) {
    throw new MongoServerError(FAILED_TO_PARSE, `${operator} must match at least one type`);
  }
  return (value, present) => present && wanted.has(typeNumber(value));
}

function typeCodes(item: unknown): readonly number[] {
  if (typeof item === 'string') {
    if (item === 'number') {
      return [1, 16, 18, 19];
    }
    const code = typeNumberOfName(item);
    if (code === undefined) {
      throw badValue(`Unknown type name alias: ${item}`);
    }
    return [code];
  }
  const number = toNumber(item);
  if (number === undefined) {
    throw new MongoServerError(14, 'type must be represented as a number or a string');
  }
  const known = number === -1 || number === 127 || (Number.isInteger(number) && number >= 1 && number <= 19);
  if (!known) {
    throw badValue(`Invalid numerical type code: ${number}`);
  }
  return [number];
}

/** Test for `$size` on the array itself. */
export function sizeTest(operand: unknown): ValueTest {
  if (!isNumeric(operand)) {
    throw badValue(`Failed to parse $size. Expected a number in: $size: ${describe(operand)}`);
  }
  const size = toInt64(operand);
  if (size === undefined) {
    throw badValue(`Failed to parse $size. Expected an integer: $size: ${describe(operand)}`);
  }
  if (size < 0n) {
    throw badValue(`Failed to parse $size. Expected a non-negative number in: $size: ${describe(operand)}`);
  }
  return (value) => Array.isArray(value) && BigInt(value.length) === size;
}

/** The bitwise operators by name: which bits must be as named, and whether one is enough. */
export const BIT_OPERATORS: Readonly<Record<string, { set: boolean; all: boolean }>> = {
  $bitsAllSet: { set: true, all: true },
  $bitsAllClear: { set: false, all: true },
  $bitsAnySet: { set: true, all: false },
  $bitsAnyClear: { set: false, all: false },
};

/** Test for the bitwise operators. Integers are two's complement, sign-extended; binary data counts from byte 0. */
export function bitTest(operator: string, operand: unknown, kind: { set: boolean; all: boolean }): ValueTest {
  const positions = bitPositions(operator, operand);
  const check = (isSet: (position: number) => boolean): boolean =>
    kind.all
      ? positions.every((position) => isSet(position) === kind.set)
      : positions.some((position) => isSet(position) === kind.set);
  return (value) => {
    if (isNumeric(value)) {
      const whole = toInt64(value);
      return (
        whole !== undefined && check((position) => ((whole >> BigInt(Math.min(position, 63))) & 1n) === 1n)
      );
    }
    if (typeRank(value) !== RANK.binData) {
      return false;
    }
    const { bytes } = binaryParts(value);
    return check((position) => (((bytes[position >>> 3] ?? 0) >> (position & 7)) & 1) === 1);
  };
}

function bitPositions(operator: string, operand: unknown): number[] {
  if (Array.isArray(operand)) {
    return operand.map((item: unknown) => {
      const position = isNumeric(item) ? toInt64(item) : undefined;
      if (position === undefined) {
        throw badValue(`Failed to parse bit position. Expected a number in: ${describe(item)}`);
      }
      if (position < 0n || position > 0x7fffffffn) {
        throw badValue(`Failed to parse bit position. Expected a non-negative number in: ${describe(item)}`);
      }
      return Number(position);
    });
  }
  if (isNumeric(operand)) {
    const mask = toInt64(operand);
    if (mask === undefined) {
      throw new MongoServerError(FAILED_TO_PARSE, `Expected an integer: ${operator}: ${describe(operand)}`);
    }
    if (mask < 0n) {
      throw new MongoServerError(
        FAILED_TO_PARSE,
        `Expected a non-negative number in: ${operator}: ${describe(operand)}`,
      );
    }
    return setBits(64, (position) => ((mask >> BigInt(position)) & 1n) === 1n);
  }
  if (typeRank(operand) === RANK.binData) {
    const { bytes } = binaryParts(operand);
    return setBits(
      bytes.length * 8,
      (position) => (((bytes[position >>> 3] ?? 0) >> (position & 7)) & 1) === 1,
    );
  }
  throw badValue(`${operator} takes an Array, a number, or a BinData but received: ${describe(operand)}`);
}

function setBits(count: number, isSet: (position: number) => boolean): number[] {
  const positions: number[] = [];
  for (let position = 0; position < count; position += 1) {
    if (isSet(position)) {
      positions.push(position);
    }
  }
  return positions;
}

/** True for a document whose first field is an operator; DBRef documents are values, not operators. */
export function isOperatorDocument(document: BsonDocument, allowPartialReference = false): boolean {
  const first = Object.keys(document)[0];
  if (first === undefined || !first.startsWith('$')) {
    return false;
  }
  return !isReferenceDocument(document, allowPartialReference);
}

function isReferenceDocument(document: BsonDocument, allowPartial: boolean): boolean {
  const has = (name: string): boolean => Object.hasOwn(document, name);
  return allowPartial ? has('$id') || has('$ref') || has('$db') : has('$id') && has('$ref');
}
