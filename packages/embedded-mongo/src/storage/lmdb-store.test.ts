import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLmdbStore } from './lmdb-store.ts';
import type { Store } from './store.ts';

let directory: string;
let store: Store;
const key = (text: string): Buffer => Buffer.from(text);

describe.each(['sync', 'nosync'] as const)('the store, %s', (durability) => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmdb-store-'));
    store = openLmdbStore(directory, { durability });
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it('shows a write once it is acknowledged', async () => {
    await store.atomically((view) => {
      view.put(key('a'), key('1'));
    });
    expect(store.get(key('a'))).toEqual(key('1'));
  });

  it('undoes a work that throws, and only that one', async () => {
    const results = await Promise.allSettled([
      store.atomically((view) => {
        view.put(key('a'), key('1'));
      }),
      store.atomically((view) => {
        view.put(key('b'), key('2'));
        throw new Error('no');
      }),
      store.atomically((view) => {
        expect(view.get(key('a'))).toEqual(key('1'));
        expect(view.get(key('b'))).toBeUndefined();
        view.put(key('c'), key('3'));
        return 'done';
      }),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([...store.range({ start: key('a'), end: key('z') })].map((entry) => String(entry.key))).toEqual([
      'a',
      'c',
    ]);
  });

  it.each([
    [{ start: 'b', end: 'd' }, ['b', 'bb', 'c']],
    [{ start: 'b', end: 'd', reverse: true }, ['c', 'bb', 'b']],
    [{ start: 'a', end: 'e', limit: 2 }, ['a', 'b']],
    [{ start: 'a', end: 'e', limit: 2, reverse: true }, ['d', 'c']],
    [{ start: 'ba', end: 'bz', reverse: true }, ['bb']],
    [{ start: 'x', end: 'z' }, []],
    [{ start: 'x', end: 'z', reverse: true }, []],
    [{ start: 'A', end: 'a', reverse: true }, []],
    [{ start: 'd', end: 'b' }, []],
  ])('walks the range %j', async (range, expected) => {
    await store.atomically((view) => {
      for (const name of ['a', 'b', 'bb', 'c', 'd']) {
        view.put(key(name), key(name));
      }
    });
    const found = [...store.range({ ...range, start: key(range.start), end: key(range.end) })];
    expect(found.map((entry) => String(entry.key))).toEqual(expected);
    await store.atomically((view) => {
      const inside = [...view.range({ ...range, start: key(range.start), end: key(range.end) })];
      expect(inside.map((entry) => String(entry.value))).toEqual(expected);
    });
  });

  it('keeps a snapshot as it was', async () => {
    await store.atomically((view) => {
      view.put(key('a'), key('1'));
    });
    const snapshot = store.snapshot();
    await store.atomically((view) => {
      view.put(key('a'), key('2'));
      view.put(key('b'), key('3'));
    });
    expect(snapshot.get(key('a'))).toEqual(key('1'));
    expect([...snapshot.range({ start: key('a'), end: key('z') })]).toHaveLength(1);
    expect(store.get(key('a'))).toEqual(key('2'));
    snapshot.release();
  });

  it('deletes, and keeps large values', async () => {
    const large = Buffer.alloc(3_000_000, 7);
    await store.atomically((view) => {
      view.put(key('a'), large);
      view.put(key('b'), key('1'));
    });
    await store.atomically((view) => {
      view.del(key('b'));
      view.del(key('never'));
    });
    expect(store.get(key('a'))?.equals(large)).toBe(true);
    expect(store.get(key('b'))).toBeUndefined();
  });

  it('refuses writes after it was closed', async () => {
    await store.close();
    await expect(store.atomically(() => undefined)).rejects.toThrow('closed');
    store = openLmdbStore(directory, { durability });
  });
});
