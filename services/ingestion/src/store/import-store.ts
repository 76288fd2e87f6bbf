import { afterCursor, cutPage, sortOf } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import mongoose from 'mongoose';
import type { ClientSession, Connection } from 'mongoose';
import type { ImportMapping } from '../domain/import/import-options.ts';
import type { Detected } from '../domain/import/plan-import.ts';

/** `processing` goes to `completed` or `failed` and never back. */
export type ImportStatus = 'processing' | 'completed' | 'failed';

/** One upload of a bank file. */
export interface ImportRecord {
  _id: string;
  userId: string;
  status: ImportStatus;
  createdAt: Date;
  updatedAt: Date;
  /** What the user said about the file. */
  mapping: ImportMapping;
  currency: string | null;
  account: string | null;
  /** Day of the upload and default currency then: a resumed import must read the file as it began. */
  today: string;
  defaultCurrency: string;
  /** `X-Request-ID` of the upload, for the events of a resumed import. */
  requestId: string;
  /** Rows of the file, good or rejected, that are already stored or counted. */
  position: number;
  added: number;
  duplicates: number;
  rejectedCount: number;
  /** The first rejections, at most `MAX_KEPT_REJECTIONS`. */
  rejected: { line: number; reason: string }[];
  detected: Detected;
  /** Why the import failed, in words for the user. */
  failure: string | null;
  /** Who works on it and until when nobody else may. */
  claim: { token: string; until: Date };
  /** Attempts since the last progress. */
  attempts: number;
}

interface FilePart {
  /** `<import id>:<number>` */
  _id: string;
  userId: string;
  importId: string;
  part: number;
  bytes: mongoose.mongo.Binary;
}

/** Ids hold the time of the upload, so they are the order. */
const NEWEST_FIRST: readonly SortKey[] = [{ field: '_id', direction: -1, kind: 'string' }];

/** A document may have 16 MiB; a part is far below, so that one write stays short. */
const PART_BYTES = 2 * 1024 * 1024;

/** Enough to mend a file by; the count goes on. */
export const MAX_KEPT_REJECTIONS = 1000;

/** What one batch adds to an import. */
export interface ImportProgress {
  position: number;
  added: number;
  duplicates: number;
  rejected: readonly { line: number; reason: string }[];
}

/** Another process took the import over, or it is finished; the work at hand has no effect. */
export class ClaimLostError extends Error {
  constructor() {
    super('another process works on this import');
    this.name = 'ClaimLostError';
  }
}

/**
 * Imports and the bytes of those still at work.
 * @param connection database of the service
 */
