import { MongoServerError } from './errors.ts';
import { flatDistance, insideRing } from './geo-plane.ts';
import { angleToShape, insideOf, meetingWith, onSphere, withinAngle } from './geo-relations.ts';
import {
  assertOnEarth,
  badGeo,
  isGeoJson,
  locationsOf,
  type Point,
  readShape,
  requirePair,
  type Shape,
  verticesOf,
} from './geo-shapes.ts';
import { EARTH_RADIUS_METRES, unitVector } from './geo-sphere.ts';
import { splitPath, visitPath } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { documentOf, getField, isArray, toNumber } from './values.ts';

const NEAR_OPERATORS = ['$near', '$nearSphere', '$geoNear'];
const OPERATORS = new Set([
  ...NEAR_OPERATORS,
  '$geoWithin',
  '$within',
  '$geoIntersects',
  '$maxDistance',
  '$minDistance',
  '$geometry',
]);
const WITHIN_SHAPES = ['$box', '$center', '$centerSphere', '$polygon', '$geometry'];

/** True for the operators that `geoTest` serves. */
export function isGeoOperator(operator: string): boolean {
  return OPERATORS.has(operator);
}

/**
 * Test of a stored location against a geo operator; undefined for the distance options that belong to `$near`.
 * An array of locations matches when one of them does. GeoJSON is compared on the sphere, with arcs of great
 * circles for edges; `$box`, `$center` and `$polygon` are compared on a flat map.
 * Throws MongoServerError 2 for shapes it cannot read.
 */
export function geoTest(
  operator: string,
  operand: unknown,
  siblings: BsonDocument,
): ((value: unknown) => boolean) | undefined {
  switch (operator) {
    case '$maxDistance':
    case '$minDistance':
      if (!NEAR_OPERATORS.some((near) => Object.hasOwn(siblings, near))) {
        throw badGeo(`${operator} needs a $near or $nearSphere`);
      }
      return undefined;
    case '$geoWithin':
    case '$within':
      return anyLocation(withinTest(operand));
    case '$geoIntersects': {
      const geometry = getField(documentOf(operand) ?? {}, '$geometry');
      if (geometry === undefined) {
        throw badGeo('$geoIntersects needs a $geometry');
      }
      const meets = meetingWith(onSphere(readShape(geometry)));
      return anyLocation((shape) => meets(onSphere(shape)));
    }
    case '$near':
    case '$nearSphere':
    case '$geoNear': {
      const near = readNear(operator, operand, siblings);
      return anyLocation((shape) => {
        const distance = near.distance(shape);
        return distance >= near.minimum && distance <= near.maximum;
      });
    }
    default:
      throw badGeo(`unknown geo specifier: ${operator}`);
  }
}

function anyLocation(test: (shape: Shape) => boolean): (value: unknown) => boolean {
  return (value) => locationsOf(value).some(({ shape }) => test(shape));
}

function withinTest(operand: unknown): (shape: Shape) => boolean {
  const document = documentOf(operand) ?? {};
  const kind = Object.keys(document).find((key) => WITHIN_SHAPES.includes(key));
  const argument = kind === undefined ? undefined : document[kind];
  const items: unknown[] = isArray(argument) ? argument : Object.values(documentOf(argument) ?? {});
  const allVertices =
    (test: (point: Point) => boolean) =>
    (shape: Shape): boolean =>
      verticesOf(shape).every(test);
  switch (kind) {
    case '$box': {
      const [low, high] = [requirePair(items[0]), requirePair(items[1])];
      return allVertices(
        ([x, y]) =>
          x >= Math.min(low[0], high[0]) &&
          x <= Math.max(low[0], high[0]) &&
          y >= Math.min(low[1], high[1]) &&
          y <= Math.max(low[1], high[1]),
      );
    }
    case '$center':
    case '$centerSphere': {
      const centre = requirePair(items[0]);
      const radius = toNumber(items[1]);
      if (radius === undefined || !(radius >= 0)) {
        throw badGeo('radius must be a non-negative number');
      }
      return kind === '$center'
        ? allVertices((point) => flatDistance(point, centre) <= radius)
        : (shape) => withinAngle(shape, centre, radius);
    }
    case '$polygon': {
      const ring = items.map(requirePair);
      if (ring.length < 3) {
        throw badGeo('Polygon must have at least 3 points');
      }
      return allVertices((point) => insideRing(point, ring));
    }
    case '$geometry': {
      const read = readShape(argument);
      if (read.polygons.length === 0) {
        throw badGeo('$geoWithin not supported with provided geometry');
      }
      const isInside = insideOf(onSphere(read));
      return (shape) => isInside(onSphere(shape));
    }
    default:
      throw badGeo(
        'unknown geo specifier: $geoWithin needs $box, $center, $centerSphere, $polygon or $geometry',
      );
  }
}

