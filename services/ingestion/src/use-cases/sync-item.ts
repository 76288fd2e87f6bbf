import { setTimeout as pause } from 'node:timers/promises';
import { BankItemBroken, BankItemLinked, BankItemRemoved } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import type { PlaidClient } from '../clients/plaid-client.ts';
import { PlaidFailure } from '../clients/plaid-failure.ts';
import type { BankAccount } from '../domain/bank/bank-account.ts';
import { bankTransactionId, decideBankChanges, foldUpdates } from '../domain/bank/decide-changes.ts';
import type { BankUpdates } from '../domain/bank/decide-changes.ts';
import { ItemClaimLostError } from '../store/item-store.ts';
import type { ItemRecord, ItemStore } from '../store/item-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { Spool, SyncSpools } from '../store/sync-spool.ts';
import type { BankMetrics } from './bank-metrics.ts';
import type { BankTokens } from './bank-tokens.ts';
import type { SaveAccounts } from './save-accounts.ts';
import type { StoreChanges } from './store-changes.ts';

/** What reading a bank needs. */
export interface SyncItemParts {
  items: ItemStore;
  transactions: RawTransactionStore;
  spools: SyncSpools;
  tokens: BankTokens;
  plaid: PlaidClient;
  storeChanges: StoreChanges;
  saveAccounts: SaveAccounts;
  inTransaction: Runtime<unknown>['inTransaction'];
  recordEvents: Runtime<unknown>['recordEvents'];
  logger: Runtime<unknown>['logger'];
  metrics: BankMetrics;
  /** Milliseconds after which a healthy bank is read again. */
  sweepMs: number;
  /** Pause before pages are read again after the data moved; grows with each time. */
  restartPauseMs: number;
}

const MAX_RESTARTS = 4;

/** A resync before the whole history is there must not take more than a tenth of the rows away. */
const MAX_EARLY_LOSS = 0.1;

const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 6 * 60 * 60 * 1000;
const FAULT_RETRY_MS = 60 * 60 * 1000;
const LONGEST_HISTORY_WAIT_MS = 10 * 60 * 1000;

interface Loop {
  spool: Spool;
  cursor: string | null;
  accounts: Map<string, BankAccount>;
  /** Ids that were served, when all of them have to be compared with ours. */
  seen: Set<string> | undefined;
  isReady: boolean;
  isHistoryComplete: boolean;
}

const failureOf = (error: unknown): PlaidFailure | undefined =>
  error instanceof PlaidFailure ? error : undefined;

/**
 * A use case that reads what is new at a bank. Pages are gathered until the bank has served the last one; then rows,
 * events and the cursor are written in one transaction, so that a kill leaves everything as it was. Only a first load
 * of many thousands takes several, and one that was cut off is followed by a comparison of everything.
 * @param parts stores, the bank's provider and bounds
 */
