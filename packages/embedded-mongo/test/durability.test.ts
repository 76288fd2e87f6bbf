import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { checkConsistency, startEmbeddedMongo } from '../src/index.ts';
import { startChildServer } from './child-server.ts';
import { runKillRounds } from './kill-rounds.ts';
import { errorOf, startTestServer } from './test-server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const runCli = (...options: string[]): { status: number | null; output: string } => {
  const result = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...options], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status: result.status, output: result.stdout + result.stderr };
};

describe('a restart', () => {
  it.each(['sync', 'nosync'] as const)('keeps documents, indexes and options (%s)', async (durability) => {
    const first = await startTestServer({ dataDirectory: directory, durability });
    const things = first.db.collection('things');
    await first.db.createCollection('things', { collation: { locale: 'en', strength: 2 } });
    await things.createIndex({ name: 1 }, { unique: true });
    await things.insertMany([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    await things.deleteOne({ name: 'b' });
    await first.close();
    const second = await startTestServer({ dataDirectory: directory, durability });
    const again = second.db.collection('things');
    expect((await again.find().toArray()).map((one): unknown => one.name)).toEqual(['a', 'c']);
    expect((await errorOf(again.insertOne({ name: 'A' }))).code).toBe(11000);
    await again.insertOne({ name: 'd' });
    expect((await again.find().toArray()).map((one): unknown => one.name)).toEqual(['a', 'c', 'd']);
    await second.close();
    expect(await checkConsistency(directory)).toMatchObject({
      collections: 1,
      documents: 3,
      indexEntries: 6,
      problems: [],
    });
  });

  it('removes indexes whose building was interrupted', async () => {
    const server = await startChildServer(directory, ['--nosync']);
    const client = await new MongoClient(server.uri, { serverSelectionTimeoutMS: 500 }).connect();
    const things = client.db('test').collection('things');
    await things.insertMany(Array.from({ length: 20_000 }, (_unused, n) => ({ n, text: `text ${n}` })));
    const build = things.createIndex({ text: 1 }).catch((error: unknown) => error);
    while (!JSON.stringify(await client.db('test').command({ collStats: 'things' })).includes('text_1')) {
      await client.db('test').command({ ping: 1 });
    }
    await server.kill();
    await build;
    await client.close();
    const second = await startTestServer({ dataDirectory: directory });
    expect((await second.db.collection('things').indexes()).map((index) => index.name)).toEqual(['_id_']);
    await second.db.collection('things').createIndex({ text: 1 });
    await second.close();
    expect((await checkConsistency(directory)).problems).toEqual([]);
  }, 30_000);
});

describe('kill -9 under load', () => {
  it('loses no acknowledged write and breaks no index', async () => {
    const report = await runKillRounds({ directory, rounds: 3, seed: 7, longestMs: 500 });
    expect(report.problems).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(100);
    expect(report.rounds).toBe(3);
  }, 60_000);
});

describe('the data directory', () => {
  it('is used by one server at a time', async () => {
    const server = await startEmbeddedMongo({ dataDirectory: directory });
    await expect(startEmbeddedMongo({ dataDirectory: directory })).rejects.toThrow('another server');
    expect(runCli('--data', directory, '--port', '0')).toMatchObject({
      status: 1,
      output: expect.stringContaining('another server'),
    });
    await server.stop();
    const again = await startEmbeddedMongo({ dataDirectory: directory });
    await again.stop();
    await again.stop();
  });

  it('can be used again after its server was killed', async () => {
    const server = await startChildServer(directory);
    await server.kill();
    const again = await startEmbeddedMongo({ dataDirectory: directory });
    await again.stop();
  });

  it.each(['', 'nonsense', '999999999\n5\nx\n', `${process.pid}\n1\nother-boot\n`])(
    'can be used when the lock says %j',
    async (content) => {
      await writeFile(join(directory, 'server.lock'), content);
      const server = await startEmbeddedMongo({ dataDirectory: directory });
      await server.stop();
    },
  );

  it('is free again when the port was taken', async () => {
    const server = await startEmbeddedMongo({ dataDirectory: directory });
    const other = join(directory, 'other');
    await expect(startEmbeddedMongo({ dataDirectory: other, port: server.port })).rejects.toThrow(
      'EADDRINUSE',
    );
    const second = await startEmbeddedMongo({ dataDirectory: other });
    await second.stop();
    await server.stop();
  });
});

describe('the command line', () => {
  it('serves, stops when asked to, and checks', async () => {
    const server = await startChildServer(directory, ['--wire', '25']);
    const client = await new MongoClient(server.uri).connect();
    await client.db('test').collection('things').insertOne({ a: 1 });
    expect(await client.db('test').command({ hello: 1 })).toMatchObject({ maxWireVersion: 25 });
    await client.close();
    expect(await server.stop()).toBe(0);
    expect(runCli('--data', directory, '--check')).toEqual({
      status: 0,
      output: '1 collections, 1 documents, 1 index entries\nno problems found\n',
    });
  });

  it.each([
    [['--data', 'x', '--host', '0.0.0.0'], '127.0.0.1 only'],
    [['--port', '5'], '--data is missing'],
    [['--data', 'x', '--port', '99999'], '--port must be'],
    [['--data', 'x', '--wire', '9'], '--wire must be'],
    [['--nonsense'], 'nonsense'],
  ])('refuses %j', (options, complaint) => {
    expect(runCli(...options)).toMatchObject({ status: 1, output: expect.stringContaining(complaint) });
  });

  it('refuses another address in code as well', async () => {
    const options = { dataDirectory: directory, host: '0.0.0.0' as '127.0.0.1' };
    await expect(startEmbeddedMongo(options)).rejects.toThrow('127.0.0.1 only');
  });
});
