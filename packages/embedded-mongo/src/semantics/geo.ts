import { MongoServerError } from './errors.ts';
import { visitPath, splitPath } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { documentOf, toNumber } from './values.ts';

/**
 * Location queries, kept small: GeoJSON shapes and legacy coordinate pairs, compared on a flat map of longitude
 * and latitude (edges are straight in degrees, not great circles); distances are great-circle metres for
 * GeoJSON and degrees for legacy pairs.
 */
type Point = readonly [number, number];

interface Shape {
  points: Point[];
  lines: Point[][];
  /** Each polygon: its outer ring, then its holes. */
  polygons: Point[][][];
  geoJson: boolean;
}

const EARTH_RADIUS_METRES = 6_378_100;
const OPERATORS = new Set([
  '$geoWithin',
  '$within',
  '$geoIntersects',
  '$near',
  '$nearSphere',
  '$geoNear',
  '$maxDistance',
  '$minDistance',
  '$geometry',
]);

/** True for the operators that `geoTest` serves. */
export function isGeoOperator(operator: string): boolean {
  return OPERATORS.has(operator);
}

function badGeo(message: string): MongoServerError {
  return new MongoServerError(2, message);
}

/**
 * Test of a stored location against a geo operator; undefined for the distance options that belong to `$near`.
 * An array of locations matches when one of them does. Throws MongoServerError 2 for shapes it cannot read.
 */
export function geoTest(
  operator: string,
  operand: unknown,
  siblings: BsonDocument,
): ((value: unknown) => boolean) | undefined {
  switch (operator) {
    case '$maxDistance':
    case '$minDistance':
      if (!['$near', '$nearSphere', '$geoNear'].some((near) => Object.hasOwn(siblings, near))) {
        throw badGeo(`${operator} needs a $near or $nearSphere`);
      }
      return undefined;
    case '$geoWithin':
    case '$within':
      return anyLocation(withinTest(operand));
    case '$geoIntersects': {
      const area = shapeOf(documentOf(operand)?.['$geometry']);
      if (area === undefined) {
        throw badGeo('$geoIntersects needs a $geometry');
      }
      return anyLocation((shape) => intersects(shape, area));
    }
    case '$near':
    case '$nearSphere':
    case '$geoNear': {
      const near = parseNear(operator, operand, siblings);
      return anyLocation((shape) => {
        const distance = near.distance(shape);
        return distance >= near.minimum && distance <= near.maximum;
      });
    }
    default:
      throw badGeo(`unknown geo specifier: ${operator}`);
  }
}

/**
 * How far a document is from the point of the filter's `$near` or `$nearSphere`, for sorting nearest first.
 * Undefined when the filter has no such operator at its top level or in a top-level `$and`.
 */
export function nearDistance(filter: BsonDocument): ((document: BsonDocument) => number) | undefined {
  for (const path of Object.keys(filter)) {
    const value = filter[path];
    if (path === '$and' && Array.isArray(value)) {
      for (const branch of value) {
        const found = nearDistance(documentOf(branch) ?? {});
        if (found !== undefined) {
          return found;
        }
      }
    }
    const condition = documentOf(value);
    const operator = ['$near', '$nearSphere', '$geoNear'].find((name) =>
      Object.hasOwn(condition ?? {}, name),
    );
    if (condition !== undefined && operator !== undefined && !path.startsWith('$')) {
      const near = parseNear(operator, condition[operator], condition);
      const parts = splitPath(path);
      return (document) => {
        let nearest = Infinity;
        visitPath(
          document,
          parts,
          (stored) => {
            for (const shape of shapesOf(stored)) {
              nearest = Math.min(nearest, near.distance(shape));
            }
            return false;
          },
          false,
        );
        return nearest;
      };
    }
  }
  return undefined;
}

