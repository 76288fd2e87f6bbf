import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@orrery/calendar';
import { acceptRequestId, AppError, currentContext, isTransient, runWithContext } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { v7 as uuidv7 } from 'uuid';
import type { ImportMapping, ImportOptions } from '../domain/import/import-options.ts';
import { INLINE_BYTES, openImportReader } from '../parsing/open-import-reader.ts';
import type { ImportItem, ImportReader, ReadingTask } from '../parsing/import-batches.ts';
import type { AccountStore } from '../store/account-store.ts';
import { ClaimLostError, MAX_KEPT_REJECTIONS } from '../store/import-store.ts';
import type { ImportRecord, ImportStore } from '../store/import-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { ImportCounts, StoreBatch } from './store-batch.ts';

/** What a user uploads. */
export interface Upload {
  bytes: Buffer;
  mapping: ImportMapping;
  currency: string | undefined;
  account: string | undefined;
}

/** An import that is only looked at: what it would do, and its first rows. */
export interface ImportPreview extends Pick<
  ImportRecord,
  'added' | 'duplicates' | 'rejectedCount' | 'rejected' | 'detected'
> {
  rows: number;
  sample: Extract<ImportItem, { kind: 'row' }>[];
}

interface ImportFileParts {
  imports: ImportStore;
  transactions: RawTransactionStore;
  accounts: AccountStore;
  storeBatch: StoreBatch;
  clock: Clock;
  logger: Runtime<unknown>['logger'];
  defaultCurrency: string;
  waitMs: number;
  leaseMs: number;
}

// Five events of 200 transactions: one commit for many rows, and still a short transaction.
const BATCH_ROWS = 1000;

/** Large files read at the same time; each may hold 50 MiB of bytes and twice that as text. */
const MAX_AT_WORK = 3;

const MAX_ATTEMPTS = 8;
const SAMPLE_ROWS = 20;
const RETRY_DELAY_MS = 2000;

/** Lets at most `limit` pieces of work run at once; the others wait in order. Returns what ends the turn. */
const createGate = (limit: number): (() => Promise<() => void>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) {
      running -= 1;
    } else {
      next();
    }
  };
  return async () => {
    if (running < limit) {
      running += 1;
    } else {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return leave;
  };
};

/**
 * Imports of bank files: begin one, look at one without storing, resume those whose process died.
 * @param parts stores, clock and settings
 */
