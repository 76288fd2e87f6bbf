import { Long } from 'bson';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import {
  getField,
  isArray,
  isDocument,
  isNumeric,
  toNumber,
  toSafeInteger,
  typeName,
} from './semantics/values.ts';

function wrongType(name: string, value: unknown, expected: string): MongoServerError {
  return new MongoServerError(
    14,
    `BSON field '${name}' is the wrong type '${typeName(value)}', expected type '${expected}'`,
  );
}

/** A field, with null counted as absent. */
export function optionalField(command: BsonDocument, name: string): unknown {
  const value = getField(command, name);
  return value === null ? undefined : value;
}

/** An optional document. Throws MongoServerError 14 for another type. */
export function documentOption(command: BsonDocument, name: string): BsonDocument | undefined {
  const value = optionalField(command, name);
  if (value === undefined || isDocument(value)) {
    return value;
  }
  throw wrongType(name, value, 'object');
}

/** An optional array of documents. Throws MongoServerError 14 for another type. */
export function documentsOption(command: BsonDocument, name: string): BsonDocument[] | undefined {
  const value = optionalField(command, name);
  if (value === undefined) {
    return undefined;
  }
  if (!isArray(value)) {
    throw wrongType(name, value, 'array');
  }
  return value.map((element, index) => {
    if (!isDocument(element)) {
      throw wrongType(`${name}.${index}`, element, 'object');
    }
    return element;
  });
}

/** An optional truth value; numbers count as such. Throws MongoServerError 14 for another type. */
export function booleanOption(command: BsonDocument, name: string, fallback = false): boolean {
  const value = optionalField(command, name);
  if (value === undefined) {
    return fallback;
  }
  if (typeof value === 'boolean') {
    return value;
  }
  if (isNumeric(value)) {
    return toNumber(value) !== 0;
  }
  throw wrongType(name, value, 'bool');
}

/** An optional whole number of any BSON type. Throws MongoServerError 14 or 2. */
export function integerOption(command: BsonDocument, name: string): number | undefined {
  const value = optionalField(command, name);
  if (value === undefined) {
    return undefined;
  }
  if (!isNumeric(value)) {
    throw wrongType(name, value, 'long');
  }
  const integer = toSafeInteger(value) ?? Math.trunc(toNumber(value) ?? 0);
  if (!Number.isFinite(integer)) {
    throw new MongoServerError(2, `BSON field '${name}' is out of range`);
  }
  return integer;
}

/** Like `integerOption`, refusing negative numbers with MongoServerError 51024. */
export function countOption(command: BsonDocument, name: string): number | undefined {
  const value = integerOption(command, name);
  if (value !== undefined && value < 0) {
    throw new MongoServerError(51024, `BSON field '${name}' value must be >= 0, actual value '${value}'`);
  }
  return value;
}

/** An optional string. Throws MongoServerError 14 for another type. */
export function stringOption(command: BsonDocument, name: string): string | undefined {
  const value = optionalField(command, name);
  if (value === undefined || typeof value === 'string') {
    return value;
  }
  throw wrongType(name, value, 'string');
}

/** A string that has to be there. Throws MongoServerError 40414 or 14. */
export function requiredString(command: BsonDocument, name: string): string {
  const value = stringOption(command, name);
  if (value === undefined) {
    throw new MongoServerError(40414, `BSON field '${name}' is missing but a required field`);
  }
  return value;
}

/** Name of the collection a command is about. Throws MongoServerError 73 when it is not a valid name. */
export function collectionName(command: BsonDocument, field: string): string {
  const name = getField(command, field);
  if (typeof name !== 'string') {
    throw new MongoServerError(73, `collection name has invalid type ${typeName(name)}`);
  }
  assertCollectionName(name);
  return name;
}

/** Throws MongoServerError 73 unless the name may be that of a collection. */
export function assertCollectionName(name: string): void {
  if (name === '' || name.startsWith('.') || name.includes('\0') || Buffer.byteLength(name) > 200) {
    throw new MongoServerError(73, `Invalid namespace specified '${name}'`);
  }
  if (name.includes('$') && !name.startsWith('$cmd')) {
    throw new MongoServerError(73, `Invalid collection name: ${name}`);
  }
}

/** A hint: an index name or a key pattern. Throws MongoServerError 9 for another type. */
export function hintOption(command: BsonDocument): string | BsonDocument | undefined {
  const value = optionalField(command, 'hint');
  if (value === undefined || typeof value === 'string') {
    return value;
  }
  if (!isDocument(value)) {
    throw new MongoServerError(9, 'Hint must be a string or an object');
  }
  return Object.keys(value).length === 0 ? undefined : value;
}

/** A cursor id. Throws MongoServerError 14 for another type. */
export function cursorId(value: unknown, name: string): Long {
  if (value instanceof Long) {
    return value;
  }
  const integer = toSafeInteger(value);
  if (integer === undefined) {
    throw wrongType(name, value, 'long');
  }
  return Long.fromNumber(integer);
}

const GENERIC_FIELDS: ReadonlySet<string> = new Set([
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'readConcern',
  'writeConcern',
  'comment',
  'maxTimeMS',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'maxTimeMSOpOnly',
]);

/** Throws MongoServerError 40415 for a field that is neither known nor allowed in every command. */
export function assertKnownFields(
  document: BsonDocument,
  what: string,
  known: ReadonlySet<string>,
  generic = true,
): void {
  for (const name of Object.keys(document)) {
    if (!known.has(name) && !(generic && (name.startsWith('$') || GENERIC_FIELDS.has(name)))) {
      throw new MongoServerError(40415, `BSON field '${what}.${name}' is an unknown field.`);
    }
  }
}
