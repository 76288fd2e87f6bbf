import { Long } from 'bson';
import { fieldPathParts } from './aggregate-expressions.ts';
import { fail, isNullish } from './aggregate-operator-kit.ts';
import { variableName } from './aggregate-operators-array.ts';
import { stageScope, withPath, type Runtime, type Stage, type StageCompiler } from './aggregate-stage-kit.ts';
import { equalityKey } from './aggregate-value-set.ts';
import { arrayIndexOf } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { documentOf, getField, isArray, isDocument, setField, toSafeInteger, typeName } from './values.ts';

const FAILED_TO_PARSE = 9;

/**
 * Every value at a path, for joining: arrays on the way and at the end fan out, also by a numeric part;
 * a missing field gives nothing.
 */
function joinValues(value: unknown, parts: readonly string[], depth: number, found: unknown[]): void {
  if (depth === parts.length) {
    if (isArray(value)) {
      for (const element of value) {
        found.push(element);
      }
    } else if (value !== undefined) {
      found.push(value);
    }
    return;
  }
  const part = parts[depth] ?? '';
  if (isArray(value)) {
    const position = arrayIndexOf(part);
    if (position >= 0 && position < value.length) {
      joinValues(value[position], parts, depth + 1, found);
    }
    for (const element of value) {
      if (documentOf(element) !== undefined) {
        joinValues(element, parts, depth, found);
      }
    }
    return;
  }
  const document = documentOf(value);
  if (document !== undefined && Object.hasOwn(document, part)) {
    joinValues(document[part], parts, depth + 1, found);
  }
}

/** A filter for documents whose field equals one of the values; regular expressions are values here, not patterns. */
function equalityFilter(field: string, values: readonly unknown[]): BsonDocument {
  const filter = (condition: unknown): BsonDocument => {
    const result: BsonDocument = {};
    setField(result, field, condition);
    return result;
  };
  if (values.length === 1) {
    return filter({ $eq: values[0] });
  }
  return values.some((value) => typeName(value) === 'regex')
    ? { $or: values.map((value) => filter({ $eq: value })) }
    : filter({ $in: [...values] });
}

const mentionsExpression = (filter: unknown): boolean => {
  if (isArray(filter)) {
    return filter.some(mentionsExpression);
  }
  return (
    isDocument(filter) &&
    Object.entries(filter).some(([key, value]) => key === '$expr' || mentionsExpression(value))
  );
};

/** A value that `$expr` equality and a filter's equality treat alike, so that an index may look it up. */
const isPlainValue = (value: unknown): boolean =>
  !isNullish(value) && !isArray(value) && typeName(value) !== 'regex';

/** A path below the document that an expression names, such as `$a.b`; undefined for anything else. */
function fieldOf(expression: unknown): string | undefined {
  return typeof expression === 'string' && /^\$[^$]/.test(expression) ? expression.slice(1) : undefined;
}

function variableOf(expression: unknown, variables: BsonDocument): { value: unknown } | undefined {
  if (typeof expression !== 'string' || !expression.startsWith('$$')) {
    return undefined;
  }
  const name = expression.slice(2);
  return Object.hasOwn(variables, name) ? { value: variables[name] } : undefined;
}

/** Conditions on single fields that follow from `$expr` comparisons with variables; they only narrow the search. */
function narrowing(expression: unknown, variables: BsonDocument): BsonDocument[] {
  if (!isDocument(expression)) {
    return [];
  }
  const all = getField(expression, '$and');
  if (isArray(all)) {
    return all.flatMap((part) => narrowing(part, variables));
  }
  const equality = getField(expression, '$eq');
  if (isArray(equality) && equality.length === 2) {
    const field = fieldOf(equality[0]) ?? fieldOf(equality[1]);
    const variable = variableOf(equality[0], variables) ?? variableOf(equality[1], variables);
    if (field !== undefined && variable !== undefined && isPlainValue(variable.value)) {
      return [equalityFilter(field, [variable.value])];
    }
  }
  const membership = getField(expression, '$in');
  if (isArray(membership) && membership.length === 2) {
    const field = fieldOf(membership[0]);
    const variable = variableOf(membership[1], variables);
    if (field !== undefined && isArray(variable?.value) && variable.value.every(isPlainValue)) {
      return [equalityFilter(field, variable.value)];
    }
  }
  return [];
}