function parseNear(
  operator: string,
  operand: unknown,
  siblings: BsonDocument,
): { distance: (shape: Shape) => number; minimum: number; maximum: number } {
  const document = documentOf(operand);
  const geometry =
    document !== undefined && Object.hasOwn(document, '$geometry') ? document['$geometry'] : operand;
  const shape = shapeOf(geometry);
  const [centre] = shape?.points ?? [];
  if (shape === undefined || centre === undefined) {
    throw badGeo(`invalid argument in geo near query: ${operator} needs a point`);
  }
  const options = shape.geoJson && document !== undefined ? { ...siblings, ...document } : siblings;
  const legacy = Array.isArray(operand) ? toNumber(operand[2]) : undefined;
  const limit = (name: string, otherwise: number): number => {
    if (!Object.hasOwn(options, name)) {
      return otherwise;
    }
    const number = toNumber((options as BsonDocument)[name]);
    if (number === undefined || !(number >= 0)) {
      throw badGeo(`${name} must be a non-negative number`);
    }
    return number;
  };
  const measure = shape.geoJson
    ? metresBetween
    : operator === '$nearSphere'
      ? (a: Point, b: Point): number => metresBetween(a, b) / EARTH_RADIUS_METRES
      : flatDistance;
  return {
    distance: (stored) => distanceTo(stored, centre, measure),
    minimum: limit('$minDistance', 0),
    maximum: limit('$maxDistance', legacy ?? Infinity),
  };
}

function distanceTo(stored: Shape, centre: Point, measure: (a: Point, b: Point) => number): number {
  if (stored.polygons.some((polygon) => insidePolygon(centre, polygon))) {
    return 0;
  }
  return Math.min(...verticesOf(stored).map((point) => measure(point, centre)));
}

function withinTest(operand: unknown): (shape: Shape) => boolean {
  const document = documentOf(operand) ?? {};
  const kind = Object.keys(document).find((key) =>
    ['$box', '$center', '$centerSphere', '$polygon', '$geometry'].includes(key),
  );
  const argument = kind === undefined ? undefined : document[kind];
  const items: unknown[] = Array.isArray(argument) ? argument : Object.values(documentOf(argument) ?? {});
  switch (kind) {
    case '$box': {
      const [low, high] = [requirePoint(items[0]), requirePoint(items[1])];
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
      const centre = requirePoint(items[0]);
      const radius = toNumber(items[1]);
      if (radius === undefined || !(radius >= 0)) {
        throw badGeo('radius must be a non-negative number');
      }
      return kind === '$center'
        ? allVertices((point) => flatDistance(point, centre) <= radius)
        : allVertices((point) => metresBetween(point, centre) / EARTH_RADIUS_METRES <= radius);
    }
    case '$polygon': {
      const ring = items.map(requirePoint);
      if (ring.length < 3) {
        throw badGeo('Polygon must have at least 3 points');
      }
      return allVertices((point) => insidePolygon(point, [ring]));
    }
    case '$geometry': {
      const area = shapeOf(argument);
      if (area === undefined || area.polygons.length === 0) {
        throw badGeo('$geoWithin not supported with provided geometry');
      }
      return allVertices((point) => area.polygons.some((polygon) => insidePolygon(point, polygon)));
    }
    default:
      throw badGeo(
        'unknown geo specifier: $geoWithin needs $box, $center, $centerSphere, $polygon or $geometry',
      );
  }
}

function allVertices(test: (point: Point) => boolean): (shape: Shape) => boolean {
  return (shape) => verticesOf(shape).every(test);
}

function verticesOf(shape: Shape): Point[] {
  return [...shape.points, ...shape.lines.flat(), ...shape.polygons.flat(2)];
}

function anyLocation(test: (shape: Shape) => boolean): (value: unknown) => boolean {
  return (value) => shapesOf(value).some(test);
}

function shapesOf(value: unknown): Shape[] {
  const whole = shapeOf(value);
  if (whole !== undefined) {
    return [whole];
  }
  return Array.isArray(value) ? value.map(shapeOf).filter((shape) => shape !== undefined) : [];
}

function requirePoint(value: unknown): Point {
  const point = pointOf(value);
  if (point === undefined) {
    throw badGeo('Point must be an array or object of two numbers');
  }
  return point;
}

function pointOf(value: unknown): Point | undefined {
  const items: unknown[] = Array.isArray(value) ? value : Object.values(documentOf(value) ?? {});
  const x = toNumber(items[0]);
  const y = toNumber(items[1]);
  return items.length >= 2 && x !== undefined && y !== undefined ? [x, y] : undefined;
}

