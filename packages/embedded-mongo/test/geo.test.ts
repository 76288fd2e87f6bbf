import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collection, ObjectId } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

interface Place {
  _id: number;
  at?: unknown;
  kind?: string;
}

const point = (longitude: number, latitude: number) => ({
  type: 'Point' as const,
  coordinates: [longitude, latitude],
});

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());

describe('places on the earth', () => {
  let places: Collection<Place>;
  beforeAll(async () => {
    places = test.fresh<Place>();
    await places.createIndex({ at: '2dsphere' });
    await places.insertMany([
      { _id: 1, at: point(0, 1), kind: 'x' },
      { _id: 2, at: point(0, 0), kind: 'y' },
      { _id: 3, at: point(90, 0), kind: 'x' },
      { _id: 4 },
      { _id: 5, at: null },
    ]);
  });
  const ids = async (filter: object): Promise<number[]> =>
    (await places.find(filter).toArray()).map((place) => place._id);

  it('come nearest first, within the limits', async () => {
    const near = (limits: object) => ({ at: { $near: { $geometry: point(0, 0), ...limits } } });
    expect(await ids(near({}))).toEqual([2, 1, 3]);
    expect(await ids(near({ $maxDistance: 200_000 }))).toEqual([2, 1]);
    expect(await ids(near({ $minDistance: 100_000 }))).toEqual([1, 3]);
    expect(await ids({ kind: 'x', at: { $nearSphere: [90, 0], $maxDistance: 0.1 } })).toEqual([3]);
  });

  it('are changed and removed nearest first where one is', async () => {
    const near = (longitude: number) => ({ at: { $near: { $geometry: point(longitude, 0) } } });
    const change = { $set: { seen: true } };
    expect(await places.findOneAndUpdate(near(91), change)).toMatchObject({ _id: 3 });
    await places.updateOne(near(-1), { $set: { kind: 'z' } });
    expect(await ids({ kind: 'z' })).toEqual([2]);
    await places.updateOne({ _id: 2 }, { $set: { kind: 'y' } });
    await places.insertOne({ _id: 6, at: point(120, 0) });
    await places.deleteOne(near(130));
    expect(await places.findOne({ _id: 6 })).toBeNull();
  });

  it('are changed nearest first among very many', async () => {
    const many = test.fresh<Place>();
    await many.createIndex({ at: '2dsphere' });
    await many.insertMany(
      Array.from({ length: 5200 }, (_unused, n) => ({ _id: n, at: point((n % 3600) / 10 - 180, 10) })),
    );
    const near = { at: { $near: { $geometry: point(179.8, 10) } } };
    expect(await many.findOneAndUpdate(near, { $set: { kind: 'x' } })).toMatchObject({ _id: 3598 });
  });

  it('are measured by $geoNear', async () => {
    const found = await places
      .aggregate([
        {
          $geoNear: {
            near: point(0, 0),
            distanceField: 'how.far',
            includeLocs: 'how.where',
            distanceMultiplier: 0.001,
            maxDistance: 200_000,
            query: { kind: 'x' },
          },
        },
        { $addFields: { again: { $meta: 'geoNearDistance' } } },
      ])
      .toArray();
    expect(found).toEqual([
      {
        _id: 1,
        at: point(0, 1),
        kind: 'x',
        how: { far: expect.closeTo(111.319, 2), where: point(0, 1) },
        again: expect.closeTo(111.319, 2),
      },
    ]);
  });

  it('are measured by $geoNear in a joined collection', async () => {
    const other = test.fresh();
    await other.insertOne({ centre: point(0, 0) });
    const [joined] = await other
      .aggregate([
        {
          $lookup: {
            from: places.collectionName,
            let: { centre: '$centre' },
            pipeline: [
              { $geoNear: { near: '$$centre', distanceField: 'far', key: 'at', maxDistance: 10 } },
              { $project: { _id: 1, far: 1 } },
            ],
            as: 'near',
          },
        },
      ])
      .toArray();
    expect(joined?.near).toEqual([{ _id: 2, far: 0 }]);
  });

  it('are sorted otherwise when the query says so', async () => {
    const found = await places
      .find({ at: { $near: { $geometry: point(0, 0) } } })
      .sort({ _id: -1 })
      .toArray();
    expect(found.map((place) => place._id)).toEqual([3, 2, 1]);
  });

  it.each<[unknown]>([['here'], [5], [{ type: 'Point' }], [point(200, 0)], [[200, 100]], [{ type: 'Blob' }]])(
    'are refused when they are none: %j',
    async (at) => {
      expect(await errorOf(places.insertOne({ _id: 99, at }))).toMatchObject({
        code: 16755,
        message: expect.stringContaining(`Can't extract geo keys`),
      });
      expect(await errorOf(places.updateOne({ _id: 1 }, { $set: { at } }))).toMatchObject({ code: 16755 });
    },
  );

  it('end the making of an index where a document has none', async () => {
    const untidy = test.fresh();
    await untidy.insertOne({ at: 'here' });
    expect(await errorOf(untidy.createIndex({ at: '2dsphere' }))).toMatchObject({ code: 16755 });
    expect(await untidy.indexes()).toHaveLength(1);
  });
});

