import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { show } from '../domain/raw-transaction.ts';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { StoreChanges } from './store-changes.ts';

/** What looking at matches and undoing them needs. */
export interface MatchesParts {
  transactions: RawTransactionStore;
  storeChanges: StoreChanges;
  inTransaction: Runtime<unknown>['inTransaction'];
}

/**
 * Purchases that two sources showed and that are kept once.
 * @param parts the rows
 */
export const createMatches = ({ transactions, storeChanges, inTransaction }: MatchesParts) => ({
  /**
   * Hidden rows with the rows that show the same purchases, by id.
   * @param userId owner
   * @param page rows and the id of the last one before
   */
  async list(
    userId: string,
    page: { limit: number; after: string },
  ): Promise<{ hidden: RawTransaction; kept: RawTransaction }[]> {
    const hidden = await transactions.matched(userId, page.after, page.limit);
    const kept = await transactions.byIds(
      userId,
      hidden.map(({ duplicateOf }) => duplicateOf ?? ''),
    );
    const byId = new Map(kept.map((row) => [row._id, row]));
    return hidden.flatMap((row) => {
      const other = byId.get(row.duplicateOf ?? '');
      return other === undefined ? [] : [{ hidden: row, kept: other }];
    });
  },

  /**
   * Says that two rows are two purchases after all: the hidden one comes back, and they are never matched again.
   * @param userId owner
   * @param id of the hidden row
   * @throws AppError `not-found`
   */
  async undo(userId: string, id: string): Promise<void> {
    await inTransaction(async (session) => {
      const [row] = await transactions.byIds(userId, [id], session);
      if (row?.hidden !== 'duplicate' || row.duplicateOf === undefined) {
        throw new AppError('not-found');
      }
      const change = show(row);
      const keptApart = [...new Set([...(row.keptApart ?? []), row.duplicateOf])];
      await storeChanges(userId, [{ ...change, row: { ...change.row, keptApart } }], session);
    });
  },
});

export type Matches = ReturnType<typeof createMatches>;
