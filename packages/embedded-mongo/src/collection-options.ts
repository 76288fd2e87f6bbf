import { fullCollation, readCollation } from './catalog.ts';
import {
  booleanOption,
  documentOption,
  integerOption,
  optionalField,
  requiredString,
  stringOption,
} from './command-options.ts';
import { evaluationContext, matchContext } from './evaluation.ts';
import { MongoServerError } from './semantics/errors.ts';
import { compileMatcher } from './semantics/match.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isDocument, valuesEqual } from './semantics/values.ts';

/** The options of a collection that `create` takes and listCollections shows. */
export const CREATE_OPTIONS = [
  'capped',
  'size',
  'max',
  'validator',
  'validationLevel',
  'validationAction',
  'collation',
  'viewOn',
  'pipeline',
  'timeseries',
  'clusteredIndex',
  'expireAfterSeconds',
  'storageEngine',
  'indexOptionDefaults',
  'changeStreamPreAndPostImages',
] as const;
/** Longest time that one bucket of a time series spans, in seconds, by its granularity. */
const BUCKET_SPANS: Readonly<Record<string, number>> = { seconds: 3600, minutes: 86_400, hours: 2_592_000 };

function readTimeseries(value: BsonDocument): BsonDocument {
  const timeField = requiredString(value, 'timeField');
  const metaField = stringOption(value, 'metaField');
  if (metaField === '_id' || metaField === timeField) {
    throw new MongoServerError(72, `'metaField' cannot be "_id" or the same as 'timeField'`);
  }
  for (const [name, field] of [
    ['timeField', timeField],
    ['metaField', metaField ?? 'none'],
  ]) {
    if (field === '' || field?.includes('.') === true) {
      throw new MongoServerError(72, `'${name}' must be a top-level field and not contain a '.'`);
    }
  }
  const granularity = stringOption(value, 'granularity');
  if (granularity !== undefined && !Object.hasOwn(BUCKET_SPANS, granularity)) {
    throw new MongoServerError(
      2,
      `Enumeration value '${granularity}' for field 'create.timeseries.granularity' is not a valid value.`,
    );
  }
  const span = integerOption(value, 'bucketMaxSpanSeconds');
  const rounding = integerOption(value, 'bucketRoundingSeconds');
  if (span !== rounding && granularity === undefined) {
    throw new MongoServerError(
      72,
      `'bucketMaxSpanSeconds' and 'bucketRoundingSeconds' must be set to the same value`,
    );
  }
  return {
    timeField,
    ...(metaField === undefined ? {} : { metaField }),
    ...(span === undefined || granularity !== undefined ? { granularity: granularity ?? 'seconds' } : {}),
    bucketMaxSpanSeconds: span ?? BUCKET_SPANS[granularity ?? 'seconds'],
    ...(rounding === undefined ? {} : { bucketRoundingSeconds: rounding }),
  };
}

function readClusteredIndex(value: unknown, options: BsonDocument): BsonDocument {
  if (!isDocument(value)) {
    throw new MongoServerError(
      14,
      `BSON field 'create.clusteredIndex' is the wrong type, expected type 'object'`,
    );
  }
  if (options.capped === true || options.viewOn !== undefined || options.timeseries !== undefined) {
    throw new MongoServerError(
      72,
      `the 'clusteredIndex' option is not supported for this kind of collection`,
    );
  }
  if (!valuesEqual(value.key, { _id: 1 })) {
    throw new MongoServerError(197, `The clusteredIndex option requires the key to be { _id: 1 }`);
  }
  if (value.unique !== true) {
    throw new MongoServerError(197, 'The clusteredIndex option requires unique: true to be specified');
  }
  return { v: 2, key: { _id: 1 }, name: stringOption(value, 'name') ?? '_id_', unique: true };
}

/**
 * Reads the options of a `create` command in the form in which they are stored and listed.
 * Throws MongoServerError 72, 2, 14 and others for malformed ones.
 */
export function readCollectionOptions(command: BsonDocument): BsonDocument {
  const options: BsonDocument = {};
  for (const name of CREATE_OPTIONS) {
    const value = optionalField(command, name);
    if (value !== undefined) {
      options[name] = value;
    }
  }
  const collation = documentOption(command, 'collation');
  if (readCollation(collation) === undefined) {
    delete options.collation;
  } else if (collation !== undefined) {
    options.collation = collation.locale === 'simple' ? collation : fullCollation(collation);
  }
  if (booleanOption(command, 'capped')) {
    const size = integerOption(command, 'size');
    if (size === undefined || size < 1) {
      throw new MongoServerError(72, `the 'size' field is required when 'capped' is true`);
    }
    options.capped = true;
    // The size counts in steps of 256 bytes.
    options.size = Math.ceil(size / 256) * 256;
  } else {
    delete options.capped;
  }
  if (
    options.expireAfterSeconds !== undefined &&
    options.timeseries === undefined &&
    options.clusteredIndex === undefined
  ) {
    throw new MongoServerError(
      72,
      `'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified`,
    );
  }
  const timeseries = documentOption(command, 'timeseries');
  if (timeseries !== undefined) {
    options.timeseries = readTimeseries(timeseries);
  }
  if (command.clusteredIndex !== undefined) {
    options.clusteredIndex = readClusteredIndex(command.clusteredIndex, options);
  }
  assertValidation(command);
  return options;
}

/** Checks the validator of a `create` or `collMod` command, its level and action. Throws MongoServerError. */
export function assertValidation(command: BsonDocument): void {
  const validator = documentOption(command, 'validator');
  if (validator !== undefined) {
    compileMatcher(validator, { ...matchContext(evaluationContext(new Date(0))), refusesNear: true });
  }
  const level = stringOption(command, 'validationLevel');
  if (level !== undefined && !['off', 'strict', 'moderate'].includes(level)) {
    throw new MongoServerError(
      2,
      `Enumeration value '${level}' for field 'create.validationLevel' is not a valid value.`,
    );
  }
  const action = stringOption(command, 'validationAction');
  if (action !== undefined && !['error', 'warn', 'errorAndLog'].includes(action)) {
    throw new MongoServerError(
      2,
      `Enumeration value '${action}' for field 'create.validationAction' is not a valid value.`,
    );
  }
}
