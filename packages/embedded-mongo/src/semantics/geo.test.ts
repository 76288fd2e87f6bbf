import { describe, expect, it } from '@jest/globals';
import { Double, Int32 } from 'bson';

import { geoTest, isGeoOperator, nearCondition, nearestAt } from './geo.ts';
import type { BsonDocument } from './types.ts';

const point = (x: number, y: number): BsonDocument => ({
  type: 'Point',
  coordinates: [new Double(x), new Int32(y)],
});
const square = (size: number): number[][] => [
  [0, 0],
  [size, 0],
  [size, size],
  [0, size],
  [0, 0],
];
const polygon: BsonDocument = {
  type: 'Polygon',
  coordinates: [
    square(10),
    [
      [4, 4],
      [6, 4],
      [6, 6],
      [4, 6],
      [4, 4],
    ],
  ],
};

describe('geoTest', () => {
  it.each<[string, string, unknown, unknown[], unknown[]]>([
    [
      'box',
      '$geoWithin',
      {
        $box: [
          [0, 0],
          [2, 2],
        ],
      },
      [[1, 1], { x: 1, y: 2 }, point(0, 2)],
      [[3, 3], 5, null],
    ],
    [
      'circle',
      '$geoWithin',
      { $center: [[0, 0], 2] },
      [
        [1, 1],
        [0, 2],
      ],
      [[2, 2]],
    ],
    ['circle on the sphere', '$geoWithin', { $centerSphere: [[0, 0], 0.02] }, [point(1, 0)], [point(2, 0)]],
    [
      'polygon',
      '$geoWithin',
      {
        $polygon: [
          [0, 0],
          [4, 0],
          [0, 4],
        ],
      },
      [[1, 1]],
      [[3, 3]],
    ],
    [
      'polygon with a hole',
      '$geoWithin',
      { $geometry: polygon },
      [
        point(1, 1),
        {
          type: 'LineString',
          coordinates: [
            [1, 1],
            [2, 2],
          ],
        },
      ],
      [
        point(5, 5),
        point(11, 1),
        {
          type: 'LineString',
          coordinates: [
            [1, 1],
            [20, 2],
          ],
        },
      ],
    ],
    [
      'several polygons',
      '$geoWithin',
      { $geometry: { type: 'MultiPolygon', coordinates: [[square(2)], [square(20)]] } },
      [point(15, 15)],
      [point(21, 1)],
    ],
    [
      'intersection with a polygon',
      '$geoIntersects',
      { $geometry: polygon },
      [
        point(1, 1),
        {
          type: 'LineString',
          coordinates: [
            [-1, 1],
            [20, 1],
          ],
        },
        {
          type: 'Polygon',
          coordinates: [
            [
              [-5, -5],
              [50, -5],
              [50, 50],
              [-5, 50],
              [-5, -5],
            ],
          ],
        },
      ],
      [point(5, 5), point(20, 20)],
    ],
    [
      'intersection with a point',
      '$geoIntersects',
      { $geometry: point(1, 1) },
      [
        point(1, 1),
        {
          type: 'MultiPoint',
          coordinates: [
            [0, 0],
            [1, 1],
          ],
        },
        polygon,
      ],
      [point(1, 2)],
    ],
    [
      'collection',
      '$geoIntersects',
      { $geometry: polygon },
      [{ type: 'GeometryCollection', geometries: [point(50, 50), point(1, 1)] }],
      [{ type: 'GeometryCollection', geometries: [point(50, 50)] }],
    ],
    [
      'metres',
      '$near',
      { $geometry: point(0, 0), $maxDistance: 112_000, $minDistance: 100_000 },
      [point(1, 0)],
      [point(0, 0), point(2, 0)],
    ],
  ])('%s', (_name, operator, operand, inside, outside) => {
    const test = geoTest(operator, operand, { [operator]: operand });
    expect(inside.map((value) => test?.(value))).toEqual(inside.map(() => true));
    expect(outside.map((value) => test?.(value))).toEqual(outside.map(() => false));
  });

  it.each<[string, unknown, BsonDocument]>([
    ['$geoWithin', 5, {}],
    ['$geoWithin', { $geometry: point(1, 1) }, {}],
    ['$geoWithin', { $center: [[0, 0], -1] }, {}],
    [
      '$geoWithin',
      {
        $polygon: [
          [0, 0],
          [1, 1],
        ],
      },
      {},
    ],
    ['$geoIntersects', {}, {}],
    ['$near', 'x', {}],
    ['$near', [0, 0], { $maxDistance: -1 }],
    ['$maxDistance', 1, {}],
  ])('refuses %s %j', (operator, operand, siblings) => {
    expect(() => geoTest(operator, operand, siblings)).toThrow(expect.objectContaining({ code: 2 }));
  });

  it('knows its operators', () => {
    expect(isGeoOperator('$near')).toBe(true);
    expect(isGeoOperator('$gt')).toBe(false);
  });
});

/** Distance of a document from the point of a filter's `$near`. */
const distance = (filter: BsonDocument, document: BsonDocument): number | undefined => {
  const near = nearCondition(filter);
  return near === undefined ? undefined : nearestAt(near.path, near.search)(document).distance;
};

