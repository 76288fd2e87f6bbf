import type { Clock } from '@orrery/calendar';
import { MAIN_BACKEND_CURRENCY } from '@orrery/main-backend';
import type { ChangedMoney, ChangePosition, MoneyFeed, MoneyKind } from '@orrery/main-backend';
import { withLease } from '@orrery/mongo';
import type { Runtime } from '@orrery/service-kit';
import type { Connection } from 'mongoose';
import { accountIdFor } from '../domain/import/row-identity.ts';
import { decideMainBackendChange, MAIN_BACKEND_ACCOUNT, mainBackendId } from '../domain/main-backend-row.ts';
import { show } from '../domain/raw-transaction.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { SourceMark, SourceMarkStore } from '../store/source-mark-store.ts';
import type { StoreChanges } from './store-changes.ts';

/** What following the main back end needs. */
export interface FollowMainBackendParts {
  feed: MoneyFeed;
  marks: SourceMarkStore;
  transactions: RawTransactionStore;
  accounts: AccountStore;
  storeChanges: StoreChanges;
  inTransaction: Runtime<unknown>['inTransaction'];
  mongo: Connection;
  clock: Clock;
  /** When the user asked to be erased, or null: rows from before must not come back. */
  erasedAt(userId: string): Promise<Date | null>;
}

const KINDS: readonly MoneyKind[] = ['income', 'expense'];
const PAGE = 500;
const LEASE_MS = 60_000;

/** Writes that were under way when we looked may carry an earlier instant than what we saw. */
const OVERLAP_MS = 10_000;

/** What came of some rows. */
interface Applied {
  changed: number;
  /** Rows that we had never met. */
  met: number;
}

/** Once a day everything is compared, for rows that somebody changed without the time of the change. */
const FULL_EVERY_MS = 24 * 60 * 60 * 1000;

/** Rows that we do not keep are met each time they are read, so that only those of the last look count as new. */
const countSince = (rows: readonly ChangedMoney[], since: Date | undefined): number =>
  rows.filter(({ updatedAt }) => since !== undefined && updatedAt !== null && updatedAt >= since).length;

/**
 * Follows incomes and expenses of the main back end: everything once, then what was written since, and everything again
 * each day, and at once when there are rows that we never met, as when a copy was restored with the times it had. One
 * replica does it at a time; what is read twice changes nothing.
 * @param parts the feed and our stores
 */