export const createImportFile = (parts: ImportFileParts) => {
  const { imports, transactions, accounts, clock, logger, leaseMs } = parts;
  const enterLarge = createGate(MAX_AT_WORK);
  /** A small file never waits behind large ones. */
  const enter = (size: number): Promise<() => void> =>
    size <= INLINE_BYTES ? Promise.resolve(() => undefined) : enterLarge();
  const atWork = new Set<Promise<unknown>>();
  let isStopping = false;
  let isResuming = false;

  const leaseEnd = (): Date => new Date(Date.now() + leaseMs);

  const taskOf = async (
    userId: string,
    told: {
      mapping: ImportMapping;
      currency: string | null;
      account: string | null;
      today: string;
      defaultCurrency: string;
    },
    skip: number,
  ): Promise<ReadingTask> => {
    const options: ImportOptions = {
      mapping: told.mapping,
      currency: told.currency ?? undefined,
      defaultCurrency: told.defaultCurrency,
      today: told.today,
    };
    const owner = {
      userId,
      accounts: await accounts.names(userId),
      account: told.account ?? undefined,
      hasMappedAccounts: told.mapping.account !== undefined,
    };
    return { options, owner, skip, batchSize: BATCH_ROWS };
  };

  /** Stores the rest of a file; returns false when the process is being stopped before the end. */
  const storeRest = async (record: ImportRecord, reader: ImportReader): Promise<boolean> => {
    const { token } = record.claim;
    const knownAccounts = new Set(Object.keys(await accounts.names(record.userId)));
    let counts: ImportCounts = record;
    for (;;) {
      if (isStopping) {
        return false;
      }
      const items = await reader.next();
      if (items === undefined) {
        await imports.finish(record.userId, record._id, token, { failure: null });
        logger.info({ importId: record._id, ...pickCounts(counts) }, 'import completed');
        return true;
      }
      counts = await parts.storeBatch(record, { token, until: leaseEnd() }, counts, items, knownAccounts);
    }
  };

  /** Works an import to its end. Never rejects: what goes wrong is logged, and the import is resumed or failed. */
  const work = async (record: ImportRecord, openReader: () => Promise<ImportReader>): Promise<void> => {
    const { userId, _id: importId } = record;
    const { token } = record.claim;
    let reader: ImportReader | undefined;
    try {
      reader = await openReader();
      if (!(await storeRest(record, reader))) {
        await imports.release(userId, importId, token, new Date());
      }
    } catch (error) {
      if (error instanceof ClaimLostError) {
        logger.warn({ importId }, 'import was taken over by another process');
        return;
      }
      const isHopeless = record.attempts >= MAX_ATTEMPTS && !isTransient(error);
      logger.error({ importId, err: error, attempts: record.attempts }, 'import was interrupted');
      const settle = isHopeless
        ? imports.finish(userId, importId, token, { failure: 'The file could not be stored.' })
        : imports.release(userId, importId, token, new Date(Date.now() + RETRY_DELAY_MS));
      await settle.catch((settleError: unknown) => {
        // The claim runs out by itself, so the import is resumed all the same.
        logger.warn({ importId, err: settleError }, 'claim on an import could not be released');
      });
    } finally {
      await reader?.close();
    }
  };

  const track = (promise: Promise<void>): Promise<void> => {
    const tracked = promise.finally(() => atWork.delete(tracked));
    atWork.add(tracked);
    return tracked;
  };

  const resumeOne = async (record: ImportRecord): Promise<void> => {
    const context = { service: 'ingestion' as const, requestId: record.requestId, userId: record.userId };
    await runWithContext(context, () =>
      work(record, async () => {
        const bytes = await imports.readFile(record.userId, record._id);
        return openImportReader(bytes, await taskOf(record.userId, record, record.position));
      }),
    );
  };

  /** Takes up one abandoned import and works it to its end; false when there is none. */
  const resumeNext = async (): Promise<boolean> => {
    // The claim would run out while it waits for its turn, so the turn comes first.
    const leave = await enterLarge();
    try {
      const record = await imports.claimAbandoned({ token: randomUUID(), until: leaseEnd() }, new Date());
      if (record === undefined) {
        return false;
      }
      logger.info({ importId: record._id, position: record.position }, 'import resumed');
      await track(resumeOne(record));
      return true;
    } finally {
      leave();
    }
  };

  const newRecord = (
    userId: string,
    upload: Upload,
    detected: ImportRecord['detected'],
    today: string,
  ): ImportRecord => {
    const now = new Date();
    return {
      _id: `imp_${uuidv7().replaceAll('-', '')}`,
      userId,
      status: 'processing',
      createdAt: now,
      updatedAt: now,
      mapping: upload.mapping,
      currency: upload.currency ?? null,
      account: upload.account ?? null,
      today,
      defaultCurrency: parts.defaultCurrency,
      requestId: acceptRequestId(currentContext()?.requestId),
      position: 0,
      added: 0,
      duplicates: 0,
      rejectedCount: 0,
      rejected: [],
      detected,
      failure: null,
      claim: { token: randomUUID(), until: leaseEnd() },
      attempts: 1,
    };
  };

  const openUpload = async (userId: string, upload: Upload, today: string): Promise<ImportReader> => {
    const told = {
      mapping: upload.mapping,
      currency: upload.currency ?? null,
      account: upload.account ?? null,
      today,
      defaultCurrency: parts.defaultCurrency,
    };
    return openImportReader(upload.bytes, await taskOf(userId, told, 0));
  };

  const openBegun = async (
    userId: string,
    upload: Upload,
  ): Promise<{ record: ImportRecord; reader: ImportReader }> => {
    const today = clock.today('UTC');
    const reader = await openUpload(userId, upload, today);
    try {
      const record = newRecord(userId, upload, reader.detected, today);
      await imports.begin(userId, record, upload.bytes);
      return { record, reader };
    } catch (error) {
      await reader.close();
      throw error;
    }
  };

  const lookThrough = async (
    userId: string,
    reader: ImportReader,
    signal: AbortSignal,
  ): Promise<ImportPreview> => {
    const seen: ImportPreview = {
      rows: 0,
      added: 0,
      duplicates: 0,
      rejectedCount: 0,
      rejected: [],
      detected: reader.detected,
      sample: [],
    };
    try {
      for (
        let items = await reader.next();
        items !== undefined && !signal.aborted;
        items = await reader.next()
      ) {
        const rows = items.filter((item) => item.kind === 'row');
        const rejected = items.filter((item) => item.kind === 'rejected');
        const known = await transactions.known(
          userId,
          rows.map((row) => row.transactionId),
        );
        seen.rows += items.length;
        seen.added += rows.length - known.size;
        seen.duplicates += known.size;
        seen.rejectedCount += rejected.length;
        seen.rejected.push(...rejected.slice(0, MAX_KEPT_REJECTIONS - seen.rejected.length));
        seen.sample.push(...rows.slice(0, SAMPLE_ROWS - seen.sample.length));
      }
    } finally {
      await reader.close();
    }
    return seen;
  };

  return {
    /**
     * Imports a file. Returns when all of it is stored or the waiting time is over, whichever comes first; the
     * rest goes on, also after a kill of this process.
     * @param userId owner
     * @param upload the file and what the user said about it
     * @param signal aborted when the client leaves before the import begins
     * @throws ImportRefusedError when the file cannot be imported at all; nothing is stored then
     */
    async begin(userId: string, upload: Upload, signal: AbortSignal): Promise<ImportRecord> {
      const leave = await enter(upload.bytes.length);
      let record: ImportRecord;
      let finished: Promise<void>;
      try {
        if (signal.aborted || isStopping) {
          throw new AppError('unavailable');
        }
        const opened = await openBegun(userId, upload);
        record = opened.record;
        finished = track(work(record, () => Promise.resolve(opened.reader)).finally(leave));
      } catch (error) {
        leave();
        throw error;
      }
      await Promise.race([finished, pause(parts.waitMs, undefined, { ref: false })]);
      return (await imports.find(userId, record._id)) ?? record;
    },

    /**
     * Tells what an import of the file would do; stores nothing.
     * @param userId owner
     * @param upload the file and what the user said about it
     * @param signal aborted when nobody waits for the answer any more
     * @throws ImportRefusedError when the file cannot be imported at all
     */
    async preview(userId: string, upload: Upload, signal: AbortSignal): Promise<ImportPreview> {
      const leave = await enter(upload.bytes.length);
      try {
        return await lookThrough(userId, await openUpload(userId, upload, clock.today('UTC')), signal);
      } finally {
        leave();
      }
    },

    /**
     * Resumes imports whose process died or let go, one after the other, until there is none. Does nothing while an
     * earlier call is still at it.
     */
    async resumeAbandoned(): Promise<void> {
      if (isResuming) {
        return;
      }
      isResuming = true;
      try {
        let hasMore = true;
        while (hasMore && !isStopping) {
          hasMore = await resumeNext();
        }
      } finally {
        isResuming = false;
      }
    },

    /** Lets the batches at work end and lets go of the imports, so that another process resumes them at once. */
    async stop(): Promise<void> {
      isStopping = true;
      await Promise.allSettled(atWork);
    },
  };
};

const pickCounts = ({ position, added, duplicates, rejectedCount }: ImportCounts): ImportCounts => ({
  position,
  added,
  duplicates,
  rejectedCount,
});

export type ImportFile = ReturnType<typeof createImportFile>;