describe('nearCondition', () => {
  it('measures for sorting, nearest location of a document first', () => {
    const flat = { $and: [{ a: 1 }, { 'b.at': { $near: [0, 0] } }] };
    expect(distance(flat, { b: [{ at: [3, 4] }, { at: [6, 8] }] })).toBe(5);
    expect(distance(flat, {})).toBe(Infinity);
    const sphere = { at: { $nearSphere: { $geometry: point(0, 0) } } };
    expect(distance(sphere, { at: point(1, 0) })).toBeCloseTo(111_319, -2);
    expect(distance({ at: { $nearSphere: [0, 0] } }, { at: [90, 0] })).toBeCloseTo(Math.PI / 2, 12);
    expect(nearCondition({ a: 1 })).toBeUndefined();
  });

  it('names the location that is nearest', () => {
    const near = nearCondition({ at: { $near: [0, 0] } });
    const stored = {
      at: [
        [9, 9],
        [1, 1],
      ],
    };
    expect(near && nearestAt(near.path, near.search)(stored).location).toEqual([1, 1]);
  });

  it('measures to the nearest place of a line and to the border of a polygon', () => {
    const near = { at: { $near: { $geometry: point(0, 1) } } };
    const line = {
      type: 'LineString',
      coordinates: [
        [-10, 0],
        [10, 0],
      ],
    };
    expect(distance(near, { at: line })).toBeCloseTo(111_319, -1);
    expect(
      distance(near, {
        at: {
          type: 'Polygon',
          coordinates: [
            [
              [-1, 0],
              [1, 0],
              [1, 2],
              [-1, 2],
              [-1, 0],
            ],
          ],
        },
      }),
    ).toBe(0);
  });
});

describe('on the sphere', () => {
  const touches = (a: unknown, b: unknown): boolean | undefined =>
    geoTest('$geoIntersects', { $geometry: a }, {})?.(b);
  const line = (...coordinates: number[][]): BsonDocument => ({ type: 'LineString', coordinates });
  const ring = (...coordinates: number[][]): BsonDocument => ({
    type: 'Polygon',
    coordinates: [coordinates],
  });

  it('goes the shorter way over the date line', () => {
    expect(touches(line([180, 11], [180, 9]), line([-178, 10], [178, 10]))).toBe(true);
    expect(touches(line([0, 11], [0, 9]), line([-178, 10], [178, 10]))).toBe(false);
    const pacific = ring([170, -10], [-170, -10], [-170, 10], [170, 10], [170, -10]);
    expect(touches(pacific, point(180, 0))).toBe(true);
    expect(touches(pacific, point(0, 0))).toBe(false);
  });

  it('takes great circles for edges', () => {
    // The arc between two places on a parallel runs nearer to the pole than the parallel.
    expect(touches(line([-40, 50], [40, 50]), line([0, 51], [0, 60]))).toBe(true);
    expect(touches(line([-40, 50], [40, 50]), line([0, 49], [0, 51]))).toBe(false);
  });

  it('has polygons around a pole', () => {
    const cap = ring([0, 80], [90, 80], [180, 80], [-90, 80], [0, 80]);
    expect(touches(cap, point(45, 89))).toBe(true);
    expect(touches(cap, point(45, 60))).toBe(false);
    expect(touches(cap, point(45, -89))).toBe(false);
  });

  it('contains only what lies inside as a whole', () => {
    const within = geoTest('$geoWithin', { $geometry: polygon }, {});
    expect(within?.(line([1, 1], [3, 3]))).toBe(true);
    expect(within?.(line([3, 5], [7, 5]))).toBe(false);
    expect(within?.(ring([1, 1], [9, 1], [9, 9], [1, 9], [1, 1]))).toBe(false);
    expect(within?.(ring([1, 1], [3, 1], [3, 3], [1, 3], [1, 1]))).toBe(true);
  });

  it.each<[string, BsonDocument]>([
    ['open loop', ring([0, 0], [1, 0], [1, 1], [0, 1])],
    ['crossing loop', ring([0, 0], [1, 1], [1, 0], [0, 1], [0, 0])],
    ['loop of two', ring([0, 0], [1, 1], [0, 0])],
    ['line of one', line([0, 0], [0, 0])],
    ['place off the earth', point(181, 0)],
    ['unknown kind', { type: 'Blob', coordinates: [0, 0] }],
    ['unknown reference system', { ...point(0, 0), crs: { type: 'name', properties: { name: 'x' } } }],
    ['no coordinates', { type: 'Point' }],
    [
      'collection in a collection',
      { type: 'GeometryCollection', geometries: [{ type: 'GeometryCollection', geometries: [point(0, 0)] }] },
    ],
  ])('refuses to read: %s', (_name, shape) => {
    expect(() => geoTest('$geoIntersects', { $geometry: shape }, {})).toThrow(
      expect.objectContaining({ code: 2 }),
    );
    expect(touches(point(0, 0), shape)).toBe(false);
  });

  it('refuses to compare what would take seconds', () => {
    const circle = (corners: number): BsonDocument =>
      ring(
        ...Array.from({ length: corners + 1 }, (_unused, index) => {
          const angle = ((index % corners) / corners) * 2 * Math.PI;
          return [Math.cos(angle) * 10, Math.sin(angle) * 10];
        }),
      );
    expect(() => touches(circle(3000), circle(3000))).toThrow(expect.objectContaining({ code: 2 }));
    expect(touches(circle(1000), circle(1000))).toBe(true);
  });
});
