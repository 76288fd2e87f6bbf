import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ChangeStream,
  type ChangeStreamDocument,
  type ChangeStreamOptions,
  type Collection,
  type Document,
  Int32,
  Long,
  type ResumeToken,
  Timestamp,
} from 'mongodb';
import { errorOf, startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let things: Collection;
const open: ChangeStream[] = [];
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(() => {
  things = test.fresh();
});
afterEach(async () => {
  for (const stream of open.splice(0)) {
    await stream.close();
  }
});

type Event = ChangeStreamDocument & Document;

/** A stream; one without a point to start from is open on the server when the promise settles. */
async function watch(
  options: ChangeStreamOptions = {},
  pipeline: Document[] = [],
  on: Pick<Collection, 'watch'> = things,
): Promise<ChangeStream> {
  const stream = on.watch(pipeline, { maxAwaitTimeMS: 20, ...options });
  open.push(stream);
  if (['resumeAfter', 'startAfter', 'startAtOperationTime'].every((name) => !Object.hasOwn(options, name))) {
    await stream.tryNext();
  }
  return stream;
}

/** Opens a stream that the server is expected to refuse. */
async function refused(options: ChangeStreamOptions, on: Collection = things): Promise<void> {
  await (await watch(options, [], on)).tryNext();
}

async function take(stream: ChangeStream, count: number): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < count) {
    events.push(await stream.next());
  }
  return events;
}

/** Everything up to an insert that is made now: shows what is not told, too. */
async function takeAll(stream: ChangeStream, into: Collection = things): Promise<Event[]> {
  const { insertedId } = await into.insertOne({});
  const events: Event[] = [];
  for (;;) {
    const event: Event = await stream.next();
    if (event.operationType === 'insert' && insertedId.equals(event.documentKey._id)) {
      return events;
    }
    events.push(event);
  }
}

