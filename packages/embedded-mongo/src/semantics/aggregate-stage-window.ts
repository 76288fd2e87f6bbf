import { Double, Long } from 'bson';
import { compileAccumulator, isAccumulator, type Accumulator } from './aggregate-accumulators.ts';
import {
  addNumbers,
  asDouble,
  divideNumbers,
  multiplyNumbers,
  numericKind,
  subtractNumbers,
} from './aggregate-arithmetic.ts';
import { addToDate, nominalUnitLength, unitOf, zoneOf, type TimeUnit } from './aggregate-dates.ts';
import { fieldPathParts, readPath } from './aggregate-expressions.ts';
import { fail, isNullish, typeText, type Compiler, type Evaluator } from './aggregate-operator-kit.ts';
import { compileAddFields } from './aggregate-project.ts';
import { compileSort } from './aggregate-sort.ts';
import { stageScope, withPath, type Runtime, type Stage, type StageCompiler } from './aggregate-stage-kit.ts';
import { equalityKey } from './aggregate-value-set.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import {
  compareValues,
  getField,
  isArray,
  isDocument,
  toSafeInteger,
  typeName,
  valuesEqual,
} from './values.ts';

const FAILED_TO_PARSE = 9;

/** One partition in sort order while output fields are computed. */
interface Partition {
  documents: readonly BsonDocument[];
  runtime: Runtime;
}

/** Computes an output field for every document of a partition, in order. */
type WindowFunction = (partition: Partition) => unknown[];

interface WindowSetting {
  sortBy: BsonDocument | undefined;
  compiler: Compiler;
}

type Bound = number | 'unbounded' | 'current';

interface WindowBounds {
  kind: 'documents' | 'range';
  lower: Bound;
  upper: Bound;
  unit: TimeUnit | undefined;
}

function boundOf(value: unknown, kind: 'documents' | 'range'): Bound {
  if (value === 'unbounded' || value === 'current') {
    return value;
  }
  if (numericKind(value) === undefined) {
    return fail(FAILED_TO_PARSE, `Window bounds must be 'unbounded', 'current', or a number.`);
  }
  return kind === 'range'
    ? asDouble(value)
    : (toSafeInteger(value) ?? fail(FAILED_TO_PARSE, 'Numeric document-based bounds must be an integer'));
}

function windowBounds(value: unknown): WindowBounds | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isDocument(value)) {
    return fail(FAILED_TO_PARSE, "'window' field must be an object");
  }
  for (const key of Object.keys(value)) {
    if (!['documents', 'range', 'unit'].includes(key)) {
      fail(FAILED_TO_PARSE, `'window' field that specifies neither 'documents' nor 'range': ${key}`);
    }
  }
  const hasDocuments = Object.hasOwn(value, 'documents');
  const hasRange = Object.hasOwn(value, 'range');
  if (hasDocuments && hasRange) {
    return fail(FAILED_TO_PARSE, "Window bounds can specify either 'documents' or 'range', not both.");
  }
  if (!hasDocuments && !hasRange) {
    return Object.hasOwn(value, 'unit')
      ? fail(FAILED_TO_PARSE, "Window bounds can only specify 'unit' with range-based bounds.")
      : undefined;
  }
  const kind = hasDocuments ? 'documents' : 'range';
  const pair = value[kind];
  if (!isArray(pair) || pair.length !== 2) {
    return fail(FAILED_TO_PARSE, `Window bounds must be a 2-element array: ${describeValue(value)}`);
  }
  const unit = Object.hasOwn(value, 'unit') ? unitOf(value['unit'], 'window') : undefined;
  if (unit !== undefined && kind === 'documents') {
    return fail(FAILED_TO_PARSE, "Window bounds can only specify 'unit' with range-based bounds.");
  }
  const lower = boundOf(pair[0], kind);
  const upper = boundOf(pair[1], kind);
  const rank = (bound: Bound, unbounded: number): number =>
    bound === 'unbounded' ? unbounded : bound === 'current' ? 0 : bound;
  if (rank(lower, -Infinity) > rank(upper, Infinity)) {
    return fail(5339900, `Lower bound must not exceed upper bound: ${describeValue(value)}`);
  }
  return { kind, lower, upper, unit };
}

const onlySortField = (setting: WindowSetting): [string, unknown] | undefined => {
  const entries = Object.entries(setting.sortBy ?? {});
  return entries.length === 1 ? entries[0] : undefined;
};

