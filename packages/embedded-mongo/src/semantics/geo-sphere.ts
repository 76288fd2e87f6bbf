/**
 * Geometry on the sphere. Places are unit vectors from the earth's centre; edges are arcs of great circles, always
 * the shorter way round; distances and tolerances are angles in radians.
 */
export type Vector = readonly [number, number, number];

/** A loop of vertices without the closing one. Of the two areas it parts, the smaller one is inside. */
export type Loop = readonly Vector[];

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

/** True when two edges cross at a place that is the end of neither. */
export function edgesCross(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  const first = normalized(cross(a, b));
  const second = normalized(cross(c, d));
  const turns = [dot(second, a), -dot(second, b), -dot(first, c), dot(first, d)];
  return turns.every((turn) => turn > SAME_PLACE) || turns.every((turn) => turn < -SAME_PLACE);
}

/** True when two edges have a place in common, ends included. */
export function edgesMeet(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  return edgesCross(a, b, c, d) || onEdge(a, c, d) || onEdge(b, c, d) || onEdge(c, a, b) || onEdge(d, a, b);
}

/** Calls back with each edge of a loop until it returns true; then true. */
export function someEdge(loop: Loop, test: (a: Vector, b: Vector) => boolean): boolean {
  return loop.some((a, index) => test(a, loop[(index + 1) % loop.length] ?? a));
}

/** True when two edges of a loop cross. Takes time by the square of its length. */
export function loopCrossesItself(loop: Loop): boolean {
  return loop.some((a, index) => {
    const b = loop[(index + 1) % loop.length] ?? a;
    return loop.some((c, other) => {
      const d = loop[(other + 1) % loop.length] ?? c;
      return other > index + 1 && edgesCross(a, b, c, d);
    });
  });
}

/** A place outside a loop: next to the antipode of its middle, so that no arc to it is half the way round. */
function placeOutside(loop: Loop): Vector {
  const middle = loop.reduce(plus, [0, 0, 0]);
  const away = normalized(times(middle, -1));
  return normalized(plus(away, [0.0123, 0.0071, 0.0037]));
}

/** Number of times, odd or even, that the arc between two places crosses a loop. */
function crossesOddly(from: Vector, to: Vector, loop: Loop): boolean {
  const normal = cross(from, to);
  let odd = false;
  someEdge(loop, (a, b) => {
    if (dot(normal, a) >= 0 !== dot(normal, b) >= 0) {
      const line = normalized(cross(normal, cross(a, b)));
      const crossing = dot(line, plus(a, b)) >= 0 ? line : times(line, -1);
      if (dot(cross(from, crossing), normal) >= 0 && dot(cross(crossing, to), normal) >= 0) {
        odd = !odd;
      }
    }
    return false;
  });
  return odd;
}

/** True when a place lies on a loop. */
export function onLoop(place: Vector, loop: Loop): boolean {
  return someEdge(loop, (a, b) => onEdge(place, a, b));
}

/** True when a place lies inside a loop; for a place on the loop itself ask `onLoop`. */
export function insideLoop(place: Vector, loop: Loop): boolean {
  return crossesOddly(place, placeOutside(loop), loop);
}
