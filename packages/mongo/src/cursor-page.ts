import { Types, trusted } from 'mongoose';

/** One field of the order of a list; the last field must be unique so that no row is skipped or shown twice. */
export interface SortKey {
  field: string;
  direction: 1 | -1;
  kind: 'string' | 'number' | 'date' | 'objectId';
}

export type CursorValue = string | number | Date | Types.ObjectId;

/** A cursor that was not made by `encodeCursor` for the same order. Callers answer it with a validation problem. */
export class InvalidCursorError extends Error {
  readonly code = 'invalid-cursor';
  constructor() {
    super('The cursor is not valid for this list');
    this.name = 'InvalidCursorError';
  }
}

const MAX_CURSOR_LENGTH = 1_024;

/**
 * Packs the sort values of the last row of a page into opaque, URL-safe text.
 * @param order fields of the list's order
 * @param row the last row of the page
 * @throws TypeError when the row lacks a field or has another kind of value there: the list must not have such rows
 */
export function encodeCursor(order: readonly SortKey[], row: Readonly<Record<string, unknown>>): string {
  const values = order.map(({ field, kind }) => {
    const value = row[field];
    if (kind === 'date' && value instanceof Date) {
      return value.getTime();
    }
    if (kind === 'objectId' && value instanceof Types.ObjectId) {
      return value.toHexString();
    }
    if (kind === typeof value) {
      return value;
    }
    throw new TypeError(`Sort field ${field} is not a ${kind}`);
  });
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * Reads a cursor back. The text comes from outside, so every value is checked against the order.
 * @param order fields of the list's order
 * @param cursor text made by `encodeCursor`
 * @returns one value per sort field
 * @throws InvalidCursorError when the text was not made for this order
 */
export function decodeCursor(order: readonly SortKey[], cursor: string): CursorValue[] {
  const values = parseCursor(cursor);
  if (!Array.isArray(values) || values.length !== order.length) {
    throw new InvalidCursorError();
  }
  return order.map(({ kind }, position) => readValue(kind, values[position]));
}

/**
 * Filter for the rows that come after a cursor (keyset paging: its cost does not grow with the page number).
 * @param order fields of the list's order
 * @param cursor text made by `encodeCursor`; `undefined` for the first page
 * @returns a filter to combine with the list's own by `$and`; empty for the first page
 * @throws InvalidCursorError when the text was not made for this order
 */
export function afterCursor(order: readonly SortKey[], cursor: string | undefined): Record<string, unknown> {
  if (cursor === undefined) {
    return {};
  }
  const values = decodeCursor(order, cursor);
  const branches = order.map(({ field, direction }, position) => {
    const equalSoFar = order.slice(0, position).map((key, index) => [key.field, values[index]]);
    const operator = direction === 1 ? '$gt' : '$lt';
    return { ...Object.fromEntries(equalSoFar), [field]: trusted({ [operator]: values[position] }) };
  });
  return { $or: branches };
}

/**
 * Sort specification of an order, for `find().sort()`.
 * @param order fields of the list's order
 */
export function sortOf(order: readonly SortKey[]): Record<string, 1 | -1> {
  return Object.fromEntries(order.map(({ field, direction }) => [field, direction]));
}

/**
 * Cuts one page from rows that were read with `limit + 1`.
 * @param order fields of the list's order
 * @param rows at most `limit + 1` rows
 * @param limit rows of a page
 * @returns the page and the cursor of the next one, null on the last page
 */
export function cutPage<Row extends object>(
  order: readonly SortKey[],
  rows: readonly Row[],
  limit: number,
): { rows: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return {
    rows: page,
    nextCursor: hasMore ? encodeCursor(order, Object.fromEntries(Object.entries(last))) : null,
  };
}

function parseCursor(cursor: string): unknown {
  if (cursor.length > MAX_CURSOR_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) {
    throw new InvalidCursorError();
  }
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new InvalidCursorError();
  }
}

function readValue(kind: SortKey['kind'], value: unknown): CursorValue {
  if (kind === 'string' && typeof value === 'string') {
    return value;
  }
  if (kind === 'number' && typeof value === 'number' && Number.isFinite(value)) {
    return value;
  }
  // 8.64e15 ms is the largest instant a Date can hold (ECMAScript, time values).
  if (kind === 'date' && typeof value === 'number' && Math.abs(value) <= 8.64e15) {
    return new Date(value);
  }
  if (kind === 'objectId' && typeof value === 'string' && /^[0-9a-f]{24}$/.test(value)) {
    return new Types.ObjectId(value);
  }
  throw new InvalidCursorError();
}
