import { Timestamp } from 'bson';
import { accumulatorOperators } from './aggregate-accumulators.ts';
import {
  fail,
  type Compiler,
  type Evaluator,
  type OperatorCompiler,
  type Scope,
} from './aggregate-operator-kit.ts';
import { arrayOperators } from './aggregate-operators-array.ts';
import { dateOperators } from './aggregate-operators-date.ts';
import { logicOperators } from './aggregate-operators-logic.ts';
import { numberOperators } from './aggregate-operators-number.ts';
import { stringOperators } from './aggregate-operators-string.ts';
import { typeOperators } from './aggregate-operators-type.ts';
import type { BsonDocument, EvaluationContext } from './types.ts';
import { describeValue } from './update-describe.ts';
import { createDocument, documentOf, getField, isArray, isDocument, setField } from './values.ts';

const OPERATORS: ReadonlyMap<string, OperatorCompiler> = new Map(
  [
    arrayOperators,
    dateOperators,
    logicOperators,
    numberOperators,
    stringOperators,
    typeOperators,
    accumulatorOperators,
  ].flatMap((table) => Object.entries(table)),
);

/** Expressions nested deeper than this are refused, before they could exhaust the stack. */
const MAX_DEPTH = 200;

/** Values of the variables that `$redact` acts on. */
export const REDACT_ACTIONS = { DESCEND: 'descend', PRUNE: 'prune', KEEP: 'keep' } as const;

const SYSTEM_VARIABLES: ReadonlyMap<string, Evaluator> = new Map<string, Evaluator>([
  ['ROOT', (scope) => scope.root],
  ['CURRENT', (scope) => scope.current],
  ['REMOVE', () => undefined],
  ['NOW', (scope) => scope.context.now],
  ['CLUSTER_TIME', (scope) => new Timestamp({ t: Math.floor(scope.context.now.getTime() / 1000), i: 1 })],
  ['DESCEND', () => REDACT_ACTIONS.DESCEND],
  ['PRUNE', () => REDACT_ACTIONS.PRUNE],
  ['KEEP', () => REDACT_ACTIONS.KEEP],
]);

/**
 * Reads a dotted path as an expression does: an array on the way gives the array of what its documents hold
 * (elements that are no documents, and missing fields, are left out); numbers in the path are field names.
 */
export function readPath(value: unknown, parts: readonly string[], depth = 0): unknown {
  let current = value;
  for (let at = depth; at < parts.length; at += 1) {
    if (isArray(current)) {
      const found: unknown[] = [];
      for (const item of current) {
        if (documentOf(item) !== undefined) {
          const inner = readPath(item, parts, at);
          if (inner !== undefined) {
            found.push(inner);
          }
        }
      }
      return found;
    }
    const document = documentOf(current);
    if (document === undefined) {
      return undefined;
    }
    current = getField(document, parts[at] ?? '');
  }
  return current;
}

/** Splits and checks a field path. @throws MongoServerError 15998, 16410, 40353 */
export function fieldPathParts(path: string): string[] {
  if (path.endsWith('.')) {
    fail(40353, "FieldPath must not end with a '.'.");
  }
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '') {
      fail(15998, 'FieldPath field names may not be empty strings.');
    }
    if (part.startsWith('$') && !/^\$(?:id|ref|db)$/.test(part)) {
      fail(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.");
    }
    if (part.includes('\0')) {
      fail(16411, 'FieldPath field names may not contain null bytes.');
    }
  }
  return parts;
}

function compilePath(path: string): Evaluator {
  const parts = fieldPathParts(path);
  const [only = ''] = parts;
  if (parts.length > 1) {
    return (scope) => readPath(scope.current, parts);
  }
  return (scope) => {
    const document = documentOf(scope.current);
    return document === undefined ? readPath(scope.current, parts) : getField(document, only);
  };
}

function localVariable(name: string): Evaluator {
  return (scope) => {
    for (let frame = scope.frame; frame !== undefined; frame = frame.outer) {
      if (frame.name === name) {
        return frame.value;
      }
    }
    return undefined;
  };
}

const undefinedVariable = (name: string): never => fail(17276, `Use of undefined variable: ${name}`);

function commandVariable(name: string, known: ReadonlySet<string> | undefined): Evaluator {
  if (known !== undefined && !known.has(name)) {
    return undefinedVariable(name);
  }
  return ({ context }) => {
    const variables = context.variables;
    return variables !== undefined && Object.hasOwn(variables, name)
      ? variables[name]
      : undefinedVariable(name);
  };
}

/** An expression compiler. `globals` are the command's variables; without them they are looked up when evaluated. */
class ExpressionCompiler implements Compiler {
  readonly #locals: ReadonlySet<string>;
  readonly #globals: ReadonlySet<string> | undefined;
  #depth = 0;

  constructor(globals: ReadonlySet<string> | undefined, locals: ReadonlySet<string> = new Set(), depth = 0) {
    this.#globals = globals;
    this.#locals = locals;
    this.#depth = depth;
  }

