import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import {
  afterCursor,
  cutPage,
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  type SortKey,
} from './cursor-page.ts';

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'postedOn', direction: -1, kind: 'string' },
  { field: '_id', direction: 1, kind: 'objectId' },
];

describe('cursor paging', () => {
  it('gives back every kind of value that it was given', () => {
    const order: readonly SortKey[] = [
      { field: 'at', direction: -1, kind: 'date' },
      { field: 'score', direction: 1, kind: 'number' },
      { field: 'name', direction: 1, kind: 'string' },
      { field: '_id', direction: 1, kind: 'objectId' },
    ];
    const row = {
      at: new Date('2026-03-01T10:00:00Z'),
      score: 0.25,
      name: '카페 "é"',
      _id: new Types.ObjectId(),
    };

    const values = decodeCursor(order, encodeCursor(order, row));

    expect(values).toEqual([row.at, row.score, row.name, row._id]);
  });

  it('asks for rows after the cursor in both directions of the order', () => {
    const id = new Types.ObjectId();
    const cursor = encodeCursor(NEWEST_FIRST, { postedOn: '2026-03-01', _id: id });

    const filter = afterCursor(NEWEST_FIRST, cursor);

    expect(JSON.parse(JSON.stringify(filter))).toEqual({
      $or: [{ postedOn: { $lt: '2026-03-01' } }, { postedOn: '2026-03-01', _id: { $gt: id.toHexString() } }],
    });
    expect(afterCursor(NEWEST_FIRST, undefined)).toEqual({});
  });

  it.each([
    ['not base64url', '{}'],
    ['not JSON', Buffer.from('oops').toString('base64url')],
    ['too few values', Buffer.from('["2026-03-01"]').toString('base64url')],
    ['an operator instead of a value', Buffer.from('[{"$ne":1},"a"]').toString('base64url')],
    ['a value of another kind', Buffer.from('["2026-03-01","not-an-id"]').toString('base64url')],
    ['a value far too long', Buffer.from(JSON.stringify(['x'.repeat(2_000), 'y'])).toString('base64url')],
  ])('refuses a cursor that is %s', (_situation, cursor) => {
    expect(() => decodeCursor(NEWEST_FIRST, cursor)).toThrow(InvalidCursorError);
  });

  it('has no next cursor on the last page, also when it is exactly full', () => {
    const rows = [1, 2, 3].map((n) => ({ postedOn: `2026-03-0${String(n)}`, _id: new Types.ObjectId() }));

    expect(cutPage(NEWEST_FIRST, rows, 3)).toEqual({ rows, nextCursor: null });
    expect(cutPage(NEWEST_FIRST, rows, 2).nextCursor).not.toBeNull();
    expect(cutPage(NEWEST_FIRST, [], 2)).toEqual({ rows: [], nextCursor: null });
  });
});
