import { parentPort, workerData } from 'node:worker_threads';
import { ImportRefusedError } from '../domain/import/import-refused.ts';
import type { RefusalReason } from '../domain/import/import-refused.ts';
import type { Detected } from '../domain/import/plan-import.ts';
import { readInBatches } from './import-batches.ts';
import type { ImportItem, ReadingTask } from './import-batches.ts';

/** What the thread is given when it starts. */
export interface WorkerTask {
  bytes: Uint8Array;
  task: ReadingTask;
}

/** What the thread says; each `next` that it is sent is answered by one `batch`. */
export type WorkerMessage =
  | { kind: 'detected'; detected: Detected }
  | { kind: 'refused'; code: RefusalReason; message: string }
  | { kind: 'batch'; items: ImportItem[] | undefined };

/** Reads one file and hands out batches when asked; an unexpected error ends the thread and so the import. */
const serve = ({ bytes, task }: WorkerTask): void => {
  const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
  try {
    const { detected, next } = readInBatches(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      task,
    );
    say({ kind: 'detected', detected });
    parentPort?.on('message', () => {
      say({ kind: 'batch', items: next() });
    });
  } catch (error) {
    if (!(error instanceof ImportRefusedError)) {
      throw error;
    }
    say({ kind: 'refused', code: error.code, message: error.message });
  }
};

serve(workerData as WorkerTask);
