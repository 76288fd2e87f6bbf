import { MongoServerError } from './errors.ts';
import { geoTest, isGeoOperator, isNearOperator, nearNotAllowed } from './geo.ts';
import { compileJsonSchema } from './json-schema.ts';
import {
  badValue,
  BIT_OPERATORS,
  bitTest,
  equalityTest,
  FAILED_TO_PARSE,
  isOperatorDocument,
  membershipTest,
  moduloTest,
  orderTest,
  regexTest,
  sizeTest,
  typeTest,
} from './match-values.ts';
import type { OrderKind, ValueTest } from './match-values.ts';
import { splitPath, visitPath } from './paths.ts';
import type { BsonDocument, EvaluationContext, Matcher, MatchResult } from './types.ts';
import { documentOf, isTruthy, RANK, regexParts, setField, toNumber, typeRank } from './values.ts';

/** What a filter may refer to besides the document; `evaluateExpression` serves `$expr`. */
export interface MatchContext extends EvaluationContext {
  evaluateExpression?: (document: BsonDocument, expression: unknown) => unknown;
  /** True where documents have an order of their own, so that `$near`, which sorts, is refused. */
  refusesNear?: boolean;
}

/** Deepest nesting of a filter; MongoDB's own limit. */
export const MAX_FILTER_DEPTH = 100;

/** Receives the index of the first matched array element, for the positional operator. */
interface Capture {
  index: number;
}

type Test = (document: BsonDocument, capture: Capture | undefined) => boolean;

/** A condition on what one path leads to. */
type Condition =
  | { kind: 'value'; test: ValueTest; expand: boolean; elementIndex?: (value: unknown) => number }
  | { kind: 'not'; inner: Condition }
  | { kind: 'all'; parts: Condition[] };

const ORDER_OPERATORS: Readonly<Record<string, OrderKind>> = {
  $lt: { below: true, inclusive: false },
  $lte: { below: true, inclusive: true },
  $gt: { below: false, inclusive: false },
  $gte: { below: false, inclusive: true },
};
const REFERENCE_FIELDS = new Set(['$ref', '$id', '$db']);

/**
 * Compiles a query filter. The matcher's `match` reports the index that the positional `$` stands for: of the last
 * condition that matched within an array, taken at the outermost array. Conditions under `$or`, `$nor` and
 * `$not` set no index, as in MongoDB.
 * Throws MongoServerError with MongoDB's codes: 2 for unknown operators and bad operands, 9 for operands of the
 * wrong kind, 27 for `$text`, 51091 and 51108 for bad patterns.
 */
export function compileMatcher(filter: BsonDocument, context: MatchContext): Matcher {
  const test = new FilterCompiler(context).document(filter, 0, true);
  return {
    test: (document) => test(document, undefined),
    match: (document): MatchResult => {
      const capture: Capture = { index: -1 };
      const matched = test(document, capture);
      return matched && capture.index >= 0 ? { matched, arrayIndex: capture.index } : { matched };
    },
  };
}

/**
 * Compiles the condition of `$pull` and similar: an operator document such as `{ $gt: 5 }` that is applied to one
 * value itself (no path, arrays are not expanded).
 */
export function compileValueCondition(
  operators: BsonDocument,
  context: MatchContext,
): (value: unknown) => boolean {
  return elementTest(new FilterCompiler(context).operators(operators, 0));
}

/** True for a document that a filter reads as operators (`{ $gt: 1 }`), not as a value. */
export function isOperatorExpression(value: unknown): boolean {
  const document = documentOf(value);
  return document !== undefined && isOperatorDocument(document);
}

class FilterCompiler {
  readonly #context: MatchContext;
  /** How many `$or`, `$nor`, `$not` and `$elemMatch` the compiler is in. */
  #alternatives = 0;

  constructor(context: MatchContext) {
    this.#context = context;
  }

  document(filter: BsonDocument, depth: number, top: boolean): Test {
    checkDepth(depth);
    const tests: Test[] = [];
    for (const key of Object.keys(filter)) {
      const test = this.#entry(key, filter[key], depth, top);
      if (test !== undefined) {
        tests.push(test);
      }
    }
    return allOf(tests);
  }

