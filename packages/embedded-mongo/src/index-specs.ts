import {
  type CollectionInfo,
  fullCollation,
  type IndexInfo,
  readCollation,
  sameCollation,
} from './catalog.ts';
import { evaluationContext, matcherFor } from './evaluation.ts';
import { MongoServerError } from './semantics/errors.ts';
import { isTextLanguage } from './semantics/text.ts';
import type { BsonDocument } from './semantics/types.ts';
import { describeValue } from './semantics/update-describe.ts';
import {
  compareStrings,
  isDocument,
  isNumeric,
  isTruthy,
  setField,
  toNumber,
  typeName,
  valuesEqual,
} from './semantics/values.ts';

const SPEC_FIELDS = new Set([
  'key',
  'name',
  'ns',
  'v',
  'unique',
  'sparse',
  'background',
  'expireAfterSeconds',
  'partialFilterExpression',
  'collation',
  'hidden',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'bucketSize',
  'storageEngine',
  'wildcardProjection',
  'clustered',
  'prepareUnique',
  'dropDups',
  'originalSpec',
]);
const SPECIAL_TYPES = new Set(['text', '2dsphere', '2d', 'hashed']);

function cannotCreate(reason: string): MongoServerError {
  return new MongoServerError(67, reason);
}

function checkKey(key: BsonDocument): void {
  const paths = Object.keys(key);
  if (paths.length === 0) {
    throw cannotCreate('Index keys cannot be an empty object');
  }
  if (paths.length > 32) {
    throw new MongoServerError(13103, 'too many fields in an index key');
  }
  for (const path of paths) {
    const value = key[path];
    if (path === '' || path.split('.').includes('')) {
      throw cannotCreate('Index keys cannot be an empty field.');
    }
    if (path.startsWith('$') && !path.startsWith('$**')) {
      throw cannotCreate(`Index key contains an illegal field name: field name starts with '$'.`);
    }
    if (typeof value === 'string') {
      if (!SPECIAL_TYPES.has(value)) {
        throw cannotCreate(`Unknown index plugin '${value}'`);
      }
    } else if (!isNumeric(value)) {
      throw cannotCreate(
        `Values in v:2 index key pattern cannot be of type ${typeName(value)}. Only numbers > 0, numbers < 0, and strings are allowed.`,
      );
    } else if (toNumber(value) === 0 || Number.isNaN(toNumber(value))) {
      throw cannotCreate('Values in the index key pattern cannot be 0.');
    }
  }
}

function checkOptions(spec: BsonDocument, key: BsonDocument): void {
  const unknown = Object.keys(spec).find((field) => !SPEC_FIELDS.has(field));
  if (unknown !== undefined) {
    throw new MongoServerError(
      197,
      `The field '${unknown}' is not valid for an index specification. Specification: ${describeValue(spec)}`,
    );
  }
  if (spec.partialFilterExpression !== undefined) {
    if (!isDocument(spec.partialFilterExpression)) {
      throw new MongoServerError(14, `The field 'partialFilterExpression' must be an object`);
    }
    if (isTruthy(spec.sparse ?? false)) {
      throw cannotCreate('cannot mix "partialFilterExpression" and "sparse" options');
    }
    checkPartialFilter(spec.partialFilterExpression);
  }
  const { expireAfterSeconds } = spec;
  if (expireAfterSeconds !== undefined) {
    const seconds = toNumber(expireAfterSeconds);
    if (seconds === undefined) {
      throw new MongoServerError(
        14,
        `TTL index 'expireAfterSeconds' option must be numeric, but received a type of '${typeName(expireAfterSeconds)}'.`,
      );
    }
    if (seconds < 0 || seconds > 2147483647) {
      throw cannotCreate(`TTL index 'expireAfterSeconds' option must be within an acceptable range`);
    }
    if (Object.keys(key).length > 1) {
      throw cannotCreate('TTL indexes are single-field indexes, compound indexes do not support TTL.');
    }
    if (Object.keys(key)[0] === '_id') {
      throw new MongoServerError(
        197,
        `The field 'expireAfterSeconds' is not valid for an _id index specification.`,
      );
    }
  }
}