function requireSort(setting: WindowSetting, name: string): void {
  if (setting.sortBy === undefined) {
    fail(5371602, `'${name}' must be specified with a sortBy expression`);
  }
}

function requireOneSortField(setting: WindowSetting, name: string): string {
  return (
    onlySortField(setting)?.[0] ??
    fail(5371602, `${name} must be specified with a top level sortBy expression with exactly one element`)
  );
}

/** Half-open index ranges of the window of each document. */
type Ranges = (partition: Partition) => (readonly [start: number, end: number])[];

function documentRanges({ lower, upper }: WindowBounds): Ranges {
  const index = (bound: Bound, at: number, unbounded: number): number =>
    bound === 'unbounded' ? unbounded : bound === 'current' ? at : at + bound;
  return ({ documents: { length } }) =>
    Array.from({ length }, (_item, at) => {
      const start = Math.max(0, index(lower, at, 0));
      const end = Math.min(length, index(upper, at, length - 1) + 1);
      return [start, Math.max(start, end)] as const;
    });
}

/** The sort field of each document as a number: its value, or a date's milliseconds when a unit is given. */
function sortPositions(partition: Partition, parts: readonly string[], unit: TimeUnit | undefined): number[] {
  return partition.documents.map((document) => {
    const value = readPath(document, parts);
    if (unit !== undefined) {
      return value instanceof Date
        ? value.getTime()
        : fail(
            5429513,
            `Invalid range: Expected the sortBy field to be a Date, but it was ${typeText(value)}`,
          );
    }
    return numericKind(value) === undefined
      ? fail(
          5429414,
          `Invalid range: Expected the sortBy field to be a number, but it was ${typeText(value)}`,
        )
      : asDouble(value);
  });
}

function valueRanges({ lower, upper, unit }: WindowBounds, setting: WindowSetting): Ranges {
  const entry = onlySortField(setting);
  if (entry === undefined || toSafeInteger(entry[1]) !== 1) {
    return fail(5339902, 'Range-based bounds require sortBy a single field in ascending order');
  }
  const parts = fieldPathParts(entry[0]);
  const edge = (bound: Bound, position: number, unbounded: number): number => {
    if (bound === 'unbounded') {
      return unbounded;
    }
    const amount = bound === 'current' ? 0 : bound;
    return unit === undefined ? position + amount : addToDate(position, unit, amount, zoneOf('UTC'));
  };
  return (partition) => {
    const positions = sortPositions(partition, parts, unit);
    let start = 0;
    let end = 0;
    return positions.map((position) => {
      const from = edge(lower, position, -Infinity);
      const to = edge(upper, position, Infinity);
      while (start < positions.length && (positions[start] ?? 0) < from) {
        start += 1;
      }
      end = Math.max(end, start);
      while (end < positions.length && (positions[end] ?? 0) <= to) {
        end += 1;
      }
      return [start, end] as const;
    });
  };
}

function rangesOf(bounds: WindowBounds, setting: WindowSetting, name: string): Ranges {
  if (bounds.kind === 'range') {
    return valueRanges(bounds, setting);
  }
  if (bounds.lower !== 'unbounded' || bounds.upper !== 'unbounded') {
    if (setting.sortBy === undefined) {
      fail(5339901, `Document-based bounds require a sortBy (${name})`);
    }
  }
  return documentRanges(bounds);
}

function accumulate(accumulator: Accumulator, ranges: Ranges | undefined): WindowFunction {
  return (partition) => {
    const { documents, runtime } = partition;
    const [first] = documents;
    if (first === undefined) {
      return [];
    }
    const scopes = documents.map((document) => stageScope(document, runtime));
    const start = (): ReturnType<Accumulator['start']> => accumulator.start(stageScope(first, runtime));
    if (ranges === undefined) {
      const whole = start();
      for (const scope of scopes) {
        whole.add(scope);
      }
      const result = whole.result();
      return documents.map(() => result);
    }
    let current = start();
    let from = 0;
    let to = 0;
    return ranges(partition).map(([windowStart, windowEnd]) => {
      // Windows that only grow at the end are gathered once; a window that loses documents is gathered anew.
      if (windowStart !== from || windowEnd < to) {
        current = start();
        from = windowStart;
        to = windowStart;
      }
      for (; to < windowEnd; to += 1) {
        const scope = scopes[to];
        if (scope !== undefined) {
          current.add(scope);
        }
      }
      return current.result();
    });
  };
}

