import { ListCategorized, ListCategorizedUsers } from '@orrery/contracts';
import type { ServiceClient } from '@orrery/service-kit';
import type { z } from 'zod';

type Page = z.output<(typeof ListCategorized.responses)[200]>;

/** What categorisation knows of transactions, page by page. */
export interface CategorizedSource {
  /** Everything it knows of one user. */
  transactionsOf(userId: string): AsyncGenerator<Omit<Page, 'next'>>;
  /** Every user it knows. */
  users(): AsyncGenerator<string>;
}

/**
 * Reads the source of the ledger over HTTP.
 * @param categorization client of that service
 */
export const categorizedSource = (categorization: ServiceClient): CategorizedSource => ({
  async *transactionsOf(userId) {
    let after: string | undefined;
    do {
      const { next, ...page }: Page = (
        await categorization.call(ListCategorized, {
          params: { userId },
          query: { limit: 200, ...(after !== undefined && { after }) },
        })
      ).body;
      yield page;
      after = next ?? undefined;
    } while (after !== undefined);
  },
  async *users() {
    let after: string | undefined;
    do {
      const { users, next }: z.output<(typeof ListCategorizedUsers.responses)[200]> = (
        await categorization.call(ListCategorizedUsers, { query: after === undefined ? {} : { after } })
      ).body;
      yield* users;
      after = next ?? undefined;
    } while (after !== undefined);
  },
});