describe('a change stream', () => {
  it('tells of inserts, updates, replacements and deletes, in order', async () => {
    const stream = await watch();
    await things.insertOne({ _id: 1 as never, a: 1 });
    await things.updateOne({ _id: 1 as never }, { $set: { a: 2 } });
    await things.replaceOne({ _id: 1 as never }, { b: 1 });
    await things.deleteOne({ _id: 1 as never });
    const ns = { db: 'test', coll: things.collectionName };
    expect(await take(stream, 4)).toMatchObject([
      { operationType: 'insert', ns, documentKey: { _id: 1 }, fullDocument: { _id: 1, a: 1 } },
      {
        operationType: 'update',
        ns,
        documentKey: { _id: 1 },
        updateDescription: { updatedFields: { a: 2 }, removedFields: [], truncatedArrays: [] },
      },
      { operationType: 'replace', ns, documentKey: { _id: 1 }, fullDocument: { _id: 1, b: 1 } },
      { operationType: 'delete', ns, documentKey: { _id: 1 } },
    ]);
  });

  it('gives each event a token, the logical and the wall time', async () => {
    const stream = await watch();
    const before = Date.now();
    await things.insertMany([{}, {}, {}]);
    const events = await take(stream, 3);
    const tokens = events.map((event) => (event._id as { _data: string })._data);
    expect(new Set(tokens).size).toBe(3);
    expect([...tokens].sort()).toEqual(tokens);
    for (const event of events) {
      expect(event.clusterTime).toBeInstanceOf(Timestamp);
      expect((event.wallTime as Date).getTime()).toBeGreaterThanOrEqual(before);
    }
  });

  it('tells what every writing command does', async () => {
    await things.insertMany([1, 2, 3, 4].map((n) => ({ _id: n as never, n })));
    const stream = await watch();
    await things.updateMany({ n: { $lt: 3 } }, { $inc: { n: 10 } });
    await things.updateOne({ n: 99 }, { $set: { new: true } }, { upsert: true });
    await things.findOneAndUpdate({ n: 3 }, { $set: { found: 1 } });
    await things.findOneAndReplace({ _id: 3 as never }, { x: 1 });
    await things.findOneAndDelete({ _id: 3 as never });
    await things.bulkWrite([
      { insertOne: { document: { _id: 5 as never } } },
      { deleteOne: { filter: { _id: 5 as never } } },
    ]);
    await things
      .aggregate([{ $match: { n: 4 } }, { $set: { n: 44 } }, { $merge: things.collectionName }])
      .toArray();
    const events = await takeAll(stream);
    expect(
      events.map(({ operationType, documentKey }) => [operationType, (documentKey as Document)._id]),
    ).toEqual([
      ['update', 1],
      ['update', 2],
      ['insert', expect.anything()],
      ['update', 3],
      ['replace', 3],
      ['delete', 3],
      ['insert', 5],
      ['delete', 5],
      ['update', 4],
    ]);
  });

  it('does not tell of writes that change nothing or fail', async () => {
    await things.createIndex({ key: 1 }, { unique: true });
    await things.insertOne({ _id: 1 as never, key: 1 });
    const stream = await watch();
    await things.updateOne({ _id: 1 as never }, { $set: { key: 1 } });
    await things.deleteOne({ _id: 2 as never });
    await errorOf(things.insertOne({ key: 1 }));
    const partly = await errorOf(things.insertMany([{ _id: 3 as never, key: 3 }, { key: 1 }, { key: 4 }]));
    expect(partly.code).toBe(11000);
    expect(await takeAll(stream)).toMatchObject([{ operationType: 'insert', documentKey: { _id: 3 } }]);
  });

  it('tells nothing of what happened before it was opened', async () => {
    await things.insertOne({ _id: 1 as never });
    const stream = await watch();
    expect(await takeAll(stream)).toEqual([]);
  });

  it('tells of documents that expire', async () => {
    await things.createIndex({ at: 1 }, { expireAfterSeconds: 0 });
    await things.insertOne({ _id: 1 as never, at: new Date(0) });
    const stream = await watch();
    await test.client.db('admin').command({ setParameter: 1, ttlMonitorEnabled: true });
    expect(await take(stream, 1)).toMatchObject([{ operationType: 'delete', documentKey: { _id: 1 } }]);
  });

  it('answers without an event when maxAwaitTimeMS is over', async () => {
    const stream = await watch({ maxAwaitTimeMS: 50 });
    expect(await stream.tryNext()).toBeNull();
  });

  it('answers at once when something happens before', async () => {
    const command = { aggregate: things.collectionName, pipeline: [{ $changeStream: {} }], cursor: {} };
    const { cursor } = await test.db.command(command);
    const getMore = { getMore: Long.fromValue(cursor.id), collection: things.collectionName };
    const waiting = test.db.command({ ...getMore, maxTimeMS: 50_000 });
    await things.insertOne({ _id: 1 as never });
    expect((await waiting).cursor.nextBatch).toMatchObject([{ operationType: 'insert' }]);
  });

  it('delivers changes larger than a batch together', async () => {
    const stream = await watch({ batchSize: 3 });
    await things.insertMany(
      Array.from({ length: 500 }, (_unused, n) => ({ _id: n as never, text: 'x'.repeat(5000) })),
    );
    const events = await take(stream, 500);
    expect(events.map((event) => (event.documentKey as Document)._id)).toEqual(
      Array.from({ length: 500 }, (_unused, n) => n),
    );
  });
});