/** What the first `$match` stages of a nested pipeline say that the host's indexes can use. */
function leadingFilters(pipeline: readonly unknown[], variables: BsonDocument): BsonDocument[] {
  const filters: BsonDocument[] = [];
  for (const stage of pipeline) {
    const filter = isDocument(stage) ? getField(stage, '$match') : undefined;
    if (!isDocument(filter)) {
      break;
    }
    if (mentionsExpression(filter)) {
      filters.push(...narrowing(getField(filter, '$expr'), variables));
      const rest = Object.fromEntries(
        Object.entries(filter).filter(([key, value]) => key !== '$expr' && !mentionsExpression(value)),
      );
      if (Object.keys(rest).length > 0) {
        filters.push(rest);
      }
    } else if (Object.keys(filter).length > 0) {
      filters.push(filter);
    }
  }
  return filters;
}

function combined(filters: readonly BsonDocument[]): BsonDocument {
  const [only] = filters;
  return only === undefined ? {} : filters.length === 1 ? only : { $and: [...filters] };
}

function stringOption(specification: BsonDocument, name: string, stage: string): string | undefined {
  const value = getField(specification, name);
  return value === undefined || typeof value === 'string'
    ? value
    : fail(FAILED_TO_PARSE, `${stage} argument '${name}' must be a string, found ${typeName(value)}`);
}

const startsWithDocuments = (pipeline: unknown): boolean =>
  isArray(pipeline) && isDocument(pipeline[0]) && Object.hasOwn(pipeline[0], '$documents');

/**
 * `$lookup` in its three forms. Equality of fields is handed to the host as a filter, and so are the nested
 * pipeline's first conditions, so that indexes of the joined collection serve.
 */