function rankFunction(
  name: '$rank' | '$denseRank',
  argument: unknown,
  setting: WindowSetting,
): WindowFunction {
  checkNoArguments(name, argument);
  const parts = fieldPathParts(requireOneSortField(setting, name));
  return ({ documents, runtime }) => {
    let rank = 0;
    let previous: unknown;
    return documents.map((document, index) => {
      const value = readPath(document, parts) ?? null;
      if (index === 0 || !valuesEqual(previous, value, runtime.context.collation)) {
        rank = name === '$rank' ? index + 1 : rank + 1;
      }
      previous = value;
      return Long.fromNumber(rank);
    });
  };
}

function checkNoArguments(name: string, argument: unknown): void {
  if (!isDocument(argument) || Object.keys(argument).length > 0) {
    fail(5371603, `${name} must be specified with '{}' as the value`);
  }
}

function optionsOf(name: string, argument: unknown, allowed: readonly string[]): BsonDocument {
  if (!isDocument(argument)) {
    return fail(FAILED_TO_PARSE, `Argument to ${name} must be an object`);
  }
  for (const key of Object.keys(argument)) {
    if (!allowed.includes(key)) {
      fail(FAILED_TO_PARSE, `Unknown argument in ${name}: ${key}`);
    }
  }
  return argument;
}

function shiftFunction(argument: unknown, setting: WindowSetting): WindowFunction {
  requireSort(setting, '$shift');
  const options = optionsOf('$shift', argument, ['output', 'by', 'default']);
  const by = toSafeInteger(options['by']);
  if (by === undefined || !Object.hasOwn(options, 'output')) {
    return fail(FAILED_TO_PARSE, "$shift requires 'output' and an integer 'by'");
  }
  const output = setting.compiler.compile(options['output']);
  const fallback = setting.compiler.compile(getField(options, 'default') ?? null);
  return ({ documents, runtime }) =>
    documents.map((document, index) => {
      const shifted = documents[index + by];
      return shifted === undefined
        ? fallback(stageScope(document, runtime))
        : output(stageScope(shifted, runtime));
    });
}

function movingAverage(argument: unknown, setting: WindowSetting): WindowFunction {
  requireSort(setting, '$expMovingAvg');
  const options = optionsOf('$expMovingAvg', argument, ['input', 'N', 'alpha']);
  const hasN = Object.hasOwn(options, 'N');
  if (hasN === Object.hasOwn(options, 'alpha')) {
    return fail(
      FAILED_TO_PARSE,
      "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
    );
  }
  let weight: unknown;
  if (hasN) {
    const n = toSafeInteger(options['N']);
    weight =
      n !== undefined && n > 0
        ? new Double(2 / (n + 1))
        : fail(FAILED_TO_PARSE, "'N' field must be an integer greater than 0");
  } else {
    weight = options['alpha'];
    const alpha = numericKind(weight) === undefined ? NaN : asDouble(weight);
    if (!(alpha > 0 && alpha < 1)) {
      fail(FAILED_TO_PARSE, "'alpha' must be between 0 and 1 (exclusive)");
    }
  }
  const rest = subtractNumbers(1, weight);
  const input = setting.compiler.compile(options['input']);
  return ({ documents, runtime }) => {
    let average: unknown = null;
    return documents.map((document) => {
      const value = input(stageScope(document, runtime));
      if (numericKind(value) !== undefined) {
        average =
          average === null
            ? value
            : addNumbers(multiplyNumbers(value, weight), multiplyNumbers(average, rest));
      }
      return average;
    });
  };
}

interface Sample {
  x: number;
  y: unknown;
}

/** Reads the points that `$derivative` and `$integral` work on. */
function sampler(name: string, argument: unknown, setting: WindowSetting) {
  const options = optionsOf(name, argument, ['input', 'unit']);
  const parts = fieldPathParts(requireOneSortField(setting, name));
  const unit = Object.hasOwn(options, 'unit') ? unitOf(options['unit'], name) : undefined;
  const length = unit === undefined ? 1 : nominalUnitLength(unit);
  if (length === undefined) {
    return fail(5490704, `unit must be 'week' or smaller (${name})`);
  }
  const input = setting.compiler.compile(options['input']);
  return (document: BsonDocument, runtime: Runtime): Sample => {
    const at = readPath(document, parts);
    const y = input(stageScope(document, runtime));
    if (unit === undefined && at instanceof Date) {
      return fail(5624900, `${name} with a date sortBy requires a 'unit'`);
    }
    if (unit !== undefined && !(at instanceof Date)) {
      return fail(5624901, `${name} with 'unit' expects the sortBy field to be a Date`);
    }
    const x = at instanceof Date ? at.getTime() : asDouble(at);
    return { x: x / length, y };
  };
}