function pointsOf(value: unknown): Point[] {
  return Array.isArray(value) ? value.map(requirePoint) : [];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function shapeOf(value: unknown): Shape | undefined {
  const document = documentOf(value);
  const type = document === undefined || !Object.hasOwn(document, 'type') ? undefined : document['type'];
  if (document === undefined || typeof type !== 'string') {
    const point = pointOf(value);
    return point === undefined ? undefined : { points: [point], lines: [], polygons: [], geoJson: false };
  }
  const shape: Shape = { points: [], lines: [], polygons: [], geoJson: true };
  return addGeometry(shape, type, document) ? shape : undefined;
}

function addGeometry(shape: Shape, type: string, document: BsonDocument): boolean {
  const coordinates = Object.hasOwn(document, 'coordinates') ? document['coordinates'] : undefined;
  switch (type) {
    case 'Point': {
      const point = pointOf(coordinates);
      if (point !== undefined) {
        shape.points.push(point);
      }
      return point !== undefined;
    }
    case 'MultiPoint':
      shape.points.push(...pointsOf(coordinates));
      return true;
    case 'LineString':
      shape.lines.push(pointsOf(coordinates));
      return true;
    case 'MultiLineString':
      shape.lines.push(...listOf(coordinates).map(pointsOf));
      return true;
    case 'Polygon':
      shape.polygons.push(listOf(coordinates).map(pointsOf));
      return true;
    case 'MultiPolygon':
      shape.polygons.push(...listOf(coordinates).map((polygon) => listOf(polygon).map(pointsOf)));
      return true;
    case 'GeometryCollection':
      return listOf(document['geometries']).every((item) => {
        const part = documentOf(item);
        return (
          part !== undefined && typeof part['type'] === 'string' && addGeometry(shape, part['type'], part)
        );
      });
    default:
      return false;
  }
}

function flatDistance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Great-circle distance by the haversine formula, in metres, on the sphere that MongoDB uses. */
function metresBetween(a: Point, b: Point): number {
  const radians = Math.PI / 180;
  const latitude = ((b[1] - a[1]) * radians) / 2;
  const longitude = ((b[0] - a[0]) * radians) / 2;
  const chord =
    Math.sin(latitude) ** 2 + Math.cos(a[1] * radians) * Math.cos(b[1] * radians) * Math.sin(longitude) ** 2;
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.min(1, Math.sqrt(chord)));
}

function edgesOf(points: readonly Point[], closed: boolean): [Point, Point][] {
  const edges: [Point, Point][] = [];
  points.forEach((point, index) => {
    const next = points[index + 1] ?? (closed ? points[0] : undefined);
    if (next !== undefined) {
      edges.push([point, next]);
    }
  });
  return edges;
}

function side(a: Point, b: Point, point: Point): number {
  return Math.sign((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]));
}

function onEdge(point: Point, [a, b]: readonly [Point, Point]): boolean {
  return (
    side(a, b, point) === 0 &&
    point[0] >= Math.min(a[0], b[0]) &&
    point[0] <= Math.max(a[0], b[0]) &&
    point[1] >= Math.min(a[1], b[1]) &&
    point[1] <= Math.max(a[1], b[1])
  );
}

/** Even-odd rule over all rings, so that holes are outside; the border counts as inside. */
function insidePolygon(point: Point, rings: readonly (readonly Point[])[]): boolean {
  const edges = rings.flatMap((ring) => edgesOf(ring, true));
  if (edges.some((edge) => onEdge(point, edge))) {
    return true;
  }
  let inside = false;
  for (const [a, b] of edges) {
    if (a[1] > point[1] !== b[1] > point[1]) {
      const x = ((b[0] - a[0]) * (point[1] - a[1])) / (b[1] - a[1]) + a[0];
      if (point[0] < x) {
        inside = !inside;
      }
    }
  }
  return inside;
}

function edgesCross(first: readonly [Point, Point], second: readonly [Point, Point]): boolean {
  const [a, b] = first;
  const [c, d] = second;
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) {
    return true;
  }
  return onEdge(a, second) || onEdge(b, second) || onEdge(c, first) || onEdge(d, first);
}

function allEdges(shape: Shape): [Point, Point][] {
  return [
    ...shape.lines.flatMap((line) => edgesOf(line, false)),
    ...shape.polygons.flat().flatMap((ring) => edgesOf(ring, true)),
  ];
}

function intersects(a: Shape, b: Shape): boolean {
  const touches = (one: Shape, other: Shape): boolean => {
    const edges = allEdges(other);
    return verticesOf(one).some(
      (vertex) =>
        other.points.some((point) => point[0] === vertex[0] && point[1] === vertex[1]) ||
        edges.some((edge) => onEdge(vertex, edge)) ||
        other.polygons.some((polygon) => insidePolygon(vertex, polygon)),
    );
  };
  if (touches(a, b) || touches(b, a)) {
    return true;
  }
  const others = allEdges(b);
  return allEdges(a).some((edge) => others.some((other) => edgesCross(edge, other)));
}
