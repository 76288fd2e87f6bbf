import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

interface Thing {
  _id: number;
  x?: number;
}

/** After these errors drivers repeat reads, by the specification of retryable reads. */
const RETRYABLE_READ = [6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
/** After these errors servers ask for a write to be repeated. */
const RETRYABLE_WRITE = RETRYABLE_READ.filter((code) => code !== 134);

/** After most of these errors the driver looks at the server anew, and by default waits half a second for it. */
const QUICK = { minHeartbeatFrequencyMS: 10 };

let test: TestServer;
let things: Collection<Thing>;
beforeAll(async () => {
  test = await startTestServer({ wireVersion: 25 }, QUICK);
});
afterAll(() => test.close());
beforeEach(async () => {
  things = test.fresh<Thing>();
  await things.insertMany([
    { _id: 1, x: 11 },
    { _id: 2, x: 22 },
  ]);
});
afterEach(() => failCommand({}, 'off'));

const admin = (command: Document): Promise<Document> => test.client.db('admin').command(command);
const failCommand = (data: Document, mode: Document | string = { times: 1 }): Promise<Document> =>
  admin({ configureFailPoint: 'failCommand', mode, data });
const ping = (): Promise<Document> => test.db.command({ ping: 1 });

describe('reads', () => {
  it.each(RETRYABLE_READ)('are repeated after error %i', async (errorCode) => {
    await failCommand({ failCommands: ['find'], errorCode });

    expect(await things.find().toArray()).toHaveLength(2);
  });

  it('are repeated once only', async () => {
    await failCommand({ failCommands: ['find'], errorCode: 91 }, { times: 2 });

    expect(await errorOf(things.find().toArray())).toMatchObject({ code: 91 });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['aggregate', () => things.countDocuments()],
    ['count', () => things.estimatedDocumentCount()],
    ['distinct', () => things.distinct('x')],
    ['find', () => things.findOne({ _id: 1 })],
    ['listCollections', () => test.db.listCollections().toArray()],
    ['listDatabases', () => test.db.admin().listDatabases()],
    ['listIndexes', () => things.indexes()],
  ])('by %s are repeated after an error and after a lost connection', async (command, read) => {
    const { count: before } = await failCommand({ failCommands: [command], errorCode: 11600 });
    await read();
    await failCommand({ failCommands: [command], closeConnection: true });
    await read();

    expect((await failCommand({}, 'off')).count).toBe(before + 2);
  });

  it.each([
    ['find', 10],
    ['getMore', 91],
  ])('by %s are not repeated after error %i', async (command, errorCode) => {
    await failCommand({ failCommands: [command], errorCode });

    expect(await errorOf(things.find({}, { batchSize: 1 }).toArray())).toMatchObject({ code: errorCode });
  });
});

describe('writes', () => {
  it.each(RETRYABLE_WRITE)('are repeated after error %i', async (errorCode) => {
    await failCommand({ failCommands: ['insert'], errorCode });

    expect(await things.insertOne({ _id: 3 })).toMatchObject({ insertedId: 3 });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['insert', () => things.insertMany([{ _id: 3 }, { _id: 4 }])],
    ['update', () => things.updateOne({ _id: 1 }, { $inc: { x: 1 } })],
    ['update', () => things.replaceOne({ _id: 1 }, { x: 1 })],
    ['delete', () => things.deleteOne({ _id: 1 })],
    ['findAndModify', () => things.findOneAndUpdate({ _id: 1 }, { $inc: { x: 1 } })],
    ['findAndModify', () => things.findOneAndReplace({ _id: 1 }, { x: 1 })],
    ['findAndModify', () => things.findOneAndDelete({ _id: 1 })],
    [
      'bulkWrite',
      () =>
        test.client.bulkWrite([
          { name: 'insertOne', namespace: things.namespace, document: { _id: 9 } as never },
        ]),
    ],
  ])('by %s are repeated after an error', async (command, write) => {
    const { count: before } = await failCommand({ failCommands: [command], errorCode: 91 });
    await write();

    expect((await failCommand({}, 'off')).count).toBe(before + 1);
  });

  it('are repeated after a write concern error, and made once', async () => {
    await failCommand({ failCommands: ['update'], writeConcernError: { code: 91, errmsg: 'shutting down' } });

    expect(await things.updateOne({ _id: 1 }, { $inc: { x: 1 } })).toMatchObject({ modifiedCount: 1 });
    expect(await things.findOne({ _id: 1 })).toEqual({ _id: 1, x: 12 });
  });

  it('carry the label of a retry when the retry fails, too', async () => {
    await failCommand({ failCommands: ['insert'], errorCode: 91 }, { times: 2 });

    const error = await errorOf(things.insertOne({ _id: 3 }));

    expect(error.hasErrorLabel('RetryableWriteError')).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['update', () => things.updateMany({}, { $inc: { x: 1 } })],
    ['delete', () => things.deleteMany({})],
  ])('of many documents by %s are not repeated', async (command, write) => {
    await failCommand({ failCommands: [command], errorCode: 91 });

    expect(await errorOf(write())).toMatchObject({ code: 91 });
    expect(await things.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, x: 11 },
      { _id: 2, x: 22 },
    ]);
  });

  it('are not repeated when the error comes without the label', async () => {
    await failCommand({ failCommands: ['insert'], errorCode: 91, errorLabels: [] });

    expect(await errorOf(things.insertOne({ _id: 3 }))).toMatchObject({ code: 91 });
  });

  it('are not repeated for a client that does not want it', async () => {
    const other = await test.connect({ retryWrites: false });
    await failCommand({ failCommands: ['insert'], closeConnection: true });

    const error = await errorOf(
      other.db('test').collection<Thing>(things.collectionName).insertOne({ _id: 3 }),
    );

    expect(error.name).toBe('MongoNetworkError');
    expect(await things.countDocuments()).toBe(2);
  });

  it('go on with the command of a bulk write that failed', async () => {
    await failCommand({ failCommands: ['update'], closeConnection: true });

    const result = await things.bulkWrite([
      { insertOne: { document: { _id: 3 } } },
      { updateOne: { filter: { _id: 3 }, update: { $set: { x: 33 } } } },
      { deleteOne: { filter: { _id: 1 } } },
    ]);

    expect(result).toMatchObject({ insertedCount: 1, modifiedCount: 1, deletedCount: 1 });
  });

  it('are made although the write concern fails', async () => {
    const writeConcernError = {
      code: 100,
      codeName: 'UnsatisfiableWriteConcern',
      errmsg: 'Not enough data-bearing nodes',
      errInfo: { writeConcern: { w: 2, wtimeout: 0, provenance: 'clientSupplied' } },
    };
    await failCommand({ failCommands: ['insert'], writeConcernError });

    const error = await errorOf(things.insertOne({ _id: 3 }));

    expect(error).toMatchObject({ code: 100, result: { writeConcernError } });
    expect(await things.countDocuments()).toBe(3);
  });
});

