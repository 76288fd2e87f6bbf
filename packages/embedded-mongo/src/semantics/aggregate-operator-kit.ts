import { MongoServerError } from './errors.ts';
import type { BsonDocument, EvaluationContext } from './types.ts';
import { getField, isArray, isDocument, typeName } from './values.ts';

/** A variable bound by `$let`, `$map` and the like, with the ones outside it. */
export interface Frame {
  name: string;
  value: unknown;
  outer: Frame | undefined;
}

/** What an expression can see while it is evaluated. A missing value is `undefined` throughout. */
export interface Scope {
  /** `$$ROOT`. */
  root: unknown;
  /** `$$CURRENT`, where plain field paths start. */
  current: unknown;
  frame: Frame | undefined;
  context: EvaluationContext;
}

/** A compiled expression. */
export type Evaluator = (scope: Scope) => unknown;

/** Compiles sub-expressions; knows which variables are in reach. */
export interface Compiler {
  compile(expression: unknown): Evaluator;
  /** The same compiler with more variables in reach. */
  withVariables(names: readonly string[]): Compiler;
}

/** Compiles one operator's argument. */
export type OperatorCompiler = (argument: unknown, compiler: Compiler) => Evaluator;

/** Operators by name, `$` included. */
export type OperatorTable = Readonly<Record<string, OperatorCompiler>>;

/** Throws a server error; typed `never` so that it can stand for a value. */
export const fail = (code: number, message: string): never => {
  throw new MongoServerError(code, message);
};

/** True for null and for missing. */
export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined;

/** The type's name as error texts give it: `missing` for a missing value. */
export const typeText = (value: unknown): string => (value === undefined ? 'missing' : typeName(value));

/** The operands of an operator: an array's elements, or the argument alone. */
export function operandsOf(argument: unknown): readonly unknown[] {
  return isArray(argument) ? argument : [argument];
}

/** Binds a variable for the evaluation of an inner expression. */
export function bind(scope: Scope, name: string, value: unknown): Scope {
  return name === 'CURRENT'
    ? { ...scope, current: value }
    : { ...scope, frame: { name, value, outer: scope.frame } };
}

function checkCount(name: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) {
    return;
  }
  if (least === most) {
    fail(16020, `Expression ${name} takes exactly ${least} arguments. ${count} were passed in.`);
  }
  fail(
    28667,
    Number.isFinite(most)
      ? `Expression ${name} takes at least ${least} arguments, and at most ${most}, but ${count} were passed in.`
      : `Expression ${name} takes at least ${least} arguments, but ${count} were passed in.`,
  );
}

/** An operator of one operand. */
export function unary(name: string, compute: (value: unknown, scope: Scope) => unknown): OperatorCompiler {
  return (argument, compiler) => {
    const operands = operandsOf(argument);
    checkCount(name, operands.length, 1, 1);
    const operand = compiler.compile(operands[0]);
    return (scope) => compute(operand(scope), scope);
  };
}

/** An operator of two operands. */
export function binary(
  name: string,
  compute: (left: unknown, right: unknown, scope: Scope) => unknown,
): OperatorCompiler {
  return (argument, compiler) => {
    const operands = operandsOf(argument);
    checkCount(name, operands.length, 2, 2);
    const left = compiler.compile(operands[0]);
    const right = compiler.compile(operands[1]);
    return (scope) => compute(left(scope), right(scope), scope);
  };
}

/** An operator of `least` to `most` operands, all evaluated before it computes. */
export function variadic(
  name: string,
  compute: (values: unknown[], scope: Scope) => unknown,
  least = 0,
  most = Infinity,
): OperatorCompiler {
  return (argument, compiler) => {
    const operands = operandsOf(argument);
    checkCount(name, operands.length, least, most);
    const evaluators = operands.map((operand) => compiler.compile(operand));
    return (scope) =>
      compute(
        evaluators.map((evaluate) => evaluate(scope)),
        scope,
      );
  };
}

/** The evaluated arguments of an operator that takes a document of named arguments. */
export interface NamedArguments {
  /** Value of an argument; undefined when it was not given or evaluates to missing. */
  get(name: string): unknown;
  /** Whether the argument was given at all. */
  has(name: string): boolean;
}

/** How an operator's document of named arguments is checked, with MongoDB's codes. */
export interface NamedRules {
  required: readonly string[];
  optional?: readonly string[];
  /** Codes for: argument is no document; unknown argument; required argument missing. */
  codes: readonly [notDocument: number, unknown: number, missing: number];
}

/** Checks a document of named arguments against its rules and returns it. */
export function namedDocument(name: string, argument: unknown, rules: NamedRules): BsonDocument {
  const [notDocument, unknownCode, missingCode] = rules.codes;
  if (!isDocument(argument)) {
    return fail(notDocument, `${name} only supports an object as its argument, found ${typeText(argument)}`);
  }
  for (const key of Object.keys(argument)) {
    if (!rules.required.includes(key) && rules.optional?.includes(key) !== true) {
      fail(unknownCode, `${name} found an unknown argument: ${key}`);
    }
  }
  for (const key of rules.required) {
    if (!Object.hasOwn(argument, key)) {
      fail(missingCode, `Missing '${key}' parameter to ${name}`);
    }
  }
  return argument;
}

/** An operator that takes a document of named arguments, all evaluated before it computes. */
export function named(
  name: string,
  rules: NamedRules,
  compute: (values: NamedArguments, scope: Scope) => unknown,
): OperatorCompiler {
  return (argument, compiler) => {
    const document = namedDocument(name, argument, rules);
    const evaluators = new Map(
      Object.entries(document).map(([key, value]) => [key, compiler.compile(value)]),
    );
    return (scope) =>
      compute(
        {
          get: (key) => evaluators.get(key)?.(scope),
          has: (key) => evaluators.has(key),
        },
        scope,
      );
  };
}

/** Own field of a document of arguments, which may be absent. */
export const argumentOf = (document: BsonDocument, name: string): unknown => getField(document, name);