  withVariables(names: readonly string[]): Compiler {
    return new ExpressionCompiler(this.#globals, new Set([...this.#locals, ...names]), this.#depth);
  }

  compile(expression: unknown): Evaluator {
    if (typeof expression === 'string') {
      return this.#compileString(expression);
    }
    if (typeof expression !== 'object' || expression === null) {
      return () => expression;
    }
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      fail(15, `BSONObj exceeds maximum nested object depth: ${MAX_DEPTH}`);
    }
    try {
      if (isArray(expression)) {
        const items = expression.map((item) => this.compile(item));
        return (scope) => items.map((item) => item(scope) ?? null);
      }
      return isDocument(expression) ? this.#compileDocument(expression) : (): unknown => expression;
    } finally {
      this.#depth -= 1;
    }
  }

  #compileString(text: string): Evaluator {
    if (!text.startsWith('$')) {
      return () => text;
    }
    if (text === '$') {
      return fail(16872, "'$' by itself is not a valid FieldPath");
    }
    return text.startsWith('$$') ? this.#compileVariable(text.slice(2)) : compilePath(text.slice(1));
  }

  #compileVariable(text: string): Evaluator {
    if (text === '') {
      return fail(16869, 'empty variable names are not allowed');
    }
    const [name = '', ...rest] = text.split('.');
    const variable = this.#variable(name);
    if (rest.length === 0) {
      return variable;
    }
    const parts = fieldPathParts(rest.join('.'));
    return (scope) => readPath(variable(scope), parts);
  }

  #variable(name: string): Evaluator {
    if (this.#locals.has(name) && name !== 'CURRENT') {
      return localVariable(name);
    }
    const system = SYSTEM_VARIABLES.get(name);
    if (system !== undefined) {
      return system;
    }
    if (!/^[a-z_\u0080-\uffff][\w\u0080-\uffff]*$/.test(name)) {
      return /^[A-Z]/.test(name)
        ? undefinedVariable(name)
        : fail(16867, `'${name}' starts with an invalid character for a user variable name`);
    }
    return commandVariable(name, this.#globals);
  }

  #compileDocument(document: BsonDocument): Evaluator {
    const keys = Object.keys(document);
    const [first] = keys;
    if (first === undefined) {
      return () => ({});
    }
    if (first.startsWith('$')) {
      if (keys.length !== 1) {
        fail(
          15983,
          `An object representing an expression must have exactly one field: ${describeValue(document)}`,
        );
      }
      const operator = OPERATORS.get(first);
      return operator === undefined
        ? fail(168, `Unrecognized expression '${first}'`)
        : operator(document[first], this);
    }
    const fields = keys.map((key): [string, Evaluator] => {
      if (key.startsWith('$')) {
        fail(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.");
      }
      if (key.includes('.')) {
        fail(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.");
      }
      return [key, this.compile(document[key])];
    });
    return (scope) => {
      const result = createDocument();
      for (const [key, evaluate] of fields) {
        const value = evaluate(scope);
        if (value !== undefined) {
          setField(result, key, value);
        }
      }
      return result;
    };
  }
}

/**
 * A compiler for the expressions of one pipeline. `globals` are the names of the command's variables: a
 * reference to any other unbound one raises error 17276 at once. Without `globals` it is looked up when evaluated.
 */
export function expressionCompiler(globals: ReadonlySet<string> | undefined): Compiler {
  return new ExpressionCompiler(globals);
}

/** Names of the command's variables, for `expressionCompiler`. */
export function variableNames(context: EvaluationContext): ReadonlySet<string> {
  return new Set(Object.keys(context.variables ?? {}));
}

/** The scope in which a pipeline's expression sees a document. */
export function scopeOf(document: unknown, context: EvaluationContext): Scope {
  return { root: document, current: document, frame: undefined, context };
}

const lateCompiler = new ExpressionCompiler(undefined);
/** Compiled forms of expressions that are evaluated again and again for different documents. */
const compiled = new WeakMap<object, Evaluator>();

/**
 * Evaluates an aggregation expression against a document. Numbers keep their BSON types: integers grow from
 * int32 to int64, int64 and Decimal128 stay exact. Missing values are undefined.
 * @throws MongoServerError with MongoDB's codes: 168 unknown operator, 17276 undefined variable, and the codes
 *   of the single operators
 */
export function evaluateExpression(
  document: BsonDocument,
  expression: unknown,
  context: EvaluationContext,
): unknown {
  if (typeof expression !== 'object' || expression === null) {
    return lateCompiler.compile(expression)(scopeOf(document, context));
  }
  let evaluate = compiled.get(expression);
  if (evaluate === undefined) {
    evaluate = lateCompiler.compile(expression);
    compiled.set(expression, evaluate);
  }
  return evaluate(scopeOf(document, context));
}