export const createFollowMainBackend = (parts: FollowMainBackendParts) => {
  const { feed, marks, transactions, clock } = parts;

  const applyTo = async (
    userId: string,
    rows: readonly ChangedMoney[],
    since: Date | undefined,
  ): Promise<Applied> => {
    const erasedAt = await parts.erasedAt(userId);
    const fresh = rows.filter(
      ({ updatedAt }) => erasedAt === null || (updatedAt !== null && updatedAt > erasedAt),
    );
    return parts.inTransaction(async (session) => {
      const known = new Map(
        (await transactions.byIds(userId, fresh.map(mainBackendId), session)).map((row) => [row._id, row]),
      );
      const today = clock.today('UTC');
      const changes = fresh
        .map((money) =>
          decideMainBackendChange(money, known.get(mainBackendId(money)), today, MAIN_BACKEND_CURRENCY),
        )
        .filter((change) => change !== undefined);
      if (changes.some(({ isNew }) => isNew)) {
        const account = {
          accountId: accountIdFor(userId, MAIN_BACKEND_ACCOUNT),
          accountName: MAIN_BACKEND_ACCOUNT,
        };
        await parts.accounts.ensure(userId, [account], session, 'main-backend');
      }
      await parts.storeChanges(userId, changes, session);
      const stored = new Set(changes.filter(({ isNew }) => isNew).map(({ row }) => row._id));
      const unkept = rows.filter((row) => !known.has(mainBackendId(row)) && !stored.has(mainBackendId(row)));
      return { changed: changes.length, met: stored.size + countSince(unkept, since) };
    });
  };

  const apply = async (rows: readonly ChangedMoney[], since?: Date): Promise<Applied> => {
    const byUser = Map.groupBy(rows, ({ userId }) => userId);
    const living = await feed.livingUsers([...byUser.keys()]);
    const sum: Applied = { changed: 0, met: 0 };
    for (const [userId, own] of byUser) {
      const { changed, met } = living.has(userId)
        ? await applyTo(userId, own, since)
        : { changed: 0, met: countSince(own, since) };
      sum.changed += changed;
      sum.met += met;
    }
    return sum;
  };

  const readAll = async (kind: MoneyKind, mark: SourceMark, signal: AbortSignal): Promise<number> => {
    const startedAt = new Date();
    let changed = 0;
    let after = mark.fullAfter ?? undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await feed.all(kind, after, PAGE);
      changed += (await apply(page.rows)).changed;
      after = page.next;
      const isDone = after === undefined;
      await marks.save({
        ...mark,
        fullAfter: after ?? null,
        ...(isDone
          ? {
              fullDoneAt: startedAt,
              seenUpTo: new Date(startedAt.getTime() - OVERLAP_MS),
              count: await feed.count(kind),
            }
          : {}),
      });
      if (isDone) {
        return changed;
      }
    }
  };

  const readNew = async (kind: MoneyKind, mark: SourceMark, signal: AbortSignal): Promise<number> => {
    const startedAt = new Date();
    const from = mark.seenUpTo ?? new Date(0);
    // Counted first, so that every counted row which carries the time of its writing is among the rows read below.
    const count = await feed.count(kind);
    const lastLook = new Date(from.getTime() + OVERLAP_MS);
    let met = 0;
    let changed = 0;
    let after: ChangePosition | undefined;
    do {
      signal.throwIfAborted();
      const page = await feed.since(kind, from, after, PAGE);
      const applied = await apply(page.rows, lastLook);
      changed += applied.changed;
      met += applied.met;
      after = page.next;
    } while (after !== undefined);
    // A row that came after the count is met already; the next count holds it.
    const accountedFor = mark.count === null ? -1 : Math.min(mark.count, count) + met;
    if (count > accountedFor) {
      return changed + (await readAll(kind, mark, signal));
    }
    await marks.save({
      ...mark,
      seenUpTo: new Date(startedAt.getTime() - OVERLAP_MS),
      count: accountedFor,
    });
    return changed;
  };

  const releaseDue = async (): Promise<number> => {
    const due = await transactions.dueBy(clock.today('UTC'), PAGE);
    for (const [userId, ids] of Map.groupBy(due, ({ userId }) => userId)) {
      await parts.inTransaction(async (session) => {
        const rows = await transactions.byIds(
          userId,
          ids.map(({ _id }) => _id),
          session,
        );
        // As new to others as a row that was just added, so that a bank's row of the same purchase is found.
        const changes = rows.filter(({ hidden }) => hidden === 'not-due').map(show);
        await parts.storeChanges(userId, changes, session);
      });
    }
    return due.length;
  };

  return {
    /**
     * Reads what is new.
     * @param signal ends it early
     * @returns number of changed rows, or undefined when another replica is at it
     */
    async read(signal: AbortSignal): Promise<number | undefined> {
      const outcome = await withLease(parts.mongo, 'main-backend', { ttlMs: LEASE_MS }, async (lease) => {
        const both = AbortSignal.any([signal, lease.signal]);
        let changed = 0;
        for (const kind of KINDS) {
          const mark = await marks.find(`main-backend:${kind}`);
          const isFull =
            mark.fullAfter !== null ||
            mark.fullDoneAt === null ||
            Date.now() - mark.fullDoneAt.getTime() > FULL_EVERY_MS;
          changed += await (isFull ? readAll(kind, mark, both) : readNew(kind, mark, both));
        }
        return changed + (await releaseDue());
      });
      return outcome.ran ? outcome.result : undefined;
    },
  };
};