describe('updateDescription', () => {
  const before = {
    _id: 1 as never,
    n: 1,
    list: [1, 2, 3],
    rows: [
      { id: 1, v: 1 },
      { id: 2, v: 2 },
    ],
    deep: { a: { b: 1, c: 2 }, d: 3 },
  };
  const describeChange = async (update: Document | Document[], options: Document = {}): Promise<unknown> => {
    await things.insertOne(before);
    const stream = await watch();
    await things.updateOne({ _id: 1 as never }, update, options);
    const [event] = await take(stream, 1);
    return event?.updateDescription;
  };

  it.each<[string, Document | Document[], Document, string[], Document[], Document?]>([
    ['names a changed field', { $set: { n: 2 } }, { n: 2 }, [], []],
    ['tells the type of numbers apart', { $set: { n: Long.fromNumber(1) } }, { n: 1 }, [], []],
    ['names a path within documents', { $set: { 'deep.a.b': 5 } }, { 'deep.a.b': 5 }, [], []],
    [
      'gives a replaced inner document whole',
      { $set: { deep: { a: { b: 1 } } } },
      { deep: { a: { b: 1 } } },
      [],
      [],
    ],
    ['gives a new inner document whole', { $set: { 'x.y.z': 1 } }, { x: { y: { z: 1 } } }, [], []],
    ['lists removed fields', { $unset: { n: '', 'deep.d': '' } }, {}, ['deep.d', 'n'], []],
    ['shows a rename as one removed and one new', { $rename: { n: 'm' } }, { m: 1 }, ['n'], []],
    [
      'shows what is pushed at its place',
      { $push: { list: { $each: [4, 5] } } } as Document,
      { 'list.3': 4, 'list.4': 5 },
      [],
      [],
    ],
    ['gives a list whole after a pull', { $pull: { list: 2 } } as Document, { list: [1, 3] }, [], []],
    [
      'gives a list whole after a sorted push',
      { $push: { list: { $each: [0], $sort: 1 } } } as Document,
      { list: [0, 1, 2, 3] },
      [],
      [],
    ],
    ['names an element by position', { $set: { 'list.1': 9 } }, { 'list.1': 9 }, [], []],
    [
      'names elements found by array filters',
      { $set: { 'rows.$[r].v': 9 } },
      { 'rows.1.v': 9 },
      [],
      [],
      { arrayFilters: [{ 'r.id': 2 }] },
    ],
    [
      'compares what a pipeline makes',
      [{ $set: { deep: { a: { b: 1, c: 3 }, d: 3 } } }],
      { 'deep.a.c': 3 },
      [],
      [],
    ],
    [
      'tells when a pipeline shortens a list',
      [{ $set: { list: { $slice: ['$list', 2] } } }],
      {},
      [],
      [{ field: 'list', newSize: 2 }],
    ],
    ['tells what a pipeline removes', [{ $unset: 'deep.a' }], {}, ['deep.a'], []],
  ])('%s', async (_name, update, updatedFields, removedFields, truncatedArrays, options = {}) => {
    expect(await describeChange(update, options)).toEqual({ updatedFields, removedFields, truncatedArrays });
  });

  it('keeps the types of what it shows', async () => {
    await things.insertOne({ _id: 1 as never });
    const stream = await watch({ promoteValues: false } as ChangeStreamOptions);
    await things.updateOne({ _id: 1 as never }, { $set: { int: new Int32(3), long: Long.fromNumber(3) } });
    const [event] = await take(stream, 1);
    const { updatedFields } = event?.updateDescription as Document;
    expect(updatedFields.int).toBeInstanceOf(Int32);
    expect(updatedFields.long).toBeInstanceOf(Long);
  });
});

describe('fullDocument', () => {
  it('updateLookup gives the document as it is now, or null when it is gone', async () => {
    await things.insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    const stream = await watch({ fullDocument: 'updateLookup' });
    await things.updateOne({ _id: 1 as never }, { $set: { a: 1 } });
    await things.updateOne({ _id: 1 as never }, { $set: { b: 1 } });
    await things.updateOne({ _id: 2 as never }, { $set: { a: 1 } });
    await things.deleteOne({ _id: 2 as never });
    expect(await take(stream, 4)).toMatchObject([
      { fullDocument: { _id: 1, a: 1, b: 1 } },
      { fullDocument: { _id: 1, a: 1, b: 1 } },
      { fullDocument: null },
      { operationType: 'delete' },
    ]);
  });

  it('and fullDocumentBeforeChange give the images that the collection keeps', async () => {
    await test.db.createCollection(things.collectionName, {
      changeStreamPreAndPostImages: { enabled: true },
    });
    await things.insertOne({ _id: 1 as never, a: 1 });
    const stream = await watch({ fullDocument: 'required', fullDocumentBeforeChange: 'required' });
    await things.updateOne({ _id: 1 as never }, { $set: { a: 2 } });
    await things.updateOne({ _id: 1 as never }, { $set: { a: 3 } });
    await things.replaceOne({ _id: 1 as never }, { b: 1 });
    await things.deleteOne({ _id: 1 as never });
    expect(await take(stream, 4)).toMatchObject([
      { fullDocument: { a: 2 }, fullDocumentBeforeChange: { a: 1 } },
      { fullDocument: { a: 3 }, fullDocumentBeforeChange: { a: 2 } },
      { fullDocument: { b: 1 }, fullDocumentBeforeChange: { a: 3 } },
      { fullDocumentBeforeChange: { b: 1 } },
    ]);
  });

  it('is null, or an error when required, where none is kept', async () => {
    await things.insertOne({ _id: 1 as never });
    const lenient = await watch({ fullDocument: 'whenAvailable', fullDocumentBeforeChange: 'whenAvailable' });
    const strict = await watch({ fullDocument: 'required' });
    await things.updateOne({ _id: 1 as never }, { $set: { a: 1 } });
    expect(await take(lenient, 1)).toMatchObject([{ fullDocument: null, fullDocumentBeforeChange: null }]);
    expect(await errorOf(strict.next())).toMatchObject({ code: 47, codeName: 'NoMatchingDocument' });
  });
});

