import { Long } from 'bson';
import { countValue, numericKind } from './aggregate-arithmetic.ts';
import { fieldPathParts, readPath, REDACT_ACTIONS } from './aggregate-expressions.ts';
import { fail, type Evaluator, type Scope } from './aggregate-operator-kit.ts';
import { keepMetadata } from './aggregate-metadata.ts';
import { checkSortSpecification, compileSort } from './aggregate-sort.ts';
import { densifyStage } from './aggregate-stage-densify.ts';
import { geoNearStage } from './aggregate-stage-geo.ts';
import { bucketAutoStage, bucketStage, groupStage, sortByCountStage } from './aggregate-stage-group.ts';
import { graphLookupStage, lookupStage, unionWithStage } from './aggregate-stage-join.ts';
import {
  compilerFor,
  stageMatcher,
  stageScope,
  withPath,
  type Runtime,
  type Stage,
  type StageCompiler,
  type StageEnvironment,
} from './aggregate-stage-kit.ts';
import { fillStage, setWindowFieldsStage } from './aggregate-stage-window.ts';
import { compileTransformStage } from './aggregate-update-pipeline.ts';
import { textOperand } from './text.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import { documentOf, getField, isArray, isDocument, setField, toSafeInteger, typeName } from './values.ts';

const EPOCH = new Date(0);

const matchStage: StageCompiler = (argument) => {
  if (!isDocument(argument)) {
    return fail(15959, 'the match filter must be an expression in an object');
  }
  stageMatcher(argument, { now: EPOCH });
  return function* (input, { context }) {
    const matcher = stageMatcher(argument, context);
    for (const document of input) {
      if (matcher.test(document)) {
        yield document;
      }
    }
  };
};

const sortStage: StageCompiler = (argument) => {
  const specification = checkSortSpecification(argument);
  return function* (input, { context }) {
    yield* compileSort(specification, context.collation).sorted([...input], (document) => document);
  };
};

function countArgument(argument: unknown, stage: '$limit' | '$skip'): number {
  const code = stage === '$limit' ? 5107201 : 5107200;
  const kind = stage === '$limit' ? 'a positive' : 'a non-negative';
  if (numericKind(argument) === undefined) {
    return fail(
      code,
      `invalid argument to ${stage} stage: Expected a number in: ${stage}: ${describeValue(argument)}`,
    );
  }
  const count = toSafeInteger(argument);
  if (count === undefined) {
    return fail(
      code,
      `invalid argument to ${stage} stage: Expected an integer: ${stage}: ${describeValue(argument)}`,
    );
  }
  return count < 0
    ? fail(
        code,
        `invalid argument to ${stage} stage: Expected ${kind} number in: ${stage}: ${describeValue(argument)}`,
      )
    : count;
}

const limitStage: StageCompiler = (argument) => {
  const limit = countArgument(argument, '$limit');
  if (limit === 0) {
    fail(15958, 'the limit must be positive');
  }
  return function* (input) {
    let remaining = limit;
    for (const document of input) {
      yield document;
      remaining -= 1;
      if (remaining === 0) {
        return;
      }
    }
  };
};

const skipStage: StageCompiler = (argument) => {
  const skip = countArgument(argument, '$skip');
  return function* (input) {
    let remaining = skip;
    for (const document of input) {
      if (remaining > 0) {
        remaining -= 1;
      } else {
        yield document;
      }
    }
  };
};

const countStage: StageCompiler = (argument) => {
  if (typeof argument !== 'string') {
    return fail(40156, 'the count field must be a non-empty string');
  }
  if (argument === '') {
    fail(40157, 'the count field must be a non-empty string');
  }
  if (argument.startsWith('$')) {
    fail(40158, 'the count field cannot be a $-prefixed path');
  }
  if (argument.includes('\0')) {
    fail(40159, 'the count field cannot contain a null byte');
  }
  if (argument.includes('.')) {
    fail(40160, "the count field cannot contain '.'");
  }
  return function* (input) {
    let count = 0;
    for (const _document of input) {
      count += 1;
    }
    if (count > 0) {
      const result: BsonDocument = {};
      setField(result, argument, countValue(count));
      yield result;
    }
  };
};

interface UnwindOptions {
  parts: readonly string[];
  keepEmpty: boolean;
  indexParts: readonly string[] | undefined;
}

