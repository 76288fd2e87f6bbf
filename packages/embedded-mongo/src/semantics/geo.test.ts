import { describe, expect, it } from '@jest/globals';
import { Double, Int32 } from 'bson';

import { geoTest, isGeoOperator, nearDistance } from './geo.ts';
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

describe('nearDistance', () => {
  it('measures for sorting, nearest location of a document first', () => {
    const flat = nearDistance({ $and: [{ a: 1 }, { 'b.at': { $near: [0, 0] } }] });
    expect(flat?.({ b: [{ at: [3, 4] }, { at: [6, 8] }] })).toBe(5);
    expect(flat?.({})).toBe(Infinity);
    const sphere = nearDistance({ at: { $nearSphere: { $geometry: point(0, 0) } } });
    expect(sphere?.({ at: point(1, 0) })).toBeCloseTo(111_319, -2);
    expect(nearDistance({ a: 1 })).toBeUndefined();
  });
});