  #entry(key: string, value: unknown, depth: number, top: boolean): Test | undefined {
    if (!key.startsWith('$') || (!top && REFERENCE_FIELDS.has(key))) {
      return pathTest(key, this.#field(key, value, depth));
    }
    switch (key) {
      case '$and':
        return allOf(this.#branches(key, value, depth, top));
      case '$or': {
        const branches = this.#alternative(() => this.#branches(key, value, depth, top));
        return (document) => branches.some((branch) => branch(document, undefined));
      }
      case '$nor': {
        const branches = this.#alternative(() => this.#branches(key, value, depth, top));
        return (document) => !branches.some((branch) => branch(document, undefined));
      }
      case '$comment':
        return undefined;
      case '$expr':
        if (!top) {
          throw badValue('$expr can only be applied to the top-level document');
        }
        return this.#expression(value);
      case '$jsonSchema':
        return compileJsonSchema(value);
      case '$sampleRate':
        return sampleTest(value);
      case '$alwaysTrue':
      case '$alwaysFalse':
        if (toNumber(value) !== 1) {
          throw new MongoServerError(FAILED_TO_PARSE, `${key} must be an integer value of 1`);
        }
        return () => key === '$alwaysTrue';
      case '$where':
        throw badValue('$where is not allowed: server-side JavaScript execution is disabled');
      case '$text':
        return this.#text();
      default:
        throw badValue(
          `unknown top level operator: ${key}. ${
            key === '$not'
              ? 'If you are trying to negate an entire expression, use $nor.'
              : "If you have a field name that starts with a '$' symbol, consider using $getField or $setField."
          }`,
        );
    }
  }

  /** Where no collection's text index is at hand, the error comes with the first document that is tested. */
  #text(): Test {
    const { textScore } = this.#context;
    return (document) => {
      if (textScore === undefined) {
        throw new MongoServerError(27, 'text index required for $text query');
      }
      return textScore(document) > 0;
    };
  }

