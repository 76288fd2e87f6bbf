import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Document, MongoClient, type ResumeToken } from 'mongodb';
import { EVERY_DATABASE } from '../src/changes/history.ts';
import { Engine } from '../src/engine.ts';
import { checkConsistency } from '../src/index.ts';
import { changeRange, watchedRange } from '../src/storage/keyspace.ts';
import { openLmdbStore } from '../src/storage/lmdb-store.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { errorOf, startTestServer } from './test-server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const HOUR = 3_600_000;

/** What is stored of the history, read without a server. */
async function stored(): Promise<{ records: number; watched: string[] }> {
  const store = openLmdbStore(directory, { durability: 'nosync' });
  const records = [...store.range(changeRange())].length;
  const watched = [...store.range(watchedRange())].map(({ key }) => key.toString('utf8', 1));
  await store.close();
  return { records, watched };
}

/** Waits for a stream to be open, and takes its first token. */
async function openStream(things: Collection): Promise<ResumeToken> {
  const stream = things.watch([], { maxAwaitTimeMS: 20 });
  await stream.tryNext();
  const token = stream.resumeToken;
  await stream.close();
  return token;
}

/** A client that soon gives up on a server that was killed. */
async function connect({ uri }: ChildServer): Promise<MongoClient> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await new MongoClient(uri, { serverSelectionTimeoutMS: 300 }).connect();
    } catch (error) {
      if (attempt === 50) {
        throw error;
      }
    }
  }
}

describe('the change history', () => {
  it('stores nothing for databases that nobody has watched', async () => {
    const test = await startTestServer({ dataDirectory: directory });
    await openStream(test.client.db('watched').collection('things'));
    await test.client.db('watched').collection('things').insertOne({});
    await test.db.collection('things').insertMany([{}, {}]);
    await test.close();
    expect(await stored()).toEqual({ records: 1, watched: ['watched'] });
  });

  it('survives a restart, tokens included', async () => {
    const first = await startTestServer({ dataDirectory: directory });
    const token = await openStream(first.db.collection('things'));
    await first.db.collection('things').insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    await first.close();
    const second = await startTestServer({ dataDirectory: directory });
    const things = second.db.collection('things');
    await things.deleteOne({ _id: 1 as never });
    const stream = things.watch([], { resumeAfter: token });
    const events = [await stream.next(), await stream.next(), await stream.next()];
    expect(
      events.map((event): unknown => [event.operationType, (event as Document).documentKey._id]),
    ).toEqual([
      ['insert', 1],
      ['insert', 2],
      ['delete', 1],
    ]);
    const times = events.map((event) => event.clusterTime?.toBigInt() ?? 0n);
    expect(times[2]).toBeGreaterThan(times[1] ?? 0n);
    await stream.close();
    await second.close();
    expect((await checkConsistency(directory)).problems).toEqual([]);
  });

  it('loses and repeats nothing when the server is killed again and again', async () => {
    let server: ChildServer = await startChildServer(directory, ['--nosync']);
    const acknowledged = new Set<number>();
    const seen: number[] = [];
    let next = 0;
    let token: ResumeToken | undefined;
    for (let round = 0; round < 3; round += 1) {
      const client = await connect(server);
      const things = client.db('test').collection<{ _id: number }>('things');
      token ??= await openStream(things as unknown as Collection);
      const stream = things.watch([], { resumeAfter: token, maxAwaitTimeMS: 20 });
      const reading = (async () => {
        for (;;) {
          const event = await stream.next();
          if (event.operationType === 'insert') {
            seen.push(event.documentKey._id);
            token = event._id;
          }
        }
      })().catch((error: unknown) => error);
      const goal = acknowledged.size + 150;
      const writers = Array.from({ length: 4 }, async () => {
        for (;;) {
          const id = next;
          next += 1;
          await things.insertOne({ _id: id });
          acknowledged.add(id);
          if (acknowledged.size === goal) {
            await server.kill();
          }
        }
      });
      await Promise.allSettled(writers);
      await stream.close();
      await reading;
      await client.close();
      server = await startChildServer(directory, ['--nosync']);
    }
    const client = await new MongoClient(server.uri).connect();
    const things = client.db('test').collection<{ _id: number }>('things');
    const stream = things.watch([], { resumeAfter: token, maxAwaitTimeMS: 20 });
    for (let event = await stream.tryNext(); event !== null; event = await stream.tryNext()) {
      if (event.operationType === 'insert') {
        seen.push(event.documentKey._id);
      }
    }
    const documents = await things.find().toArray();
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort((a, b) => a - b)).toEqual(documents.map(({ _id }) => _id).sort((a, b) => a - b));
    expect([...acknowledged].filter((id) => !seen.includes(id))).toEqual([]);
    await client.close();
    await server.stop();
  });

  it('is discarded beyond its size, and tokens from before are answered with history lost', async () => {
    const test = await startTestServer({ dataDirectory: directory });
    const things = test.db.collection('things');
    const token = await openStream(things);
    for (let n = 0; n < 40; n += 1) {
      await things.insertOne({ text: 'x'.repeat(2000) });
    }
    const later = await openStream(things);
    await test.close();
    const store = openLmdbStore(directory, { durability: 'nosync' });
    const engine = new Engine(store, { maxBytes: 50_000, maxAgeMs: 24 * HOUR });
    await engine.trimHistory(Date.now());
    const left = [...store.range(changeRange())].reduce((sum, { value }) => sum + value.length, 0);
    expect(left).toBeLessThan(50_000);
    expect(left).toBeGreaterThan(10_000);
    await store.close();
    const again = await startTestServer({ dataDirectory: directory });
    const resumed = again.db.collection('things').watch([], { resumeAfter: token });
    expect(await errorOf(resumed.next())).toMatchObject({ code: 286 });
    await resumed.close();
    const following = again.db.collection('things').watch([], { resumeAfter: later });
    await again.db.collection('things').insertOne({ _id: 'new' as never });
    expect(await following.next()).toMatchObject({ documentKey: { _id: 'new' } });
    await following.close();
    await again.close();
  });

  it('is discarded when it is old, and a database is forgotten when no stream was open on it for as long', async () => {
    const test = await startTestServer({ dataDirectory: directory });
    await openStream(test.db.collection('things'));
    await test.db.collection('things').insertMany([{}, {}]);
    await test.close();
    const store = openLmdbStore(directory, { durability: 'nosync' });
    const engine = new Engine(store, { maxBytes: 1 << 20, maxAgeMs: 2 * HOUR });
    await engine.trimHistory(Date.now() + HOUR);
    expect(engine.history.records('test')).toBe(true);
    await engine.trimHistory(Date.now() + 3 * HOUR);
    expect(engine.history.records('test')).toBe(false);
    await store.close();
    expect(await stored()).toEqual({ records: 0, watched: [] });
  });

  it('keeps a database for as long as a stream is open on it', async () => {
    const store = openLmdbStore(directory, { durability: 'nosync' });
    const engine = new Engine(store, { maxBytes: 1 << 20, maxAgeMs: HOUR });
    await engine.watchChanges('test');
    await engine.history.trim(Date.now() + 2 * HOUR, new Set(['test']));
    expect(engine.history.records('test')).toBe(true);
    expect(engine.history.records('other')).toBe(false);
    await engine.watchChanges(EVERY_DATABASE);
    expect(engine.history.records('other')).toBe(true);
    expect(engine.history.records('local')).toBe(false);
    await store.close();
  });
});
