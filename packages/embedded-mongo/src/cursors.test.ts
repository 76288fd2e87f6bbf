import { describe, expect, it } from '@jest/globals';
import { CURSOR_TIMEOUT_MS, CursorTable } from './cursors.ts';
import { ListStream } from './find-stream.ts';

const open = (table: CursorTable, timesOut = true) =>
  table.open({ namespace: 'test.things', stream: new ListStream([]), timesOut });

describe('CursorTable', () => {
  it('gives cursors positive ids that differ', () => {
    const table = new CursorTable();
    const ids = Array.from({ length: 200 }, () => open(table).id);
    expect(new Set(ids.map(String)).size).toBe(200);
    expect(ids.every((id) => id.isNegative() === false && !id.isZero())).toBe(true);
  });

  it('closes cursors that were not used for ten minutes, except busy ones and those that never time out', () => {
    const table = new CursorTable();
    const unused = open(table);
    const busy = open(table);
    busy.busy = true;
    const lasting = open(table, false);
    table.expire(Date.now() + CURSOR_TIMEOUT_MS - 1000);
    expect(table.size).toBe(3);
    table.expire(Date.now() + CURSOR_TIMEOUT_MS + 1000);
    expect(() => table.find(unused.id)).toThrow('not found');
    expect(table.find(busy.id)).toBe(busy);
    expect(table.find(lasting.id)).toBe(lasting);
    expect(table.close(busy.id)).toBe(true);
    expect(table.close(busy.id)).toBe(false);
  });
});

describe('ListStream', () => {
  it('hands out documents by number and by size', async () => {
    const stream = new ListStream([1, 2, 3, 4, 5].map((size) => new Uint8Array(size)));
    expect((await stream.take(2, 1000)).documents).toHaveLength(2);
    expect(await stream.take(10, 6)).toMatchObject({ documents: [{ length: 3 }], done: false });
    // One document is handed out even when it alone is larger than asked for.
    expect(await stream.take(10, 2)).toMatchObject({ documents: [{ length: 4 }], done: false });
    expect(await stream.take(10, 6)).toMatchObject({ documents: [{ length: 5 }], done: true });
    expect(await stream.take(10, 6)).toMatchObject({ documents: [], done: true });
  });
});
