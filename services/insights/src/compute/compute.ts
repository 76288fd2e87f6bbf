import { Worker } from 'node:worker_threads';
import { AppError } from '@orrery/service-kit';
import type { ComputeAnswer } from './compute-thread.ts';
import type { TASKS, TaskName } from './tasks.ts';

/** Beyond it further requests are told to come back, so that a queue cannot grow without bound. */
const MAX_WAITING = 64;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Runs tasks off the event loop. */
export interface Compute {
  /**
   * Runs a task in the service's worker thread; tasks queue there in order.
   * @param task name of the task
   * @param input its arguments
   * @throws AppError `unavailable` when too many wait or the thread died, `internal` when the task threw
   */
  run<Name extends TaskName>(
    task: Name,
    ...input: Parameters<(typeof TASKS)[Name]>
  ): Promise<ReturnType<(typeof TASKS)[Name]>>;
  stop(): Promise<void>;
}

/** Makes the runner; its thread starts with the first task and is replaced when it dies. */
export const createCompute = (): Compute => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  const failAll = (died: Worker): void => {
    // A thread reports its end twice, as error and as exit; the second must not touch its successor.
    if (worker !== died) {
      return;
    }
    worker = undefined;
    for (const { reject } of waiting.values()) {
      reject(new AppError('unavailable', { detail: 'The calculation was interrupted.' }));
    }
    waiting.clear();
  };

  const startedWorker = (): Worker => {
    if (worker !== undefined) {
      return worker;
    }
    const started = new Worker(new URL('./compute-thread.ts', import.meta.url));
    started.unref();
    started.on('message', (answer: ComputeAnswer) => {
      const request = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('error' in answer) {
        request?.reject(new AppError('internal', { cause: new Error(answer.error) }));
      } else {
        request?.resolve(answer.result);
      }
    });
    started.on('error', () => failAll(started));
    started.on('exit', () => failAll(started));
    worker = started;
    return started;
  };

  return {
    run: (task, ...input) => {
      if (waiting.size >= MAX_WAITING) {
        return Promise.reject(new AppError('unavailable', { detail: 'Too many calculations are waiting.' }));
      }
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        // The thread answers with what the task of this name returned, so the type is the task's.
        waiting.set(id, {
          resolve: (result) => resolve(result as ReturnType<(typeof TASKS)[typeof task]>),
          reject,
        });
        startedWorker().postMessage({ id, task, input });
      });
    },
    stop: async () => {
      await worker?.terminate();
    },
  };
};