function unwindOptions(argument: unknown): UnwindOptions {
  if (typeof argument !== 'string' && !isDocument(argument)) {
    return fail(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(argument)}`,
    );
  }
  const options: BsonDocument = typeof argument === 'string' ? { path: argument } : argument;
  for (const [key, value] of Object.entries(options)) {
    if (key === 'path' && typeof value !== 'string') {
      fail(28808, `expected a string as the path for $unwind stage, got ${typeName(value)}`);
    } else if (key === 'preserveNullAndEmptyArrays' && typeof value !== 'boolean') {
      fail(
        28809,
        `expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got ${typeName(value)}`,
      );
    } else if (key === 'includeArrayIndex' && (typeof value !== 'string' || value === '')) {
      fail(
        28810,
        `expected a non-empty string for the includeArrayIndex option to $unwind stage, got ${typeName(value)}`,
      );
    } else if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(key)) {
      fail(28811, `unrecognized option to $unwind stage: ${key}`);
    }
  }
  const path = getField(options, 'path');
  if (typeof path !== 'string' || path === '') {
    return fail(28812, 'no path specified to $unwind stage');
  }
  if (!path.startsWith('$')) {
    return fail(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  }
  const index = getField(options, 'includeArrayIndex');
  if (typeof index === 'string' && index.startsWith('$')) {
    return fail(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`,
    );
  }
  return {
    parts: fieldPathParts(path.slice(1)),
    keepEmpty: options['preserveNullAndEmptyArrays'] === true,
    indexParts: typeof index === 'string' ? fieldPathParts(index) : undefined,
  };
}

/** The document without the field at a path, when it holds an empty array there. */
function withoutPath(document: BsonDocument, parts: readonly string[], depth = 0): BsonDocument {
  const part = parts[depth] ?? '';
  const copy = { ...document };
  if (depth === parts.length - 1) {
    delete copy[part];
    return copy;
  }
  const inner = documentOf(getField(document, part));
  if (inner !== undefined) {
    setField(copy, part, withoutPath(inner, parts, depth + 1));
  }
  return copy;
}

const unwindStage: StageCompiler = (argument) => {
  const { parts, keepEmpty, indexParts } = unwindOptions(argument);
  const withIndex = (document: BsonDocument, index: Long | null): BsonDocument =>
    indexParts === undefined ? document : withPath(document, indexParts, index);
  /** The value at the path through documents only; an array on the way hides it. */
  const valueIn = (document: BsonDocument): unknown => {
    const holder = readPath(document, parts.slice(0, -1));
    return isArray(holder) ? undefined : readPath(document, parts);
  };
  return function* (input) {
    for (const document of input) {
      const value = valueIn(document);
      if (isArray(value)) {
        if (value.length === 0 && keepEmpty) {
          yield withIndex(withoutPath(document, parts), null);
        }
        for (const [index, element] of value.entries()) {
          yield withIndex(withPath(document, parts, element), Long.fromNumber(index));
        }
      } else if (value !== undefined && value !== null) {
        yield withIndex(document, null);
      } else if (keepEmpty) {
        yield withIndex(document, null);
      }
    }
  };
};

const sampleStage: StageCompiler = (argument) => {
  if (!isDocument(argument)) {
    return fail(28745, 'the $sample stage specification must be an object');
  }
  for (const key of Object.keys(argument)) {
    if (key !== 'size') {
      fail(28748, `unrecognized option to $sample: ${key}`);
    }
  }
  if (!Object.hasOwn(argument, 'size')) {
    return fail(28749, '$sample stage must specify a size');
  }
  const size = toSafeInteger(argument['size']);
  if (size === undefined) {
    return fail(28746, 'size argument to $sample must be a number');
  }
  if (size <= 0) {
    return fail(28747, 'size argument to $sample must be a positive integer');
  }
  return function* (input) {
    const documents = [...input];
    // Fisher-Yates, only as far as documents are taken.
    for (let index = 0; index < Math.min(size, documents.length); index += 1) {
      const other = index + Math.floor(Math.random() * (documents.length - index));
      const chosen = documents[other];
      const displaced = documents[index];
      if (chosen !== undefined && displaced !== undefined) {
        documents[other] = displaced;
        yield chosen;
      }
    }
  };
};

