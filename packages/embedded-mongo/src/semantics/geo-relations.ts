import { badGeo, type Point, type Shape, verticesOf } from './geo-shapes.ts';
import {
  angleBetween,
  angleToEdge,
  edgesCross,
  edgesMeet,
  insideLoop,
  type Loop,
  onEdge,
  onLoop,
  samePlace,
  someEdge,
  unitVector,
  type Vector,
} from './geo-sphere.ts';

/** Shapes with more pairs of corners than this are not compared: it would hold up every other connection. */
const MAX_PAIRS = 4_000_000;

/** A shape on the sphere. */
export interface SphereShape {
  points: readonly Vector[];
  lines: readonly (readonly Vector[])[];
  /** Each polygon: its outer loop, then its holes. */
  polygons: readonly (readonly Loop[])[];
}

/** A shape of longitudes and latitudes on the sphere. */
export function onSphere(shape: Shape): SphereShape {
  const row = (points: readonly Point[]): Vector[] => points.map(unitVector);
  return {
    points: row(shape.points),
    lines: shape.lines.map(row),
    polygons: shape.polygons.map((polygon) => polygon.map(row)),
  };
}

type EdgeTest = (a: Vector, b: Vector) => boolean;

function someLineEdge(lines: readonly (readonly Vector[])[], test: EdgeTest): boolean {
  return lines.some((line) => line.some((a, index) => index > 0 && test(line[index - 1] ?? a, a)));
}

function someShapeEdge(shape: SphereShape, test: EdgeTest): boolean {
  return (
    someLineEdge(shape.lines, test) ||
    shape.polygons.some((loops) => loops.some((loop) => someEdge(loop, test)))
  );
}

/** True when a place lies in a polygon; its borders, also those of its holes, are part of it. */
function inPolygon(place: Vector, polygon: readonly Loop[]): boolean {
  const [outer = [], ...holes] = polygon;
  if (polygon.some((loop) => onLoop(place, loop))) {
    return true;
  }
  return insideLoop(place, outer) && !holes.some((hole) => insideLoop(place, hole));
}

function firstVertices(shape: SphereShape): Vector[] {
  return [
    ...shape.points,
    ...shape.lines.flatMap((line) => line.slice(0, 1)),
    ...shape.polygons.flatMap((loops) => loops.flatMap((loop) => loop.slice(0, 1))),
  ];
}

function touches(one: SphereShape, other: SphereShape): boolean {
  return (
    one.points.some(
      (place) =>
        other.points.some((point) => samePlace(place, point)) ||
        someShapeEdge(other, (a, b) => onEdge(place, a, b)),
    ) || firstVertices(one).some((place) => other.polygons.some((polygon) => inPolygon(place, polygon)))
  );
}

function corners(shape: SphereShape): number {
  const rows = [...shape.lines, ...shape.polygons.flat()];
  return rows.reduce((sum, row) => sum + row.length, shape.points.length);
}

function assertComparable(one: SphereShape, other: SphereShape): void {
  if (corners(one) * corners(other) > MAX_PAIRS) {
    throw badGeo('the geometries have too many corners to be compared by this server');
  }
}

/** True when two shapes have a place in common. Throws MongoServerError 2 when they are too large to compare. */
export function shapesIntersect(one: SphereShape, other: SphereShape): boolean {
  assertComparable(one, other);
  return (
    touches(one, other) ||
    touches(other, one) ||
    someShapeEdge(one, (a, b) => someShapeEdge(other, (c, d) => edgesMeet(a, b, c, d)))
  );
}

function polygonContains(
  polygon: readonly Loop[],
  vertices: readonly Vector[],
  edges: (test: EdgeTest) => boolean,
): boolean {
  return (
    vertices.every((place) => inPolygon(place, polygon)) &&
    !edges((a, b) => polygon.some((loop) => someEdge(loop, (c, d) => edgesCross(a, b, c, d))))
  );
}

/**
 * True when a shape lies as a whole in the polygons of an area, each of its parts in one of them.
 * Throws MongoServerError 2 when they are too large to compare.
 */
export function areaContains(area: SphereShape, shape: SphereShape): boolean {
  assertComparable(area, shape);
  const contained = (vertices: readonly Vector[], edges: (test: EdgeTest) => boolean): boolean =>
    area.polygons.some((polygon) => polygonContains(polygon, vertices, edges));
  return (
    shape.points.every((place) => contained([place], () => false)) &&
    shape.lines.every((line) => contained(line, (test) => someLineEdge([line], test))) &&
    shape.polygons.every((loops) => {
      const outer = loops[0] ?? [];
      return area.polygons.some(
        (polygon) =>
          polygonContains(polygon, outer, (test) => someEdge(outer, test)) &&
          !polygon.slice(1).some((hole) => hole.every((place) => inPolygon(place, loops))),
      );
    })
  );
}

/** The angle between a place and the nearest place of a shape, in radians. */
export function angleToShape(shape: SphereShape, place: Vector): number {
  if (shape.polygons.some((polygon) => inPolygon(place, polygon))) {
    return 0;
  }
  let nearest = shape.points.reduce((least, point) => Math.min(least, angleBetween(place, point)), Infinity);
  someShapeEdge(shape, (a, b) => {
    nearest = Math.min(nearest, angleToEdge(place, a, b));
    return false;
  });
  return nearest;
}

/** True when every vertex of a shape lies within an angle of a place. */
export function withinAngle(shape: Shape, centre: Point, angle: number): boolean {
  const middle = unitVector(centre);
  return verticesOf(shape).every((point) => angleBetween(unitVector(point), middle) <= angle);
}
