import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
beforeAll(async () => {
  test = await startTestServer();
  things = test.fresh();
  await things.createIndexes([
    { key: { user: 1, at: -1 } },
    { key: { category: 1 } },
    { key: { tags: 1 } },
    { key: { code: 1 }, unique: true, sparse: true },
    { key: { amount: 1 }, partialFilterExpression: { status: 'open', amount: { $gt: 100 } } },
    { key: { name: 1 }, collation: { locale: 'en', strength: 2 } },
    { key: { 'address.city': 1, 'address.street': 1 } },
  ]);
  await things.insertMany(
    Array.from({ length: 500 }, (_unused, n) => ({
      user: `u${n % 10}`,
      at: new Date(n * 1000),
      category: `c${n % 5}`,
      tags: [`t${n % 7}`, 'all'],
      amount: n,
      status: n % 2 === 0 ? 'open' : 'closed',
      name: `Name ${n}`,
      address: { city: `city${n % 4}`, street: `s${n}` },
      ...(n % 50 === 0 ? { code: `k${n}` } : {}),
    })),
  );
});
afterAll(() => test.close());

interface Shape {
  index: string | undefined;
  stages: string[];
  keys: number;
  documents: number;
  returned: number;
}

function shapeOf(explained: Document): Shape {
  const stages: string[] = [];
  let index: string | undefined;
  const visit = (stage: Document | undefined): void => {
    if (stage !== undefined) {
      stages.push(stage.stage);
      index ??= stage.indexName;
      visit(stage.inputStage);
      for (const inner of stage.inputStages ?? []) {
        visit(inner);
      }
    }
  };
  visit(explained.queryPlanner.winningPlan);
  const { totalKeysExamined, totalDocsExamined, nReturned } = explained.executionStats;
  return { index, stages, keys: totalKeysExamined, documents: totalDocsExamined, returned: nReturned };
}

async function explain(filter: Document, options: Document = {}): Promise<Shape> {
  const command = { find: things.collectionName, filter, ...options };
  return shapeOf(await test.db.command({ explain: command, verbosity: 'executionStats' }));
}

