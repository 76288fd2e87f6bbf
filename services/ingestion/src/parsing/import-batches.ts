import { identifyRows } from '../domain/import/identify-rows.ts';
import type { IdentifiedRow, RowOwner } from '../domain/import/identify-rows.ts';
import type { ImportOptions } from '../domain/import/import-options.ts';
import type { RejectedRow } from '../domain/import/map-rows.ts';
import type { Detected } from '../domain/import/plan-import.ts';
import { readImport } from '../domain/import/read-import.ts';

/** What a file is read with. */
export interface ReadingTask {
  options: ImportOptions;
  owner: RowOwner;
  /** Number of rows, good or rejected, that are already stored. */
  skip: number;
  batchSize: number;
}

export type ImportItem = IdentifiedRow | RejectedRow;

/** A file that is being read. */
export interface ImportReader {
  detected: Detected;
  /** The next rows in file order; undefined after the last. */
  next(): Promise<ImportItem[] | undefined>;
  /** Ends the reading early; safe to repeat. */
  close(): Promise<void>;
}

/**
 * Starts to read a file in batches, in this thread.
 * @param bytes the file
 * @param task how to read it
 * @returns what was found out, and a function that gives the next batch
 * @throws ImportRefusedError when it cannot be imported at all
 */
export const readInBatches = (
  bytes: Buffer,
  task: ReadingTask,
): { detected: Detected; next: () => ImportItem[] | undefined } => {
  const { detected, rows } = readImport(bytes, task.options);
  const items = identifyRows(rows, task.owner).drop(task.skip);
  return {
    detected,
    next: () => {
      const batch: ImportItem[] = [];
      while (batch.length < task.batchSize) {
        const item = items.next();
        if (item.done === true) {
          break;
        }
        batch.push(item.value);
      }
      return batch.length === 0 ? undefined : batch;
    },
  };
};