export const createImportStore = (connection: Connection) => {
  const imports = connection.collection<ImportRecord>('imports');
  const files = connection.collection<FilePart>('import_files');

  return {
    /** Makes the collections and indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await imports.createIndexes([
        { key: { userId: 1, _id: -1 }, name: 'by_user' },
        { key: { 'claim.until': 1 }, name: 'at_work', partialFilterExpression: { status: 'processing' } },
      ]);
      await files.createIndexes([{ key: { userId: 1, importId: 1 }, name: 'by_import' }]);
    },

    /**
     * Stores a new import and the bytes of its file.
     * @param userId owner
     * @param record the import
     * @param bytes the file
     */
    async begin(userId: string, record: ImportRecord, bytes: Buffer): Promise<void> {
      const parts = Math.ceil(bytes.length / PART_BYTES);
      for (let part = 0; part < parts; part += 1) {
        const slice = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
        await files.insertOne({
          _id: `${record._id}:${String(part)}`,
          userId,
          importId: record._id,
          part,
          bytes: new mongoose.mongo.Binary(slice),
        });
      }
      // The record comes last: an import that can be seen can be resumed.
      await imports.insertOne({ ...record, userId });
    },

    /**
     * One import, or null when the user has none by this id.
     * @param userId owner
     * @param importId the import
     */
    async find(userId: string, importId: string): Promise<ImportRecord | null> {
      return imports.findOne({ _id: importId, userId });
    },

    /**
     * Imports of a user, newest first.
     * @param userId owner
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<{ rows: ImportRecord[]; nextCursor: string | null }> {
      const found = await imports
        .find({ $and: [{ userId }, afterCursor(NEWEST_FIRST, page.cursor)] })
        .sort(sortOf(NEWEST_FIRST))
        .limit(page.limit + 1)
        .toArray();
      return cutPage(NEWEST_FIRST, found, page.limit);
    },

    /**
     * The bytes of an import that is at work.
     * @param userId owner
     * @param importId the import
     */
    async readFile(userId: string, importId: string): Promise<Buffer> {
      const parts = await files.find({ userId, importId }).sort({ part: 1 }).toArray();
      return Buffer.concat(parts.map((part) => part.bytes.buffer));
    },

    /**
     * Notes the progress of one batch and keeps the claim, in the transaction that stores the batch's rows.
     * @param userId owner
     * @param importId the import
     * @param claim token of the worker, where it believes the import stands, and until when the claim is to last
     * @param progress what the batch adds
     * @param session transaction of the batch
     * @throws ClaimLostError when somebody else has gone on meanwhile
     */
    async advance(
      userId: string,
      importId: string,
      claim: { token: string; position: number; until: Date },
      progress: ImportProgress,
      session: ClientSession,
    ): Promise<void> {
      const result = await imports.updateOne(
        { _id: importId, userId, status: 'processing', 'claim.token': claim.token, position: claim.position },
        {
          $set: {
            position: progress.position,
            updatedAt: new Date(),
            'claim.until': claim.until,
            attempts: 0,
          },
          $inc: {
            added: progress.added,
            duplicates: progress.duplicates,
            rejectedCount: progress.rejected.length,
          },
          ...(progress.rejected.length === 0
            ? {}
            : { $push: { rejected: { $each: [...progress.rejected], $slice: MAX_KEPT_REJECTIONS } } }),
        },
        { session },
      );
      if (result.matchedCount === 0) {
        throw new ClaimLostError();
      }
    },

    /**
     * Ends an import and drops the bytes of its file.
     * @param userId owner
     * @param importId the import
     * @param token token of the worker
     * @param outcome `failure` in words for the user, or null when all rows are stored
     */
    async finish(
      userId: string,
      importId: string,
      token: string,
      outcome: { failure: string | null },
    ): Promise<void> {
      const status: ImportStatus = outcome.failure === null ? 'completed' : 'failed';
      const result = await imports.updateOne(
        { _id: importId, userId, status: 'processing', 'claim.token': token },
        { $set: { status, failure: outcome.failure, updatedAt: new Date() } },
      );
      if (result.matchedCount > 0) {
        await files.deleteMany({ userId, importId });
      }
    },

    /**
     * Lets go of an import, so that it can be resumed at `retryAt`.
     * @param userId owner
     * @param importId the import
     * @param token token of the worker
     * @param retryAt earliest instant for another attempt
     */
    async release(userId: string, importId: string, token: string, retryAt: Date): Promise<void> {
      await imports.updateOne(
        { _id: importId, userId, status: 'processing', 'claim.token': token },
        { $set: { 'claim.until': retryAt } },
      );
    },

    /**
     * Takes over one import of any user whose worker has died or let go; undefined when there is none.
     * @param claim token of the worker and until when the claim is to last
     * @param now the machine's time
     */
    async claimAbandoned(claim: ImportRecord['claim'], now: Date): Promise<ImportRecord | undefined> {
      const found = await imports.findOneAndUpdate(
        { status: 'processing', 'claim.until': { $lte: now } },
        { $set: { claim }, $inc: { attempts: 1 } },
        { sort: { 'claim.until': 1 }, returnDocument: 'after' },
      );
      return found ?? undefined;
    },
  };
};

export type ImportStore = ReturnType<typeof createImportStore>;