describe('points on a flat map', () => {
  it('come nearest first, are measured and must lie in the bounds of the index', async () => {
    const points = test.fresh<Place>();
    await points.createIndex({ at: '2d' }, { min: -50, max: 50 });
    await points.insertMany([
      { _id: 1, at: [10, 10] },
      { _id: 2, at: { x: 13, y: 14 } },
    ]);
    expect(await points.find({ at: { $near: [13, 14] } }).toArray()).toMatchObject([{ _id: 2 }, { _id: 1 }]);
    const measured = await points
      .aggregate([{ $geoNear: { near: [10, 10], distanceField: 'far', minDistance: 1 } }])
      .toArray();
    expect(measured).toMatchObject([{ _id: 2, far: 5 }]);
    expect(await errorOf(points.insertOne({ _id: 3, at: [51, 0] }))).toMatchObject({ code: 13027 });
    expect(await errorOf(points.insertOne({ _id: 3, at: 'here' }))).toMatchObject({ code: 13654 });
  });
});

describe('a search for the nearest', () => {
  it('needs an index of the right kind', async () => {
    const points = test.fresh<Place>();
    await points.insertOne({ _id: 1, at: [1, 1] });
    const flat = { at: { $near: [1, 1] } };
    expect(await errorOf(points.find(flat).toArray())).toMatchObject({
      code: 291,
      message: expect.stringContaining('unable to find index for $geoNear query'),
    });
    const stage = { $geoNear: { near: [1, 1], distanceField: 'far' } };
    expect(await errorOf(points.aggregate([stage]).toArray())).toMatchObject({ code: 27 });
    await points.createIndex({ at: '2dsphere' });
    expect(await errorOf(points.find(flat).toArray())).toMatchObject({ code: 291 });
    expect(await errorOf(points.aggregate([stage]).toArray())).toMatchObject({ code: 291 });
    await points.createIndex({ other: '2dsphere' });
    expect(
      await errorOf(points.aggregate([{ $geoNear: { near: point(1, 1), distanceField: 'far' } }]).toArray()),
    ).toMatchObject({ code: 27, message: expect.stringContaining('more than one 2dsphere index') });
  });

  it.each<[string, object, number]>([
    ['no point', { distanceField: 'far' }, 16605],
    ['no field', { near: [1, 1] }, 16606],
    ['a limit', { near: [1, 1], distanceField: 'far', limit: 5 }, 50858],
    ['a bad limit', { near: [1, 1], distanceField: 'far', maxDistance: -1 }, 2],
    ['a bad multiplier', { near: [1, 1], distanceField: 'far', distanceMultiplier: 'x' }, 16608],
    ['a bad key', { near: [1, 1], distanceField: 'far', key: 5 }, 14],
    ['a field that is none', { near: [1, 1], distanceField: '$far' }, 16410],
  ])('is refused in a pipeline with %s', async (_name, stage, code) => {
    const points = test.fresh();
    await points.createIndex({ at: '2d' });
    expect(await errorOf(points.aggregate([{ $geoNear: stage }]).toArray())).toMatchObject({ code });
  });

  it('of many places compares only what is near enough', async () => {
    const places = test.fresh();
    await places.createIndex({ at: '2dsphere' });
    const corners = Array.from({ length: 2000 }, (_unused, corner) => {
      const angle = (corner / 1000) * Math.PI;
      return [30 * Math.cos(angle), 30 * Math.sin(angle)];
    });
    const area = { type: 'Polygon', coordinates: [[...corners, corners[0]]] };
    const grid = Array.from({ length: 2000 }, (_unused, place) => ({
      _id: place as unknown as ObjectId,
      at: point(((place % 60) - 30) * 5.9, (Math.floor(place / 60) - 17) * 4.9),
    }));
    await places.insertMany(grid);
    const inside = grid.filter(({ at: { coordinates } }) => Math.hypot(...coordinates) < 29);
    const outside = grid.filter(({ at: { coordinates } }) => Math.hypot(...coordinates) > 31);
    for (const operator of ['$geoWithin', '$geoIntersects']) {
      const found = await places.distinct('_id', { at: { [operator]: { $geometry: area } } });
      expect(found).toEqual(expect.arrayContaining(inside.map(({ _id }) => _id)));
      expect(outside.filter(({ _id }) => found.includes(_id))).toEqual([]);
    }
  });

  it('has no place in pipelines, alternatives and counts by pipeline', async () => {
    const points = test.fresh();
    await points.createIndex({ at: '2d' });
    const near = { at: { $near: [1, 1] } };
    expect(await errorOf(points.countDocuments(near))).toMatchObject({ code: 5626500 });
    expect(await errorOf(test.db.createCollection('v', { validator: near }))).toMatchObject({
      code: 5626500,
    });
    expect(await errorOf(points.find({ $or: [near] }).toArray())).toMatchObject({ code: 2 });
    expect(await errorOf(points.find({ at: { $not: near.at } }).toArray())).toMatchObject({ code: 2 });
  });
});
