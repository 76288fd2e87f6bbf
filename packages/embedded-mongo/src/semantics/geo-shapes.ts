import { MongoServerError } from './errors.ts';
import type { BsonDocument } from './types.ts';
import { documentOf, getField, toNumber } from './values.ts';
import { describeValue } from './update-describe.ts';
import { crossesItself, loopThrough, unitVector } from './geo-sphere.ts';

/** Longitude and latitude in degrees, or x and y of a legacy pair. */
export type Point = readonly [number, number];

/** A stored or asked-for location, whatever it is made of. */
export interface Shape {
  points: Point[];
  lines: Point[][];
  /** Each polygon: its outer ring, then its holes; the closing point is left out. */
  polygons: Point[][][];
  /** False for a legacy pair. */
  geoJson: boolean;
}

/** Shapes with more corners than this are not searched for edges that cross: that takes time by the square. */
const MAX_CHECKED_CORNERS = 500;

/** An error about a location that cannot be read: code 2, as in MongoDB. */
export function badGeo(message: string): MongoServerError {
  return new MongoServerError(2, message);
}

/** The two numbers at the start of an array, or of a document's fields; undefined when there are none. */
export function pairOf(value: unknown): Point | undefined {
  const items: unknown[] = Array.isArray(value) ? value : Object.values(documentOf(value) ?? {});
  const x = toNumber(items[0]);
  const y = toNumber(items[1]);
  return items.length >= 2 && x !== undefined && y !== undefined ? [x, y] : undefined;
}

/** Like `pairOf`. Throws MongoServerError 2 when there are no two numbers. */
export function requirePair(value: unknown): Point {
  const point = pairOf(value);
  if (point === undefined) {
    throw badGeo('Point must be an array or object of two numbers');
  }
  return point;
}

/** Throws MongoServerError 2 for a point that is not on the earth. */
export function assertOnEarth([longitude, latitude]: Point): void {
  if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) {
    throw badGeo(`longitude/latitude is out of bounds, lng: ${longitude} lat: ${latitude}`);
  }
}

function position(value: unknown): Point {
  if (!Array.isArray(value)) {
    throw badGeo('GeoJSON coordinates must be an array');
  }
  const point = pairOf(value);
  if (point === undefined) {
    throw badGeo('GeoJSON coordinates must be an array of coordinates');
  }
  assertOnEarth(point);
  return point;
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw badGeo(`${what} must be an array with at least one element`);
  }
  return value;
}

const same = (a: Point | undefined, b: Point | undefined): boolean => a?.[0] === b?.[0] && a?.[1] === b?.[1];

/** Points without those that repeat the one before. */
function distinctRow(points: readonly Point[]): Point[] {
  return points.filter((point, index) => index === 0 || !same(point, points[index - 1]));
}

function lineOf(value: unknown): Point[] {
  const points = distinctRow(listOf(value, 'GeoJSON LineString coordinates').map(position));
  if (points.length < 2) {
    throw badGeo(`GeoJSON LineString must have at least 2 vertices: ${describeValue(value)}`);
  }
  return points;
}

function loopOf(value: unknown): Point[] {
  const points = listOf(value, 'Polygon coordinates').map(position);
  if (!same(points[0], points.at(-1))) {
    throw badGeo(`Polygon loop is not closed: ${describeValue(value)}`);
  }
  const loop = distinctRow(points).slice(0, -1);
  if (loop.length < 3) {
    throw badGeo(`Loop must have at least 3 different vertices: ${describeValue(value)}`);
  }
  return loop;
}

function polygonOf(value: unknown): Point[][] {
  return listOf(value, 'Polygon coordinates').map(loopOf);
}

