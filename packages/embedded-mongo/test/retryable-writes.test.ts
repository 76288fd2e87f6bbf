import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Document } from 'mongodb';
import { Long } from 'bson';
import { newUuid } from '../src/catalog.ts';
import { RawClient } from './raw-client.ts';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
let lsid: Document;
let raw: RawClient;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 });
});
afterAll(() => test.close());
afterEach(() => {
  raw.close();
});
beforeEach(async () => {
  things = test.fresh();
  lsid = { id: newUuid() };
  raw = await RawClient.connect(test.server.port);
});

const numbered = (command: Document, number: number, database = 'test'): Promise<Document> =>
  raw.command({ ...command, $db: database, lsid, txnNumber: Long.fromNumber(number) });

async function failNext(data: Document, times = 1): Promise<void> {
  await test.client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });
}

describe('a numbered write', () => {
  it('is made once however often it is sent', async () => {
    const insert = { insert: things.collectionName, documents: [{ _id: 1 }, { _id: 2 }] };
    const first = await numbered(insert, 1);
    const second = await numbered(insert, 1);
    expect(first).toMatchObject({ n: 2 });
    expect(second).toMatchObject({ n: 2, retriedStmtIds: [0, 1] });
    expect(await things.countDocuments()).toBe(2);
  });

  it('returns the first result of an update', async () => {
    await things.insertOne({ _id: 1 as never, n: 0 });
    const update = { update: things.collectionName, updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] };
    await numbered(update, 1);
    expect(await numbered(update, 1)).toMatchObject({ n: 1, nModified: 1, retriedStmtIds: [0] });
    const upsert = {
      update: things.collectionName,
      updates: [{ q: { _id: 2 }, u: { $inc: { n: 1 } }, upsert: true }],
    };
    await numbered(upsert, 2);
    expect(await numbered(upsert, 2)).toMatchObject({ n: 1, upserted: [{ index: 0, _id: 2 }] });
    expect((await things.find().toArray()).map((one): unknown => one.n)).toEqual([1, 1]);
  });

  it('returns the first result of a delete and of findAndModify', async () => {
    await things.insertMany([
      { a: 1, n: 1 },
      { a: 1, n: 2 },
      { a: 1, n: 3 },
    ]);
    const remove = { delete: things.collectionName, deletes: [{ q: { a: 1 }, limit: 1 }] };
    await numbered(remove, 1);
    expect(await numbered(remove, 1)).toMatchObject({ n: 1 });
    const modify = {
      findAndModify: things.collectionName,
      query: { a: 1 },
      update: { $inc: { n: 10 } },
      new: true,
    };
    const first = await numbered(modify, 2);
    expect(await numbered(modify, 2)).toMatchObject({ value: first.value });
    expect((await things.find().toArray()).map((one): unknown => one.n)).toEqual([12, 3]);
  });

  it('goes on where it stopped: only statements that were not done are done', async () => {
    await things.insertOne({ _id: 2 as never });
    const insert = { insert: things.collectionName, documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] };
    expect(await numbered(insert, 1)).toMatchObject({ n: 1, writeErrors: [{ index: 1 }] });
    await things.deleteOne({ _id: 2 as never });
    expect(await numbered(insert, 1)).toMatchObject({ n: 3, retriedStmtIds: [0] });
    expect(await things.countDocuments()).toBe(3);
  });

  it('counts client bulk writes by statement', async () => {
    const bulk = {
      bulkWrite: 1,
      ops: [
        { insert: 0, document: { _id: 1 } },
        { update: 0, filter: { _id: 1 }, updateMods: { $inc: { n: 1 } } },
      ],
      nsInfo: [{ ns: things.namespace }],
    };
    await numbered(bulk, 1, 'admin');
    const again = await numbered(bulk, 1, 'admin');
    expect(again).toMatchObject({ nInserted: 1, nMatched: 1, nModified: 1, retriedStmtIds: [0, 1] });
    expect(await things.findOne()).toMatchObject({ n: 1 });
  });

  it('is refused when its number has passed', async () => {
    await numbered({ insert: things.collectionName, documents: [{}] }, 5);
    expect(await numbered({ insert: things.collectionName, documents: [{}] }, 4)).toMatchObject({
      code: 225,
    });
  });

  it('is refused when it may change many documents', async () => {
    const update = {
      update: things.collectionName,
      updates: [{ q: {}, u: { $set: { a: 1 } }, multi: true }],
    };
    expect(await numbered(update, 1)).toMatchObject({ code: 72 });
    const remove = { delete: things.collectionName, deletes: [{ q: {}, limit: 0 }] };
    expect(await numbered(remove, 2)).toMatchObject({ code: 72 });
  });

  it('is remembered over a restart', async () => {
    const insert = { insert: things.collectionName, documents: [{ a: 1 }] };
    await numbered(insert, 1);
    await test.client.close();
    await test.server.stop();
    const second = await startTestServer({ dataDirectory: test.directory, wireVersion: 25 });
    const other = await RawClient.connect(second.server.port);
    const again = await other.command({ ...insert, $db: 'test', lsid, txnNumber: Long.fromNumber(1) });
    other.close();
    expect(again).toMatchObject({ n: 1, retriedStmtIds: [0] });
    await second.close();
    test = await startTestServer({ wireVersion: 25 });
  });
});

