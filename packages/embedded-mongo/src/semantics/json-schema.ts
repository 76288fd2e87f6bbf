import { encodeValue } from './keys.ts';
import { describe, FAILED_TO_PARSE, typeTest } from './match-values.ts';
import { MongoServerError } from './errors.ts';
import { compilePattern } from './regex.ts';
import type { BsonDocument } from './types.ts';
import {
  compareValues,
  documentOf,
  isNumeric,
  setField,
  toInt64,
  toNumber,
  toSafeInteger,
  valuesEqual,
} from './values.ts';

/** Tests one value that exists; schemas never see missing fields. */
type Check = (value: unknown) => boolean;

const TYPE_MISMATCH = 14;
const JSON_TYPES: Readonly<Record<string, string>> = {
  object: 'object',
  array: 'array',
  number: 'number',
  boolean: 'bool',
  string: 'string',
  null: 'null',
};
const ANNOTATIONS = new Set(['title', 'description', 'encrypt', 'encryptMetadata']);
const UNSUPPORTED = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id']);

/**
 * Compiles a `$jsonSchema` (JSON Schema draft 4 with `bsonType`, as MongoDB has it) to a test of documents.
 * Throws MongoServerError 9 for an unknown or unsupported keyword, 14 or 9 for a malformed operand.
 */
export function compileJsonSchema(schema: unknown): (document: BsonDocument) => boolean {
  return compileSchema(schema, '$jsonSchema', 0);
}

function mismatch(message: string): MongoServerError {
  return new MongoServerError(TYPE_MISMATCH, message);
}

function malformed(message: string): MongoServerError {
  return new MongoServerError(FAILED_TO_PARSE, message);
}

function compileSchema(schema: unknown, name: string, depth: number): Check {
  const document = documentOf(schema);
  if (document === undefined) {
    throw mismatch(
      name === '$jsonSchema'
        ? '$jsonSchema must be an object'
        : `$jsonSchema keyword '${name}' must be an object`,
    );
  }
  if (depth > 100) {
    throw new MongoServerError(2, 'exceeded maximum query tree depth of 100');
  }
  if (Object.hasOwn(document, 'type') && Object.hasOwn(document, 'bsonType')) {
    throw malformed("Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
  }
  const checks: Check[] = [];
  for (const keyword of Object.keys(document)) {
    const check = compileKeyword(keyword, document[keyword], document, depth + 1);
    if (check !== undefined) {
      checks.push(check);
    }
  }
  return (value) => checks.every((check) => check(value));
}

function compileKeyword(
  keyword: string,
  operand: unknown,
  schema: BsonDocument,
  depth: number,
): Check | undefined {
  switch (keyword) {
    case 'type':
    case 'bsonType':
      return typeCheck(keyword, operand);
    case 'enum':
      return enumCheck(operand);
    case 'minimum':
    case 'maximum':
      return boundCheck(keyword, operand, schema);
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return exclusiveCheck(keyword, operand, schema);
    case 'multipleOf':
      return multipleCheck(operand);
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return countCheck(keyword, operand);
    case 'pattern':
      return patternCheck(operand);
    case 'required': {
      const names = nameList(keyword, operand);
      return onDocuments((document) => names.every((name) => Object.hasOwn(document, name)));
    }
    case 'properties':
      return propertiesCheck(operand, depth);
    case 'patternProperties':
      return patternPropertiesCheck(operand, depth);
    case 'additionalProperties':
      return additionalPropertiesCheck(operand, schema, depth);
    case 'items':
      return itemsCheck(operand, depth);
    case 'additionalItems':
      return additionalItemsCheck(operand, schema, depth);
    case 'uniqueItems':
      return uniqueCheck(operand);
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return combinedCheck(keyword, operand, depth);
    case 'not': {
      const inner = compileSchema(operand, keyword, depth);
      return (value) => !inner(value);
    }
    case 'dependencies':
      return dependenciesCheck(operand, depth);
    default:
      if (ANNOTATIONS.has(keyword)) {
        return undefined;
      }
      throw malformed(
        UNSUPPORTED.has(keyword)
          ? `$jsonSchema keyword '${keyword}' is not currently supported`
          : `Unknown $jsonSchema keyword: ${keyword}`,
      );
  }
}

function onDocuments(test: (document: BsonDocument) => boolean): Check {
  return (value) => {
    const document = documentOf(value);
    return document === undefined || test(document);
  };
}

function onArrays(test: (array: unknown[]) => boolean): Check {
  return (value) => !Array.isArray(value) || test(value);
}

function typeCheck(keyword: string, operand: unknown): Check {
  const names: unknown[] = Array.isArray(operand) ? operand : [operand];
  for (const name of names) {
    if (typeof name !== 'string') {
      throw mismatch(`$jsonSchema keyword '${keyword}' must be either a string or an array of strings`);
    }
  }
  if (keyword === 'bsonType') {
    const test = typeTest(names, "$jsonSchema keyword 'bsonType'");
    return (value) => test(value, true);
  }
  const bsonNames = names.map((name) => {
    if (name === 'integer') {
      throw malformed("$jsonSchema type 'integer' is not currently supported.");
    }
    const known = Object.hasOwn(JSON_TYPES, String(name)) ? JSON_TYPES[String(name)] : undefined;
    if (known === undefined) {
      throw new MongoServerError(2, `Unknown type name alias: ${String(name)}`);
    }
    return known;
  });
  const test = typeTest(bsonNames, "$jsonSchema keyword 'type'");
  return (value) => test(value, true);
}

function enumCheck(operand: unknown): Check {
  if (!Array.isArray(operand)) {
    throw mismatch("$jsonSchema keyword 'enum' must be an array");
  }
  if (operand.length === 0) {
    throw malformed("$jsonSchema keyword 'enum' cannot be an empty array");
  }
  const allowed = operand.map(withSortedFields);
  return (value) => {
    const candidate = withSortedFields(value);
    return allowed.some((item) => valuesEqual(item, candidate));
  };
}

/** Field order does not count where a schema compares documents. */
function withSortedFields(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withSortedFields);
  }
  const document = documentOf(value);
  if (document === undefined) {
    return value;
  }
  const sorted: BsonDocument = {};
  for (const key of Object.keys(document).sort()) {
    setField(sorted, key, withSortedFields(document[key]));
  }
  return sorted;
}

