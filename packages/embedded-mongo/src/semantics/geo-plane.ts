import type { Point } from './geo-shapes.ts';

/** Distance of two legacy points, in their own unit. */
export function flatDistance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function onSegment(point: Point, a: Point, b: Point): boolean {
  const turn = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
  return (
    turn === 0 &&
    point[0] >= Math.min(a[0], b[0]) &&
    point[0] <= Math.max(a[0], b[0]) &&
    point[1] >= Math.min(a[1], b[1]) &&
    point[1] <= Math.max(a[1], b[1])
  );
}

/** True when a point lies in a ring (which closes itself) on a flat map; its border is part of it. */
export function insideRing(point: Point, ring: readonly Point[]): boolean {
  let inside = false;
  for (const [index, a] of ring.entries()) {
    const b = ring[(index + 1) % ring.length] ?? a;
    if (onSegment(point, a, b)) {
      return true;
    }
    if (a[1] > point[1] !== b[1] > point[1]) {
      const x = ((b[0] - a[0]) * (point[1] - a[1])) / (b[1] - a[1]) + a[0];
      if (point[0] < x) {
        inside = !inside;
      }
    }
  }
  return inside;
}