const PARTIAL_OPERATORS = new Set([
  '$eq',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$type',
  '$exists',
  '$in',
  '$and',
  '$or',
]);

function checkPartialFilter(filter: BsonDocument): void {
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (isDocument(value)) {
      for (const key of Object.keys(value)) {
        if (
          key.startsWith('$') &&
          (!PARTIAL_OPERATORS.has(key) || (key === '$exists' && !isTruthy(value[key])))
        ) {
          throw cannotCreate(`Expression not supported in partial index: ${key}`);
        }
        visit(value[key]);
      }
    }
  };
  visit(filter);
  matcherFor(filter, evaluationContext(new Date(0)));
}

/** The weights of all fields of a text index, in the order of their names. */
function fullWeights(key: BsonDocument, given: unknown): BsonDocument {
  if (given !== undefined && !isDocument(given)) {
    throw cannotCreate(`text index option 'weights' must be an object`);
  }
  const weights: BsonDocument = { ...given };
  for (const weight of Object.values(weights)) {
    const number = toNumber(weight);
    if (number === undefined || !(number > 0 && number < 100_000)) {
      throw cannotCreate('text index weight must be in the exclusive interval (0,100000)');
    }
  }
  for (const path of Object.keys(key)) {
    if (key[path] === 'text' && !Object.hasOwn(weights, path)) {
      setField(weights, path, 1);
    }
  }
  return Object.fromEntries(Object.entries(weights).sort(([a], [b]) => compareStrings(a, b)));
}

function textOptions(spec: BsonDocument, key: BsonDocument): BsonDocument {
  const { default_language: language = 'english', language_override: override = 'language' } = spec;
  if (typeof language !== 'string' || !isTextLanguage(language)) {
    throw cannotCreate('default_language is not valid');
  }
  if (typeof override !== 'string' || override === '' || override.startsWith('$')) {
    throw cannotCreate('language_override is not valid');
  }
  return {
    weights: fullWeights(key, spec.weights),
    default_language: language,
    language_override: override,
    textIndexVersion: 3,
  };
}

/** What the server adds to the specifications of special kinds of indexes. */
function specialFields(spec: BsonDocument, key: BsonDocument): BsonDocument {
  const kinds = new Set(Object.values(key));
  if (kinds.has('2dsphere')) {
    return { '2dsphereIndexVersion': 3 };
  }
  return kinds.has('text') ? textOptions(spec, key) : {};
}

const isWildcard = (path: string): boolean => path === '$**' || path.endsWith('.$**');

/** Throws MongoServerError 67, 16764, 31303 or 9 for options that hashed and wildcard indexes do not take. */
function checkSpecialOptions(spec: BsonDocument, key: BsonDocument): void {
  const unique = isTruthy(spec.unique ?? false);
  const hashed = Object.values(key).filter((value) => value === 'hashed').length;
  if (hashed > 0 && unique) {
    throw new MongoServerError(
      16764,
      'Currently hashed indexes cannot guarantee uniqueness. Use a regular index.',
    );
  }
  if (hashed > 1) {
    throw new MongoServerError(
      31303,
      `A maximum of one index field is allowed to be hashed but found ${hashed} for 'key' ${describeValue(key)}`,
    );
  }
  const wildcards = Object.keys(key).filter((path) => isWildcard(path) && typeof key[path] !== 'string');
  if (wildcards.length > 1) {
    throw cannotCreate('wildcard indexes do not allow more than one wildcard field');
  }
  if (wildcards.length === 1) {
    const refused = ['unique', 'sparse', 'expireAfterSeconds'].find((name) => isTruthy(spec[name] ?? false));
    if (refused !== undefined) {
      throw cannotCreate(`Index type 'wildcard' does not support the ${refused} option`);
    }
  }
  if (spec.wildcardProjection !== undefined && wildcards[0] !== '$**') {
    throw new MongoServerError(
      9,
      `The field 'wildcardProjection' is only allowed in an index whose key has a '$**' field`,
    );
  }
}

