import { Double } from 'bson';
import { Aggregator } from 'mingo/aggregator';
import { Context } from 'mingo/core';
import { $push } from 'mingo/operators/accumulator';
import { $bucketAuto as bucketByGranularity } from 'mingo/operators/pipeline';
import { compileAccumulator, type Accumulation, type Accumulator } from './aggregate-accumulators.ts';
import { asDouble, isNaNValue, numericKind } from './aggregate-arithmetic.ts';
import { fail, type Compiler, type Evaluator } from './aggregate-operator-kit.ts';
import { stageScope, type Runtime, type Stage, type StageCompiler } from './aggregate-stage-kit.ts';
import { equalityKey } from './aggregate-value-set.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import {
  compareValues,
  createDocument,
  getField,
  isArray,
  isDocument,
  setField,
  toSafeInteger,
  typeName,
  typeRank,
  valuesEqual,
} from './values.ts';

type OutputField = readonly [name: string, accumulator: Accumulator];

/** Compiles the output fields of `$group` and the bucket stages. */
function compileOutput(fields: readonly (readonly [string, unknown])[], compiler: Compiler): OutputField[] {
  return fields.map(([name, specification]): OutputField => {
    if (name.includes('.')) {
      fail(40235, `The field name '${name}' cannot contain '.'`);
    }
    if (name.startsWith('$')) {
      fail(40236, `The field name '${name}' cannot be an operator name`);
    }
    if (!isDocument(specification) || Object.keys(specification).length === 0) {
      return fail(40234, `The field '${name}' must be an accumulator object`);
    }
    const entries = Object.entries(specification);
    const [entry] = entries;
    if (entry === undefined || entries.length !== 1) {
      return fail(40238, `The field '${name}' must specify one accumulator`);
    }
    const [operator, argument] = entry;
    if (!operator.startsWith('$')) {
      fail(40234, `The field '${name}' must be an accumulator object`);
    }
    return [name, compileAccumulator(operator, argument, compiler)];
  });
}

/** One group being gathered. */
class Group {
  readonly #fields: readonly (readonly [string, Accumulation])[];

  constructor(output: readonly OutputField[], first: BsonDocument, runtime: Runtime) {
    const scope = stageScope(first, runtime);
    this.#fields = output.map(([name, accumulator]) => [name, accumulator.start(scope)]);
  }

  add(document: BsonDocument, runtime: Runtime): void {
    const scope = stageScope(document, runtime);
    for (const [, accumulation] of this.#fields) {
      accumulation.add(scope);
    }
  }

  result(id: unknown): BsonDocument {
    const document = createDocument();
    document['_id'] = id;
    for (const [name, accumulation] of this.#fields) {
      setField(document, name, accumulation.result() ?? null);
    }
    return document;
  }
}

function groupBy(evaluate: Evaluator, output: readonly OutputField[]): Stage {
  return function* (input, runtime) {
    const groups = new Map<string, { id: unknown; group: Group }>();
    for (const document of input) {
      const id = evaluate(stageScope(document, runtime)) ?? null;
      const key = equalityKey(id, runtime.context.collation);
      let entry = groups.get(key);
      if (entry === undefined) {
        entry = { id, group: new Group(output, document, runtime) };
        groups.set(key, entry);
      }
      entry.group.add(document, runtime);
    }
    for (const { id, group } of groups.values()) {
      yield group.result(id);
    }
  };
}

/** `$group`. @throws MongoServerError 15947, 15955, 40234 to 40238, 15952 */
export const groupStage: StageCompiler = (argument, { compiler }) => {
  if (!isDocument(argument)) {
    return fail(15947, "a group's fields must be specified in an object");
  }
  if (!Object.hasOwn(argument, '_id')) {
    return fail(15955, 'a group specification must include an _id');
  }
  const fields = Object.entries(argument).filter(([name]) => name !== '_id');
  return groupBy(compiler.compile(argument['_id']), compileOutput(fields, compiler));
};

const DEFAULT_OUTPUT: readonly (readonly [string, unknown])[] = [['count', { $sum: 1 }]];

function bucketOutput(output: unknown, compiler: Compiler, code: number): OutputField[] {
  if (output === undefined) {
    return compileOutput(DEFAULT_OUTPUT, compiler);
  }
  return isDocument(output)
    ? compileOutput(Object.entries(output), compiler)
    : fail(code, `The 'output' field must be an object, but found type: ${typeName(output)}.`);
}

function checkGroupBy(groupByExpression: unknown, stage: string, code: number): void {
  const isPath = typeof groupByExpression === 'string' && groupByExpression.startsWith('$');
  const isExpression = isDocument(groupByExpression) && Object.keys(groupByExpression).length > 0;
  if (!isPath && !isExpression) {
    fail(
      code,
      `The ${stage} 'groupBy' field must be defined as a $-prefixed path or an expression object, but found: ` +
        `${describeValue(groupByExpression)}.`,
    );
  }
}