export const lookupStage: StageCompiler = (argument, environment) => {
  if (!isDocument(argument)) {
    return fail(FAILED_TO_PARSE, 'the $lookup stage specification must be an object');
  }
  for (const key of Object.keys(argument)) {
    if (!['from', 'as', 'localField', 'foreignField', 'let', 'pipeline'].includes(key)) {
      fail(FAILED_TO_PARSE, `unknown argument to $lookup: ${key}`);
    }
  }
  const pipeline = getField(argument, 'pipeline');
  if (pipeline !== undefined && !isArray(pipeline)) {
    return fail(14, "'pipeline' option must be specified as an array");
  }
  const from = stringOption(argument, 'from', '$lookup');
  if (from === undefined && !startsWithDocuments(pipeline)) {
    return fail(FAILED_TO_PARSE, "missing 'from' option to $lookup stage specification");
  }
  const as = stringOption(argument, 'as', '$lookup');
  if (as === undefined) {
    return fail(FAILED_TO_PARSE, "must specify 'as' field for a $lookup");
  }
  const localField = stringOption(argument, 'localField', '$lookup');
  const foreignField = stringOption(argument, 'foreignField', '$lookup');
  if ((localField === undefined) !== (foreignField === undefined)) {
    return fail(
      FAILED_TO_PARSE,
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
    );
  }
  if (pipeline === undefined && localField === undefined) {
    return fail(
      FAILED_TO_PARSE,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  const letOption = getField(argument, 'let');
  if (letOption !== undefined && !isDocument(letOption)) {
    return fail(FAILED_TO_PARSE, `$lookup argument 'let' must be an object, is type ${typeName(letOption)}`);
  }
  if (letOption !== undefined && pipeline === undefined) {
    return fail(FAILED_TO_PARSE, "$lookup with a 'let' argument must also specify 'pipeline'");
  }
  const variables = Object.entries(letOption ?? {}).map(
    ([name, expression]) =>
      [variableName(name, '$lookup'), environment.compiler.compile(expression)] as const,
  );
  const nested =
    pipeline === undefined
      ? undefined
      : environment.compileNested(
          pipeline,
          '$lookup',
          variables.map(([name]) => name),
        );
  const target = fieldPathParts(as);
  const localParts = localField === undefined ? undefined : fieldPathParts(localField);
  return function* (input, runtime) {
    for (const document of input) {
      const filters: BsonDocument[] = [];
      if (localParts !== undefined && foreignField !== undefined) {
        const values: unknown[] = [];
        joinValues(document, localParts, 0, values);
        filters.push(equalityFilter(foreignField, values.length === 0 ? [null] : values));
      }
      let joined: BsonDocument[];
      if (nested === undefined) {
        joined = [...runtime.host.find(from ?? '', combined(filters))];
      } else {
        const bound: BsonDocument = { ...runtime.context.variables };
        const scope = stageScope(document, runtime);
        for (const [name, evaluate] of variables) {
          setField(bound, name, evaluate(scope));
        }
        const inner: Runtime = { ...runtime, context: { ...runtime.context, variables: bound } };
        filters.push(...leadingFilters(pipeline ?? [], bound));
        const source = from === undefined ? [] : runtime.host.find(from, combined(filters));
        joined = [...nested(source, inner)];
      }
      yield withPath(document, target, joined);
    }
  };
};

interface Reached {
  document: BsonDocument;
  depth: number;
}

function graphOptions(argument: unknown): BsonDocument {
  if (!isDocument(argument)) {
    return fail(40327, `$graphLookup requires an object, found ${typeName(argument)}`);
  }
  const known = [
    'from',
    'startWith',
    'connectFromField',
    'connectToField',
    'as',
    'maxDepth',
    'depthField',
    'restrictSearchWithMatch',
  ];
  for (const key of Object.keys(argument)) {
    if (!known.includes(key)) {
      fail(40104, `Unknown argument to $graphLookup: ${key}`);
    }
  }
  for (const key of known.slice(0, 5)) {
    if (!Object.hasOwn(argument, key)) {
      fail(
        40105,
        "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
      );
    }
  }
  return argument;
}

/** `$graphLookup`: follows references breadth first; a document is reached once, at its smallest depth. */
export const graphLookupStage: StageCompiler = (argument, { compiler }) => {
  const options = graphOptions(argument);
  const text = (name: string): string | undefined => {
    const value = getField(options, name);
    return value === undefined || typeof value === 'string'
      ? value
      : fail(40103, `expected string as argument for ${name}, found: ${typeName(value)}`);
  };
  const from = text('from') ?? '';
  const connectTo = text('connectToField') ?? '';
  const connectFrom = fieldPathParts(text('connectFromField') ?? '');
  const target = fieldPathParts(text('as') ?? '');
  const depthField = text('depthField');
  const depthParts = depthField === undefined ? undefined : fieldPathParts(depthField);
  const startWith = compiler.compile(options['startWith']);
  let maxDepth = Infinity;
  if (Object.hasOwn(options, 'maxDepth')) {
    const depth = toSafeInteger(options['maxDepth']);
    if (depth === undefined) {
      return fail(
        40100,
        `maxDepth requires a numeric argument, found type: ${typeName(options['maxDepth'])}`,
      );
    }
    maxDepth = depth < 0 ? fail(40101, `maxDepth requires a nonnegative argument, found: ${depth}`) : depth;
  }
  const restriction = getField(options, 'restrictSearchWithMatch');
  if (restriction !== undefined && !isDocument(restriction)) {
    return fail(40185, `restrictSearchWithMatch must be an object, found ${typeName(restriction)}`);
  }
  fieldPathParts(connectTo);
  return function* (input, runtime) {
    const { collation } = runtime.context;
    for (const document of input) {
      const start = startWith(stageScope(document, runtime));
      const reached = new Map<string, Reached>();
      const asked = new Set<string>();
      let frontier = isArray(start) ? start : [start ?? null];
      for (let depth = 0; depth <= maxDepth && frontier.length > 0; depth += 1) {
        const fresh = frontier.filter((value) => {
          const key = equalityKey(value, collation);
          const known = asked.has(key);
          asked.add(key);
          return !known;
        });
        frontier = [];
        if (fresh.length === 0) {
          break;
        }
        const filters = [
          equalityFilter(connectTo, fresh),
          ...(restriction === undefined ? [] : [restriction]),
        ];
        for (const found of runtime.host.find(from, combined(filters))) {
          const key = equalityKey(found['_id'], collation);
          if (!reached.has(key)) {
            reached.set(key, { document: found, depth });
            joinValues(found, connectFrom, 0, frontier);
          }
        }
      }
      const results = [...reached.values()].map(({ document: found, depth }) =>
        depthParts === undefined ? found : withPath(found, depthParts, Long.fromNumber(depth)),
      );
      yield withPath(document, target, results);
    }
  };
};

/** `$unionWith`: appends another collection's documents, or what a pipeline makes of them. */
export const unionWithStage: StageCompiler = (argument, environment) => {
  if (typeof argument !== 'string' && !isDocument(argument)) {
    return fail(FAILED_TO_PARSE, 'the $unionWith stage specification must be an object or string');
  }
  const options: BsonDocument = typeof argument === 'string' ? { coll: argument } : argument;
  for (const key of Object.keys(options)) {
    if (key !== 'coll' && key !== 'pipeline') {
      fail(40415, `BSON field '$unionWith.${key}' is an unknown field.`);
    }
  }
  const collection = stringOption(options, 'coll', '$unionWith');
  const pipeline = getField(options, 'pipeline') ?? [];
  if (collection === undefined && !startsWithDocuments(pipeline)) {
    return fail(
      FAILED_TO_PARSE,
      '$unionWith stage without explicit collection must have a pipeline with $documents as first stage',
    );
  }
  const nested: Stage = environment.compileNested(pipeline, '$unionWith');
  return function* (input, runtime) {
    yield* input;
    const filters = isArray(pipeline) ? leadingFilters(pipeline, {}) : [];
    yield* nested(collection === undefined ? [] : runtime.host.find(collection, combined(filters)), runtime);
  };
};