describe('a transaction', () => {
  it('appears whole when it is committed, with its session and number', async () => {
    await things.insertOne({ _id: 1 as never });
    const stream = await watch();
    await test.client.withSession(async (session) => {
      session.startTransaction();
      await things.insertOne({ _id: 2 as never }, { session });
      await things.updateOne({ _id: 1 as never }, { $set: { a: 1 } }, { session });
      await things.insertOne({ _id: 3 as never });
      await session.commitTransaction();
    });
    const events = await take(stream, 3);
    expect(events.map((event) => (event.documentKey as Document)._id)).toEqual([3, 2, 1]);
    const [outside, first, second] = events;
    expect(outside).not.toHaveProperty('lsid');
    expect(first?.lsid).toBeDefined();
    expect(second?.lsid).toEqual(first?.lsid);
    expect(second?.txnNumber).toEqual(first?.txnNumber);
    expect(second?.clusterTime).toEqual(first?.clusterTime);
    expect(second?._id).not.toEqual(first?._id);
  });

  it('that is aborted does not appear', async () => {
    const stream = await watch();
    await test.client.withSession(async (session) => {
      session.startTransaction();
      await things.insertOne({ _id: 1 as never }, { session });
      await session.abortTransaction();
    });
    expect(await takeAll(stream)).toEqual([]);
  });

  it('that began before the first stream on its database is not told in part', async () => {
    const db = test.client.db('watchedLater');
    const rows = db.collection('rows');
    await rows.insertOne({ _id: 0 as never });
    const session = test.client.startSession();
    session.startTransaction();
    await rows.insertOne({ _id: 1 as never }, { session });
    const opening = watch({}, [], rows);
    await rows.insertOne({ _id: 2 as never }, { session });
    await session.commitTransaction();
    await session.endSession();
    const stream = await opening;
    const ids = (await takeAll(stream, rows)).map((event) => (event.documentKey as Document)._id as number);
    expect([[], [1, 2]]).toContainEqual(ids);
  });

  it('cannot open a stream', async () => {
    await test.client.withSession(async (session) => {
      session.startTransaction();
      const error = await errorOf(
        test.db.command({ aggregate: 1, pipeline: [{ $changeStream: {} }], cursor: {} }, { session }),
      );
      expect(error.code).toBe(263);
    });
  });
});

describe('what a stream covers', () => {
  it('is a collection, a database or everything', async () => {
    const other = test.client.db('other').collection('x');
    const sibling = test.fresh();
    const narrow = await watch();
    const wide = await watch({}, [], test.db);
    const widest = await watch({}, [], test.client);
    await sibling.insertOne({ _id: 1 as never });
    await other.insertOne({ _id: 2 as never });
    await things.insertOne({ _id: 3 as never });
    const ids = async (stream: ChangeStream, count: number) =>
      (await take(stream, count)).map((event) => (event.documentKey as Document)._id as number);
    expect(await ids(narrow, 1)).toEqual([3]);
    expect(await ids(wide, 2)).toEqual([1, 3]);
    expect(await ids(widest, 3)).toEqual([1, 2, 3]);
  });

  it('may be a collection that does not exist yet', async () => {
    const stream = await watch();
    await things.insertOne({ _id: 1 as never });
    expect(await take(stream, 1)).toMatchObject([{ operationType: 'insert' }]);
  });

  it('is never an internal database, a view or a part of the admin database', async () => {
    await test.db.createCollection(`${things.collectionName}view`, {
      viewOn: things.collectionName,
      pipeline: [],
    });
    expect((await errorOf(watch({}, [], test.client.db('local')))).code).toBe(73);
    expect((await errorOf(watch({}, [], test.db.collection(`${things.collectionName}view`)))).code).toBe(166);
  });
});