/** How far stored locations are from a point, and how far they may be. */
export interface NearSearch {
  /** Metres for GeoJSON, radians for a legacy pair on the sphere, else the unit of the coordinates. */
  distance: (shape: Shape) => number;
  minimum: number;
  maximum: number;
  /** The kinds of index that serve the search in MongoDB. */
  indexKinds: readonly ('2d' | '2dsphere')[];
}

/** The search for a point: GeoJSON, or a legacy pair on the sphere or on a flat map. */
export function nearPoint(point: unknown, spherical: boolean): Pick<NearSearch, 'distance' | 'indexKinds'> {
  const shape = readShape(point);
  const [centre] = shape.points;
  if (centre === undefined || verticesOf(shape).length !== 1) {
    throw badGeo('$near requires a point');
  }
  if (shape.geoJson || spherical) {
    assertOnEarth(centre);
    const place = unitVector(centre);
    const unit = shape.geoJson ? EARTH_RADIUS_METRES : 1;
    return {
      distance: (stored) => angleToShape(onSphere(stored), place) * unit,
      indexKinds: shape.geoJson ? ['2dsphere'] : ['2d', '2dsphere'],
    };
  }
  return {
    distance: (stored) =>
      verticesOf(stored).reduce((least, vertex) => Math.min(least, flatDistance(vertex, centre)), Infinity),
    indexKinds: ['2d'],
  };
}

/** Reads a distance limit. Throws MongoServerError 2 when it is no number from 0 on. */
export function distanceLimit(options: BsonDocument, name: string, otherwise: number): number {
  if (!Object.hasOwn(options, name)) {
    return otherwise;
  }
  const number = toNumber(options[name]);
  if (number === undefined || !(number >= 0)) {
    throw badGeo(`${name} must be a non-negative number`);
  }
  return number;
}

function readNear(operator: string, operand: unknown, siblings: BsonDocument): NearSearch {
  const document = documentOf(operand);
  const named = document !== undefined && Object.hasOwn(document, '$geometry');
  const point = named ? document.$geometry : operand;
  if (!isGeoJson(point) && !isArray(point) && documentOf(point) === undefined) {
    throw badGeo(`invalid argument in geo near query: ${operator}`);
  }
  const options: BsonDocument = named ? { ...siblings, ...document } : siblings;
  // A third number beside a legacy pair is its greatest distance.
  const third = isArray(operand) ? toNumber(operand[2]) : undefined;
  return {
    ...nearPoint(point, operator !== '$near'),
    minimum: distanceLimit(options, '$minDistance', 0),
    maximum: distanceLimit(options, '$maxDistance', third ?? Infinity),
  };
}

/** A stored location and its distance from a point; the distance is infinite where there is no location. */
export interface Nearest {
  distance: number;
  location: unknown;
}

/** Finds the nearest of the locations that a document has at a path. */
export function nearestAt(
  path: string,
  search: Pick<NearSearch, 'distance'>,
): (document: BsonDocument) => Nearest {
  const parts = splitPath(path);
  return (document) => {
    const nearest: Nearest = { distance: Infinity, location: undefined };
    const consider = (shape: Shape, location: unknown): void => {
      const distance = search.distance(shape);
      if (distance < nearest.distance) {
        nearest.distance = distance;
        nearest.location = location;
      }
    };
    visitPath(
      document,
      parts,
      (stored) => {
        for (const { shape, location } of locationsOf(stored)) {
          consider(shape, location);
        }
        return false;
      },
      false,
    );
    return nearest;
  };
}

/** The `$near` or `$nearSphere` of a filter. */
export interface NearCondition {
  path: string;
  search: NearSearch;
}

/**
 * The condition of a filter that asks for the nearest documents, at its top level or in a top-level `$and`;
 * undefined when there is none. Throws MongoServerError 2 when it is malformed.
 */
export function nearCondition(filter: BsonDocument): NearCondition | undefined {
  for (const path of Object.keys(filter)) {
    const value = filter[path];
    if (path === '$and' && isArray(value)) {
      for (const branch of value) {
        const found = nearCondition(documentOf(branch) ?? {});
        if (found !== undefined) {
          return found;
        }
      }
    }
    const condition = path.startsWith('$') ? undefined : documentOf(value);
    const operator = NEAR_OPERATORS.find((name) => Object.hasOwn(condition ?? {}, name));
    if (condition !== undefined && operator !== undefined) {
      return { path, search: readNear(operator, condition[operator], condition) };
    }
  }
  return undefined;
}

/** The error for a search of the nearest where documents come in no order of their own. */
export function nearNotAllowed(): MongoServerError {
  return new MongoServerError(
    5626500,
    '$geoNear, $near, and $nearSphere are not allowed in this context, as these operators require sorting geospatial data. If you do not need sort, consider using $geoWithin instead.',
  );
}

/** True for the operators that ask for the nearest documents. */
export function isNearOperator(operator: string): boolean {
  return NEAR_OPERATORS.includes(operator);
}
