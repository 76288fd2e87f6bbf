import { expressionCompiler, scopeOf, variableNames } from './aggregate-expressions.ts';
import { fail, type Compiler } from './aggregate-operator-kit.ts';
import {
  compileAddFields,
  compileAggregationProjection,
  compileReplaceRoot,
  compileReplaceWith,
  compileUnset,
  type Transform,
} from './aggregate-project.ts';
import type { BsonDocument, EvaluationContext } from './types.ts';

/** Compiles a stage that turns one document into one document; undefined for every other stage. */
export function compileTransformStage(
  name: string,
  argument: unknown,
  compiler: Compiler,
): Transform | undefined {
  switch (name) {
    case '$addFields':
    case '$set':
      return compileAddFields(argument, compiler, name);
    case '$project':
      return compileAggregationProjection(argument, compiler);
    case '$unset':
      return compileUnset(argument);
    case '$replaceRoot':
      return compileReplaceRoot(argument, compiler);
    case '$replaceWith':
      return compileReplaceWith(argument, compiler);
    default:
      return undefined;
  }
}

/**
 * Compiles an update given as a pipeline of `$set`/`$addFields`, `$unset`, `$project`, `$replaceRoot` and
 * `$replaceWith`.
 * @throws MongoServerError 72 for a stage that updates do not allow, 40323 for a stage with several fields
 */
export function compileUpdatePipeline(
  pipeline: readonly BsonDocument[],
  context: EvaluationContext,
): (document: BsonDocument) => BsonDocument {
  const compiler = expressionCompiler(variableNames(context));
  const transforms = pipeline.map((stage) => {
    const entries = Object.entries(stage);
    const [entry] = entries;
    if (entry === undefined || entries.length !== 1) {
      return fail(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    const [name, argument] = entry;
    return (
      compileTransformStage(name, argument, compiler) ??
      fail(72, `${name} is not allowed to be used within an update`)
    );
  });
  return (document) =>
    transforms.reduce((current, transform) => transform(current, scopeOf(current, context)), document);
}
