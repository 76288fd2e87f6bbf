import type { Identity } from '@orrery/service-kit';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';

const Page = z.object({
  data: z.array(z.looseObject({ id: z.string() })),
  page: z.object({ nextCursor: z.string().nullable() }),
});

/** One row as the route shows it. */
export type ListedRow = z.output<typeof Page>['data'][number];

/** One page as the route shows it. */
export type ListedPage = z.output<typeof Page>;

/**
 * One page of `GET /v1/transactions`.
 * @param service the service
 * @param user who asks
 * @param query filter, limit and cursor
 */
export const listPage = async (
  service: TestService,
  user: Identity,
  query: Record<string, string> = {},
): Promise<ListedPage> => {
  const reply = await service.call(`/v1/transactions?${new URLSearchParams(query).toString()}`, { as: user });
  return Page.parse(reply.json);
};

/**
 * All rows of a filter, page by page.
 * @param service the service
 * @param user who asks
 * @param query filter and limit
 */
export const listAll = async (
  service: TestService,
  user: Identity,
  query: Record<string, string> = {},
): Promise<ListedRow[]> => {
  const rows: ListedRow[] = [];
  let cursor: string | null = null;
  do {
    const page: ListedPage = await listPage(service, user, { ...query, ...(cursor !== null && { cursor }) });
    rows.push(...page.data);
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return rows;
};

/**
 * Ids of rows, in order.
 * @param rows listed rows
 */
export const idsOf = (rows: readonly ListedRow[]): string[] => rows.map(({ id }) => id);