  #alternative<T>(compile: () => T): T {
    this.#alternatives += 1;
    const compiled = compile();
    this.#alternatives -= 1;
    return compiled;
  }

  #assertNearAllowed(): void {
    if (this.#context.refusesNear === true) {
      throw nearNotAllowed();
    }
    if (this.#alternatives > 0) {
      throw badValue('geo $near must be top-level expr');
    }
  }

  #branches(key: string, value: unknown, depth: number, top: boolean): Test[] {
    if (!Array.isArray(value)) {
      throw badValue(`${key} must be an array`);
    }
    if (value.length === 0) {
      throw badValue('$and/$or/$nor must be a nonempty array');
    }
    return value.map((branch: unknown) => {
      const document = documentOf(branch);
      if (document === undefined) {
        throw badValue('$or/$and/$nor entries need to be full objects');
      }
      return this.document(document, depth + 1, top);
    });
  }

  #expression(expression: unknown): Test {
    const { evaluateExpression } = this.#context;
    if (evaluateExpression === undefined) {
      throw badValue('$expr is not allowed in this context');
    }
    return (document) => isTruthy(evaluateExpression(document, expression));
  }

  #field(path: string, value: unknown, depth: number): Condition {
    if (typeRank(value) === RANK.regex) {
      return regexCondition(value);
    }
    const document = documentOf(value);
    if (document !== undefined && isOperatorDocument(document)) {
      return this.operators(document, depth + 1, path);
    }
    return this.#equality(value);
  }

  #equality(value: unknown): Condition {
    return { kind: 'value', test: equalityTest(value, this.#context.collation), expand: true };
  }

  /** All operators of one document, such as `{ $gte: 1, $lt: 5 }`. */
  operators(document: BsonDocument, depth: number, path = ''): Condition {
    checkDepth(depth);
    const parts: Condition[] = [];
    for (const operator of Object.keys(document)) {
      const condition = this.#operator(operator, document[operator], document, depth, path);
      if (condition !== undefined) {
        parts.push(condition);
      }
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'all', parts };
  }

  #operator(
    operator: string,
    operand: unknown,
    siblings: BsonDocument,
    depth: number,
    path: string,
  ): Condition | undefined {
    const { collation } = this.#context;
    const order = Object.hasOwn(ORDER_OPERATORS, operator) ? ORDER_OPERATORS[operator] : undefined;
    if (order !== undefined) {
      if (typeRank(operand) === RANK.regex) {
        throw badValue(`Can't have RegEx as arg to predicate over field '${path}'.`);
      }
      return { kind: 'value', test: orderTest(operand, order, collation), expand: true };
    }
    const bits = Object.hasOwn(BIT_OPERATORS, operator) ? BIT_OPERATORS[operator] : undefined;
    if (bits !== undefined) {
      return { kind: 'value', test: bitTest(operator, operand, bits), expand: true };
    }
    if (isGeoOperator(operator)) {
      if (isNearOperator(operator)) {
        this.#assertNearAllowed();
      }
      const test = geoTest(operator, operand, siblings);
      return test === undefined ? undefined : { kind: 'value', test, expand: false };
    }
    switch (operator) {
      case '$eq':
        return this.#equality(operand);
      case '$ne':
        if (typeRank(operand) === RANK.regex) {
          throw badValue("Can't have regex as arg to $ne.");
        }
        return { kind: 'not', inner: this.#equality(operand) };
      case '$in':
        return this.#membership(operator, operand);
      case '$nin':
        return { kind: 'not', inner: this.#membership(operator, operand) };
      case '$not':
        return { kind: 'not', inner: this.#alternative(() => this.#negated(operand, depth, path)) };
      case '$exists': {
        const condition: Condition = { kind: 'value', test: (_value, present) => present, expand: false };
        return isTruthy(operand) ? condition : { kind: 'not', inner: condition };
      }
      case '$type':
        return { kind: 'value', test: typeTest(operand), expand: true };
      case '$size':
        return { kind: 'value', test: sizeTest(operand), expand: false };
      case '$mod':
        return { kind: 'value', test: moduloTest(operand), expand: true };
      case '$regex':
        return regexWithOptions(operand, siblings);
      case '$options':
        if (!Object.hasOwn(siblings, '$regex')) {
          throw badValue('$options needs a $regex');
        }
        return undefined;
      case '$all':
        return this.#all(operand, depth);
      case '$elemMatch':
        return this.#alternative(() => this.#elementMatch(operand, depth));
      default:
        throw badValue(`unknown operator: ${operator}`);
    }
  }

  #membership(operator: string, operand: unknown): Condition {
    if (!Array.isArray(operand)) {
      throw badValue(`${operator} needs an array`);
    }
    for (const item of operand) {
      const document = documentOf(item);
      if (document !== undefined && isOperatorDocument(document)) {
        throw badValue('cannot nest $ under $in');
      }
    }
    return { kind: 'value', test: membershipTest(operand, this.#context.collation), expand: true };
  }

  #negated(operand: unknown, depth: number, path: string): Condition {
    if (typeRank(operand) === RANK.regex) {
      return regexCondition(operand);
    }
    const document = documentOf(operand);
    if (document === undefined) {
      throw badValue('$not needs a regex or a document');
    }
    if (Object.keys(document).length === 0) {
      throw badValue('$not cannot be empty');
    }
    return this.operators(document, depth + 1, path);
  }

  #all(operand: unknown, depth: number): Condition {
    if (!Array.isArray(operand)) {
      throw badValue('$all needs an array');
    }
    if (operand.length === 0) {
      return { kind: 'value', test: () => false, expand: false };
    }
    const isElementMatch = (item: unknown): boolean =>
      Object.keys(documentOf(item) ?? {})[0] === '$elemMatch';
    const elementMatches = isElementMatch(operand[0]);
    const parts = operand.map((item: unknown): Condition => {
      if (elementMatches) {
        if (!isElementMatch(item)) {
          throw badValue('$all/$elemMatch has to be consistent');
        }
        return this.#elementMatch(documentOf(item)?.['$elemMatch'], depth + 1);
      }
      if (typeRank(item) === RANK.regex) {
        return regexCondition(item);
      }
      const document = documentOf(item);
      if (document !== undefined && isOperatorDocument(document)) {
        throw badValue('no $ expressions in $all');
      }
      return this.#equality(item);
    });
    return { kind: 'all', parts };
  }

  #elementMatch(operand: unknown, depth: number): Condition {
    const document = documentOf(operand);
    if (document === undefined) {
      throw badValue('$elemMatch needs an Object');
    }
    const first = Object.keys(document)[0] ?? '';
    const logical = ['$and', '$or', '$nor', '$where', '$expr', '$jsonSchema'].includes(first);
    const test: (value: unknown) => boolean =
      isOperatorDocument(document, true) && !logical
        ? elementTest(this.operators(document, depth + 1))
        : documentTest(this.document(document, depth + 1, false));
    const elementIndex = (value: unknown): number => (Array.isArray(value) ? value.findIndex(test) : -1);
    return { kind: 'value', test: (value) => elementIndex(value) >= 0, expand: false, elementIndex };
  }
}

function checkDepth(depth: number): void {
  if (depth > MAX_FILTER_DEPTH) {
    throw badValue(`exceeded maximum query tree depth of ${MAX_FILTER_DEPTH}`);
  }
}

