import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { BankUpdates } from '../domain/bank/decide-changes.ts';

interface SpooledPage extends BankUpdates {
  /** `<run>:<number>` */
  _id: string;
  userId: string;
  run: string;
  number: number;
  at: Date;
}

/** Pages of a run that died go after a day. */
const KEEP_S = 24 * 60 * 60;

/** The pages of one run, in order. They are applied only when the bank has served the last one. */
export interface Spool {
  /** Adds the next page. */
  add(page: BankUpdates): Promise<void>;
  /** Number of updates. */
  size(): number;
  /** The pages in groups, each of which fits one transaction. */
  groups(): AsyncIterable<BankUpdates[]>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

const sizeOf = ({ upserts, removals }: BankUpdates): number => upserts.length + removals.length;

/**
 * Where pages wait until a run is complete: in memory, and in the database once they are many, so that the memory of a
 * first load of any length stays bounded.
 * @param connection database of the service
 * @param maxInMemory updates that are kept in memory; an ordinary run has a few dozen
 */
export const createSyncSpools = (connection: Connection, maxInMemory: number) => {
  const pages = connection.collection<SpooledPage>('sync_pages');

  return {
    /** Makes the collection and its indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await pages.createIndexes([
        { key: { run: 1, number: 1 }, name: 'in_order' },
        { key: { userId: 1 }, name: 'by_user' },
        { key: { at: 1 }, name: 'expire', expireAfterSeconds: KEEP_S },
      ]);
    },

    /**
     * A new, empty spool.
     * @param userId owner
     */
    open(userId: string): Spool {
      const run = randomUUID();
      let kept: BankUpdates[] = [];
      let inMemory = 0;
      let stored = 0;
      let total = 0;
      const flush = async (): Promise<void> => {
        await pages.insertOne({
          _id: `${run}:${String(stored)}`,
          userId,
          run,
          number: stored,
          upserts: kept.flatMap(({ upserts }) => [...upserts]),
          removals: kept.flatMap(({ removals }) => [...removals]),
          at: new Date(),
        });
        stored += 1;
        kept = [];
        inMemory = 0;
      };
      return {
        async add(page) {
          kept.push(page);
          inMemory += sizeOf(page);
          total += sizeOf(page);
          if (inMemory >= maxInMemory) {
            await flush();
          }
        },
        size: () => total,
        async *groups() {
          for (let number = 0; number < stored; number += 1) {
            const page = await pages.findOne({ _id: `${run}:${String(number)}`, userId });
            if (page === null) {
              throw new Error('a page of a run is gone');
            }
            yield [page];
          }
          yield kept;
        },
        async clear() {
          if (stored > 0) {
            await pages.deleteMany({ run });
          }
          kept = [];
        },
      };
    },
  };
};

export type SyncSpools = ReturnType<typeof createSyncSpools>;