function addGeometry(shape: Shape, type: string, document: BsonDocument, nested: boolean): void {
  const coordinates = getField(document, 'coordinates');
  switch (type) {
    case 'Point':
      shape.points.push(position(coordinates));
      return;
    case 'MultiPoint':
      shape.points = shape.points.concat(listOf(coordinates, 'MultiPoint coordinates').map(position));
      return;
    case 'LineString':
      shape.lines.push(lineOf(coordinates));
      return;
    case 'MultiLineString':
      shape.lines = shape.lines.concat(listOf(coordinates, 'MultiLineString coordinates').map(lineOf));
      return;
    case 'Polygon':
      shape.polygons.push(polygonOf(coordinates));
      return;
    case 'MultiPolygon':
      shape.polygons = shape.polygons.concat(listOf(coordinates, 'MultiPolygon coordinates').map(polygonOf));
      return;
    case 'GeometryCollection':
      if (nested) {
        throw badGeo('GeometryCollections cannot be nested');
      }
      for (const item of listOf(getField(document, 'geometries'), 'GeometryCollection geometries')) {
        const part = documentOf(item);
        const partType = part === undefined ? undefined : getField(part, 'type');
        if (part === undefined || typeof partType !== 'string') {
          throw badGeo(`GeometryCollection geometries must be GeoJSON: ${describeValue(item)}`);
        }
        addGeometry(shape, partType, part, true);
      }
      return;
    default:
      throw badGeo(`unknown GeoJSON type: ${describeValue(document)}`);
  }
}

function assertKnownReferenceSystem(document: BsonDocument): void {
  const system = getField(document, 'crs');
  if (system === undefined) {
    return;
  }
  const name = getField(documentOf(getField(documentOf(system) ?? {}, 'properties')) ?? {}, 'name');
  if (name !== 'EPSG:4326' && name !== 'urn:ogc:def:crs:OGC:1.3:CRS84') {
    throw badGeo(`Unknown CRS name: ${describeValue(name ?? system)}`);
  }
}

/** True for a document that says it is GeoJSON. */
export function isGeoJson(value: unknown): boolean {
  const document = documentOf(value);
  return document !== undefined && typeof getField(document, 'type') === 'string';
}

/**
 * Reads GeoJSON or a legacy pair (`[x, y]`, `{ x, y }`).
 * Throws MongoServerError 2 for anything else: unknown types, places that are not on the earth, open or crossing loops.
 */
export function readShape(value: unknown): Shape {
  const document = documentOf(value);
  const type = document === undefined ? undefined : getField(document, 'type');
  if (document === undefined || typeof type !== 'string') {
    return { points: [requirePair(value)], lines: [], polygons: [], geoJson: false };
  }
  assertKnownReferenceSystem(document);
  const shape: Shape = { points: [], lines: [], polygons: [], geoJson: true };
  addGeometry(shape, type, document, false);
  const loops = shape.polygons.flat();
  const corners = loops.reduce((sum, loop) => sum + loop.length, 0);
  if (
    corners <= MAX_CHECKED_CORNERS &&
    loops.some((loop) => crossesItself(loopThrough(loop.map(unitVector))))
  ) {
    throw badGeo(`Loop is not valid: edges cross in ${describeValue(value)}`);
  }
  return shape;
}

/** Like `readShape`, but undefined for what cannot be read. */
function shapeOf(value: unknown): Shape | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  try {
    return readShape(value);
  } catch (error) {
    if (error instanceof MongoServerError) {
      return undefined;
    }
    throw error;
  }
}

/** A location as it is stored, and what it means. */
export interface StoredLocation {
  location: unknown;
  shape: Shape;
}

/** The locations stored in a field: one, or an array of several. What cannot be read is left out. */
export function locationsOf(value: unknown): StoredLocation[] {
  const whole = shapeOf(value);
  if (whole !== undefined) {
    return [{ location: value, shape: whole }];
  }
  if (!Array.isArray(value)) {
    return [];
  }
  return value.flatMap((location: unknown) => {
    const shape = shapeOf(location);
    return shape === undefined ? [] : [{ location, shape }];
  });
}

/** Every point of a shape, corners of lines and polygons included. */
export function verticesOf(shape: Shape): Point[] {
  return [...shape.points, ...shape.lines.flat(), ...shape.polygons.flat(2)];
}
