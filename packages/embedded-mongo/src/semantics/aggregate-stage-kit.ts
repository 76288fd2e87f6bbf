import { evaluateExpression, expressionCompiler, scopeOf } from './aggregate-expressions.ts';
import type { Compiler, Scope } from './aggregate-operator-kit.ts';
import { compileMatcher } from './match.ts';
import type { AggregationHost, BsonDocument, EvaluationContext, Matcher } from './types.ts';
import { createDocument, documentOf, getField, setField } from './values.ts';

/** What a running pipeline works with. */
export interface Runtime {
  context: EvaluationContext;
  host: AggregationHost;
}

/** A compiled stage or a row of them. */
export type Stage = (input: Iterable<BsonDocument>, runtime: Runtime) => Iterable<BsonDocument>;

/** What a stage is compiled with. */
export interface StageEnvironment {
  compiler: Compiler;
  /** Names of the variables of the command and of enclosing `$lookup` stages; undefined when not known. */
  globals: ReadonlySet<string> | undefined;
  /** Compiles a pipeline inside a stage. `variables` are added to those in reach. */
  compileNested(pipeline: unknown, stage: string, variables?: readonly string[]): Stage;
}

/** Compiles one stage's argument. */
export type StageCompiler = (argument: unknown, environment: StageEnvironment) => Stage;

/** The environment's pieces for a set of variable names. */
export function compilerFor(globals: ReadonlySet<string> | undefined): Compiler {
  return expressionCompiler(globals);
}

/** The scope of a document in a running pipeline. */
export function stageScope(document: BsonDocument, runtime: Runtime): Scope {
  return scopeOf(document, runtime.context);
}

/** Compiles a filter for `$match` and its relatives in a running pipeline. */
export function stageMatcher(filter: BsonDocument, context: EvaluationContext): Matcher {
  return compileMatcher(filter, {
    ...context,
    evaluateExpression: (document, expression) => evaluateExpression(document, expression, context),
    refusesNear: true,
  });
}

/** A copy of a document with the value at a dotted path; whatever is no document on the way gives way to one. */
export function withPath(
  document: BsonDocument,
  parts: readonly string[],
  value: unknown,
  depth = 0,
): BsonDocument {
  const part = parts[depth] ?? '';
  const copy = { ...document };
  if (depth === parts.length - 1) {
    setField(copy, part, value);
  } else {
    const inner = documentOf(getField(document, part)) ?? createDocument();
    setField(copy, part, withPath(inner, parts, value, depth + 1));
  }
  return copy;
}