function redactDocument(document: BsonDocument, scope: Scope, decide: Evaluator): BsonDocument | undefined {
  const inner: Scope = { ...scope, current: document };
  const decision = decide(inner);
  if (decision === REDACT_ACTIONS.KEEP) {
    return document;
  }
  if (decision === REDACT_ACTIONS.PRUNE) {
    return undefined;
  }
  if (decision !== REDACT_ACTIONS.DESCEND) {
    return fail(
      17053,
      "$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, " +
        `but returned ${describeValue(decision)}`,
    );
  }
  const result: BsonDocument = {};
  for (const [key, value] of Object.entries(document)) {
    const kept = redactValue(value, scope, decide);
    if (kept !== undefined) {
      setField(result, key, kept);
    }
  }
  return result;
}

function redactValue(value: unknown, scope: Scope, decide: Evaluator): unknown {
  if (isArray(value)) {
    return value.map((item) => redactValue(item, scope, decide)).filter((item) => item !== undefined);
  }
  const document = documentOf(value);
  return document === undefined ? value : redactDocument(document, scope, decide);
}

const redactStage: StageCompiler = (argument, { compiler }) => {
  const decide = compiler.compile(argument);
  return function* (input, runtime) {
    for (const document of input) {
      const kept = redactDocument(document, stageScope(document, runtime), decide);
      if (kept !== undefined) {
        yield kept;
      }
    }
  };
};

const facetStage: StageCompiler = (argument, environment) => {
  if (!isDocument(argument) || Object.keys(argument).length === 0) {
    return fail(40169, 'the $facet specification must be a non-empty object');
  }
  const facets = Object.entries(argument).map(([name, pipeline]) => {
    if (name.startsWith('$') || name.includes('.') || name === '') {
      fail(40169, `$facet specification contains an invalid field name: '${name}'`);
    }
    if (!isArray(pipeline)) {
      fail(40170, `arguments to $facet must be arrays, ${name} is type ${typeName(pipeline)}`);
    }
    return [name, environment.compileNested(pipeline, '$facet')] as const;
  });
  return function* (input, runtime) {
    const documents = [...input];
    const result: BsonDocument = {};
    for (const [name, stage] of facets) {
      setField(result, name, [...stage(documents, runtime)]);
    }
    yield result;
  };
};

const documentsStage: StageCompiler = (argument, { compiler }) => {
  const evaluate = compiler.compile(argument);
  return function* (_input, runtime) {
    const documents = evaluate(stageScope({}, runtime));
    if (!isArray(documents)) {
      fail(5858203, 'an array is expected in $documents');
      return;
    }
    for (const document of documents) {
      yield (
        documentOf(document) ??
        fail(40228, `$documents expects an array of objects, found ${typeName(document)}`)
      );
    }
  };
};

/** `$out` and `$merge`: the host writes all documents at once and the pipeline yields nothing. */
function writeStage(name: '$out' | '$merge'): StageCompiler {
  return (argument) => {
    if (typeof argument !== 'string' && !isDocument(argument)) {
      fail(
        name === '$out' ? 16990 : 51182,
        `${name} only supports a string or object argument, not ${typeName(argument)}`,
      );
    }
    return (input, { host }) => {
      host.write({ [name]: argument }, input);
      return [];
    };
  };
}

const refuse =
  (code: number, message: string): StageCompiler =>
  () =>
    fail(code, message);

/** What a server without Atlas Search answers to everything that belongs to it. */
export const NO_SEARCH =
  'Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable.';

const STAGES: ReadonlyMap<string, StageCompiler> = new Map([
  ['$match', matchStage],
  ['$sort', sortStage],
  ['$limit', limitStage],
  ['$skip', skipStage],
  ['$count', countStage],
  ['$unwind', unwindStage],
  ['$sample', sampleStage],
  ['$redact', redactStage],
  ['$facet', facetStage],
  ['$documents', documentsStage],
  ['$group', groupStage],
  ['$bucket', bucketStage],
  ['$bucketAuto', bucketAutoStage],
  ['$sortByCount', sortByCountStage],
  ['$lookup', lookupStage],
  ['$graphLookup', graphLookupStage],
  ['$unionWith', unionWithStage],
  ['$setWindowFields', setWindowFieldsStage],
  ['$fill', fillStage],
  ['$densify', densifyStage],
  ['$out', writeStage('$out')],
  ['$merge', writeStage('$merge')],
  ['$geoNear', geoNearStage],
  ['$search', refuse(31082, NO_SEARCH)],
  ['$searchMeta', refuse(31082, NO_SEARCH)],
  ['$vectorSearch', refuse(31082, NO_SEARCH)],
  ['$listSearchIndexes', refuse(31082, NO_SEARCH)],
  ['$changeStream', refuse(40573, '$changeStream is only valid as the first stage of an aggregate command')],
]);