describe('the end of a collection', () => {
  it('by drop is told, then the stream is over', async () => {
    await things.insertOne({});
    const stream = await watch();
    await things.drop();
    expect((await take(stream, 2)).map((event) => event.operationType)).toEqual(['drop', 'invalidate']);
    expect(stream.closed).toBe(true);
  });

  it('by rename is told to both names', async () => {
    const target = test.fresh();
    await things.insertOne({});
    const from = await watch();
    const to = await watch({}, [], target);
    const above = await watch({}, [], test.db);
    await things.rename(target.collectionName);
    for (const stream of [from, to]) {
      expect(await take(stream, 2)).toMatchObject([
        {
          operationType: 'rename',
          ns: { coll: things.collectionName },
          to: { db: 'test', coll: target.collectionName },
        },
        { operationType: 'invalidate' },
      ]);
    }
    await target.insertOne({ _id: 1 as never });
    expect(await take(above, 2)).toMatchObject([{ operationType: 'rename' }, { operationType: 'insert' }]);
  });

  it('and of a database ends the streams on the database', async () => {
    const db = test.client.db('doomed');
    await db.collection('a').insertOne({});
    await db.collection('b').insertOne({});
    const stream = await watch({}, [], db);
    const above = await watch({}, [], test.client);
    await db.dropDatabase();
    const operations = ['drop', 'drop', 'dropDatabase'];
    expect((await take(stream, 4)).map((event) => event.operationType)).toEqual([
      ...operations,
      'invalidate',
    ]);
    expect((await take(above, 3)).map((event) => event.operationType)).toEqual(operations);
    await things.insertOne({});
    expect(await take(above, 1)).toMatchObject([{ operationType: 'insert' }]);
  });

  it('can be passed with startAfter, not with resumeAfter', async () => {
    await things.insertOne({});
    const stream = await watch();
    await things.drop();
    const [drop, invalidate] = await take(stream, 2);
    await things.insertOne({ _id: 'again' as never });
    expect(await errorOf(refused({ resumeAfter: invalidate?._id as ResumeToken }))).toMatchObject({
      code: 260,
      codeName: 'InvalidResumeToken',
    });
    const next = await watch({ startAfter: invalidate?._id as ResumeToken });
    expect(await take(next, 1)).toMatchObject([{ operationType: 'insert', documentKey: { _id: 'again' } }]);
    const again = await watch({ resumeAfter: drop?._id as ResumeToken });
    expect(await take(again, 1)).toMatchObject([{ operationType: 'invalidate', _id: invalidate?._id }]);
  });
});

