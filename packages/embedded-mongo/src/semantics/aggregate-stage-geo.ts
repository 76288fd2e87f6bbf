import { Double } from 'bson';
import { fieldPathParts } from './aggregate-expressions.ts';
import { setMetadata } from './aggregate-metadata.ts';
import { fail } from './aggregate-operator-kit.ts';
import { stageMatcher, stageScope, withPath, type StageCompiler } from './aggregate-stage-kit.ts';
import { distanceLimit, nearestAt, nearPoint } from './geo.ts';
import type { BsonDocument } from './types.ts';
import { getField, isDocument, isTruthy, toNumber, typeName } from './values.ts';

const REMOVED: Readonly<Record<string, number>> = { limit: 50858, num: 50857, start: 50856 };

function pathOption(specification: BsonDocument, name: string): string[] | undefined {
  const value = getField(specification, name);
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== 'string') {
    return fail(14, `$geoNear parameter '${name}' must be of type string but found type: ${typeName(value)}`);
  }
  if (value === '') {
    return fail(2, `$geoNear parameter '${name}' cannot be the empty string`);
  }
  return fieldPathParts(value);
}

/** The multiplier of the distances. @throws MongoServerError 16608 when it is no number from 0 on */
function multiplierOf(specification: BsonDocument): number {
  const value = getField(specification, 'distanceMultiplier');
  const number = value === undefined ? 1 : toNumber(value);
  return number !== undefined && number >= 0 ? number : fail(16608, 'distanceMultiplier must be nonnegative');
}

/**
 * `$geoNear`: the documents with their distance from a point, nearest first; those without a place are left out.
 * `key` names the field of the geo index. The pipeline's planner puts it in when the collection has only one.
 * @throws MongoServerError 16605 and 16606 without `near` and `distanceField`, 2 for bad places and limits
 */
export const geoNearStage: StageCompiler = (argument, { compiler }) => {
  if (!isDocument(argument)) {
    return fail(10065, 'invalid parameter: expected an object ($geoNear)');
  }
  for (const [name, code] of Object.entries(REMOVED)) {
    if (Object.hasOwn(argument, name)) {
      fail(code, `$geoNear no longer supports the '${name}' parameter. Use a $limit stage instead.`);
    }
  }
  if (!Object.hasOwn(argument, 'near')) {
    fail(16605, `$geoNear requires a 'near' option as an Array`);
  }
  if (typeof getField(argument, 'distanceField') !== 'string') {
    fail(16606, `$geoNear requires a 'distanceField' option as a String`);
  }
  const distanceField = pathOption(argument, 'distanceField') ?? [];
  const includeLocs = pathOption(argument, 'includeLocs');
  const key = pathOption(argument, 'key')?.join('.');
  const query = getField(argument, 'query');
  if (query !== undefined && !isDocument(query)) {
    return fail(14, `$geoNear parameter 'query' must be of type object but found type: ${typeName(query)}`);
  }
  if (query !== undefined) {
    stageMatcher(query, { now: new Date(0) });
  }
  const multiplier = multiplierOf(argument);
  const spherical = isTruthy(getField(argument, 'spherical') ?? false);
  const near = compiler.compile(getField(argument, 'near'));
  const limits = ['minDistance', 'maxDistance']
    .filter((name) => Object.hasOwn(argument, name))
    .map((name) => [name, compiler.compile(argument[name])] as const);
  return (input, runtime) => {
    if (key === undefined) {
      fail(27, `$geoNear in a nested pipeline requires the 'key' option`);
    }
    const scope = stageScope({}, runtime);
    const search = nearPoint(near(scope), spherical);
    const bounds = Object.fromEntries(limits.map(([name, evaluate]) => [name, evaluate(scope)]));
    const minimum = distanceLimit(bounds, 'minDistance', 0);
    const maximum = distanceLimit(bounds, 'maxDistance', Infinity);
    const matcher = query === undefined ? undefined : stageMatcher(query, runtime.context);
    const nearest = nearestAt(key ?? '', search);
    const found: { document: BsonDocument; distance: number; location: unknown }[] = [];
    for (const document of input) {
      const { distance, location } = nearest(document);
      if (
        Number.isFinite(distance) &&
        distance >= minimum &&
        distance <= maximum &&
        (matcher === undefined || matcher.test(document))
      ) {
        found.push({ document, distance, location });
      }
    }
    found.sort((a, b) => a.distance - b.distance);
    return found.map(({ document, distance, location }) => {
      const shown = new Double(distance * multiplier);
      const measured = withPath(document, distanceField, shown);
      return setMetadata(includeLocs === undefined ? measured : withPath(measured, includeLocs, location), {
        geoNearDistance: shown,
        geoNearPoint: location,
      });
    });
  };
};