/** Stages whose documents come from the server itself; the engine serves them before it calls this module. */
const SOURCE_STAGES = new Set([
  '$collStats',
  '$indexStats',
  '$currentOp',
  '$listSessions',
  '$listLocalSessions',
  '$planCacheStats',
]);
const FIRST_ONLY = new Set(['$documents', '$geoNear', '$changeStream', ...SOURCE_STAGES]);
const LAST_ONLY = new Set(['$out', '$merge']);
/** Stages that may not stand in the pipelines of other stages. */
const NOT_NESTED: Readonly<Record<string, readonly [code: number, stages: ReadonlySet<string>]>> = {
  $facet: [
    40600,
    new Set(['$out', '$merge', '$facet', '$geoNear', '$documents', '$changeStream', ...SOURCE_STAGES]),
  ],
  $lookup: [51047, new Set(['$out', '$merge', '$changeStream'])],
  $unionWith: [31441, new Set(['$out', '$merge', '$changeStream'])],
};

const TRANSFORMS = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/** The name and argument of a stage. @throws MongoServerError 40323, 40324 */
export function stageEntry(stage: unknown): [name: string, argument: unknown] {
  if (!isDocument(stage)) {
    return fail(14, "Each element of the 'pipeline' array must be an object");
  }
  const entries = Object.entries(stage);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    return fail(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  const [name] = entry;
  return STAGES.has(name) || TRANSFORMS.has(name) || SOURCE_STAGES.has(name)
    ? entry
    : fail(40324, `Unrecognized pipeline stage name: '${name}'`);
}

function compileStage(name: string, argument: unknown, environment: StageEnvironment): Stage {
  const transform = compileTransformStage(name, argument, environment.compiler);
  if (transform !== undefined) {
    return function* (input, runtime) {
      for (const document of input) {
        yield keepMetadata(document, transform(document, stageScope(document, runtime)));
      }
    };
  }
  // A stage of the server's own has been replaced by its documents before the pipeline runs.
  return STAGES.get(name)?.(argument, environment) ?? ((input): Iterable<BsonDocument> => input);
}

function checkPosition(name: string, argument: unknown, index: number, count: number): void {
  if (name === '$match' && index > 0 && isDocument(argument) && textOperand(argument) !== undefined) {
    fail(17313, '$match with $text is only allowed as the first pipeline stage');
  }
  if (FIRST_ONLY.has(name) && index > 0) {
    fail(40602, `${name} is only valid as the first stage in a pipeline`);
  }
  if (LAST_ONLY.has(name) && index < count - 1) {
    fail(40601, `${name} can only be the final stage in the pipeline`);
  }
}

/** Pipelines nested in `$lookup`, `$facet` and `$unionWith` deeper than this are refused, as in MongoDB. */
const MAX_NESTING = 20;

/**
 * Compiles a pipeline to one stage. All arguments are checked here, before any document is read.
 *
 * @param globals - names of the command's variables; undefined when they are not known yet
 * @throws MongoServerError 40323, 40324, 40601, 40602, 17313 and the codes of the single stages
 */
export function compilePipeline(
  pipeline: readonly unknown[],
  globals: ReadonlySet<string> | undefined,
  nesting = 0,
): Stage {
  if (nesting > MAX_NESTING) {
    fail(51047, `Maximum number of nested sub-pipelines exceeded. Limit is ${MAX_NESTING}`);
  }
  const environment: StageEnvironment = {
    compiler: compilerFor(globals),
    globals,
    compileNested(nested, stage, variables = []) {
      if (!isArray(nested)) {
        return fail(14, `the pipeline of ${stage} must be an array, found ${typeName(nested)}`);
      }
      const [code, refused] = NOT_NESTED[stage] ?? [40600, new Set<string>()];
      for (const inner of nested) {
        const [name] = stageEntry(inner);
        if (refused.has(name)) {
          fail(code, `${name} is not allowed to be used within a ${stage} stage`);
        }
      }
      const known = globals === undefined ? undefined : new Set([...globals, ...variables]);
      return compilePipeline(nested, known, nesting + 1);
    },
  };
  const stages = pipeline.map((stage, index) => {
    const [name, argument] = stageEntry(stage);
    checkPosition(name, argument, index, pipeline.length);
    return compileStage(name, argument, environment);
  });
  return (input, runtime: Runtime) =>
    stages.reduce<Iterable<BsonDocument>>((documents, stage) => stage(documents, runtime), input);
}