function boundCheck(keyword: 'minimum' | 'maximum', operand: unknown, schema: BsonDocument): Check {
  if (!isNumeric(operand)) {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be a number`);
  }
  const exclusive = schema[keyword === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'] === true;
  const direction = keyword === 'minimum' ? 1 : -1;
  return (value) => {
    if (!isNumeric(value)) {
      return true;
    }
    if (Number.isNaN(toNumber(value)) !== Number.isNaN(toNumber(operand))) {
      return false;
    }
    const order = compareValues(value, operand) * direction;
    return order > 0 || (order === 0 && !exclusive);
  };
}

function exclusiveCheck(keyword: string, operand: unknown, schema: BsonDocument): undefined {
  if (typeof operand !== 'boolean') {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be a boolean`);
  }
  const partner = keyword === 'exclusiveMinimum' ? 'minimum' : 'maximum';
  if (!Object.hasOwn(schema, partner)) {
    throw malformed(`$jsonSchema keyword '${partner}' must be a present if ${keyword} is present`);
  }
  return undefined;
}

function multipleCheck(operand: unknown): Check {
  const divisor = toNumber(operand);
  if (divisor === undefined) {
    throw mismatch("$jsonSchema keyword 'multipleOf' must be a number");
  }
  if (!(divisor > 0) || !Number.isFinite(divisor)) {
    throw malformed("$jsonSchema keyword 'multipleOf' must have a positive value");
  }
  const wholeDivisor = toInt64(operand);
  return (value) => {
    const number = toNumber(value);
    if (number === undefined) {
      return true;
    }
    const whole = toInt64(value);
    if (whole !== undefined && wholeDivisor !== undefined) {
      return whole % wholeDivisor === 0n;
    }
    return number % divisor === 0;
  };
}

function countOf(keyword: string, value: unknown): number | undefined {
  if (keyword.endsWith('Length')) {
    return typeof value === 'string' ? [...value].length : undefined;
  }
  if (keyword.endsWith('Items')) {
    return Array.isArray(value) ? value.length : undefined;
  }
  const document = documentOf(value);
  return document === undefined ? undefined : Object.keys(document).length;
}

function countCheck(keyword: string, operand: unknown): Check {
  if (!isNumeric(operand)) {
    throw malformed(`Expected a number in: ${keyword}: ${describe(operand)}`);
  }
  const limit = toSafeInteger(operand);
  if (limit === undefined || limit < 0) {
    throw malformed(
      `Expected ${limit === undefined ? 'an integer' : 'a non-negative number'} in: ${keyword}: ${describe(operand)}`,
    );
  }
  const least = keyword.startsWith('min');
  return (value) => {
    const count = countOf(keyword, value);
    return count === undefined || (least ? count >= limit : count <= limit);
  };
}

function patternCheck(operand: unknown): Check {
  if (typeof operand !== 'string') {
    throw mismatch("$jsonSchema keyword 'pattern' must be a string");
  }
  const pattern = compilePattern(operand, '');
  return (value) => typeof value !== 'string' || pattern.test(value);
}

