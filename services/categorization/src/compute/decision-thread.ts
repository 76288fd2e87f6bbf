import { Worker } from 'node:worker_threads';
import { AppError } from '@orrery/service-kit';
import type { TextModel } from '../domain/text-classifier.ts';
import type { DecisionTaskName, DecisionTasks } from './decision-tasks.ts';
import type { ThreadAnswer } from './thread-answers.ts';

/** Beyond it further requests are told to come back, so that a queue cannot grow without bound. */
const MAX_WAITING = 64;

/** One task for the thread. */
export interface DecisionRequest {
  id: number;
  task: DecisionTaskName;
  input: unknown[];
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Reads texts and tries rules off the event loop. */
export interface DecisionThread {
  /**
   * Runs a task in the thread; tasks queue there in order.
   * @param task name of the task
   * @param input its arguments
   * @throws AppError `unavailable` when too many wait or the thread died, `internal` when the task threw
   */
  run<Name extends DecisionTaskName>(
    task: Name,
    ...input: Parameters<DecisionTasks[Name]>
  ): Promise<ReturnType<DecisionTasks[Name]>>;
  /**
   * Gives the thread another classifier, now and whenever it starts again.
   * @param model the classifier
   */
  useModel(model: TextModel): void;
  stop(): Promise<void>;
}

/**
 * Makes the runner; its thread starts with the first task and is replaced when it dies.
 * @param cacheSize how many descriptors the thread remembers
 */
export const createDecisionThread = (cacheSize: number): DecisionThread => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let model: TextModel | undefined;
  let lastId = 0;

  const failAll = (died: Worker): void => {
    // A thread reports its end twice, as error and as exit; the second must not touch its successor.
    if (worker !== died) {
      return;
    }
    worker = undefined;
    for (const { reject } of waiting.values()) {
      reject(new AppError('unavailable', { detail: 'The batch was interrupted.' }));
    }
    waiting.clear();
  };

  const post = (to: Worker, task: DecisionTaskName, input: unknown[]): number => {
    lastId += 1;
    const request: DecisionRequest = { id: lastId, task, input };
    to.postMessage(request);
    return lastId;
  };

  const startedWorker = (): Worker => {
    if (worker !== undefined) {
      return worker;
    }
    const started = new Worker(new URL('./decision-thread.worker.ts', import.meta.url), {
      workerData: { cacheSize },
    });
    started.unref();
    started.on('message', (answer: ThreadAnswer) => {
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
    if (model !== undefined) {
      post(started, 'useModel', [model]);
    }
    return started;
  };

  return {
    run: (task, ...input) => {
      if (waiting.size >= MAX_WAITING) {
        return Promise.reject(new AppError('unavailable', { detail: 'Too many batches are waiting.' }));
      }
      return new Promise((resolve, reject) => {
        const id = post(startedWorker(), task, input);
        // The thread answers with what the task of this name returned, so the type is the task's.
        waiting.set(id, {
          resolve: (result) => resolve(result as ReturnType<DecisionTasks[typeof task]>),
          reject,
        });
      });
    },
    useModel: (next) => {
      model = next;
      if (worker !== undefined) {
        post(worker, 'useModel', [next]);
      }
    },
    stop: async () => {
      await worker?.terminate();
    },
  };
};