function derivative(argument: unknown, setting: WindowSetting, ranges: Ranges | undefined): WindowFunction {
  const sample = sampler('$derivative', argument, setting);
  if (ranges === undefined) {
    return fail(FAILED_TO_PARSE, '$derivative requires explicit window bounds');
  }
  return (partition) =>
    ranges(partition).map(([start, end]) => {
      const first = partition.documents[start];
      const last = partition.documents[end - 1];
      if (first === undefined || last === undefined) {
        return null;
      }
      const from = sample(first, partition.runtime);
      const to = sample(last, partition.runtime);
      const run = to.x - from.x;
      if (isNullish(from.y) || isNullish(to.y) || run === 0 || Number.isNaN(run)) {
        return null;
      }
      return divideNumbers(subtractNumbers(to.y, from.y), new Double(run));
    });
}

function integral(argument: unknown, setting: WindowSetting, ranges: Ranges | undefined): WindowFunction {
  const sample = sampler('$integral', argument, setting);
  return (partition) => {
    const { documents, runtime } = partition;
    const samples = documents.map((document) => sample(document, runtime));
    const all = documents.map(() => [0, documents.length] as const);
    return (ranges === undefined ? all : ranges(partition)).map(([start, end]) => {
      let total: unknown = new Double(0);
      for (let index = start + 1; index < end; index += 1) {
        const left = samples[index - 1];
        const right = samples[index];
        if (
          left === undefined ||
          right === undefined ||
          numericKind(left.y) === undefined ||
          numericKind(right.y) === undefined
        ) {
          continue;
        }
        const width = new Double((right.x - left.x) / 2);
        total = addNumbers(total, multiplyNumbers(addNumbers(left.y, right.y), width));
      }
      return end > start ? total : null;
    });
  };
}

function covariance(
  name: string,
  argument: unknown,
  setting: WindowSetting,
  ranges: Ranges | undefined,
): WindowFunction {
  if (!isArray(argument) || argument.length !== 2) {
    return fail(FAILED_TO_PARSE, `${name} requires an array of exactly two expressions`);
  }
  const [first, second] = argument.map((expression) => setting.compiler.compile(expression));
  const sampleSize = name === '$covarianceSamp' ? 1 : 0;
  return (partition) => {
    const { documents, runtime } = partition;
    const pairs = documents.map((document): [number, number] | undefined => {
      const scope = stageScope(document, runtime);
      const x = first?.(scope);
      const y = second?.(scope);
      return numericKind(x) === undefined || numericKind(y) === undefined
        ? undefined
        : [asDouble(x), asDouble(y)];
    });
    const all = documents.map(() => [0, documents.length] as const);
    return (ranges === undefined ? all : ranges(partition)).map(([start, end]) => {
      const chosen = pairs.slice(start, end).filter((pair) => pair !== undefined);
      const count = chosen.length;
      if (count - sampleSize < 1) {
        return null;
      }
      const meanX = chosen.reduce((sum, [x]) => sum + x, 0) / count;
      const meanY = chosen.reduce((sum, [, y]) => sum + y, 0) / count;
      const products = chosen.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
      return new Double(products / (count - sampleSize));
    });
  };
}

function lastObservation(argument: unknown, setting: WindowSetting): WindowFunction {
  const input = setting.compiler.compile(argument);
  return ({ documents, runtime }) => {
    let last: unknown = null;
    return documents.map((document) => {
      const value = input(stageScope(document, runtime));
      if (!isNullish(value)) {
        last = value;
      }
      return last;
    });
  };
}

