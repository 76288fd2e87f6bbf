import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types, type Connection } from 'mongoose';
import { afterCursor, cutPage, sortOf, type SortKey } from '../src/cursor-page.ts';
import { openTestDatabase } from './test-database.ts';

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'postedOn', direction: -1, kind: 'string' },
  { field: '_id', direction: 1, kind: 'objectId' },
];

describe('pages of a list', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;

  beforeAll(async () => {
    database = await openTestDatabase();
    connection = database.connection;
    const rows = Array.from({ length: 57 }, (_, index) => ({
      _id: new Types.ObjectId(),
      // Many rows share a day, so that the second field decides.
      postedOn: `2026-03-${String(1 + (index % 9)).padStart(2, '0')}`,
    }));
    await connection.collection('days').insertMany(rows);
  });

  afterAll(() => database.remove());

  it.each([1, 7, 19, 57, 100])('show every row once and in order, %d at a time', async (limit) => {
    const days = connection.collection('days');
    const all = await days.find().sort(sortOf(NEWEST_FIRST)).toArray();
    const seen: string[] = [];

    let cursor: string | undefined;
    do {
      const rows = await days
        .find(afterCursor(NEWEST_FIRST, cursor))
        .sort(sortOf(NEWEST_FIRST))
        .limit(limit + 1)
        .toArray();
      const page = cutPage(NEWEST_FIRST, rows, limit);
      seen.push(...page.rows.map(({ _id }) => String(_id)));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);

    expect(seen).toEqual(all.map(({ _id }) => String(_id)));
  });
});
