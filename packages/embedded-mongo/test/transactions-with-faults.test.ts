import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientSession, Collection, Document, TransactionOptions } from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

interface Thing {
  _id: number;
  x?: number;
}

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
  await things.insertOne({ _id: 1, x: 0 });
});

const failCommand = (data: Document, times = 1): Promise<Document> =>
  test.client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });

/** Runs work in a transaction, which is aborted at the end unless the work has ended it. */
async function inTransaction<T>(
  work: (session: ClientSession) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const session = test.client.startSession();
  session.startTransaction(options);
  try {
    return await work(session);
  } finally {
    if (session.inTransaction()) {
      await session.abortTransaction();
    }
    await session.endSession();
  }
}

describe('withTransaction', () => {
  const attempts = async (times: number): Promise<number> => {
    let count = 0;
    await test.client.withSession((session) =>
      session.withTransaction(async () => {
        count += 1;
        await things.updateOne({ _id: 1 }, { $inc: { x: 1 } }, { session });
        await things.insertOne({ _id: 10 + times }, { session });
      }),
    );
    return count;
  };

  it.each<[string, Document, number, number]>([
    ['runs once', { failCommands: ['ping'], errorCode: 1 }, 1, 1],
    ['runs again after a write conflict', { failCommands: ['insert'], errorCode: 112 }, 1, 2],
    ['runs again after a lost transaction', { failCommands: ['insert'], errorCode: 251 }, 2, 3],
    ['runs again after a lost connection', { failCommands: ['insert'], closeConnection: true }, 1, 2],
    [
      'runs again when the commit says that it never was',
      { failCommands: ['commitTransaction'], errorCode: 251 },
      1,
      2,
    ],
    [
      'repeats only the commit when its outcome is unknown',
      { failCommands: ['commitTransaction'], errorCode: 10107 },
      2,
      1,
    ],
    [
      'repeats only the commit after lost connections',
      { failCommands: ['commitTransaction'], closeConnection: true },
      2,
      1,
    ],
    [
      'repeats only the commit when the write concern timed out',
      { failCommands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'timed out' } },
      1,
      1,
    ],
  ])('%s, with one effect', async (_what, data, times, expected) => {
    await failCommand(data, times);

    const count = await attempts(times);

    await test.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect(count).toBe(expected);
    expect(await things.findOne({ _id: 1 })).toEqual({ _id: 1, x: 1 });
  });

  it('gives up after an error that is no fault of the server, and leaves nothing', async () => {
    const attempt = test.client.withSession((session) =>
      session.withTransaction(async () => {
        await things.insertOne({ _id: 2 }, { session });
        throw new TypeError('mine');
      }),
    );

    expect((await errorOf(attempt)).name).toBe('TypeError');
    expect(await things.countDocuments()).toBe(1);
  });

  it('returns what the work returns', async () => {
    const work = test.client.withSession((session) =>
      session.withTransaction(() => things.findOne({ _id: 1 }, { session })),
    );

    expect(await work).toEqual({ _id: 1, x: 0 });
  });
});