function linearFill(argument: unknown, setting: WindowSetting): WindowFunction {
  const parts = fieldPathParts(requireOneSortField(setting, '$linearFill'));
  const input = setting.compiler.compile(argument);
  return ({ documents, runtime }) => {
    const values = documents.map((document) => input(stageScope(document, runtime)));
    const positions = documents.map((document) => {
      const at = readPath(document, parts);
      return at instanceof Date ? at.getTime() : asDouble(at);
    });
    let left = -1;
    return values.map((value, index) => {
      if (!isNullish(value)) {
        if (numericKind(value) === undefined) {
          return fail(14, `$linearFill expects numeric values, found ${typeText(value)}`);
        }
        left = index;
        return value;
      }
      const right = values.findIndex((other, at) => at > index && !isNullish(other));
      if (left < 0 || right < 0) {
        return null;
      }
      const start = positions[left] ?? NaN;
      const span = (positions[right] ?? NaN) - start;
      if (span === 0) {
        return fail(6050106, 'There can be no repeated values in the sort field of $linearFill');
      }
      const share = new Double(((positions[index] ?? NaN) - start) / span);
      const rise = subtractNumbers(values[right], values[left]);
      return addNumbers(values[left], multiplyNumbers(rise, share));
    });
  };
}

const WITHOUT_WINDOW = new Set([
  '$rank',
  '$denseRank',
  '$documentNumber',
  '$shift',
  '$expMovingAvg',
  '$locf',
  '$linearFill',
]);

function compileFunction(
  name: string,
  argument: unknown,
  window: unknown,
  setting: WindowSetting,
): WindowFunction {
  if (WITHOUT_WINDOW.has(name) && window !== undefined) {
    fail(5371601, `'window' field is not allowed in ${name}`);
  }
  const bounds = windowBounds(window);
  const ranges = bounds === undefined ? undefined : rangesOf(bounds, setting, name);
  switch (name) {
    case '$rank':
    case '$denseRank':
      return rankFunction(name, argument, setting);
    case '$documentNumber':
      checkNoArguments(name, argument);
      requireSort(setting, name);
      return ({ documents }) => documents.map((_document, index) => Long.fromNumber(index + 1));
    case '$shift':
      return shiftFunction(argument, setting);
    case '$expMovingAvg':
      return movingAverage(argument, setting);
    case '$derivative':
      return derivative(argument, setting, ranges);
    case '$integral':
      return integral(argument, setting, ranges);
    case '$covariancePop':
    case '$covarianceSamp':
      return covariance(name, argument, setting, ranges);
    case '$locf':
      return lastObservation(argument, setting);
    case '$linearFill':
      return linearFill(argument, setting);
    default:
      if (!isAccumulator(name)) {
        fail(FAILED_TO_PARSE, `Unrecognized window function, ${name}`);
      }
      return accumulate(compileAccumulator(name, argument, setting.compiler), ranges);
  }
}

function compileOutputField(specification: unknown, setting: WindowSetting): WindowFunction {
  if (!isDocument(specification)) {
    return fail(
      FAILED_TO_PARSE,
      `The field's specification must be an object, found ${typeName(specification)}`,
    );
  }
  const operators = Object.keys(specification).filter((key) => key !== 'window');
  const [name] = operators;
  if (name === undefined || operators.length !== 1 || !name.startsWith('$')) {
    return fail(FAILED_TO_PARSE, `Expected exactly one window function in ${describeValue(specification)}`);
  }
  return compileFunction(name, specification[name], getField(specification, 'window'), setting);
}

/** Splits documents into partitions, sorted by the partition's value and then within. */
function partitions(
  input: Iterable<BsonDocument>,
  partitionBy: Evaluator | undefined,
  sortBy: BsonDocument | undefined,
  runtime: Runtime,
): BsonDocument[][] {
  const { collation } = runtime.context;
  const found = new Map<string, { value: unknown; documents: BsonDocument[] }>();
  for (const document of input) {
    const value = partitionBy?.(stageScope(document, runtime)) ?? null;
    if (isArray(value)) {
      fail(14, 'An expression used to partition cannot evaluate to value of type array');
    }
    const key = equalityKey(value, collation);
    const partition = found.get(key);
    if (partition === undefined) {
      found.set(key, { value, documents: [document] });
    } else {
      partition.documents.push(document);
    }
  }
  const sorter = sortBy === undefined ? undefined : compileSort(sortBy, collation);
  return [...found.values()]
    .sort((a, b) => compareValues(a.value, b.value, collation))
    .map(({ documents }) => sorter?.sorted(documents, (document) => document) ?? documents);
}

function sortSpecification(value: unknown): BsonDocument | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isDocument(value)) {
    return fail(14, `'sortBy' must be an object, found ${typeName(value)}`);
  }
  if (Object.keys(value).length === 0) {
    return undefined;
  }
  compileSort(value);
  return value;
}

