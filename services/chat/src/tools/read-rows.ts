import { ListTransactions } from '../clients/routes.ts';
import type { ToolAccess } from './tool-access.ts';

/** A transaction as the ledger lists it. */
export interface Row {
  id: string;
  date: string;
  merchant: string;
  /** As the bank wrote it. */
  description: string;
  amount: { amount: string; currency: string };
  category: { slug: string; name: string } | null;
}

/** Which rows. */
export interface RowFilter {
  from?: string | undefined;
  to?: string | undefined;
  category?: string | undefined;
  q?: string | undefined;
}

const PAGE = 500;
/** Rows of one answer that are looked at; a question about more gets a partial answer that says so. */
const MAX_ROWS = 4_000;
/** A text search hands out short pages, because each looks at so many rows only. */
const MAX_PAGES = 20;

/**
 * Rows of the user's ledger that fit a filter, newest first.
 * @param access bound to the user
 * @param filter which rows
 * @param enough how many are wanted; default as many as one answer may look at
 * @returns the rows, and whether there are no more
 */
export async function readRows(
  access: ToolAccess,
  filter: RowFilter,
  enough = MAX_ROWS,
): Promise<{ rows: Row[]; isComplete: boolean }> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES && rows.length < enough; page += 1) {
    const { body } = await access.call('insights', ListTransactions, {
      query: { ...filter, limit: Math.min(PAGE, enough), cursor },
    });
    rows.push(
      ...body.data.map(({ id, date, description, merchant, amount, category }) => ({
        id,
        date,
        merchant: merchant ?? description,
        description,
        amount,
        category,
      })),
    );
    if (body.page.nextCursor === null) {
      return { rows: rows.slice(0, enough), isComplete: rows.length <= enough };
    }
    cursor = body.page.nextCursor;
  }
  return { rows: rows.slice(0, enough), isComplete: false };
}

/**
 * A part of a merchant's name that the ledger can look for as it is written: its longest word, without the ending that
 * stands behind an apostrophe on one statement and not on another.
 * @param merchant as it was asked for
 */
export const longestWord = (merchant: string): string => {
  const words = merchant.split(/[^\p{L}\p{N}]+/u);
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best), '');
  return (longest.length > 3 ? longest.replace(/s$/i, '') : longest) || merchant;
};