function allOf(tests: readonly Test[]): Test {
  const [first, second] = tests;
  if (first === undefined) {
    return () => true;
  }
  if (second === undefined) {
    return first;
  }
  if (tests.length === 2) {
    return (document, capture) => first(document, capture) && second(document, capture);
  }
  return (document, capture) => {
    for (const test of tests) {
      if (!test(document, capture)) {
        return false;
      }
    }
    return true;
  };
}

function sampleTest(value: unknown): Test {
  const rate = toNumber(value);
  if (rate === undefined) {
    throw badValue('argument to $sampleRate must be a numeric type');
  }
  if (!(rate >= 0 && rate <= 1)) {
    throw badValue('numeric argument to $sampleRate must be in [0, 1]');
  }
  return () => Math.random() < rate;
}

function regexCondition(value: unknown): Condition {
  const { pattern, options } = regexParts(value);
  return { kind: 'value', test: regexTest(pattern, options), expand: true };
}

function regexWithOptions(operand: unknown, siblings: BsonDocument): Condition {
  let pattern: string;
  let options = '';
  if (typeof operand === 'string') {
    pattern = operand;
  } else if (typeRank(operand) === RANK.regex) {
    ({ pattern, options } = regexParts(operand));
  } else {
    throw badValue('$regex has to be a string');
  }
  if (pattern.includes('\0')) {
    throw new MongoServerError(51109, 'Regular expression cannot contain an embedded null byte');
  }
  if (Object.hasOwn(siblings, '$options')) {
    const given = siblings['$options'];
    if (typeof given !== 'string') {
      throw badValue('$options has to be a string');
    }
    if (options !== '') {
      throw new MongoServerError(51075, 'options set in both $regex and $options');
    }
    options = given;
  }
  return { kind: 'value', test: regexTest(pattern, options), expand: true };
}

/** Applies a condition to one value itself, such as an array element. */
function elementTest(condition: Condition): (value: unknown) => boolean {
  switch (condition.kind) {
    case 'value':
      return (value) => condition.test(value, true);
    case 'not': {
      const inner = elementTest(condition.inner);
      return (value) => !inner(value);
    }
    case 'all': {
      const parts = condition.parts.map(elementTest);
      return (value) => parts.every((part) => part(value));
    }
  }
}

/** Applies a filter to an array element: a document, or an array read as a document with numbers for names. */
function documentTest(test: Test): (value: unknown) => boolean {
  return (value) => {
    if (Array.isArray(value)) {
      const document: BsonDocument = {};
      for (let index = 0; index < value.length; index += 1) {
        setField(document, String(index), value[index]);
      }
      return test(document, undefined);
    }
    const document = documentOf(value);
    return document !== undefined && test(document, undefined);
  };
}

function pathTest(path: string, condition: Condition): Test {
  return conditionTest(splitPath(path), condition);
}

function conditionTest(parts: readonly string[], condition: Condition): Test {
  switch (condition.kind) {
    case 'not': {
      const inner = conditionTest(parts, condition.inner);
      return (document) => !inner(document, undefined);
    }
    case 'all':
      return allOf(condition.parts.map((part) => conditionTest(parts, part)));
    case 'value': {
      const [name] = parts;
      return parts.length === 1 && name !== undefined
        ? singleFieldTest(name, condition)
        : dottedTest(parts, condition);
    }
  }
}

function singleFieldTest(name: string, condition: Extract<Condition, { kind: 'value' }>): Test {
  const { test, expand, elementIndex } = condition;
  return (document, capture) => {
    if (!Object.hasOwn(document, name)) {
      return test(undefined, false);
    }
    const value = document[name];
    if (Array.isArray(value)) {
      if (expand) {
        for (let index = 0; index < value.length; index += 1) {
          if (test(value[index], true)) {
            if (capture !== undefined) {
              capture.index = index;
            }
            return true;
          }
        }
      } else if (elementIndex !== undefined) {
        const index = elementIndex(value);
        if (index >= 0 && capture !== undefined) {
          capture.index = index;
        }
        return index >= 0;
      }
    }
    return test(value, true);
  };
}

function dottedTest(parts: readonly string[], condition: Extract<Condition, { kind: 'value' }>): Test {
  const { test, expand, elementIndex } = condition;
  return (document, capture) =>
    visitPath(
      document,
      parts,
      (value, present, arrayIndex) => {
        if (!test(value, present)) {
          return false;
        }
        if (capture !== undefined) {
          const index = arrayIndex >= 0 || elementIndex === undefined ? arrayIndex : elementIndex(value);
          if (index >= 0) {
            capture.index = index;
          }
        }
        return true;
      },
      expand,
    );
}