describe('the fail point failCommand', () => {
  it('tells how often it has made something fail', async () => {
    const { count: before } = await failCommand({ failCommands: ['ping'], errorCode: 20 }, { times: 2 });
    await errorOf(ping());
    await errorOf(ping());
    await ping();

    expect((await failCommand({}, 'off')).count).toBe(before + 2);
  });

  it('names known codes', async () => {
    await failCommand({ failCommands: ['ping'], errorCode: 8 });

    expect(await errorOf(ping())).toMatchObject({ code: 8, codeName: 'UnknownError' });
  });

  it('lets commands pass first', async () => {
    await failCommand({ failCommands: ['ping'], errorCode: 20 }, { skip: 1 });

    expect(await ping()).toMatchObject({ ok: 1 });
    expect(await errorOf(ping())).toMatchObject({ code: 20 });
  });

  it('fails until it is turned off', async () => {
    await failCommand({ failCommands: ['ping'], errorCode: 20 }, 'alwaysOn');
    await errorOf(ping());
    await errorOf(ping());
    await failCommand({}, 'off');

    expect(await ping()).toMatchObject({ ok: 1 });
  });

  it('concerns one collection alone when it names one', async () => {
    const other = test.fresh<Thing>();
    await failCommand({ failCommands: ['insert'], errorCode: 8, namespace: things.namespace });

    await other.insertOne({ _id: 1 });
    expect(await errorOf(things.insertOne({ _id: 3 }))).toMatchObject({ code: 8 });
  });

  it('closes the connection of the command, and no other', async () => {
    await failCommand({ failCommands: ['ping'], closeConnection: true });

    expect((await errorOf(ping())).name).toBe('MongoNetworkError');
    expect(await ping()).toMatchObject({ ok: 1 });
  });

  it('blocks a command, up to the time limit that it brings', async () => {
    await failCommand({ failCommands: ['find'], blockConnection: true, blockTimeMS: 20 });
    expect(await things.find({}, { maxTimeMS: 30_000 }).toArray()).toHaveLength(2);

    await failCommand({ failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
    expect(await errorOf(things.find({}, { maxTimeMS: 20 }).toArray())).toMatchObject({ code: 50 });
  });
});