describe('labels of errors', () => {
  it.each<[string, Document, string[]]>([
    ['a write conflict', { failCommands: ['insert'], errorCode: 112 }, ['TransientTransactionError']],
    ['a lost transaction', { failCommands: ['insert'], errorCode: 251 }, ['TransientTransactionError']],
    ['a step-down', { failCommands: ['insert'], errorCode: 10107 }, ['TransientTransactionError']],
    ['a lost connection', { failCommands: ['insert'], closeConnection: true }, ['TransientTransactionError']],
    ['an error of the statement', { failCommands: ['insert'], errorCode: 8 }, []],
  ])('of %s', async (_what, data, labels) => {
    const found = await inTransaction(async (session) => {
      await failCommand(data);
      const error = await errorOf(things.insertOne({ _id: 2 }, { session }));
      return ['TransientTransactionError', 'RetryableWriteError'].filter((label) =>
        error.hasErrorLabel(label),
      );
    });

    expect(found).toEqual(labels);
  });

  it.each<[string, Document, string[]]>([
    ['an exceeded time', { errorCode: 50 }, ['UnknownTransactionCommitResult']],
    ['a lost transaction', { errorCode: 251 }, ['TransientTransactionError']],
    [
      'a write concern that timed out',
      { writeConcernError: { code: 64, errmsg: 'x' } },
      ['UnknownTransactionCommitResult'],
    ],
    ['a write concern that cannot be', { writeConcernError: { code: 100, errmsg: 'x' } }, []],
  ])('of a commit with %s', async (_what, data, labels) => {
    const found = await inTransaction(async (session) => {
      await things.insertOne({ _id: 2 }, { session });
      await failCommand({ failCommands: ['commitTransaction'], ...data });
      const error = await errorOf(session.commitTransaction());
      return ['TransientTransactionError', 'UnknownTransactionCommitResult'].filter((label) =>
        error.hasErrorLabel(label),
      );
    });

    expect(found).toEqual(labels);
  });

  it('of a key that exists: none', async () => {
    const error = await inTransaction((session) => errorOf(things.insertOne({ _id: 1 }, { session })));

    expect(error).toMatchObject({ code: 11000 });
    expect(error.hasErrorLabel('TransientTransactionError')).toBe(false);
  });
});

describe('what a transaction may do', () => {
  it.each<[string, (session: ClientSession) => Promise<unknown>]>([
    ['count by the collection', (session) => things.estimatedDocumentCount({ session })],
    ['list collections', (session) => test.db.listCollections({}, { session }).toArray()],
    ['write a pipeline out', (session) => things.aggregate([{ $out: 'x' }], { session }).toArray()],
    ['merge a pipeline', (session) => things.aggregate([{ $merge: 'x' }], { session }).toArray()],
  ])('is not to %s', async (_what, statement) => {
    const error = await inTransaction((session) => errorOf(statement(session)));

    expect(error).toMatchObject({ code: 263, codeName: 'OperationNotSupportedInTransaction' });
  });

  it.each(['available', 'linearizable'] as const)('is not to read with concern %s', async (level) => {
    const error = await inTransaction((session) => errorOf(things.findOne({}, { session })), {
      readConcern: { level },
    });

    expect(error).toMatchObject({ code: 72 });
  });

  it.each(['local', 'majority', 'snapshot'] as const)('is to read with concern %s', async (level) => {
    const found = await inTransaction((session) => things.countDocuments({}, { session }), {
      readConcern: { level },
    });

    expect(found).toBe(1);
  });

  it('is to abort although the server does not answer', async () => {
    await inTransaction(async (session) => {
      await things.insertOne({ _id: 2 }, { session });
      await failCommand({ failCommands: ['abortTransaction'], closeConnection: true });
    });

    expect(await things.countDocuments()).toBe(1);
  });

  it('ends when its session is killed', async () => {
    const error = await inTransaction(async (session) => {
      await things.insertOne({ _id: 2 }, { session });
      await test.client.db('admin').command({ killAllSessions: [] });
      return errorOf(session.commitTransaction());
    });

    expect(error).toMatchObject({ code: 251 });
  });

  it('is a client bulk write over several collections', async () => {
    const other = test.fresh<Thing>();
    await inTransaction(async (session) => {
      await test.client.bulkWrite(
        [
          { name: 'insertOne', namespace: other.namespace, document: { _id: 5 } as never },
          {
            name: 'updateOne',
            namespace: things.namespace,
            filter: { _id: 1 } as never,
            update: { $inc: { x: 1 } },
          },
        ],
        { session },
      );
      await session.commitTransaction();
    });

    expect(await things.findOne()).toEqual({ _id: 1, x: 1 });
    expect(await other.findOne()).toEqual({ _id: 5 });
  });
});