describe('the driver', () => {
  it.each(['insert', 'update', 'delete', 'findAndModify'])(
    'repeats %s after a lost connection, once in effect',
    async (command) => {
      await things.insertOne({ _id: 1 as never, n: 0 });
      await failNext({ failCommands: [command], closeConnection: true });
      if (command === 'insert') {
        await things.insertOne({ _id: 2 as never });
      } else if (command === 'update') {
        await things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } });
      } else if (command === 'delete') {
        await things.deleteOne({ _id: 1 as never });
      } else {
        await things.findOneAndUpdate({ _id: 1 as never }, { $inc: { n: 1 } });
      }
      const found = await things.find().toArray();
      expect(found.map((one) => [one._id, one.n])).toEqual(
        command === 'insert'
          ? [
              [1, 0],
              [2, undefined],
            ]
          : command === 'delete'
            ? []
            : [[1, 1]],
      );
    },
  );

  it.each([91, 189, 10107, 11600, 13435])(
    'repeats after code %i, which carries the label',
    async (errorCode) => {
      await failNext({ failCommands: ['insert'], errorCode });
      await things.insertOne({ _id: 1 as never });
      expect(await things.countDocuments()).toBe(1);
    },
  );

  it('repeats reads', async () => {
    await things.insertOne({ a: 1 });
    await failNext({ failCommands: ['find'], closeConnection: true });
    expect(await things.findOne({ a: 1 })).not.toBeNull();
    await failNext({ failCommands: ['aggregate'], errorCode: 91 });
    expect(await things.countDocuments()).toBe(1);
  });

  it('repeats a commit whose answer was lost', async () => {
    const session = test.client.startSession();
    session.startTransaction();
    await things.insertOne({ _id: 1 as never }, { session });
    await failNext({ failCommands: ['commitTransaction'], closeConnection: true });
    await session.commitTransaction();
    expect(await things.countDocuments()).toBe(1);
    await session.endSession();
  });
});

describe('fail points', () => {
  it('fail a number of commands with labels of their own', async () => {
    await failNext({ failCommands: ['ping'], errorCode: 20, errorLabels: ['Mine'] }, 2);
    const error = await errorOf(test.db.command({ ping: 1 }));
    expect(error).toMatchObject({ code: 20, errorLabels: ['Mine'] });
    await errorOf(test.db.command({ ping: 1 }));
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('add write concern errors, and can be turned off', async () => {
    await failNext({ failCommands: ['insert'], writeConcernError: { code: 64, errmsg: 'timed out' } });
    const error = await errorOf(things.insertOne({ _id: 1 as never }));
    expect(error.code).toBe(64);
    expect(await things.countDocuments()).toBe(1);
    await test.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: 'alwaysOn',
      data: { failCommands: ['ping'], errorCode: 20 },
    });
    await test.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('apply to an application by name', async () => {
    const other = await test.connect({ appName: 'other' });
    await failNext({ failCommands: ['ping'], errorCode: 20, appName: 'other' });
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    expect((await errorOf(other.db('test').command({ ping: 1 }))).code).toBe(20);
  });

  it('are refused under other names', async () => {
    const configure = test.client.db('admin').command({ configureFailPoint: 'other', mode: 'alwaysOn' });
    expect((await errorOf(configure)).code).toBe(2);
  });
});
