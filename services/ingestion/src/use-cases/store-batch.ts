import { isDuplicateKey } from '@orrery/mongo';
import type { Runtime } from '@orrery/service-kit';
import type { IdentifiedRow } from '../domain/import/identify-rows.ts';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { ImportItem } from '../parsing/import-batches.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { ImportRecord, ImportStore } from '../store/import-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { StoreChanges } from './store-changes.ts';

/** What storing needs. */
export interface BatchParts {
  imports: ImportStore;
  transactions: RawTransactionStore;
  accounts: AccountStore;
  inTransaction: Runtime<unknown>['inTransaction'];
  storeChanges: StoreChanges;
}

/** Where an import stands. */
export type ImportCounts = Pick<ImportRecord, 'position' | 'added' | 'duplicates' | 'rejectedCount'>;

const toRaw = (userId: string, importId: string, row: IdentifiedRow): RawTransaction => ({
  _id: row.transactionId,
  userId,
  rowVersion: 1,
  accountId: row.accountId,
  source: 'import',
  postedOn: row.postedOn,
  ...(row.occurredAt === undefined ? {} : { occurredAt: row.occurredAt }),
  description: row.description,
  ...(row.merchantName === undefined ? {} : { merchantName: row.merchantName }),
  amountMinor: row.amountMinor,
  currency: row.currency,
  pending: false,
  ...(row.mcc === undefined ? {} : { mcc: row.mcc }),
  importId,
  line: row.line,
});

// Two uploads of one file at the same moment clash at most once per batch; more means something else is wrong.
const MAX_CLASHES = 5;

/**
 * A function that stores the next rows of an import: rows, accounts, events and progress in one transaction, so that
 * a kill at any moment leaves the import where it was or one batch further.
 */
export const createStoreBatch = (parts: BatchParts) => {
  const attempt = (
    record: ImportRecord,
    claim: { token: string; until: Date },
    before: ImportCounts,
    items: readonly ImportItem[],
    knownAccounts: ReadonlySet<string>,
  ): Promise<ImportCounts> =>
    parts.inTransaction(async (session) => {
      const { userId, _id: importId } = record;
      const rows = items.filter((item) => item.kind === 'row');
      const rejected = items
        .filter((item) => item.kind === 'rejected')
        .map(({ line, reason }) => ({ line, reason }));
      const known =
        rows.length === 0
          ? new Set<string>()
          : await parts.transactions.known(
              userId,
              rows.map((row) => row.transactionId),
              session,
            );
      const fresh = rows.filter((row) => !known.has(row.transactionId));
      const added = fresh.length;
      const position = before.position + items.length;
      await parts.imports.advance(
        userId,
        importId,
        { ...claim, position: before.position },
        { position, added, duplicates: rows.length - added, rejected },
        session,
      );
      const accounts = new Map(
        fresh
          .filter(({ accountId }) => !knownAccounts.has(accountId))
          .map(({ accountId, accountName }) => [accountId, { accountId, accountName }]),
      );
      await parts.accounts.ensure(userId, [...accounts.values()], session);
      await parts.storeChanges(
        userId,
        fresh.map((row) => ({ row: toRaw(userId, importId, row), isNew: true, tell: 'ingested' })),
        session,
      );
      return {
        position,
        added: before.added + added,
        duplicates: before.duplicates + rows.length - added,
        rejectedCount: before.rejectedCount + rejected.length,
      };
    });

  /**
   * @param record the import
   * @param claim token of the worker and until when it keeps the import
   * @param before where the import stands
   * @param items the next rows of the file
   * @param knownAccounts accounts that exist already; those of the stored rows are added to it
   * @returns where the import stands now
   * @throws ClaimLostError when another process has taken over
   */
  return async (
    record: ImportRecord,
    claim: { token: string; until: Date },
    before: ImportCounts,
    items: readonly ImportItem[],
    knownAccounts: Set<string>,
  ): Promise<ImportCounts> => {
    for (let clashes = 1; ; clashes += 1) {
      try {
        const after = await attempt(record, claim, before, items, knownAccounts);
        for (const item of items) {
          if (item.kind === 'row') {
            knownAccounts.add(item.accountId);
          }
        }
        return after;
      } catch (error) {
        // Another import of the user stored an equal row since this batch looked; seen again, it is a duplicate.
        if (!isDuplicateKey(error) || clashes >= MAX_CLASHES) {
          throw error;
        }
      }
    }
  };
};

export type StoreBatch = ReturnType<typeof createStoreBatch>;
