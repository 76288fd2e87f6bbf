import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Schema, trusted, type Connection } from 'mongoose';
import { openDatabase } from '../src/connect.ts';
import { openTestDatabase, testDatabaseUri } from './test-database.ts';

describe('a service database', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;

  beforeAll(async () => {
    database = await openTestDatabase();
    connection = database.connection;
    const Note = connection.model('Note', new Schema({ text: String, size: Number }));
    await Note.create([
      { text: 'a', size: 1 },
      { text: 'b', size: 5 },
    ]);
  });

  afterAll(() => database.remove());

  it('turns an operator from outside into a plain value, and takes ours when it is marked', async () => {
    const Note = connection.model('Note');
    const fromOutside: Record<string, unknown> = { text: { $ne: null } };

    await expect(Note.find(fromOutside).exec()).rejects.toThrow('Cast to string failed');
    expect(await Note.find({ size: trusted({ $gt: 2 }) }).exec()).toHaveLength(1);
  });

  it('refuses a filter on a field that the schema does not know', async () => {
    const misspelt: Record<string, unknown> = { txet: 'a' };

    await expect(connection.model('Note').find(misspelt).exec()).rejects.toThrow('strictQuery');
  });

  it('shares no models with another connection of the same process', async () => {
    const other = await openTestDatabase();

    expect(Object.keys(connection.models)).toEqual(['Note']);
    expect(Object.keys(other.connection.models)).toEqual([]);
    await other.remove();
  });

  it('says within its time limit that no server answers', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    silent.close();
    const startedAt = performance.now();

    const opening = openDatabase(`mongodb://127.0.0.1:${String(port)}`, 'test', {
      serverSelectionTimeoutMs: 300,
    });

    await expect(opening).rejects.toThrow('ECONNREFUSED');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(testDatabaseUri()).not.toContain(String(port));
  });
});
