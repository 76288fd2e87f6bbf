import { badGeo, type Point, type Shape, verticesOf } from './geo-shapes.ts';
import {
  angleBetween,
  angleToEdge,
  type Edge,
  edgeBetween,
  edgesCross,
  edgesMeet,
  insideLoop,
  type Loop,
  loopThrough,
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
    polygons: shape.polygons.map((polygon) => polygon.map((loop) => loopThrough(row(loop)))),
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
  const [outer, ...holes] = polygon;
  if (outer === undefined || polygon.some((loop) => onLoop(place, loop))) {
    return outer !== undefined;
  }
  return insideLoop(place, outer) && !holes.some((hole) => insideLoop(place, hole));
}

function firstVertices(shape: SphereShape): Vector[] {
  return [
    ...shape.points,
    ...shape.lines.flatMap((line) => line.slice(0, 1)),
    ...shape.polygons.flatMap((loops) => loops.flatMap((loop) => loop.vertices.slice(0, 1))),
  ];
}

function touches(one: SphereShape, other: SphereShape): boolean {
  return (
    one.points.some(
      (place) =>
        other.points.some((point) => samePlace(place, point)) ||
        someLineEdge(other.lines, (a, b) => onEdge(place, a, b)),
    ) || firstVertices(one).some((place) => other.polygons.some((polygon) => inPolygon(place, polygon)))
  );
}

function corners(shape: SphereShape): number {
  const rows = [...shape.lines, ...shape.polygons.flat().map((loop) => loop.vertices)];
  return rows.reduce((sum, row) => sum + row.length, shape.points.length);
}

function assertComparable(one: SphereShape, other: SphereShape): void {
  if (corners(one) * corners(other) > MAX_PAIRS) {
    throw badGeo('the geometries have too many corners to be compared by this server');
  }
}

function edgesOf(shape: SphereShape): Edge[] {
  const edges: Edge[] = [];
  someShapeEdge(shape, (a, b) => {
    edges.push(edgeBetween(a, b));
    return false;
  });
  return edges;
}

/**
 * Compiles the test whether a shape has a place in common with an area.
 * The test throws MongoServerError 2 for a shape that is too large to compare.
 */
export function meetingWith(area: SphereShape): (shape: SphereShape) => boolean {
  const edges = edgesOf(area);
  return (shape) => {
    assertComparable(area, shape);
    return (
      touches(shape, area) ||
      touches(area, shape) ||
      edgesOf(shape).some((one) => edges.some((other) => edgesMeet(one, other)))
    );
  };
}

/** A polygon with its edges, all of them in one row. */
interface Area {
  polygon: readonly Loop[];
  edges: readonly Edge[];
}

function containsRow(area: Area, vertices: readonly Vector[], edges: readonly Edge[]): boolean {
  return (
    vertices.every((place) => inPolygon(place, area.polygon)) &&
    !edges.some((edge) => area.edges.some((border) => edgesCross(edge, border)))
  );
}

function containsPolygon(area: Area, loops: readonly Loop[]): boolean {
  const [outer] = loops;
  return (
    outer !== undefined &&
    containsRow(area, outer.vertices, edgesOf({ ...NOTHING, polygons: [[outer]] })) &&
    !area.polygon.slice(1).some((hole) => hole.vertices.every((place) => inPolygon(place, loops)))
  );
}

const NOTHING: SphereShape = { points: [], lines: [], polygons: [] };

/**
 * Compiles the test whether a shape lies as a whole in the polygons of an area, each of its parts in one of them.
 * The test throws MongoServerError 2 for a shape that is too large to compare.
 */
export function insideOf(area: SphereShape): (shape: SphereShape) => boolean {
  const areas = area.polygons.map((polygon): Area => ({
    polygon,
    edges: edgesOf({ ...NOTHING, polygons: [polygon] }),
  }));
  return (shape) => {
    assertComparable(area, shape);
    return (
      shape.points.every((place) => areas.some((one) => inPolygon(place, one.polygon))) &&
      shape.lines.every((line) => {
        const edges = edgesOf({ ...NOTHING, lines: [line] });
        return areas.some((one) => containsRow(one, line, edges));
      }) &&
      shape.polygons.every((loops) => areas.some((one) => containsPolygon(one, loops)))
    );
  };
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