function nameList(keyword: string, operand: unknown): string[] {
  if (!Array.isArray(operand)) {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be an array`);
  }
  if (operand.length === 0) {
    throw malformed(`$jsonSchema keyword '${keyword}' cannot be an empty array`);
  }
  const names: string[] = [];
  for (const name of operand) {
    if (typeof name !== 'string') {
      throw mismatch(`$jsonSchema keyword '${keyword}' must be an array of strings`);
    }
    if (names.includes(name)) {
      throw malformed(`$jsonSchema keyword '${keyword}' array cannot contain duplicate values`);
    }
    names.push(name);
  }
  return names;
}

function requireDocument(keyword: string, operand: unknown): BsonDocument {
  const document = documentOf(operand);
  if (document === undefined) {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be an object`);
  }
  return document;
}

function propertiesCheck(operand: unknown, depth: number): Check {
  const properties = requireDocument('properties', operand);
  const checks = Object.keys(properties).map((name): [string, Check] => [
    name,
    compileSchema(properties[name], name, depth),
  ]);
  return onDocuments((document) =>
    checks.every(([name, check]) => !Object.hasOwn(document, name) || check(document[name])),
  );
}

function patternPropertiesCheck(operand: unknown, depth: number): Check {
  const properties = requireDocument('patternProperties', operand);
  const checks = Object.keys(properties).map((source) => ({
    pattern: compilePattern(source, ''),
    check: compileSchema(properties[source], source, depth),
  }));
  return onDocuments((document) =>
    Object.keys(document).every((name) =>
      checks.every(({ pattern, check }) => !pattern.test(name) || check(document[name])),
    ),
  );
}

function additionalPropertiesCheck(operand: unknown, schema: BsonDocument, depth: number): Check {
  const allowed = additionalCheck('additionalProperties', operand, depth);
  const named = new Set(
    Object.hasOwn(schema, 'properties')
      ? Object.keys(requireDocument('properties', schema['properties']))
      : [],
  );
  const patterns = Object.keys(
    Object.hasOwn(schema, 'patternProperties')
      ? requireDocument('patternProperties', schema['patternProperties'])
      : {},
  ).map((source) => compilePattern(source, ''));
  return onDocuments((document) =>
    Object.keys(document).every(
      (name) => named.has(name) || patterns.some((pattern) => pattern.test(name)) || allowed(document[name]),
    ),
  );
}

function additionalCheck(keyword: string, operand: unknown, depth: number): Check {
  if (typeof operand === 'boolean') {
    return () => operand;
  }
  if (documentOf(operand) === undefined) {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be either an object or a boolean`);
  }
  return compileSchema(operand, keyword, depth);
}

function itemsCheck(operand: unknown, depth: number): Check {
  if (Array.isArray(operand)) {
    const checks = operand.map((item) => compileSchema(item, 'items', depth));
    return onArrays((array) => array.every((element, index) => checks[index]?.(element) ?? true));
  }
  if (documentOf(operand) === undefined) {
    throw mismatch("$jsonSchema keyword 'items' must be an array or an object");
  }
  const check = compileSchema(operand, 'items', depth);
  return onArrays((array) => array.every(check));
}

function additionalItemsCheck(operand: unknown, schema: BsonDocument, depth: number): Check {
  const allowed = additionalCheck('additionalItems', operand, depth);
  const items = schema['items'];
  if (!Array.isArray(items)) {
    return () => true;
  }
  return onArrays((array) => array.slice(items.length).every(allowed));
}

function uniqueCheck(operand: unknown): Check {
  if (typeof operand !== 'boolean') {
    throw mismatch("$jsonSchema keyword 'uniqueItems' must be a boolean");
  }
  return operand
    ? onArrays(
        (array) =>
          new Set(array.map((element) => encodeValue(withSortedFields(element)).toString('latin1'))).size ===
          array.length,
      )
    : () => true;
}

function combinedCheck(keyword: 'allOf' | 'anyOf' | 'oneOf', operand: unknown, depth: number): Check {
  if (!Array.isArray(operand)) {
    throw mismatch(`$jsonSchema keyword '${keyword}' must be an array`);
  }
  if (operand.length === 0) {
    throw new MongoServerError(2, `$jsonSchema keyword '${keyword}' must be a non-empty array`);
  }
  const checks = operand.map((schema) => compileSchema(schema, keyword, depth));
  switch (keyword) {
    case 'allOf':
      return (value) => checks.every((check) => check(value));
    case 'anyOf':
      return (value) => checks.some((check) => check(value));
    case 'oneOf':
      return (value) => checks.filter((check) => check(value)).length === 1;
  }
}

function dependenciesCheck(operand: unknown, depth: number): Check {
  const dependencies = requireDocument('dependencies', operand);
  const checks = Object.keys(dependencies).map((name): [string, (document: BsonDocument) => boolean] => {
    const dependency = dependencies[name];
    if (Array.isArray(dependency)) {
      const needed = nameList('dependencies', dependency);
      return [name, (document) => needed.every((other) => Object.hasOwn(document, other))];
    }
    return [name, compileSchema(dependency, 'dependencies', depth)];
  });
  return onDocuments((document) =>
    checks.every(([name, check]) => !Object.hasOwn(document, name) || check(document)),
  );
}