describe('resuming', () => {
  it.each(['resumeAfter', 'startAfter'] as const)('%s goes on behind any event', async (option) => {
    const stream = await watch();
    await things.insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    await things.insertOne({ _id: 3 as never });
    const events = await take(stream, 3);
    for (const [index, event] of events.entries()) {
      const resumed = await watch({ [option]: event._id });
      const rest = await takeAll(resumed);
      expect(rest.slice(0, 2 - index).map((one) => one._id)).toEqual(
        events.slice(index + 1).map((one) => one._id),
      );
    }
  });

  it('goes on behind the token of a batch without events', async () => {
    const stream = await watch();
    await test.fresh().insertOne({});
    expect(await stream.tryNext()).toBeNull();
    const token = stream.resumeToken;
    await things.insertOne({ _id: 1 as never });
    const resumed = await watch({ resumeAfter: token });
    expect(await take(resumed, 1)).toMatchObject([{ documentKey: { _id: 1 } }]);
  });

  it('startAtOperationTime includes what happened at that time', async () => {
    const first = await watch();
    const reply = await test.db.command({ insert: things.collectionName, documents: [{ _id: 1 }] });
    await things.insertOne({ _id: 2 as never });
    const [one] = await take(first, 1);
    const same = await watch({ startAtOperationTime: one?.clusterTime as Timestamp });
    expect(await take(same, 2)).toMatchObject([{ documentKey: { _id: 1 } }, { documentKey: { _id: 2 } }]);
    const later = await watch({ startAtOperationTime: reply.operationTime as Timestamp });
    const [next] = await take(later, 1);
    expect(next).toMatchObject({ documentKey: { _id: 2 } });
  });

  it('is done by the driver itself when the connection breaks', async () => {
    const stream = await watch();
    await things.insertOne({ _id: 1 as never });
    await take(stream, 1);
    await test.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['getMore'], closeConnection: true },
    });
    await things.insertMany([{ _id: 2 as never }, { _id: 3 as never }]);
    expect((await take(stream, 2)).map((event) => (event.documentKey as Document)._id)).toEqual([2, 3]);
  });

  it('from before the first stream on a database is refused', async () => {
    const untouched = await startTestServer();
    const rows = untouched.db.collection('rows');
    const reply = await untouched.db.command({ ping: 1 });
    await rows.insertOne({});
    const error = await errorOf(
      rows.watch([], { startAtOperationTime: reply.operationTime as Timestamp }).tryNext(),
    );
    expect(error).toMatchObject({
      code: 286,
      codeName: 'ChangeStreamHistoryLost',
      errorLabels: ['NonResumableChangeStreamError'],
    });
    await untouched.close();
  });

  it('with strange tokens is refused', async () => {
    expect((await errorOf(refused({ resumeAfter: { _data: 'abc' } }))).code).toBe(9);
    expect((await errorOf(refused({ resumeAfter: {} }))).code).toBe(40647);
    const stream = await watch();
    await things.insertOne({});
    const [event] = await take(stream, 1);
    const { _data } = event?._id as { _data: string };
    const unknown = { _data: `${_data.slice(0, -4)}0901` };
    expect((await errorOf(refused({ resumeAfter: unknown }))).code).toBe(280);
  });

  it('takes one point to start from', async () => {
    const token = (await watch()).resumeToken;
    const both = { resumeAfter: token, startAtOperationTime: new Timestamp({ t: 1, i: 1 }) };
    expect(
      (
        await errorOf(
          test.db.command({
            aggregate: things.collectionName,
            pipeline: [{ $changeStream: both }],
            cursor: {},
          }),
        )
      ).code,
    ).toBe(50865);
  });
});

describe('stages behind $changeStream', () => {
  it('choose and shape events', async () => {
    const stream = await watch({}, [
      { $match: { operationType: 'update', 'documentKey._id': { $gt: 1 } } },
      { $addFields: { comment: { $concat: ['changed ', { $toString: '$documentKey._id' }] } } },
      { $project: { comment: 1 } },
    ]);
    await things.insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    await things.updateMany({}, { $set: { a: 1 } });
    const [event] = await take(stream, 1);
    expect(event).toEqual({ _id: expect.anything(), comment: 'changed 2' });
    await things.updateOne({ _id: 2 as never }, { $set: { a: 2 } });
    const resumed = await watch({ resumeAfter: event?._id as ResumeToken });
    expect(await take(resumed, 1)).toMatchObject([{ updateDescription: { updatedFields: { a: 2 } } }]);
  });

  it('must leave the token alone', async () => {
    const stream = await watch({}, [{ $addFields: { _id: 'mine' } }]);
    await things.insertOne({});
    expect(await errorOf(stream.next())).toMatchObject({ code: 280, codeName: 'ChangeStreamFatalError' });
  });

  it.each([
    [[{ $group: { _id: null } }], 20],
    [[{ $sort: { a: 1 } }], 20],
    [[{ $out: 'x' }], 20],
    [[{ $nothing: 1 }], 40324],
    [[{ $match: { $nothing: 1 } }], 2],
  ])('%j is refused', async (pipeline, code) => {
    expect((await errorOf(watch({}, pipeline as Document[]))).code).toBe(code);
  });

  it('cannot come before it', async () => {
    const pipeline = [{ $match: {} }, { $changeStream: {} }];
    expect((await errorOf(things.aggregate(pipeline).toArray())).code).toBe(40602);
  });

  it.each([
    [{ fullDocument: 'sometimes' }, 2],
    [{ fullDocumentBeforeChange: 'sometimes' }, 2],
    [{ unheardOf: 1 }, 40415],
    [{ startAtOperationTime: 5 }, 14],
    [{ allChangesForCluster: true }, 72],
  ])('and the options %j are refused', async (options, code) => {
    const command = { aggregate: things.collectionName, pipeline: [{ $changeStream: options }], cursor: {} };
    expect((await errorOf(test.db.command(command))).code).toBe(code);
  });
});

