import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal128, type Document, Double, Long } from 'mongodb';
import { startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.constantFrom(null, true, false, 'a', 'b', 'ab', 'A', '', NaN, Infinity, -0.5, 2.5),
  fc.constantFrom(
    Long.fromNumber(2),
    new Double(1),
    Decimal128.fromString('1.0'),
    Decimal128.fromString('2.50'),
  ),
  fc.constantFrom(new Date(0), new Date(1000), Long.fromString('9007199254740993')),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  fc.record({ x: scalar }),
  fc.constantFrom([], [[]], [[1]], {}, [{ x: 1 }, { x: 2 }], [{ 0: 1 }], [1, { 0: 2 }]),
);
// Only one field may hold arrays: sorting by two of them is an error.
const document = fc.record({ a: value, b: scalar, c: scalar }, { requiredKeys: [] });

const change = fc.record({
  place: fc.nat({ max: 24 }),
  field: fc.constantFrom('b', 'c', 'a'),
  to: fc.option(scalar, { nil: undefined }),
});
const collation = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.constant({ collation: { locale: 'en', strength: 2 } }),
);

const comparison = fc.oneof(
  value.map((operand): unknown => operand),
  scalar.map((operand) => ({ $eq: operand })),
  fc.array(scalar, { maxLength: 4 }).map((list) => ({ $in: list })),
  fc
    .tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), scalar)
    .map(([operator, operand]) => ({ [operator]: operand })),
  fc
    .tuple(fc.constantFrom('$gt', '$gte'), scalar, fc.constantFrom('$lt', '$lte'), scalar)
    .map(([low, from, high, to]) => ({ [low]: from, [high]: to })),
  fc.boolean().map((flag) => ({ $exists: flag })),
  scalar.map((operand) => ({ $ne: operand })),
  fc.constantFrom<unknown>(
    /^a/,
    { $regex: '^a' },
    { $type: 'array' },
    { $elemMatch: { x: 1 } },
    { $all: [1] },
  ),
);
const condition = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'a.x', 'a.0'), comparison)
  .map(([path, test_]): Document => ({ [path]: test_ }));
const filter = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(condition, { maxLength: 3 }).map((parts): Document => Object.assign({}, ...parts)),
  },
  fc.array(condition, { minLength: 1, maxLength: 3 }).map((parts): Document => ({ $and: parts })),
  fc.array(condition, { minLength: 1, maxLength: 3 }).map((parts): Document => ({ $or: parts })),
);
const sort = fc.constantFrom<Record<string, 1 | -1>>(
  {},
  { a: 1 },
  { a: -1 },
  { b: 1, a: -1 },
  { a: 1, b: 1 },
  { c: -1 },
  { _id: -1 },
);

const INDEX_SETS: { key: Record<string, 1 | -1>; options?: Document }[][] = [
  [{ key: { a: 1 } }, { key: { b: -1 } }],
  [{ key: { a: -1, b: 1 } }, { key: { c: 1, a: 1 } }],
  [{ key: { 'a.x': 1 } }, { key: { c: 1 }, options: { sparse: true } }, { key: { 'a.0': 1 } }],
  [
    { key: { a: 1 }, options: { partialFilterExpression: { c: { $gt: 0 } } } },
    { key: { b: 1 }, options: { partialFilterExpression: { b: { $exists: true } } } },
  ],
  [{ key: { a: 1, c: -1 }, options: { collation: { locale: 'en', strength: 2 } } }],
  [
    { key: { b: 1, a: 1 }, options: { partialFilterExpression: { b: { $gte: null } } } },
    {
      key: { c: 1 },
      options: { partialFilterExpression: { $or: [{ c: { $type: 'number' } }, { a: 'b' }] } },
    },
    { key: { a: 1 }, options: { partialFilterExpression: { a: { $in: [1, 2, 'a', null] } } } },
    { key: { 'a.x': 1 }, options: { partialFilterExpression: { 'a.x': { $lt: 2 }, b: { $exists: true } } } },
  ],
];

/** Whether a write was taken; indexes refuse two arrays, and fields that are named like positions. */
function accepted(write: Promise<unknown>): Promise<boolean> {
  return write.then(
    () => true,
    (error: { code?: number }) => {
      expect([171, 16746]).toContain(error.code);
      return false;
    },
  );
}

function sameKeys(expected: Document[], actual: Document[]): void {
  expect(actual.map((one) => String(one._id)).sort()).toEqual(expected.map((one) => String(one._id)).sort());
}

describe('indexes change how documents are found, never which', () => {
  it.each(INDEX_SETS.map((indexes, at) => [at, indexes] as const))('index set %i', async (_at, indexes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 25 }),
        fc.array(change, { maxLength: 8 }),
        fc.array(fc.tuple(filter, sort, collation), { minLength: 12, maxLength: 12 }),
        async (documents, changes, queries) => {
          const plain = test.fresh();
          const indexed = test.db.collection(`${plain.collectionName}i`);
          for (const { key, options } of indexes) {
            await indexed.createIndex(key, options);
          }
          const numbered = documents.map((one, _id): Document => ({ _id, ...one }));
          for (const one of numbered) {
            if (await accepted(indexed.insertOne(one))) {
              await plain.insertOne(one);
            }
          }
          for (const { place, field, to } of changes) {
            const which: Document = { _id: place };
            const update = to === undefined ? { $unset: { [field]: 1 } } : { $set: { [field]: to } };
            if (await accepted(indexed.updateOne(which, update))) {
              await plain.updateOne(which, update);
            }
          }
          for (const [query, order, options] of queries) {
            const expected = await plain.find(query, options).toArray();
            const found = await indexed.find(query, options).sort(order).toArray();
            sameKeys(expected, found);
            expect(await indexed.countDocuments(query, options)).toBe(expected.length);
            const byScan = await plain
              .find(query, options)
              .sort({ ...order, _id: 1 })
              .toArray();
            const byIndex = await indexed
              .find(query, options)
              .sort({ ...order, _id: 1 })
              .toArray();
            expect(byIndex).toEqual(byScan);
          }
          await plain.drop();
          await indexed.drop();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('so a partial index of documents with a field does not serve a search for null', async () => {
    const things = test.fresh();
    await things.createIndex({ b: 1 }, { partialFilterExpression: { b: { $exists: true } } });
    await things.insertMany([{ _id: 0 as never }, { _id: 1 as never, b: null }, { _id: 2 as never, b: 1 }]);
    for (const filter of [{ b: null }, { b: { $in: [null, 'x'] } }, { $and: [{ b: { $eq: null } }] }]) {
      expect((await things.find(filter).toArray()).map(({ _id }) => _id)).toEqual([0, 1]);
    }
  });
});