export const createSyncItem = (parts: SyncItemParts) => {
  const { items, transactions, spools, tokens, plaid, logger, metrics } = parts;

  const readPages = async (
    item: ItemRecord,
    token: string,
    from: string | null,
    compares: boolean,
    signal: AbortSignal,
  ): Promise<Loop> => {
    const loop: Loop = {
      spool: spools.open(item.userId),
      cursor: from,
      accounts: new Map(),
      seen: compares ? new Set() : undefined,
      isReady: false,
      isHistoryComplete: false,
    };
    try {
      let next = plaid.syncPage(token, from);
      for (;;) {
        const page = await next;
        signal.throwIfAborted();
        const cursor: string | null = page.nextCursor === '' ? loop.cursor : page.nextCursor;
        if (page.hasMore) {
          // Asked for while this page is put away.
          next = plaid.syncPage(token, cursor);
          next.catch(() => undefined);
        }
        await loop.spool.add({ upserts: page.upserts, removals: page.removals });
        page.upserts.forEach(({ providerId }) => loop.seen?.add(providerId));
        page.accounts.forEach((account) => loop.accounts.set(account.accountId, account));
        loop.cursor = cursor;
        loop.isReady = page.isReady;
        loop.isHistoryComplete = page.isHistoryComplete;
        if (!page.hasMore) {
          return loop;
        }
      }
    } catch (error) {
      await loop.spool.clear();
      throw error;
    }
  };

  /** All pages from where the item stands; from the beginning when the bank no longer knows that place. */
  const readLoop = async (item: ItemRecord, token: string, signal: AbortSignal): Promise<Loop> => {
    let from = item.needsReconcile ? null : item.cursor;
    let compares = item.needsReconcile;
    for (let restarts = 0; ;) {
      try {
        return await readPages(item, token, from, compares, signal);
      } catch (error) {
        const kind = failureOf(error)?.kind;
        if (kind !== 'restart' && kind !== 'resync') {
          throw error;
        }
        metrics.restarts.inc();
        restarts += 1;
        const mustBeginAnew = kind === 'resync' || restarts >= MAX_RESTARTS;
        if (mustBeginAnew && from === null) {
          throw error;
        }
        if (mustBeginAnew) {
          from = null;
          compares = true;
          restarts = 0;
        }
        logger.info({ itemId: item._id, restarts, fromBeginning: from === null }, 'pages are read again');
        await pause(parts.restartPauseMs * 2 ** restarts, undefined, { signal });
      }
    }
  };

  const apply = async (item: ItemRecord, updates: BankUpdates, session: ClientSession): Promise<number> => {
    const { userId, _id: itemId } = item;
    const wanted = new Set(updates.removals);
    for (const { providerId, replaces } of updates.upserts) {
      wanted.add(providerId);
      if (replaces !== undefined) {
        wanted.add(replaces);
      }
    }
    const known = await transactions.ofBank(userId, itemId, [...wanted], session);
    const have = new Set(known.map(({ providerId }) => providerId));
    const newIds = updates.upserts
      .filter(({ providerId, replaces }) => !have.has(providerId) && !have.has(replaces))
      .map(({ providerId }) => bankTransactionId(itemId, providerId));
    const inTheWay = item.cursor === null ? [] : await transactions.byIds(userId, newIds, session);
    const changes = decideBankChanges({ userId, itemId }, [...known, ...inTheWay], updates);
    await parts.storeChanges(userId, changes, session);
    return changes.length;
  };

  /** Provider ids that we have and the bank has not. */
  const vanished = async (item: ItemRecord, loop: Loop): Promise<string[] | 'unsure'> => {
    const { seen } = loop;
    if (seen === undefined) {
      return [];
    }
    const gone: string[] = [];
    let present = 0;
    for await (const providerId of transactions.presentAtBank(item.userId, item._id)) {
      present += 1;
      if (!seen.has(providerId)) {
        gone.push(providerId);
      }
    }
    return !loop.isHistoryComplete && gone.length > present * MAX_EARLY_LOSS ? 'unsure' : gone;
  };

  const nextLook = (item: ItemRecord, loop: Loop): number => {
    if (loop.isHistoryComplete) {
      return parts.sweepMs;
    }
    // Webhooks tell when more is there; without one the looks become rarer with the age of the link.
    const age = Date.now() - item.createdAt.getTime();
    return Math.min(Math.max(1000, age / 4), LONGEST_HISTORY_WAIT_MS);
  };

  const finish = async (
    item: ItemRecord,
    loop: Loop,
    isUnsure: boolean,
    session: ClientSession,
  ): Promise<void> => {
    const { userId, _id: itemId } = item;
    await parts.saveAccounts(userId, itemId, [...loop.accounts.values()], session);
    const repaired = item.status === 'login_required';
    const present = await items.find(userId, itemId, session);
    // A wish that came during the run is for something that the run may not have seen.
    const delay = present !== null && present.wishes > item.wishes ? 0 : nextLook(item, loop);
    const kept = await items.update(
      userId,
      itemId,
      {
        set: {
          cursor: loop.cursor,
          status: loop.isHistoryComplete ? 'healthy' : 'syncing',
          historyComplete: loop.isHistoryComplete,
          needsReconcile: isUnsure,
          lastSyncedAt: new Date(),
          lastError: null,
          failures: 0,
          nextSyncAt: new Date(Date.now() + delay),
          'claim.until': new Date(0),
        },
        ...(repaired ? { raise: ['rowVersion'] as const } : {}),
      },
      // A cursor that another run has moved meanwhile must not move back.
      { session, when: { 'claim.token': item.claim.token, cursor: item.cursor, active: true } },
    );
    if (!kept) {
      throw new ItemClaimLostError();
    }
    if (repaired) {
      await parts.recordEvents(session, [
        newEvent(BankItemLinked, userId, {
          userId,
          itemId,
          institutionName: item.institutionName,
          rowVersion: item.rowVersion + 1,
        }),
      ]);
    }
  };

  const promote = async (item: ItemRecord, loop: Loop, signal: AbortSignal): Promise<number> => {
    const gone = await vanished(item, loop);
    const isUnsure = gone === 'unsure';
    const rest = gone === 'unsure' ? [] : gone;
    let changed = 0;
    let isFirst = true;
    let waiting: BankUpdates | undefined;
    for await (const group of loop.spool.groups()) {
      signal.throwIfAborted();
      if (waiting !== undefined) {
        const updates = waiting;
        const marks = isFirst;
        changed += await parts.inTransaction(async (session) => {
          const set = { ...(marks ? { needsReconcile: true } : {}), status: 'syncing' as const };
          const kept = await items.update(
            item.userId,
            item._id,
            { set },
            { session, when: { 'claim.token': item.claim.token, cursor: item.cursor, active: true } },
          );
          if (!kept) {
            throw new ItemClaimLostError();
          }
          return apply(item, updates, session);
        });
        isFirst = false;
      }
      waiting = foldUpdates(group);
    }
    const last = waiting ?? { upserts: [], removals: [] };
    changed += await parts.inTransaction(async (session) => {
      const count = await apply(
        item,
        { upserts: last.upserts, removals: [...last.removals, ...rest] },
        session,
      );
      await finish(item, loop, isUnsure, session);
      return count;
    });
    return changed;
  };

  const retryDelay = (failures: number): number => Math.min(FIRST_RETRY_MS * 4 ** failures, LONGEST_RETRY_MS);

  /** Notes a failed run; what only the user or nobody can help ends the scheduled reading. */
  const noteFailure = async (item: ItemRecord, failure: PlaidFailure): Promise<void> => {
    const { userId, _id: itemId } = item;
    const { errorCode } = failure.facts;
    const at = new Date();
    const when = { 'claim.token': item.claim.token, active: true as const };
    const lastError = { code: errorCode, at };
    if (failure.kind === 'sign-in') {
      await breakItem(userId, itemId, errorCode);
      // Somebody asked although it was broken: it waits for its user again.
      await items.update(
        userId,
        itemId,
        { set: { lastError, nextSyncAt: null, 'claim.until': new Date(0) } },
        { when },
      );
      return;
    }
    if (failure.kind === 'gone') {
      await endItem(userId, itemId, errorCode);
      return;
    }
    const delay = failure.kind === 'fault' ? FAULT_RETRY_MS : retryDelay(item.failures);
    await items.update(
      userId,
      itemId,
      {
        set: {
          lastError,
          nextSyncAt: new Date(at.getTime() + delay),
          'claim.until': new Date(0),
        },
        raise: ['failures'],
      },
      { when },
    );
  };

  const breakItem = async (userId: string, itemId: string, errorCode: string): Promise<void> => {
    await parts.inTransaction(async (session) => {
      const item = await items.find(userId, itemId, session);
      if (item?.active !== true || item.status === 'login_required') {
        return;
      }
      const now = new Date();
      await items.update(
        userId,
        itemId,
        {
          set: {
            status: 'login_required',
            lastError: { code: errorCode, at: now },
            nextSyncAt: null,
            'claim.until': new Date(0),
          },
          raise: ['rowVersion', 'outage'],
        },
        { session },
      );
      metrics.broken.inc({ code: errorCode });
      await parts.recordEvents(session, [
        newEvent(BankItemBroken, userId, {
          userId,
          itemId,
          institutionName: item.institutionName,
          rowVersion: item.rowVersion + 1,
          outage: item.outage + 1,
          since: now.toISOString(),
          errorCode: errorCode.slice(0, 64),
        }),
      ]);
    });
  };

  const endItem = async (userId: string, itemId: string, errorCode: string): Promise<void> => {
    await parts.inTransaction(async (session) => {
      const item = await items.find(userId, itemId, session);
      if (item?.active !== true) {
        return;
      }
      await items.update(
        userId,
        itemId,
        {
          set: { status: 'removed', lastError: { code: errorCode, at: new Date() }, nextSyncAt: null },
          unset: ['active'],
          raise: ['rowVersion'],
        },
        { session },
      );
      await items.dropToken(userId, itemId, session);
      await parts.recordEvents(session, [
        newEvent(BankItemRemoved, userId, {
          userId,
          itemId,
          institutionName: item.institutionName,
          rowVersion: item.rowVersion + 1,
        }),
      ]);
    });
  };

  const run = async (item: ItemRecord, signal: AbortSignal): Promise<void> => {
    const token = await tokens.read(item.userId, item._id);
    const loop = await readLoop(item, token, signal);
    try {
      const changed = await promote(item, loop, signal);
      metrics.rows.inc(changed);
      logger.info({ itemId: item._id, updates: loop.spool.size(), changed }, 'bank read');
    } finally {
      await loop.spool.clear();
    }
  };

  return {
    /**
     * Reads what is new at a bank that was claimed.
     * @param item the claimed link
     * @param signal aborted when the claim is lost or the process stops
     */
    async sync(item: ItemRecord, signal: AbortSignal): Promise<void> {
      const { userId, _id: itemId } = item;
      if (item.status === 'linked') {
        await items.update(userId, itemId, { set: { status: 'syncing' } }, { when: { status: 'linked' } });
      }
      try {
        await run(item, signal);
        metrics.runs.inc({ outcome: 'done' });
      } catch (error) {
        const failure = failureOf(error);
        if (failure !== undefined) {
          metrics.runs.inc({ outcome: failure.kind });
          const { errorType, errorCode, requestId, status } = failure.facts;
          const facts = { itemId, errorType, errorCode, plaidRequestId: requestId, status };
          if (failure.kind === 'fault') {
            logger.error(facts, 'bank could not be read: the set-up or our call is at fault');
          } else {
            logger.warn(facts, 'bank could not be read');
          }
          await noteFailure(item, failure);
          return;
        }
        metrics.runs.inc({ outcome: 'interrupted' });
        throw error;
      }
    },

    /**
     * Notes that a link needs its user, once per outage, and stops reading it.
     * @param userId owner
     * @param itemId the link
     * @param errorCode what the provider says
     */
    breakItem,

    /**
     * Notes that a link exists no more at its provider; its rows stay.
     * @param userId owner
     * @param itemId the link
     * @param errorCode what the provider says
     */
    endItem,

    /**
     * Notes that a link works again, and reads it.
     * @param userId owner
     * @param itemId the link
     */
    async repairItem(userId: string, itemId: string): Promise<void> {
      await parts.inTransaction(async (session) => {
        const item = await items.find(userId, itemId, session);
        if (item?.active !== true || item.status !== 'login_required') {
          return;
        }
        await items.update(
          userId,
          itemId,
          {
            set: {
              status: item.historyComplete ? 'healthy' : 'syncing',
              lastError: null,
              failures: 0,
              nextSyncAt: new Date(),
            },
            raise: ['rowVersion', 'wishes'],
          },
          { session },
        );
        await parts.recordEvents(session, [
          newEvent(BankItemLinked, userId, {
            userId,
            itemId,
            institutionName: item.institutionName,
            rowVersion: item.rowVersion + 1,
          }),
        ]);
      });
    },
  };
};

export type SyncItem = ReturnType<typeof createSyncItem>;