describe('the planner', () => {
  it.each<[string, Document, Document, string, number]>([
    ['_id', { _id: 'x' }, {}, '_id_', 0],
    ['equality on a prefix', { user: 'u1' }, {}, 'user_1_at_-1', 50],
    [
      'equality and range',
      { user: 'u1', at: { $gte: new Date(100_000), $lt: new Date(200_000) } },
      {},
      'user_1_at_-1',
      10,
    ],
    ['$in', { category: { $in: ['c1', 'c2'] } }, {}, 'category_1', 200],
    ['an array element', { tags: 't3' }, {}, 'tags_1', 71],
    [
      'a dotted path',
      { 'address.city': 'city1', 'address.street': 's5' },
      {},
      'address.city_1_address.street_1',
      1,
    ],
    ['an anchored pattern', { category: /^c3/ }, {}, 'category_1', 100],
    ['conditions in $and', { $and: [{ user: 'u1' }, { at: new Date(1000) }] }, {}, 'user_1_at_-1', 1],
    ['a sparse index', { code: 'k50' }, {}, 'code_1', 1],
    ['a partial index', { status: 'open', amount: { $gt: 300, $lt: 310 } }, {}, 'amount_1', 4],
    ['a matching collation', { name: 'NAME 7' }, { collation: { locale: 'en', strength: 2 } }, 'name_1', 1],
    ['a hint', { amount: 7 }, { hint: { category: 1 } }, 'category_1', 500],
  ])('uses an index for %s', async (_what, filter, options, index, keys) => {
    const shape = await explain(filter, options);
    expect(shape.index).toBe(index);
    expect(shape.keys).toBe(keys);
    expect(shape.documents).toBeLessThanOrEqual(keys);
  });

  it.each<[string, Document, Document]>([
    ['an unindexed field', { nothing: 1 }, {}],
    ['$ne', { nothing: { $ne: 1 } }, {}],
    ['null on a sparse index', { code: null }, {}],
    ['a filter outside of the partial index', { amount: { $gt: 50 }, status: 'open' }, {}],
    ['a filter without the partial condition', { amount: { $gt: 300 } }, {}],
    ['another collation', { name: 'x' }, {}],
    ['a string under a collation', { category: 'c1' }, { collation: { locale: 'en' } }],
    ['the hint $natural', { user: 'u1' }, { hint: { $natural: 1 } }],
  ])('reads everything for %s', async (_what, filter, options) => {
    const shape = await explain(filter, options);
    expect(shape.stages).toContain('COLLSCAN');
    expect(shape.documents).toBe(500);
  });

  it.each<[string, Document, Document, boolean]>([
    ['the index order', { user: 'u1' }, { at: -1 }, true],
    ['the reverse of it', { user: 'u1' }, { at: 1 }, true],
    ['the whole key', {}, { user: 1, at: -1 }, true],
    ['the whole key reversed', {}, { user: -1, at: 1 }, true],
    ['the fixed field too', { user: 'u1' }, { user: 1, at: 1 }, true],
    ['mixed directions', {}, { user: 1, at: 1 }, false],
    ['several fixed values', { user: { $in: ['u1', 'u2'] } }, { at: 1 }, false],
    ['the field of several fixed values', { user: { $in: ['u1', 'u2'] } }, { user: 1, at: -1 }, true],
    ['another field', { user: 'u1' }, { amount: 1 }, false],
    ['_id', {}, { _id: -1 }, true],
  ])('when sorting by %s', async (_what, filter, sort, served) => {
    const shape = await explain(filter, { sort });
    expect(shape.stages.includes('SORT')).toBe(!served);
  });

  it('stops early when the order comes from the index', async () => {
    const shape = await explain({ user: 'u1' }, { sort: { at: -1 }, limit: 3 });
    expect(shape).toMatchObject({ returned: 3, keys: 3, documents: 3 });
    expect(shape.stages[0]).toBe('LIMIT');
  });

  it('unites indexes for $or, each document once', async () => {
    const shape = await explain({ $or: [{ user: 'u1' }, { category: 'c1' }] });
    expect(shape.stages).toContain('OR');
    expect(shape.stages).not.toContain('COLLSCAN');
    expect(await things.countDocuments({ $or: [{ user: 'u1' }, { category: 'c1' }] })).toBe(100);
    expect((await explain({ $or: [{ user: 'u1' }, { nothing: 1 }] })).stages).toContain('COLLSCAN');
  });

  it('counts from the index alone', async () => {
    const explained = await test.db.command({
      explain: { count: things.collectionName, query: { user: 'u1', at: { $gt: new Date(0) } } },
      verbosity: 'executionStats',
    });
    expect(shapeOf(explained).stages).toEqual(['COUNT', 'COUNT_SCAN']);
    expect(await things.countDocuments({ user: 'u1', at: { $gt: new Date(1000) } })).toBe(49);
  });

  it('explains updates, deletes and findAndModify', async () => {
    const commands = [
      { update: things.collectionName, updates: [{ q: { user: 'u1' }, u: { $set: { x: 1 } } }] },
      { delete: things.collectionName, deletes: [{ q: { user: 'u1' }, limit: 0 }] },
      { findAndModify: things.collectionName, query: { user: 'u1' }, update: { $set: { x: 1 } } },
      { distinct: things.collectionName, key: 'at', query: { user: 'u1' } },
    ];
    for (const command of commands) {
      const explained = await test.db.command({ explain: command, verbosity: 'executionStats' });
      expect(shapeOf(explained).index).toBe('user_1_at_-1');
    }
    expect(await things.countDocuments({ x: 1 })).toBe(0);
    expect((await errorOf(test.db.command({ explain: { fly: 1 } }))).code).toBe(73);
  });

  it('bounds by min and max of a hinted index', async () => {
    const found = await things
      .find({}, { hint: { category: 1 } })
      .min({ category: 'c1' })
      .max({ category: 'c3' })
      .toArray();
    expect(found).toHaveLength(200);
    expect((await errorOf(things.find({}).min({ category: 'c1' }).toArray())).code).toBe(51173);
  });

  it('refuses a hint that names no index', async () => {
    expect((await errorOf(things.find({}).hint('missing').toArray())).code).toBe(2);
    expect((await errorOf(things.countDocuments({ a: 1 }, { hint: { missing: 1 } }))).code).toBe(2);
  });
});
