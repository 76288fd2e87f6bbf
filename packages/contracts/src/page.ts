import { z } from 'zod';

/**
 * Query fields of a cursor-paged route.
 * @param limits `max` and `default` number of rows of a page
 */
export const pageQuery = (limits: { max: number; default: number } = { max: 500, default: 50 }) => ({
  limit: z.coerce.number().int().min(1).max(limits.max).default(limits.default),
  cursor: z.string().min(1).max(512).optional(),
});

/**
 * Envelope of a cursor-paged reply: `{ data, page: { nextCursor } }`; `nextCursor` is null on the last page.
 * @param row schema of one row
 */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), page: z.object({ nextCursor: z.string().nullable() }) });