/** A text index shows internal fields in place of the indexed ones. */
function shownKey(key: BsonDocument): BsonDocument {
  if (!Object.values(key).includes('text')) {
    return key;
  }
  const shown: BsonDocument = {};
  for (const path of Object.keys(key)) {
    if (key[path] === 'text') {
      shown._fts = 'text';
      shown._ftsx = 1;
    } else {
      shown[path] = key[path];
    }
  }
  return shown;
}

/**
 * Checks an index specification of createIndexes and returns it in the form that is stored.
 * Throws MongoServerError 67, 197, 14, 40414 and others for malformed specifications.
 */
export function normalizeIndexSpec(
  spec: BsonDocument,
  collectionCollation: BsonDocument | undefined,
): BsonDocument {
  const { key } = spec;
  if (!isDocument(key)) {
    throw new MongoServerError(9, `The 'key' field is a required property of an index specification`);
  }
  if (typeof spec.name !== 'string') {
    throw new MongoServerError(9, `The 'name' field is a required property of an index specification`);
  }
  if (spec.name === '' || spec.name === '*') {
    throw cannotCreate(`The index name '${spec.name}' is not valid`);
  }
  checkKey(key);
  checkOptions(spec, key);
  checkSpecialOptions(spec, key);
  const { v: _version, ns: _namespace, background: _background, collation, name, key: _key, ...rest } = spec;
  const normalized: BsonDocument = {
    v: 2,
    key: shownKey(key),
    name,
    ...rest,
    ...specialFields(spec, key),
  };
  for (const flag of ['unique', 'sparse', 'hidden'] as const) {
    if (normalized[flag] !== undefined && !isTruthy(normalized[flag])) {
      Reflect.deleteProperty(normalized, flag);
    }
  }
  const effective = collation ?? collectionCollation;
  readCollation(effective);
  if (isDocument(effective) && effective.locale !== 'simple' && Object.keys(effective).length > 0) {
    normalized.collation = fullCollation(effective);
  }
  return normalized;
}

function sameKey(a: unknown, b: unknown): boolean {
  return (
    isDocument(a) &&
    isDocument(b) &&
    Object.keys(a).join('\0') === Object.keys(b).join('\0') &&
    valuesEqual(a, b)
  );
}

function sameSignature(index: IndexInfo, spec: BsonDocument): boolean {
  return (
    sameKey(index.spec.key, spec.key) &&
    sameCollation(index.collation, readCollation(spec.collation)) &&
    valuesEqual(index.partialFilter, spec.partialFilterExpression) &&
    isTruthy(index.spec.unique ?? false) === isTruthy(spec.unique ?? false) &&
    index.sparse === isTruthy(spec.sparse ?? false)
  );
}

/**
 * Looks for an index that a normalized specification repeats or contradicts.
 * Returns it when the specification repeats it, undefined when there is none.
 * Throws MongoServerError 85 or 86 for a contradiction.
 */
export function existingIndex(collection: CollectionInfo, spec: BsonDocument): IndexInfo | undefined {
  if (sameKey(spec.key, { _id: 1 })) {
    return collection.indexes[0];
  }
  for (const index of collection.indexes) {
    const described = `Requested index: ${describeValue(spec)}, existing index: ${describeValue(index.spec)}`;
    const signature = sameSignature(index, spec);
    if (index.name === spec.name) {
      if (!signature) {
        throw new MongoServerError(
          86,
          `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. ${described}`,
        );
      }
      const sameExpiry = toNumber(index.spec.expireAfterSeconds) === toNumber(spec.expireAfterSeconds);
      if (!sameExpiry) {
        throw new MongoServerError(
          85,
          `An equivalent index already exists with the same name but different options. ${described}`,
        );
      }
      return index;
    }
    if (signature) {
      throw new MongoServerError(85, `Index already exists with a different name: ${index.name}`);
    }
  }
  return undefined;
}