describe('showExpandedEvents', () => {
  it('tells of collections and indexes as well', async () => {
    const stream = await watch({ showExpandedEvents: true });
    await test.db.createCollection(things.collectionName);
    await things.createIndex({ a: 1 });
    await test.db.command({ collMod: things.collectionName, validationLevel: 'off' });
    await things.dropIndex('a_1');
    await things.insertOne({ _id: 1 as never });
    const events = await take(stream, 5);
    expect(events.map((event) => event.operationType)).toEqual([
      'create',
      'createIndexes',
      'modify',
      'dropIndexes',
      'insert',
    ]);
    expect(events[1]).toMatchObject({ operationDescription: { indexes: [{ name: 'a_1', key: { a: 1 } }] } });
    const { info } = (await test.db.listCollections({ name: things.collectionName }).next()) as Document;
    for (const event of events) {
      expect((event as Document).collectionUUID).toEqual(info.uuid);
    }
  });

  it('tells of views', async () => {
    const stream = await watch({ showExpandedEvents: true }, [], test.db);
    const plain = await watch({}, [], test.db);
    const view = `${things.collectionName}view`;
    await test.db.createCollection(view, { viewOn: things.collectionName, pipeline: [{ $match: { a: 1 } }] });
    await test.db.dropCollection(view);
    await things.insertOne({});
    expect(await take(stream, 3)).toMatchObject([
      {
        operationType: 'create',
        ns: { db: 'test', coll: view },
        operationDescription: { viewOn: things.collectionName, pipeline: [{ $match: { a: 1 } }] },
      },
      { operationType: 'drop', ns: { coll: view } },
      { operationType: 'create', ns: { coll: things.collectionName } },
    ]);
    expect(await take(plain, 1)).toMatchObject([{ operationType: 'insert' }]);
  });

  it('tells positions from field names that look like them', async () => {
    await things.insertOne({ _id: 1 as never, a: { 1: 1 }, b: [{ 1: 1 }], c: [1] });
    const stream = await watch({ showExpandedEvents: true });
    await things.updateOne({ _id: 1 as never }, { $set: { 'a.1': 2, 'b.0.1': 2, 'c.0': 2 } });
    const [event] = await take(stream, 1);
    expect(event?.updateDescription).toMatchObject({
      updatedFields: { 'a.1': 2, 'b.0.1': 2, 'c.0': 2 },
      disambiguatedPaths: { 'a.1': ['a', '1'], 'b.0.1': ['b', 0, '1'] },
    });
    expect((event?.updateDescription as Document).disambiguatedPaths).not.toHaveProperty(['c.0']);
  });

  it('is off by default', async () => {
    const stream = await watch();
    await test.db.createCollection(things.collectionName);
    await things.createIndex({ a: 1 });
    expect(await takeAll(stream)).toEqual([]);
  });
});

describe('the cursor of a change stream', () => {
  it('carries a token with every batch', async () => {
    const opened = await test.db.command({
      aggregate: things.collectionName,
      pipeline: [{ $changeStream: {} }],
      cursor: {},
    });
    expect(opened.cursor).toMatchObject({
      firstBatch: [],
      ns: things.namespace,
      postBatchResumeToken: { _data: expect.any(String) },
    });
    await things.insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    const more = await test.db.command({
      getMore: Long.fromValue(opened.cursor.id),
      collection: things.collectionName,
    });
    const { nextBatch, postBatchResumeToken } = more.cursor;
    expect(nextBatch).toHaveLength(2);
    expect(postBatchResumeToken).toEqual(nextBatch[1]._id);
    await test.db.command({
      killCursors: things.collectionName,
      cursors: [Long.fromValue(opened.cursor.id)],
    });
  });

  it('can be killed while a getMore waits', async () => {
    const opened = await test.db.command({
      aggregate: things.collectionName,
      pipeline: [{ $changeStream: {} }],
      cursor: {},
    });
    const id = Long.fromValue(opened.cursor.id);
    const waiting = errorOf(
      test.db.command({ getMore: id, collection: things.collectionName, maxTimeMS: 20_000 }),
    );
    await test.db.command({ ping: 1 });
    await test.db.command({ killCursors: things.collectionName, cursors: [id] });
    expect((await waiting).code).toBe(43);
  });
});
