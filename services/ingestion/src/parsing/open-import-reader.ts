import { Worker } from 'node:worker_threads';
import { ImportRefusedError } from '../domain/import/import-refused.ts';
import { readInBatches } from './import-batches.ts';
import type { ImportReader, ReadingTask } from './import-batches.ts';
import type { WorkerMessage, WorkerTask } from './import-worker.ts';

// Reading takes about 6 microseconds a row of 43 bytes on one core, so that a file of this size holds the event loop
// for at most about 20 ms, while starting a thread takes 50 ms or more.
export const INLINE_BYTES = 128 * 1024;

/** A damaged file may make rows of any size; the thread must not take the process with it. */
const WORKER_HEAP_MIB = 1024;

const openInline = (bytes: Buffer, task: ReadingTask): ImportReader => {
  const { detected, next } = readInBatches(bytes, task);
  return { detected, next: () => Promise.resolve(next()), close: () => Promise.resolve() };
};

/** Asks the thread for its next message; rejects when the thread fails or ends instead. */
const listenTo = (worker: Worker): (() => Promise<WorkerMessage>) => {
  const ended = new Promise<never>((_resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => {
      reject(new Error('the reading thread ended early'));
    });
  });
  // The end is told to whoever waits for a message; when nobody does, as after `close`, it is no news.
  ended.catch(() => undefined);
  return () =>
    Promise.race([
      new Promise<WorkerMessage>((resolve) => {
        worker.once('message', resolve);
      }),
      ended,
    ]);
};

const openInThread = async (bytes: Buffer, task: ReadingTask): Promise<ImportReader> => {
  const workerTask: WorkerTask = { bytes, task };
  const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
    workerData: workerTask,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
  });
  const nextMessage = listenTo(worker);
  const close = async (): Promise<void> => {
    await worker.terminate();
  };
  try {
    const first = await nextMessage();
    if (first.kind === 'refused') {
      throw new ImportRefusedError(first.code, first.message);
    }
    if (first.kind !== 'detected') {
      throw new Error('the reading thread spoke out of turn');
    }
    const ask = (): Promise<WorkerMessage> => {
      worker.postMessage('next');
      const answer = nextMessage();
      // Whoever takes the batch is told; after `close` nobody does.
      answer.catch(() => undefined);
      return answer;
    };
    // One batch is read while the one before is stored.
    let ahead = ask();
    return {
      detected: first.detected,
      async next() {
        const message = await ahead;
        if (message.kind !== 'batch' || message.items === undefined) {
          return undefined;
        }
        ahead = ask();
        return message.items;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/**
 * Opens a file for reading: a small one at once, a larger one in a thread of its own, so that other requests are not
 * held up.
 * @param bytes the file
 * @param task how to read it
 * @throws ImportRefusedError when it cannot be imported at all
 */
export const openImportReader = async (bytes: Buffer, task: ReadingTask): Promise<ImportReader> =>
  bytes.length <= INLINE_BYTES ? openInline(bytes, task) : openInThread(bytes, task);