function bucketBoundaries(value: unknown): unknown[] {
  if (!isArray(value)) {
    return fail(
      40200,
      `The $bucket 'boundaries' field must be an array, but found type: ${typeName(value)}.`,
    );
  }
  if (value.length < 2) {
    return fail(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${value.length} value(s).`,
    );
  }
  for (let index = 1; index < value.length; index += 1) {
    if (typeRank(value[index - 1]) !== typeRank(value[index])) {
      fail(40193, "All values in the 'boundaries' option to $bucket must have the same type.");
    }
    if (compareValues(value[index - 1], value[index]) >= 0) {
      fail(40194, "The 'boundaries' option to $bucket must be sorted in ascending order.");
    }
  }
  return value;
}

/** Unwraps `{ $literal: x }`, the only expression whose constant is not written as itself. */
const constantOf = (value: unknown): unknown =>
  isDocument(value) && Object.hasOwn(value, '$literal') ? value['$literal'] : value;

/** `$bucket`: groups into half-open intervals, sorted by their lower bounds. */
export const bucketStage: StageCompiler = (argument, { compiler }) => {
  if (!isDocument(argument)) {
    return fail(40201, `Argument to $bucket stage must be an object, but found type: ${typeName(argument)}.`);
  }
  for (const key of Object.keys(argument)) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(key)) {
      fail(40197, `Unrecognized option to $bucket: ${key}.`);
    }
  }
  if (!Object.hasOwn(argument, 'groupBy') || !Object.hasOwn(argument, 'boundaries')) {
    return fail(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  }
  checkGroupBy(argument['groupBy'], '$bucket', 40202);
  const rawBoundaries = argument['boundaries'];
  const boundaries = bucketBoundaries(isArray(rawBoundaries) ? rawBoundaries.map(constantOf) : rawBoundaries);
  const hasDefault = Object.hasOwn(argument, 'default');
  const other = constantOf(getField(argument, 'default'));
  if (
    hasDefault &&
    typeRank(other) === typeRank(boundaries[0]) &&
    compareValues(other, boundaries[0]) >= 0 &&
    compareValues(other, boundaries.at(-1)) < 0
  ) {
    fail(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  }
  const groupKey = compiler.compile(argument['groupBy']);
  const output = bucketOutput(getField(argument, 'output'), compiler, 40196);
  const bucketOf: Evaluator = (scope) => {
    const value = groupKey(scope);
    for (let index = boundaries.length - 1; index > 0; index -= 1) {
      const low = boundaries[index - 1];
      if (
        compareValues(value, low, scope.context.collation) >= 0 &&
        compareValues(value, boundaries[index], scope.context.collation) < 0
      ) {
        return low;
      }
    }
    return hasDefault
      ? other
      : fail(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
  const gather = groupBy(bucketOf, output);
  return function* (input, runtime) {
    yield* [...gather(input, runtime)].sort((a, b) => compareValues(a['_id'], b['_id']));
  };
};

interface Keyed {
  key: unknown;
  document: BsonDocument;
}

interface Bucket {
  min: unknown;
  max: unknown;
  rows: Keyed[];
}

/** Splits sorted rows into buckets of about equal size; equal keys stay together. */
function evenBuckets(rows: readonly Keyed[], wanted: number): Bucket[] {
  const buckets: Bucket[] = [];
  const size = Math.max(1, Math.round(rows.length / wanted));
  let at = 0;
  while (at < rows.length) {
    const last = buckets.length === wanted - 1;
    let end = last ? rows.length : Math.min(at + size, rows.length);
    while (end < rows.length && valuesEqual(rows[end - 1]?.key, rows[end]?.key)) {
      end += 1;
    }
    buckets.push({ min: rows[at]?.key, max: rows[end]?.key, rows: rows.slice(at, end) });
    at = end;
  }
  buckets.forEach((bucket, index) => {
    bucket.max = buckets[index + 1]?.min ?? bucket.rows.at(-1)?.key;
  });
  return buckets;
}

const GRANULARITIES = /^(?:POWERSOF2|1-2-5|E6|E12|E24|E48|E96|E192|R5|R10|R20|R40|R80)$/;
/** Only the stage and accumulator that the call below needs; nothing of mingo sees BSON values. */
const granularityContext = Context.init({
  pipeline: { $bucketAuto: bucketByGranularity },
  accumulator: { $push },
});

/** The next number of the series above a value; of nought it is nought. Asks mingo, which has the tables. */
function roundUp(value: number, granularity: string): number {
  const stage = { groupBy: '$value', buckets: 1, granularity, output: { rows: { $push: '$value' } } };
  const [bucket] = new Aggregator([{ $bucketAuto: stage }], { context: granularityContext }).run([{ value }]);
  const id = bucket === undefined ? undefined : getField(bucket, '_id');
  const max = isDocument(id) ? id['max'] : undefined;
  return value === 0
    ? 0
    : typeof max === 'number'
      ? max
      : fail(2, `no number of the series ${granularity} found above ${value}`);
}

/** The number of the series below a value. */
function roundDown(value: number, granularity: string): number {
  if (value === 0) {
    return 0;
  }
  // Every series has a number within a factor of ten below.
  let low = roundUp(value / 11, granularity);
  for (let next = roundUp(low, granularity); next < value; next = roundUp(low, granularity)) {
    low = next;
  }
  return low;
}

function granularityValue(key: unknown): number {
  if (numericKind(key) === undefined) {
    fail(
      40258,
      `$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value with type: ${typeName(key)}`,
    );
  }
  if (isNaNValue(key)) {
    fail(40259, "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a NaN");
  }
  const number = asDouble(key);
  return number < 0
    ? fail(
        40260,
        "$bucketAuto can specify a 'granularity' with non-negative numbers only, but found a negative number",
      )
    : number;
}

/** Buckets whose bounds are numbers of a series; values below a rounded bound join the bucket before it. */
function granularBuckets(rows: readonly Keyed[], wanted: number, granularity: string): Bucket[] {
  const values = rows.map(({ key }) => granularityValue(key));
  const buckets: Bucket[] = [];
  const size = Math.max(1, Math.round(rows.length / wanted));
  let min = roundDown(values[0] ?? 0, granularity);
  let at = 0;
  while (at < rows.length) {
    let end = buckets.length === wanted - 1 ? rows.length : Math.min(at + size, rows.length);
    const max = roundUp(values[end - 1] ?? 0, granularity);
    while (end < rows.length && ((values[end] ?? 0) < max || values[end] === 0)) {
      end += 1;
    }
    buckets.push({ min: new Double(min), max: new Double(max), rows: rows.slice(at, end) });
    min = max;
    at = end;
  }
  return buckets;
}

/** `$bucketAuto`: a given number of buckets of about equal size. */
export const bucketAutoStage: StageCompiler = (argument, { compiler }) => {
  if (!isDocument(argument)) {
    return fail(
      40240,
      `The argument to $bucketAuto must be an object, but found type: ${typeName(argument)}.`,
    );
  }
  for (const key of Object.keys(argument)) {
    if (!['groupBy', 'buckets', 'output', 'granularity'].includes(key)) {
      fail(40245, `Unrecognized option to $bucketAuto: ${key}.`);
    }
  }
  if (!Object.hasOwn(argument, 'groupBy') || !Object.hasOwn(argument, 'buckets')) {
    return fail(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.");
  }
  checkGroupBy(argument['groupBy'], '$bucketAuto', 40239);
  const wanted = toSafeInteger(argument['buckets']);
  if (wanted === undefined) {
    return fail(
      40241,
      `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${typeName(argument['buckets'])}.`,
    );
  }
  if (wanted <= 0) {
    return fail(40243, `The $bucketAuto 'buckets' field must be greater than 0, but found: ${wanted}.`);
  }
  const granularity = getField(argument, 'granularity');
  if (granularity !== undefined && typeof granularity !== 'string') {
    return fail(
      40261,
      `The $bucketAuto 'granularity' field must be a string, but found type: ${typeName(granularity)}.`,
    );
  }
  if (granularity !== undefined && !GRANULARITIES.test(granularity)) {
    fail(40257, `Unknown rounding granularity '${granularity}'`);
  }
  const groupKey = compiler.compile(argument['groupBy']);
  const output = bucketOutput(getField(argument, 'output'), compiler, 40244);
  return function* (input, runtime) {
    const { collation } = runtime.context;
    const rows = Array.from(input, (document): Keyed => ({
      key: groupKey(stageScope(document, runtime)) ?? null,
      document,
    })).sort((a, b) => compareValues(a.key, b.key, collation));
    const buckets =
      granularity === undefined ? evenBuckets(rows, wanted) : granularBuckets(rows, wanted, granularity);
    for (const { min, max, rows: members } of buckets) {
      const [first] = members;
      if (first === undefined) {
        continue;
      }
      const group = new Group(output, first.document, runtime);
      for (const { document } of members) {
        group.add(document, runtime);
      }
      yield group.result({ min, max });
    }
  };
};

/** `$sortByCount`: groups by an expression and sorts by the size of the groups, largest first. */
export const sortByCountStage: StageCompiler = (argument, { compiler }) => {
  const isPath = typeof argument === 'string' && argument.startsWith('$');
  const [first = ''] = isDocument(argument) ? Object.keys(argument) : [];
  if (!isPath && !first.startsWith('$')) {
    fail(
      isDocument(argument) ? 40147 : typeof argument === 'string' ? 40148 : 40149,
      'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
    );
  }
  const gather = groupBy(compiler.compile(argument), compileOutput(DEFAULT_OUTPUT, compiler));
  return function* (input, runtime) {
    yield* [...gather(input, runtime)].sort((a, b) => compareValues(b['count'], a['count']));
  };
};
