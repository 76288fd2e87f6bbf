import { evaluateExpression } from './semantics/aggregate.ts';
import { compileMatcher, type MatchContext } from './semantics/match.ts';
import { compileProjection } from './semantics/project.ts';
import type { BsonDocument, Collation, EvaluationContext, Matcher, Projector } from './semantics/types.ts';

/**
 * Context of one command's filters, updates and expressions.
 * `now` is the server time of the command; `variables` are those of its `let`, not yet evaluated.
 */
export function evaluationContext(
  now: Date,
  collation?: Collation,
  variables?: BsonDocument,
): EvaluationContext {
  const context: EvaluationContext = { now, ...(collation === undefined ? {} : { collation }) };
  if (variables === undefined) {
    return context;
  }
  const evaluated: BsonDocument = {};
  for (const name of Object.keys(variables)) {
    Object.defineProperty(evaluated, name, {
      value: evaluateExpression({}, variables[name], context),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return { ...context, variables: evaluated };
}

/** The context of filters whose `$expr` conditions use the given context's variables. */
export function matchContext(context: EvaluationContext): MatchContext {
  return {
    ...context,
    evaluateExpression: (document, expression) => evaluateExpression(document, expression, context),
  };
}

/** Compiles a filter whose `$expr` conditions use the context's variables. Throws MongoServerError. */
export function matcherFor(filter: BsonDocument, context: EvaluationContext): Matcher {
  return compileMatcher(filter, matchContext(context));
}

/** Compiles a find projection whose expressions use the context's variables. Throws MongoServerError. */
export function projectorFor(projection: BsonDocument, context: EvaluationContext): Projector {
  return compileProjection(projection, {
    ...context,
    evaluateExpression: (document, expression) => evaluateExpression(document, expression, context),
  });
}
