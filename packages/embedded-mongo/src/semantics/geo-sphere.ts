/**
 * Geometry on the sphere. Places are unit vectors from the earth's centre; edges are arcs of great circles, always
 * the shorter way round; distances and tolerances are angles in radians.
 */
export type Vector = readonly [number, number, number];

/** A loop of edges. Of the two areas it parts, the smaller one is inside. */
export interface Loop {
  /** The corners, without the closing one. */
  vertices: readonly Vector[];
  /** For each edge a unit vector that stands upright on it. */
  normals: readonly Vector[];
  /** A circle around the loop: its middle, and the cosine of its radius; 0 or less when it holds half the sphere. */
  middle: Vector;
  reach: number;
}

/** Radius of the sphere that MongoDB measures on. */
export const EARTH_RADIUS_METRES = 6_378_100;

const RADIANS = Math.PI / 180;
/** Places closer than this (some micrometres on the earth) are the same. */
const SAME_PLACE = 1e-12;

/** The unit vector of a longitude and latitude in degrees. */
export function unitVector([longitude, latitude]: readonly [number, number]): Vector {
  const across = Math.cos(latitude * RADIANS);
  return [
    across * Math.cos(longitude * RADIANS),
    across * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function length(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2]);
}

function plus(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function times(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

function normalized(a: Vector): Vector {
  const size = length(a);
  return size === 0 ? a : times(a, 1 / size);
}

/** The angle between two places. */
export function angleBetween(a: Vector, b: Vector): number {
  return Math.atan2(length(cross(a, b)), dot(a, b));
}

/** The angle between a place and the nearest place on an edge. */
export function angleToEdge(place: Vector, a: Vector, b: Vector): number {
  const normal = cross(a, b);
  const size = length(normal);
  if (size > SAME_PLACE) {
    const unit = times(normal, 1 / size);
    const height = dot(place, unit);
    const foot = plus(place, times(unit, -height));
    if (dot(cross(a, foot), unit) >= 0 && dot(cross(foot, b), unit) >= 0) {
      return Math.asin(Math.min(1, Math.abs(height)));
    }
  }
  return Math.min(angleBetween(place, a), angleBetween(place, b));
}

/** True when two places are the same. */
export function samePlace(a: Vector, b: Vector): boolean {
  return angleBetween(a, b) <= SAME_PLACE;
}

/** True when a place lies on an edge, its ends included. */
export function onEdge(place: Vector, a: Vector, b: Vector): boolean {
  return angleToEdge(place, a, b) <= SAME_PLACE;
}

function arcsCross(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  const first = normalized(cross(a, b));
  const second = normalized(cross(c, d));
  const turns = [dot(second, a), -dot(second, b), -dot(first, c), dot(first, d)];
  return turns.every((turn) => turn > SAME_PLACE) || turns.every((turn) => turn < -SAME_PLACE);
}

/** An edge with its middle and half its length, to tell soon that another one is too far away. */
export interface Edge {
  a: Vector;
  b: Vector;
  middle: Vector;
  half: number;
}

/** The edge between two places. */
export function edgeBetween(a: Vector, b: Vector): Edge {
  return { a, b, middle: normalized(plus(a, b)), half: angleBetween(a, b) / 2 };
}

function tooFarApart(one: Edge, other: Edge): boolean {
  const reach = one.half + other.half + SAME_PLACE;
  // The chord between the middles is no longer than the arc between them.
  return 2 - 2 * dot(one.middle, other.middle) > reach * reach;
}

/** True when two edges cross at a place that is the end of neither. */
export function edgesCross(one: Edge, other: Edge): boolean {
  return !tooFarApart(one, other) && arcsCross(one.a, one.b, other.a, other.b);
}

/** True when two edges have a place in common, ends included. */
export function edgesMeet(one: Edge, other: Edge): boolean {
  if (tooFarApart(one, other)) {
    return false;
  }
  const { a, b } = one;
  const { a: c, b: d } = other;
  return arcsCross(a, b, c, d) || onEdge(a, c, d) || onEdge(b, c, d) || onEdge(c, a, b) || onEdge(d, a, b);
}

/** The loop through some corners. */
export function loopThrough(vertices: readonly Vector[]): Loop {
  const middle = normalized(vertices.reduce<Vector>(plus, [0, 0, 0]));
  return {
    vertices,
    normals: vertices.map((a, index) => normalized(cross(a, vertices[(index + 1) % vertices.length] ?? a))),
    middle,
    reach: vertices.reduce((least, vertex) => Math.min(least, dot(vertex, middle)), 1),
  };
}

/** Calls back with each edge of a loop until it returns true; then true. */
export function someEdge({ vertices }: Loop, test: (a: Vector, b: Vector) => boolean): boolean {
  return vertices.some((a, index) => test(a, vertices[(index + 1) % vertices.length] ?? a));
}

/** True when two edges of a loop cross. Takes time by the square of its length. */
export function crossesItself({ vertices }: Loop): boolean {
  return vertices.some((a, index) => {
    const b = vertices[(index + 1) % vertices.length] ?? a;
    return vertices.some((c, other) => {
      const d = vertices[(other + 1) % vertices.length] ?? c;
      return other > index + 1 && arcsCross(a, b, c, d);
    });
  });
}

/** True for a place that is too far away to be on a loop or inside it. A circle below half the sphere is convex. */
function outOfReach(place: Vector, { middle, reach }: Loop): boolean {
  return reach > 0 && dot(place, middle) < reach - SAME_PLACE;
}

/** A place outside a loop: next to the antipode of its middle, so that no arc to it is half the way round. */
function placeOutside({ middle }: Loop): Vector {
  return normalized(plus(times(middle, -1), [0.0123, 0.0071, 0.0037]));
}

/** True when the arc between two places crosses a loop an odd number of times. */
function crossesOddly(from: Vector, to: Vector, { vertices }: Loop): boolean {
  const normal = cross(from, to);
  const sides = vertices.map((vertex) => dot(normal, vertex) >= 0);
  let odd = false;
  for (const [index, a] of vertices.entries()) {
    const next = (index + 1) % vertices.length;
    if (sides[index] !== sides[next]) {
      const b = vertices[next] ?? a;
      const line = normalized(cross(normal, cross(a, b)));
      const crossing = dot(line, plus(a, b)) >= 0 ? line : times(line, -1);
      if (dot(cross(from, crossing), normal) >= 0 && dot(cross(crossing, to), normal) >= 0) {
        odd = !odd;
      }
    }
  }
  return odd;
}

/** True when a place lies on a loop. */
export function onLoop(place: Vector, loop: Loop): boolean {
  if (outOfReach(place, loop)) {
    return false;
  }
  const { vertices, normals } = loop;
  return normals.some((normal, index) => {
    const a = vertices[index] ?? place;
    return (
      Math.abs(dot(normal, place)) <= SAME_PLACE &&
      onEdge(place, a, vertices[(index + 1) % vertices.length] ?? a)
    );
  });
}

/** True when a place lies inside a loop; for a place on the loop itself ask `onLoop`. */
export function insideLoop(place: Vector, loop: Loop): boolean {
  return !outOfReach(place, loop) && crossesOddly(place, placeOutside(loop), loop);
}
