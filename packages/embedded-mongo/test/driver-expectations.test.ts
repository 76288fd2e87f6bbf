import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { bodySection, message } from './raw-client.ts';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

interface Thing {
  _id: number;
  x?: number;
}

let test: TestServer;
let things: Collection<Thing>;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
beforeEach(async () => {
  things = test.fresh<Thing>();
  await things.insertMany([
    { _id: 1, x: 11 },
    { _id: 2, x: 22 },
  ]);
});

const admin = (command: Document): Promise<Document> => test.client.db('admin').command(command);
const failCommand = (data: Document): Promise<Document> =>
  admin({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
const failWrite = (mode: Document | string, data: Document = {}): Promise<Document> =>
  admin({ configureFailPoint: 'onPrimaryTransactionalWrite', mode, data });
const stored = (): Promise<Thing[]> => things.find().sort({ _id: 1 }).toArray();

describe('a client bulk write', () => {
  it('counts in 32-bit integers, which is what the driver reads', async () => {
    const result = await test.client.bulkWrite(
      [
        { name: 'insertOne', namespace: things.namespace, document: { _id: 3 } as never },
        { name: 'updateMany', namespace: things.namespace, filter: {}, update: { $inc: { x: 1 } } },
        { name: 'deleteOne', namespace: things.namespace, filter: { _id: 1 } as never },
      ],
      { verboseResults: true },
    );
    expect(result).toMatchObject({ insertedCount: 1, matchedCount: 3, modifiedCount: 3, deletedCount: 1 });
    expect(result.deleteResults?.get(2)).toEqual({ deletedCount: 1 });
  });

  it('answers a repeated command with errors only when that is asked for', async () => {
    const command = {
      bulkWrite: 1,
      ops: [{ insert: 0, document: { _id: 3 } }],
      nsInfo: [{ ns: things.namespace }],
      errorsOnly: true,
      txnNumber: 1n,
    };
    // A client of its own: the number would confuse the next user of a pooled session.
    const other = (await test.connect()).db('admin');
    await other.command(command);
    const again = await other.command(command);
    expect(again).toMatchObject({ nInserted: 1, retriedStmtIds: [0], cursor: { firstBatch: [] } });
  });
});

describe('a commit that fails', () => {
  it.each([24, 112, 246, 251])(
    'with code %i makes the driver repeat the whole transaction',
    async (errorCode) => {
      await failCommand({ failCommands: ['commitTransaction'], errorCode });
      let runs = 0;
      await test.client.withSession((session) =>
        session.withTransaction(async () => {
          runs += 1;
          await things.insertOne({ _id: 3 }, { session });
        }),
      );
      expect(runs).toBe(2);
      expect(await things.countDocuments()).toBe(3);
    },
  );

  it.each([91, 10107, 11602])('with code %i makes the driver repeat the commit only', async (errorCode) => {
    await failCommand({ failCommands: ['commitTransaction'], errorCode });
    let runs = 0;
    await test.client.withSession((session) =>
      session.withTransaction(async () => {
        runs += 1;
        await things.insertOne({ _id: 3 }, { session });
      }),
    );
    expect(runs).toBe(1);
    expect(await things.countDocuments()).toBe(3);
  });
});

describe('the fail point of numbered writes', () => {
  it('loses the answer of a write that was made', async () => {
    await failWrite({ times: 1 });
    expect(await things.updateOne({ _id: 1 }, { $inc: { x: 1 } })).toMatchObject({ modifiedCount: 1 });
    expect(await stored()).toEqual([
      { _id: 1, x: 12 },
      { _id: 2, x: 22 },
    ]);
  });

  it.each([
    ['insert', () => things.insertOne({ _id: 3, x: 33 })],
    ['update', () => things.updateOne({ _id: 3 }, { $set: { x: 33 } }, { upsert: true })],
    ['findAndModify', () => things.findOneAndReplace({ _id: 3 }, { x: 33 }, { upsert: true })],
    ['bulkWrite', () => things.bulkWrite([{ insertOne: { document: { _id: 3, x: 33 } } }])],
  ] as const)(
    'makes %s fail before it changed anything, so that the driver repeats it',
    async (_name, write) => {
      await failWrite({ times: 1 }, { failBeforeCommitExceptionCode: 1 });
      await write();
      expect(await stored()).toEqual([
        { _id: 1, x: 11 },
        { _id: 2, x: 22 },
        { _id: 3, x: 33 },
      ]);
    },
  );

  it('lets the statements before it stand and does not repeat them', async () => {
    await failWrite({ skip: 1 }, { failBeforeCommitExceptionCode: 1, closeConnection: false });
    const increments = [1, 2].map((_id) => ({ updateOne: { filter: { _id }, update: { $inc: { x: 1 } } } }));
    const error = await errorOf(things.bulkWrite(increments));
    await failWrite('off');
    expect(error.code).toBe(1);
    expect(await stored()).toEqual([
      { _id: 1, x: 12 },
      { _id: 2, x: 22 },
    ]);
  });
});

describe('queries', () => {
  it('give the documents of $near nearest first', async () => {
    const places = test.fresh();
    await places.createIndex({ at: '2dsphere' });
    await places.insertMany(
      [0, 5, 1].map((degree) => ({ degree, at: { type: 'Point', coordinates: [degree, 0] } })),
    );
    const near = { at: { $near: { $geometry: { type: 'Point', coordinates: [1, 0] } } } };
    const degrees = (await places.find(near).toArray()).map(({ degree }): unknown => degree);
    expect(degrees).toEqual([1, 0, 5]);
    expect(await places.find(near).sort({ degree: -1 }).limit(1).toArray()).toMatchObject([{ degree: 5 }]);
    expect(await places.find(near).skip(1).limit(1).toArray()).toMatchObject([{ degree: 0 }]);
  });

  it('find words by a text index, best first', async () => {
    const notes = test.fresh();
    await notes.insertMany([{ text: 'green tea and more' }, { text: 'tea' }, { text: 'coffee' }]);
    expect((await errorOf(notes.find({ $text: { $search: 'tea' } }).toArray())).code).toBe(27);
    await notes.createIndex({ text: 'text' });
    const search = { $text: { $search: 'tea' } };
    const score = { $meta: 'textScore' } as const;
    const found = await notes.find(search, { projection: { score, _id: 0 }, sort: { score } }).toArray();
    expect(found).toEqual([
      { text: 'tea', score: 1.1 },
      { text: 'green tea and more', score: 0.75 },
    ]);
    expect(await notes.countDocuments(search)).toBe(2);
    expect(await notes.deleteMany(search)).toMatchObject({ deletedCount: 2 });
  });

  it('show the key of the index with returnKey', async () => {
    await things.createIndex({ x: 1 });
    expect(await things.find({ x: { $gt: 11 } }, { returnKey: true }).toArray()).toEqual([{ x: 22 }]);
    expect(await things.find({}, { returnKey: true }).toArray()).toEqual([{}, {}]);
  });
});

describe('a tailable cursor', () => {
  it('waits for what is inserted into its capped collection', async () => {
    const log = await test.db.createCollection<{ _id: number }>('log', { capped: true, size: 10_000 });
    await log.insertOne({ _id: 1 });
    const cursor = log.find({ _id: { $ne: 2 } }, { tailable: true, awaitData: true, maxAwaitTimeMS: 5000 });
    expect(await cursor.next()).toEqual({ _id: 1 });
    const next = cursor.next();
    await log.insertMany([{ _id: 2 }, { _id: 3 }]);
    expect(await next).toEqual({ _id: 3 });
    const inTransaction = cursor.next();
    await test.client.withSession((session) =>
      session.withTransaction(() => log.insertOne({ _id: 4 }, { session })),
    );
    expect(await inTransaction).toEqual({ _id: 4 });
    await cursor.close();
  });
});

describe('refusals', () => {
  it('of a sort in an update of many documents', async () => {
    const updates = [{ q: {}, u: { $set: { x: 1 } }, multi: true, sort: { _id: 1 } }];
    expect((await errorOf(test.db.command({ update: things.collectionName, updates }))).code).toBe(9);
  });

  it('of names with a dollar sign anywhere in _id', async () => {
    const deep = test.fresh<{ _id: Document }>();
    expect((await errorOf(deep.insertOne({ _id: { a: { $b: 1 } } }))).code).toBe(52);
    expect((await errorOf(deep.insertOne({ _id: { a: [{ $b: 1 }] } }))).code).toBe(52);
  });

  it('of $currentOp on a collection, where the admin database shows the asking command', async () => {
    expect((await errorOf(things.aggregate([{ $currentOp: {} }]).toArray())).code).toBe(73);
    const operations = await test.client
      .db('admin')
      .aggregate([{ $currentOp: {} }])
      .toArray();
    expect(operations).toMatchObject([
      { active: true, command: { aggregate: 1, pipeline: [{ $currentOp: {} }], cursor: {}, $db: 'admin' } },
    ]);
  });
});

describe('a client that does not read', () => {
  it('waits for its next replies, which do not pile up', async () => {
    const large = test.fresh();
    await large.insertMany(Array.from({ length: 8 }, () => ({ text: 'x'.repeat(250_000) })));
    const socket = connect({ port: test.server.port, host: '127.0.0.1' });
    socket.pause();
    const find = bodySection({ find: large.collectionName, $db: 'test' });
    for (let id = 1; id <= 30; id += 1) {
      socket.write(message(id, 0, [find]));
    }
    let received = 0;
    const commands = async (): Promise<number> =>
      Number((await admin({ serverStatus: 1 })).opcounters.command);
    const before = await commands();
    // Enough turns for the server to answer all of them, if nothing held it back.
    for (let turn = 1; turn <= 100; turn += 1) {
      expect(await commands()).toBeLessThan(before + turn + 20);
    }
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received > 30 * 2_000_000) {
          resolve();
        }
      });
      socket.resume();
    });
    socket.destroy();
  });
});