/** `$setWindowFields`: fields computed over the neighbours of each document in its partition. */
export const setWindowFieldsStage: StageCompiler = (argument, { compiler }) => {
  if (!isDocument(argument)) {
    return fail(
      FAILED_TO_PARSE,
      `the $setWindowFields stage specification must be an object, found ${typeName(argument)}`,
    );
  }
  for (const key of Object.keys(argument)) {
    if (!['partitionBy', 'sortBy', 'output'].includes(key)) {
      fail(40415, `BSON field '$setWindowFields.${key}' is an unknown field.`);
    }
  }
  const outputOption = argument['output'];
  if (!isDocument(outputOption)) {
    return fail(40414, "BSON field '$setWindowFields.output' is missing but a required field");
  }
  const sortBy = sortSpecification(getField(argument, 'sortBy'));
  const setting: WindowSetting = { sortBy, compiler };
  const output = Object.entries(outputOption).map(
    ([path, specification]) => [fieldPathParts(path), compileOutputField(specification, setting)] as const,
  );
  const partitionBy = Object.hasOwn(argument, 'partitionBy')
    ? compiler.compile(argument['partitionBy'])
    : undefined;
  return function* (input, runtime) {
    for (const documents of partitions(input, partitionBy, sortBy, runtime)) {
      const columns = output.map(([parts, compute]) => [parts, compute({ documents, runtime })] as const);
      for (const [index, document] of documents.entries()) {
        yield columns.reduce((result, [parts, values]) => {
          const value = values[index];
          return value === undefined ? result : withPath(result, parts, value);
        }, document);
      }
    }
  };
};

function fillPartition(argument: BsonDocument): unknown {
  const expression = getField(argument, 'partitionBy');
  const fields = getField(argument, 'partitionByFields');
  if (expression !== undefined && fields !== undefined) {
    return fail(6050204, "Maximum one of 'partitionBy' and 'partitionByFields' can be specified in $fill");
  }
  if (fields === undefined) {
    return typeof expression === 'string' || expression === undefined || isDocument(expression)
      ? expression
      : fail(6050202, "'partitionBy' must be a string or an object");
  }
  if (!isArray(fields)) {
    return fail(14, "'partitionByFields' must be an array of strings");
  }
  return Object.fromEntries(
    fields.map((field) =>
      typeof field === 'string' && !field.startsWith('$')
        ? [field.replaceAll('.', '_'), `$${field}`]
        : fail(6050203, "'partitionByFields' must hold field names without '$'"),
    ),
  );
}

/** `$fill`: gives missing and null fields a value, or one derived from the neighbours. */
export const fillStage: StageCompiler = (argument, environment) => {
  if (!isDocument(argument) || !isDocument(argument['output'])) {
    return fail(40414, "BSON field '$fill.output' is missing but a required field");
  }
  const methods: BsonDocument = {};
  const values: BsonDocument = {};
  for (const [field, specification] of Object.entries(argument['output'])) {
    if (!isDocument(specification) || Object.keys(specification).length !== 1) {
      return fail(6050200, `Each fill output specification must be an object with exactly one field`);
    }
    if (Object.hasOwn(specification, 'value')) {
      values[field] = { $ifNull: [`$${field}`, specification['value']] };
    } else if (specification['method'] === 'locf') {
      methods[field] = { $locf: `$${field}` };
    } else if (specification['method'] === 'linear') {
      methods[field] = { $linearFill: `$${field}` };
    } else {
      return fail(6050202, `Method must be either locf or linear`);
    }
  }
  const partitionBy = fillPartition(argument);
  const sortBy = getField(argument, 'sortBy');
  const needsSort = Object.keys(methods).length > 0;
  if (needsSort && sortBy === undefined) {
    return fail(9, "'sortBy' is required if any output field specifies a 'method'");
  }
  const windowed: Stage | undefined = needsSort
    ? setWindowFieldsStage(
        { ...(partitionBy === undefined ? {} : { partitionBy }), sortBy, output: methods },
        environment,
      )
    : undefined;
  const additions =
    Object.keys(values).length === 0 ? undefined : compileAddFields(values, environment.compiler, '$fill');
  return function* (input, runtime) {
    for (const document of windowed === undefined ? input : windowed(input, runtime)) {
      yield additions === undefined ? document : additions(document, stageScope(document, runtime));
    }
  };
};
