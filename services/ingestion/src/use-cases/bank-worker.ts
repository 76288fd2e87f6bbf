import { randomUUID } from 'node:crypto';
import { acceptRequestId, runWithContext } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { ItemClaimLostError } from '../store/item-store.ts';
import type { ItemRecord, ItemStore } from '../store/item-store.ts';
import type { BankMetrics } from './bank-metrics.ts';
import type { SyncItem } from './sync-item.ts';

/** What the worker needs. */
export interface BankWorkerParts {
  items: ItemStore;
  syncItem: SyncItem;
  /** Works one waiting webhook, or ends one link at the provider; false when there is none. */
  chores: readonly (() => Promise<boolean>)[];
  logger: Runtime<unknown>['logger'];
  metrics: BankMetrics;
  pollMs: number;
  leaseMs: number;
}

/** Banks that one process reads at a time. */
const MAX_AT_WORK = 4;

/**
 * Reads banks that are due, and does what webhooks and ended links ask for, for as long as the process runs. Several
 * replicas share the work: a bank is claimed by one of them, and a claim that is not kept runs out.
 * @param parts stores, use cases and bounds
 */
export const createBankWorker = (parts: BankWorkerParts) => {
  const { items, syncItem, logger, leaseMs } = parts;
  const stopping = new AbortController();
  const atWork = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const leaseEnd = (): Date => new Date(Date.now() + leaseMs);

  const readOne = async (item: ItemRecord): Promise<void> => {
    const lost = new AbortController();
    const renewal = setInterval(() => {
      items.keepClaim(item.userId, item._id, { token: item.claim.token, until: leaseEnd() }).then(
        (kept) => {
          if (!kept) {
            lost.abort(new ItemClaimLostError());
          }
        },
        // An unreachable database is no proof of loss; the commit looks at the claim again.
        (error: unknown) =>
          logger.warn({ err: error, itemId: item._id }, 'a claim on a bank could not be kept'),
      );
    }, leaseMs / 3);
    try {
      await syncItem.sync(item, AbortSignal.any([stopping.signal, lost.signal]));
    } catch (error) {
      if (error instanceof ItemClaimLostError || lost.signal.aborted) {
        logger.info({ itemId: item._id }, 'another process reads this bank');
        return;
      }
      if (!stopping.signal.aborted) {
        logger.error({ err: error, itemId: item._id }, 'reading a bank was interrupted');
      }
      // Let go, so that the next look takes it up.
      await items.keepClaim(item.userId, item._id, { token: item.claim.token, until: new Date() });
    } finally {
      clearInterval(renewal);
    }
  };

  const begin = (item: ItemRecord): void => {
    const context = {
      service: 'ingestion' as const,
      requestId: acceptRequestId(undefined),
      userId: item.userId,
    };
    const work = runWithContext(context, () => readOne(item))
      .catch((error: unknown) => {
        // The claim runs out by itself.
        logger.warn({ err: error, itemId: item._id }, 'a bank could not be let go');
      })
      .finally(() => {
        atWork.delete(work);
        nudge();
      });
    atWork.add(work);
  };

  const look = async (): Promise<void> => {
    for (const chore of parts.chores) {
      while (!stopping.signal.aborted && (await chore())) {
        // One after the other until none is left.
      }
    }
    while (!stopping.signal.aborted && atWork.size < MAX_AT_WORK) {
      const now = new Date();
      const item = await items.claimDue({ token: randomUUID(), until: leaseEnd() }, now);
      if (item === undefined) {
        return;
      }
      parts.metrics.oldestSync.set((now.getTime() - (item.nextSyncAt ?? now).getTime()) / 1000);
      begin(item);
    }
  };

  function nudge(): void {
    if (stopping.signal.aborted) {
      return;
    }
    if (looking !== undefined) {
      lookAgain = true;
      return;
    }
    looking = look()
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'due banks could not be looked for');
      })
      .finally(() => {
        looking = undefined;
        if (lookAgain) {
          lookAgain = false;
          nudge();
        }
      });
  }

  return {
    /** Begins to look. */
    start(): void {
      timer = setInterval(nudge, parts.pollMs);
      timer.unref();
      nudge();
    },

    /** Looks at once, because something is known to be due. */
    nudge,

    /** Lets go of the banks at work; what was not committed is read again by another process. */
    async stop(): Promise<void> {
      clearInterval(timer);
      stopping.abort();
      await looking;
      await Promise.allSettled(atWork);
    },
  };
};
